package control

import (
	"math"
	"time"
)

// meterSpan is the time, in seconds, that a rate is smoothed over.
const meterSpan = 10

// Meter turns a growing count into a rate, smoothed over some ten seconds. The
// time before the first count does not lower the rate. The rate begins as the
// average of the samples and becomes a moving average. It is for one goroutine.
type Meter struct {
	last   time.Time
	count  int64
	smooth float64
	weight float64 // of all samples together, 0 to 1: how much the rate is worth
}

// NewMeter returns a meter of a count that is at count now.
func NewMeter(now time.Time, count int64) *Meter { return &Meter{last: now, count: count} }

// Sample takes the count as of now, and returns the rate.
func (m *Meter) Sample(count int64, now time.Time) (perSecond float64) {
	dt := now.Sub(m.last).Seconds()
	if dt <= 0 || m.weight == 0 && count == m.count {
		m.Skip(count, now)
		return m.Rate()
	}
	w := 1 - math.Exp(-dt/meterSpan)
	m.smooth += w * (float64(count-m.count)/dt - m.smooth)
	m.weight += w * (1 - m.weight)
	m.last, m.count = now, count
	return m.Rate()
}

// Skip leaves out the time since the last sample, as of a pause.
func (m *Meter) Skip(count int64, now time.Time) { m.last, m.count = now, count }

// Rate is the count a second as of the last sample, 0 where there is none.
func (m *Meter) Rate() float64 {
	if m.weight == 0 {
		return 0
	}
	return m.smooth / m.weight
}

// Remaining is how long left of total objects take. A plan expects planned for
// all of them, 0 where there is no plan. The plan counts in full before the first
// sample, then less and less. ok is false where neither gives a rate.
func (m *Meter) Remaining(left, total int64, planned time.Duration) (d time.Duration, ok bool) {
	rate := m.Rate()
	if planned > 0 {
		rate = m.weight*rate + (1-m.weight)*float64(total)/planned.Seconds()
	}
	return time.Duration(min(float64(left)/rate*float64(time.Second), math.MaxInt64/2)), rate > 0
}
