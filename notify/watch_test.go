package notify

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
)

// watched tells what a run in these states made Watch tell, and when after its start.
func watched(t *testing.T, limits Thresholds, states func(after time.Duration) control.Status, last time.Duration) (kinds []Kind, at []time.Duration) {
	t.Helper()
	got := new(fake)
	teller := Start(t.Context(), Config{Targets: []Target{got}})
	ctx, cancel := context.WithTimeout(t.Context(), last)
	defer cancel()
	began := time.Now()
	var done atomic.Bool
	go func() {
		teller.Watch(ctx, limits, func() control.Status { return states(time.Since(began)) })
		done.Store(true)
	}()
	time.Sleep(last)
	synctest.Wait()
	if !done.Load() {
		t.Error("Watch goes on after its context")
	}
	teller.Close(t.Context(), time.Second)
	for _, e := range got.got {
		kinds, at = append(kinds, e.Kind), append(at, e.Time.Sub(began))
	}
	return kinds, at
}

// Throttling is told once it has lasted, though it stops for moments; once a spell;
// and again after a calm time.
func TestWatchThrottled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kinds, at := watched(t, Thresholds{Failures: -1, Throttled: 10 * time.Minute}, func(after time.Duration) control.Status {
			limit := control.LimitKMSThrottle
			switch {
			case after < time.Minute, after >= 30*time.Minute && after < 32*time.Minute:
				limit = control.LimitKMSCap
			case after%time.Minute < 30*time.Second:
				limit = control.LimitS3Throttle
			case after%time.Minute < 50*time.Second:
				limit = control.LimitKMSRise
			}
			return control.Status{Binding: control.Binding{Limit: limit}}
		}, 50*time.Minute)
		if len(kinds) != 2 || kinds[0] != Throttled || kinds[1] != Throttled || at[0] != 11*time.Minute || at[1] != 42*time.Minute {
			t.Errorf("told %v at %v, want it after 11 and 42 minutes", kinds, at)
		}
	})
}

// Failures above the number are told once, also those that the last look finds.
func TestWatchFailures(t *testing.T) {
	for name, c := range map[string]struct {
		limit int64
		from  time.Duration // a failure each second from then on
		want  []time.Duration
	}{
		"above 3":       {3, 10 * time.Second, []time.Duration{15 * time.Second}},
		"from the 1st":  {0, 10 * time.Second, []time.Duration{15 * time.Second}},
		"the last look": {0, 61 * time.Second, []time.Duration{62 * time.Second}},
		"none wanted":   {-1, 0, nil},
		"too few":       {100, 0, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				kinds, at := watched(t, Thresholds{Failures: c.limit}, func(after time.Duration) control.Status {
					return control.Status{Failed: max(0, int64((after-c.from)/time.Second)), Binding: control.Binding{Limit: control.LimitKMSThrottle}}
				}, 62*time.Second)
				if len(at) != len(c.want) || len(at) == 1 && (kinds[0] != Failures || at[0] != c.want[0]) {
					t.Errorf("told %v at %v, want %v", kinds, at, c.want)
				}
			})
		})
	}
}
