package main

import (
	"math"
	"time"
)

// meterSpan is the time, in seconds, that a rate is smoothed over.
const meterSpan = 10

// meter turns a growing count into a rate, smoothed over some ten seconds. The
// time until something was counted at all is no measure of the rate, and the
// first samples are not held for more than they are: the rate is their average
// before it becomes a moving one.
type meter struct {
	last   time.Time
	count  int64
	smooth float64
	weight float64 // of all samples together, 0 to 1: how much the rate is worth
}

// rate returns the count a second.
func (m *meter) rate(count int64, now time.Time) float64 {
	dt := now.Sub(m.last).Seconds()
	if dt <= 0 || m.weight == 0 && count == m.count {
		m.skip(count, now)
		return m.now()
	}
	w := 1 - math.Exp(-dt/meterSpan)
	m.smooth += w * (float64(count-m.count)/dt - m.smooth)
	m.weight += w * (1 - m.weight)
	m.last, m.count = now, count
	return m.now()
}

// skip leaves the time since the last sample out: it says nothing about the rate.
func (m *meter) skip(count int64, now time.Time) { m.last, m.count = now, count }

// now is the rate as of the last sample.
func (m *meter) now() float64 {
	if m.weight == 0 {
		return 0
	}
	return m.smooth / m.weight
}
