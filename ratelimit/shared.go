package ratelimit

import (
	"context"
	"maps"
	"time"

	"reseal/plan"
)

// Shared is one cap on KMS requests for the runs of several buckets, each with a
// Governor of its own (Config.Shared): KMS counts an account's requests in a Region,
// whatever bucket they are about. In no second do all of them together send more than
// the cap.
//
// It is the last gate that a request passes before it is sent, so that what waits
// elsewhere, for a prefix or for the end of a pause, has not used any of the cap. What is
// there is dealt out evenly among the governors that want more: the next request of
// each is tagged with the virtual time at which it would begin if its governor had the cap in
// turns with the others, and the smallest tag goes first (start-time fair queueing: Goyal,
// Vin, Cheng, SIGCOMM 1996). So the number of requests that wait says nothing, what
// gave up while it waited had no turn, and what one governor does not want is the others' at once.
//
// A throttled KMS request slows all of them down, once.
type Shared struct{ g *Governor }

// NewShared returns a cap of kms requests a second, above 0.
func NewShared(kms float64) *Shared { return &Shared{New(Config{Caps: Limits{KMS: kms}})} }

// Start lets requests pass until stop is called or ctx ends. stop waits for its end.
func (s *Shared) Start(ctx context.Context) (stop func()) { return s.g.Start(ctx) }

// SetCap changes the cap, as Governor.SetCap does.
func (s *Shared) SetCap(kms float64) { s.g.SetCap(plan.QuotaKMS, kms) }

// Status returns how things stand, of all governors together.
func (s *Shared) Status() Status { return s.g.Status() }

// asksShared tells whether a step waits for a cap that is shared with others.
func (g *Governor) asksShared(s *plan.Step) bool { return g.shared != nil && s.Demand.KMS.Max > 0 }

// admitShared waits until the shared cap allows what s asks of KMS, and returns the
// instant by the clock of the shared governor.
func (g *Governor) admitShared(ctx context.Context, s *plan.Step) (time.Duration, error) {
	g.sharing.Add(1)
	defer g.sharing.Add(-1)
	asked := plan.Step{Kind: s.Kind, Retry: s.Retry, Demand: plan.Demand{KMS: s.Demand.KMS}}
	return g.shared.g.admitFrom(ctx, g, &asked)
}

// throttledShared tells the others that KMS throttles.
func (g *Governor) throttledShared(s *plan.Step, released time.Duration) {
	g.shared.g.throttled(&plan.Step{Demand: plan.Demand{KMS: s.Demand.KMS}}, plan.QuotaKMS, released)
}

// bottleneckShared is what holds up the steps that wait for the shared cap. It is the
// zero value where none does.
func (g *Governor) bottleneckShared() Bottleneck {
	if g.shared == nil || g.sharing.Load() == 0 {
		return Bottleneck{}
	}
	return g.shared.g.Status().Bottleneck
}

// forget drops the lane of a governor that has ended.
func (g *Governor) forget(from *Governor) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = nil
	maps.DeleteFunc(g.lanes, func(k laneKey, l *lane) bool { return k.from == from && l.waiting == 0 })
}

// count counts a step of l that is released, and ends its turn. The lock is held.
func (g *Governor) count(l *lane, weight *weight) {
	g.steps++
	if l.from != nil {
		g.virtual = max(g.virtual, l.turn)
		l.turn = g.virtual + uint64(weight[plan.QuotaKMS])
	}
}

// paused tells whether the governor whose steps wait in the lane pauses.
func (l *lane) paused() bool { return l.from != nil && l.from.pausing.Load() }
