package migrate

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/internal/jobtest"
	"reseal/inventory"
	"reseal/job"
)

// What is written last outlasts the work, and has an end.
func TestOutlasting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work, kill := context.WithCancel(t.Context())
		last, done := outlasting(work, time.Minute)
		defer done()
		time.Sleep(time.Hour)
		kill()
		began := time.Now()
		if last.Err() != nil {
			t.Error("it ended with the work")
		}
		<-last.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it lasted %s after the work, want a minute", took)
		}
		other, done := outlasting(t.Context(), time.Minute)
		done()
		if other.Err() == nil {
			t.Error("it goes on after all is written")
		}
	})
}

// The last flush of a run, which no signal cuts short, ends some time after the
// work did, where the store gives no answer.
func TestLastFlushHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := jobtest.Locked(t)
		hanging := make(chan struct{}, 8)
		segments := []inventory.Segment{{File: 0, First: 0, Last: inventory.OpenEnd}}
		state, snapshot, err := checkpoint.Open(t.Context(), jobtest.Hanging{Store: dir, Prefix: "state/", Begun: hanging}, checkpoint.HashPlan([]byte("p")), segments, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		uploads, err := job.ReadUploadNotes(t.Context(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		canary, err := job.ReadCanaryNotes(t.Context(), snapshot, uploads.FlushRequests)
		if err != nil {
			t.Fatal(err)
		}
		work, kill := context.WithCancel(t.Context())
		last, done := outlasting(work, LastWrites)
		defer done()
		h := job.OpenHistory(t.Context(), dir, job.HistoryFile, 0, slog.New(slog.DiscardHandler))
		h.Readings.Spent = ledger.New(ledger.Config{Prices: cost.BuiltIn(), Region: "eu-west-1", Now: time.Now()}).Spent
		j := &stateJournal{state: state, uploads: uploads, canary: canary, history: h, flushed: new(atomic.Int64), last: last}
		if err := state.Done(inventory.Position{}); err != nil {
			t.Fatal(err)
		}
		kill()
		if err := j.Flush(context.WithoutCancel(work)); !errors.Is(err, context.Canceled) {
			t.Errorf("the flush says %v, want that it was given up", err)
		}
		if len(hanging) == 0 {
			t.Error("nothing was being written: the test shows nothing")
		}
	})
}
