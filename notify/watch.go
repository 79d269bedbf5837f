package notify

import (
	"context"
	"time"

	"reseal/control"
	"reseal/internal/wait"
)

// lookEvery is how often a run is looked at.
const lookEvery = 5 * time.Second

// calm is how long a run must not be throttled until another spell of it counts anew:
// a limit that binds changes from one moment to the next.
const calm = time.Minute

// Thresholds say from where on a person wants to hear of a run.
type Thresholds struct {
	Failures  int64         // objects that may fail in silence; less than 0: as many as there are
	Throttled time.Duration // of being throttled in silence; 0: for ever
}

// Watch looks at the run until ctx ends, and tells of long throttling, once a spell,
// and of failures, once a run. It looks a last time when ctx ends.
func (t *Teller) Watch(ctx context.Context, limits Thresholds, status func() control.Status) {
	if len(t.cfg.Targets) == 0 {
		return
	}
	w := &watcher{limits: limits}
	for {
		err := wait.For(ctx, lookEvery)
		s := status()
		for _, e := range w.look(time.Now(), &s) {
			t.Tell(e)
		}
		if err != nil {
			return
		}
	}
}

// watcher finds in the states of a run what is to be told.
type watcher struct {
	limits Thresholds

	failures bool      // were told of
	since    time.Time // the run is throttled; zero: it is not
	last     time.Time // it was seen throttled
	told     bool      // of this spell
}

// look returns what is to be told of a state.
func (w *watcher) look(now time.Time, s *control.Status) (events []Event) {
	if limit := w.limits.Failures; limit >= 0 && s.Failed > limit && !w.failures {
		w.failures = true
		events = append(events, Event{Kind: Failures, Progress: progressOf(s)})
	}
	b := &s.Binding
	if !throttled(b.Limit) {
		if !w.since.IsZero() && now.Sub(w.last) >= calm {
			w.since, w.told = time.Time{}, false
		}
		return events
	}
	if w.since.IsZero() {
		w.since = now
	}
	w.last = now
	if lasted := now.Sub(w.since); w.limits.Throttled > 0 && lasted >= w.limits.Throttled && !w.told {
		w.told = true
		events = append(events, Event{Kind: Throttled, Limit: b.Limit, Reason: b.String(), Minutes: lasted.Minutes(), Progress: progressOf(s)})
	}
	return events
}

// throttled tells whether S3 or KMS holds a run back by refusing requests.
func throttled(l control.Limit) bool {
	return l == control.LimitKMSThrottle || l == control.LimitS3Throttle
}
