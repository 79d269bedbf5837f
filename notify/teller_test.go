package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a target that takes a time for each event.
type fake struct {
	takes time.Duration
	fails error
	got   []*Event // read after Close
}

func (f *fake) Name() string { return "fake" }

func (f *fake) Deliver(ctx context.Context, e *Event) error {
	select {
	case <-time.After(f.takes):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	f.got = append(f.got, e)
	return f.fails
}

// Each target gets each event in order, a slow one holds up neither the run nor the
// other, and Close waits for both.
func TestTellerDeliversInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		quick, slow := new(fake), &fake{takes: time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		teller := Start(ctx, Config{Targets: []Target{quick, slow}, Job: "./job", Program: "reseal test"})
		began := time.Now()
		teller.Tell(Event{Kind: Started})
		teller.Begin("media", func() Progress { return Progress{Done: 7} }, slog.New(slog.DiscardHandler))
		teller.Tell(Event{Kind: Paused, Reason: "operator"})
		cancel() // the run was ended by a signal: that, too, is told
		code := 130
		teller.Tell(Event{Kind: Stopped, Reason: "interrupted", ExitCode: &code})
		if took := time.Since(began); took != 0 {
			t.Errorf("telling took %v", took)
		}
		teller.Close(t.Context(), 10*time.Second)
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("closed after %v, want the 3 s that the slow target takes", took)
		}
		for _, f := range []*fake{quick, slow} {
			var texts []string
			for i, e := range f.got {
				texts = append(texts, e.Text)
				if e.Schema != 1 || !strings.HasSuffix(e.ID, fmt.Sprintf("-%d", i+1)) || e.Missed != 0 || e.Time.Location() != time.UTC {
					t.Errorf("event %+v", e)
				}
			}
			want := []string{"reseal, job ./job: started", "reseal, job ./job: paused: operator; 7 done, 0 failed by this run",
				"reseal, job ./job: stopped: interrupted (exit code 130); 7 done, 0 failed by this run"}
			if !slices.Equal(texts, want) {
				t.Errorf("got %q, want %q", texts, want)
			}
		}
	})
}

// A target that does not answer gets the newest events, is told how many it missed,
// and ends with the grace of Close; what it did not get is said.
func TestTellerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stuck := &fake{takes: time.Hour}
		var lost []error
		teller := Start(t.Context(), Config{Targets: []Target{stuck}, Failed: func(target string, e *Event, err error) {
			lost = append(lost, err)
		}})
		synctest.Wait()
		for i := range 3 * queued {
			teller.Tell(Event{Kind: Paused, Reason: fmt.Sprint(i)})
			synctest.Wait() // the first is under way
		}
		began := time.Now()
		time.Sleep(time.Hour) // of the first
		synctest.Wait()
		teller.Close(t.Context(), 5*time.Second)
		teller.Tell(Event{Kind: Finished}) // too late, and no harm
		if took := time.Since(began); took != time.Hour+5*time.Second {
			t.Errorf("closed after %v, want an hour and the grace of 5 s", took)
		}
		if len(stuck.got) != 1 || len(lost) != queued {
			t.Errorf("%d delivered and %d given up, want 1 and %d", len(stuck.got), len(lost), queued)
		}
		for _, err := range lost {
			if !errors.Is(err, errLate) {
				t.Errorf("given up for %v", err)
			}
		}
	})
}

// The event after those that found no room says how many they were.
func TestTellerCountsTheMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &fake{takes: time.Minute}
		teller := Start(t.Context(), Config{Targets: []Target{slow}})
		for range 1 + queued + 5 {
			teller.Tell(Event{Kind: Paused})
			synctest.Wait()
		}
		teller.Close(t.Context(), 24*time.Hour)
		if len(slow.got) != 1+queued || slow.got[0].Missed != 0 || slow.got[1].Missed != 5 || slow.got[2].Missed != 0 {
			t.Errorf("%d delivered; missed %d, %d, %d, want 0, 5, 0", len(slow.got), slow.got[0].Missed, slow.got[1].Missed, slow.got[2].Missed)
		}
	})
}

// A target that fails is said each time, and gets the next event.
func TestTellerSaysWhatFailed(t *testing.T) {
	broken := &fake{fails: errors.New("broken")}
	var said []string
	teller := Start(t.Context(), Config{Targets: []Target{broken}, Failed: func(target string, e *Event, err error) {
		said = append(said, fmt.Sprintf("%s %s: %v", target, e.Kind, err))
	}})
	teller.Tell(Event{Kind: Started})
	teller.Tell(Event{Kind: Finished})
	teller.Close(t.Context(), time.Minute)
	if want := []string{"fake started: broken", "fake finished: broken"}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}
