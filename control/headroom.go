package control

import (
	"context"
	"math"
	"time"
)

// Headroom is how much of the KMS quota stays free beside what everybody uses.
type Headroom struct {
	RPS   float64 // requests a second
	Share float64 // of the quota, 0 to 1; added to RPS
}

// Of returns the headroom in a quota. Both are requests a second.
func (h Headroom) Of(quota float64) float64 { return h.RPS + h.Share*quota }

// leftBeside is what others leave of a quota, in requests a second.
func leftBeside(quota, others, headroom float64) float64 { return quota - others - headroom }

// minCap is the cap where others leave nothing, in requests a second. It takes no
// notable part of any quota, and shows that the run is alive.
const minCap = 1

// capBeside is the cap of a run that wants a rate and is left another one.
func capBeside(wanted, left float64) float64 {
	if math.IsInf(left, 1) {
		return wanted
	}
	return min(wanted, max(minCap, left))
}

// Of the account's use the busiest of the last minutes counts, as production that
// pauses comes back.
const (
	usageReach   = 5 * time.Minute
	usageEvery   = time.Minute
	usageTimeout = 15 * time.Second // of one look
)

// MinuteCalls is how many KMS requests the whole account made in one minute.
type MinuteCalls struct {
	Minute time.Time // at which it begins
	Calls  float64
}

// UsageFunc reads what the whole account asked of KMS between two instants. The
// minutes may come late, and in any order.
type UsageFunc func(ctx context.Context, from, to time.Time) ([]MinuteCalls, error)

// UsageWatch lowers and raises the cap of a run with what others use of the KMS
// quota of the account.
type UsageWatch struct {
	Controller *Controller
	Usage      UsageFunc
	Own        *OwnCalls // the run's part of the account's use
	Headroom   Headroom
}

// Run looks once a minute, the first time a minute from now, until ctx ends.
func (w *UsageWatch) Run(ctx context.Context) {
	tick := time.NewTicker(usageEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.Check(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Check sets the cap by what others use now. Where that cannot be read it warns
// once, and the cap stays as it is.
func (w *UsageWatch) Check(ctx context.Context) {
	now := time.Now()
	short, cancel := context.WithTimeout(ctx, usageTimeout)
	defer cancel()
	minutes, err := w.Usage(short, now.Add(-usageReach), now)
	switch c := w.Controller; {
	case ctx.Err() != nil:
	case err != nil:
		c.warnOnce("headroom", "what others use of the KMS quota is not known, so --kms-headroom has no effect", err)
	default:
		quota := c.cfg.KMSQuota
		others, headroom := othersUse(minutes, w.Own.in), w.Headroom.Of(quota)
		c.setLeftCap(leftBeside(quota, others, headroom))
		c.cfg.Log.Info("kms headroom", "quota_rps", quota, "others_rps", others, "headroom_rps", headroom)
	}
}

// othersUse returns how many requests a second others made in the busiest minute.
// The account's calls contain the own ones.
func othersUse(minutes []MinuteCalls, own func(time.Time) int64) float64 {
	most := 0.0
	for _, m := range minutes {
		if calls := m.Calls - float64(own(m.Minute)); calls > most && !math.IsInf(calls, 0) {
			most = calls
		}
	}
	return most / time.Minute.Seconds()
}
