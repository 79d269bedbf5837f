package job

import (
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
	"reseal/cost"
	"reseal/internal/jobtest"
)

// The history tells afterwards what bound the runs of a job, and when none was on.
func TestWhatBoundTheRunsOfAJob(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := jobtest.Locked(t)
		for range 2 {
			h := OpenHistory(t.Context(), store, HistoryFile, 0, slog.New(slog.DiscardHandler))
			status := control.Status{}
			h.Readings.Spent = func() cost.Money { return 0 }
			h.Readings.Status = func() control.Status { return status }
			for _, limit := range []control.Limit{control.LimitKMSRise, control.LimitKMSRise, control.LimitWindow} {
				status.Binding.Limit = limit
				h.Write(t.Context())
				time.Sleep(time.Minute)
			}
			status.Ended = &control.Ending{}
			h.Write(t.Context())
			time.Sleep(time.Hour)
		}
		whole, err := ReadWholeHistory(t.Context(), store)
		if err != nil {
			t.Fatal(err)
		}
		begun := whole.BoundBy[0].Since
		var limits []control.Limit
		var at []time.Duration
		for _, b := range whole.BoundBy {
			limits, at = append(limits, b.Limit), append(at, b.Since.Sub(begun))
		}
		wantLimits := []control.Limit{control.LimitKMSRise, control.LimitWindow, "", control.LimitKMSRise, control.LimitWindow, ""}
		wantAt := []time.Duration{0, 2 * time.Minute, 3 * time.Minute, 63 * time.Minute, 65 * time.Minute, 66 * time.Minute}
		if !slices.Equal(limits, wantLimits) || !slices.Equal(at, wantAt) {
			t.Errorf("bound by %q at %v, want %q at %v", limits, at, wantLimits, wantAt)
		}
	})
}

// Of very many changes those are kept that held for long, in their order.
func TestBoundByIsBounded(t *testing.T) {
	begun := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	var list []BoundBy
	at := begun
	for n := range 10 * maxBoundBy {
		limit, held := control.LimitKMSRise, time.Hour
		switch {
		case n%2 == 1:
			limit, held = control.LimitSlots, time.Second
		case n%40 == 0:
			limit = control.LimitWindow
		}
		list = boundFrom(list, BoundBy{at, limit})
		at = at.Add(held)
	}
	windows := 0
	for i, b := range list {
		if b.Limit == control.LimitWindow {
			windows++
		}
		if i > 0 && (!b.Since.After(list[i-1].Since) || b.Limit == list[i-1].Limit) {
			t.Fatalf("entry %d is %v after %v", i, b, list[i-1])
		}
	}
	if len(list) > maxBoundBy || !list[0].Since.Equal(begun) || windows != 10*maxBoundBy/40 {
		t.Errorf("%d entries from %v on, %d windows; want at most %d, all %d windows", len(list), list[0].Since, windows, maxBoundBy, 10*maxBoundBy/40)
	}
}
