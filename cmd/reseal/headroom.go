package main

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"reseal/s3api"
)

// headroom is how much of the KMS quota is to stay free beside what everybody
// uses: requests a second, or a share of the quota.
type headroom struct {
	rps   float64
	share float64
}

// parseHeadroom reads "500" or "10%"; "" is none.
func parseHeadroom(text string) (h *headroom, err error) {
	if text == "" {
		return nil, nil
	}
	h = new(headroom)
	if strings.HasSuffix(text, "%") {
		if h.share, err = parsePercent(text); err == nil && h.share >= 1 {
			err = fmt.Errorf("%q leaves nothing", text)
		}
		return h, err
	}
	h.rps, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(h.rps >= 0) || math.IsInf(h.rps, 0) {
		return nil, fmt.Errorf("%q: want requests a second, or a share such as 10%%", text)
	}
	return h, nil
}

// of returns the headroom in a quota, in requests a second.
func (h *headroom) of(quota float64) float64 { return h.rps + h.share*quota }

// leftBeside is what others leave of a quota, in requests a second.
func leftBeside(quota, others, headroom float64) float64 { return quota - others - headroom }

// leastCap is the cap where others leave nothing: it takes no notable part of
// any quota, and shows that the run is alive.
const leastCap = 1

// capBeside is the cap of a run that wants a rate and is left another one.
func capBeside(wanted, left float64) float64 {
	if math.IsInf(left, 1) {
		return wanted
	}
	return min(wanted, max(leastCap, left))
}

// Of the account's use the busiest of the last minutes counts, as production
// that comes and goes comes back; older ones are another story.
const (
	usageReach = 5 * time.Minute
	usageEvery = time.Minute
)

// othersUse returns how many requests a second others made in the busiest of
// the minutes that are known, by what the whole account made and what own
// requests were among it.
func othersUse(minutes []s3api.KMSCalls, own func(time.Time) int64) float64 {
	most := 0.0
	for _, m := range minutes {
		if calls := m.Calls - float64(own(m.Minute)); calls > most && !math.IsInf(calls, 0) {
			most = calls
		}
	}
	return most / time.Minute.Seconds()
}

// ownCalls counts the KMS requests that this run caused for certain, by the minute.
type ownCalls struct {
	mu      sync.Mutex
	minutes [16]struct{ minute, calls int64 } // ring by minute, longer than what is asked about
}

func (o *ownCalls) add(now time.Time, n int64) {
	minute := now.Unix() / 60
	o.mu.Lock()
	defer o.mu.Unlock()
	m := &o.minutes[minute%int64(len(o.minutes))]
	if m.minute != minute {
		m.minute, m.calls = minute, 0
	}
	m.calls += n
}

// in returns the calls of the minute that begins at t.
func (o *ownCalls) in(t time.Time) int64 {
	minute := t.Unix() / 60
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.minutes[((minute%16)+16)%16]; m.minute == minute {
		return m.calls
	}
	return 0
}

// usageReader reads what the whole account asks of KMS.
type usageReader interface {
	KMSUsage(ctx context.Context, from, to time.Time) ([]s3api.KMSCalls, error)
}

// lookPatience is how long one look at what others use may take.
const lookPatience = 15 * time.Second

// keepHeadroom shrinks and grows the cap with what others use, once a minute,
// the first time a minute from now, until ctx ends. What cannot be read is said once; the last that was known
// stays in force, and without any the cap is the plain one.
func (s *steering) keepHeadroom(ctx context.Context, from usageReader, own *ownCalls, h headroom) {
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.look(ctx, from, own, h)
		case <-ctx.Done():
			return
		}
	}
}

// look sets the cap by what others use now.
func (s *steering) look(ctx context.Context, from usageReader, own *ownCalls, h headroom) {
	now := time.Now()
	short, cancel := context.WithTimeout(ctx, lookPatience)
	defer cancel()
	minutes, err := from.KMSUsage(short, now.Add(-usageReach), now)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.once("headroom", "what others use of the KMS quota is not known, so --kms-headroom has no effect", err)
	default:
		others := othersUse(minutes, own.in)
		s.leave(leftBeside(s.quota, others, h.of(s.quota)))
		s.log.Info("kms headroom", "quota", s.quota, "others", others, "headroom", h.of(s.quota))
	}
}
