package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"reseal/engine"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
)

// maxConcurrency is the most objects in flight that can be asked for.
const maxConcurrency = 100_000

// steering watches over a run and changes its course: by the clock, by a file,
// by what an operator says, by what others leave of the KMS quota. All methods
// are safe for concurrent use.
type steering struct {
	governor *ratelimit.Governor
	stats    *engine.Stats
	stop     context.CancelCauseFunc // ends admission
	log      *slog.Logger
	talk     io.Writer
	started  time.Time

	window     window
	windowExit bool
	flagFile   string
	quota      float64 // KMS requests a second of the account, 0 = not known

	concurrency atomic.Int64 // objects in flight at most

	mu       sync.Mutex
	wanted   float64     // cap on KMS requests that flags or operator set
	left     float64     // of the quota by others, +Inf where nobody looks
	caps     report.Caps // that held so far
	paused   []string
	draining bool
	idle     binding // what binds where no quota does
	meter    meter
	rate     float64 // objects a second
	complain map[string]bool
}

// operator is the reason for a pause that only the operator ends.
const operator = "operator"

// newSteering returns the steering of a run that begins with the given caps.
func newSteering(g *ratelimit.Governor, stats *engine.Stats, stop context.CancelCauseFunc, log *slog.Logger, talk io.Writer, caps caps, concurrency int) *steering {
	s := &steering{governor: g, stats: stats, stop: stop, log: log, talk: talk, started: time.Now(),
		quota: caps.quota, wanted: caps.kms, left: math.Inf(1), complain: map[string]bool{}}
	s.concurrency.Store(int64(concurrency))
	s.idle = binding{Limit: boundByNothing, Since: s.started}
	s.meter = meter{last: s.started}
	s.caps = s.caps.With(report.Cap{Since: s.started.UTC(), PerSecond: caps.kms})
	return s
}

// slots is how many objects should be in flight: what the quotas need, and no
// more than the user wants.
func (s *steering) slots() int {
	return min(int(s.concurrency.Load()), s.governor.Slots())
}

// watch looks at clock and flag file every second until admission ends, and
// logs a line every half minute. Then it lets everything go: what finishes work
// that is committed waits for nothing.
func (s *steering) watch(admit context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	lastLine := time.Now()
	s.heed(time.Now())
	for {
		select {
		case now := <-tick.C:
			// Windows go by the wall clock as it is now, also where it was set or the machine slept.
			s.heed(time.Now())
			s.sample(now)
			if now.Sub(lastLine) >= lineEvery {
				lastLine = now
				s.logLine()
			}
		case <-admit.Done():
			s.letGo()
			return
		}
	}
}

// heed pauses or goes on by what the clock and the flag file say.
func (s *steering) heed(now time.Time) {
	if s.window.set() {
		if open := s.window.open(now); !open && s.windowExit {
			s.stop(&engine.StopError{Limit: "--window " + s.window.text + ", which opens at " + s.window.until(now)})
		} else {
			s.pauseIf(!open, "window "+s.window.text, "until "+s.window.until(now))
		}
	}
	if s.flagFile != "" {
		_, err := os.Stat(s.flagFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.once("flag file", "the flag file cannot be looked at, so the run pauses", err)
		}
		s.pauseIf(!errors.Is(err, fs.ErrNotExist), "flag file "+s.flagFile, "while it exists")
	}
}

// pauseIf pauses for a reason, or takes it away, and says so where that is new.
func (s *steering) pauseIf(pause bool, reason, how string) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pause == slices.Contains(s.paused, reason) || pause && s.draining {
		return false
	}
	if pause {
		s.paused = append(s.paused, reason)
		s.governor.Pause(reason)
		fmt.Fprintf(s.talk, "paused: %s, %s\n", reason, how)
		s.log.Info("paused", "reason", reason)
		return true
	}
	s.paused = slices.DeleteFunc(s.paused, func(r string) bool { return r == reason })
	s.governor.Resume(reason)
	fmt.Fprintf(s.talk, "going on: the pause (%s) is over\n", reason)
	s.log.Info("going on", "reason", reason)
	return true
}

// once warns about something the first time.
func (s *steering) once(what, message string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.complain[what] {
		s.complain[what] = true
		fmt.Fprintf(s.talk, "warning: %s: %v\n", message, err)
		s.log.Warn(message, "error", err)
	}
}

// setKMS changes the cap that the user wants; rps is above 0.
func (s *steering) setKMS(rps float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wanted = rps
	s.applyCap()
}

// leave says what others leave of the KMS quota; +Inf where that is not known.
func (s *steering) leave(rps float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = rps
	s.applyCap()
}

// applyCap tells the governor. The lock is held.
func (s *steering) applyCap() {
	c := capBeside(s.wanted, s.left)
	if s.governor.Status().KMS.Cap != c {
		s.governor.SetCap(plan.QuotaKMS, c)
		s.caps = s.caps.With(report.Cap{Since: time.Now().UTC(), PerSecond: c})
		s.log.Info("kms cap", "rps", c, "wanted", s.wanted)
	}
}

// heldCaps are the caps on KMS requests so far, first to last.
func (s *steering) heldCaps() report.Caps {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caps
}

// drain ends admission by the operator's word.
func (s *steering) drain() {
	s.stop(&engine.StopError{Limit: "reseal ctl drain"})
	s.letGo() // so that the answer is of the run as it is then
}

// letGo ends all pauses, and keeps others from beginning: nothing is taken up any more.
func (s *steering) letGo() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for _, reason := range s.paused {
		s.governor.Resume(reason)
	}
	s.paused = nil
}

// sample notes, once a second, how fast the run is and what binds it where no
// quota does.
func (s *steering) sample(now time.Time) {
	inFlight, want := s.stats.InFlight.Load(), int64(s.slots())
	s.mu.Lock()
	defer s.mu.Unlock()
	handled := s.stats.Count(engine.Done) + s.stats.Count(engine.Failed)
	if s.rate = 0; len(s.paused) > 0 || s.stats.Outage.Load() != nil {
		s.meter.skip(handled, now)
	} else {
		s.rate = s.meter.rate(handled, now)
	}
	b := binding{Limit: boundByReader, Since: now}
	if inFlight >= want-want/10 {
		b = binding{Limit: boundByConcurrency, Rate: float64(want), Since: now}
	}
	if b.Limit == s.idle.Limit {
		b.Since = s.idle.Since
	}
	s.idle = b
}

// logLine writes how the run is doing into the log.
func (s *steering) logLine() {
	st := s.status()
	s.log.Info("status", "done", st.Done, "failed", st.Failed, "skipped", st.Skipped, "in_flight", st.InFlight, "rate", st.Rate,
		"kms_cap", st.KMS.Cap, "kms_last_second", st.KMS.LastSecond, "bound_by", st.Binding.Limit, "why", st.Binding.String(), "since", st.Binding.Since)
}
