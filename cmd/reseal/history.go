package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/report"
)

// historyFile is the document of a job that its report draws curves from. No
// decision rests on it: a job without it goes on just as well.
const historyFile = "history.json"

// historyFolder holds the histories of shares of a job, a document each.
const historyFolder = "history"

// historyEvery is how often the history is written during a run. A crash loses
// what came after; the state of the job has it all the same.
const historyEvery = 10 * time.Second

// historySoon is how often it is written where another limit binds the run than
// the one that was written down.
const historySoon = 2 * time.Second

// historyDoc is what is kept over all runs of a job. Its size has a bound, as
// that of a report.Summary has.
type historyDoc struct {
	Runs    int64           `json:"runs"`
	First   time.Time       `json:"first_started"`
	Last    time.Time       `json:"last_written"`
	Active  time.Duration   `json:"active_ns"` // of all runs, without the pauses between
	Spent   cost.Money      `json:"spent_max_usd"`
	CutOff  cost.Money      `json:"cut_off_max_usd,omitempty"` // of Spent: what runs that were cut off may have spent after they last said so
	KMSCap  float64         `json:"kms_cap"`                   // that the last run began with, requests a second
	KMSCaps report.Caps     `json:"kms_caps,omitempty"`
	Fullest int64           `json:"kms_fullest_second"` // the most KMS requests that a run released in a second
	Status  *runStatus      `json:"status,omitempty"`   // of the last run, as of Last
	Summary *report.Summary `json:"summary"`

	Sessions []session `json:"sessions"` // the runs, first to last
}

// history is the history of a job while it runs. It is used by the one
// goroutine that owns the journal, and after that has ended.
type history struct {
	historyDoc
	doc     document
	ledger  *ledger
	status  func() runStatus   // how the run is doing
	caps    func() report.Caps // that held so far, may be nil
	earlier report.Caps        // of the runs before
	log     *slog.Logger
	before  time.Duration // Active of earlier runs
	started time.Time
	broken  bool // it could not be written: that was said once
}

// readHistory returns the history of a job, an empty one where there is none, with
// what the job has cost at most.
func readHistory(ctx context.Context, store checkpoint.Reader, name string) (historyDoc, checkpoint.Version, error) {
	h, version, err := readHistoryDoc(ctx, store, name)
	atMost, _ := readSpending(ctx, store, spendingName(name))
	if atMost > h.Spent { // written down ahead, by a run that goes on or was cut off
		h.CutOff = h.CutOff.Add(atMost - h.Spent)
		h.Spent = atMost
	}
	return h, version, err
}

func readHistoryDoc(ctx context.Context, store checkpoint.Reader, name string) (historyDoc, checkpoint.Version, error) {
	h := historyDoc{Summary: new(report.Summary)}
	data, version, err := store.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return h, "", nil
	}
	if err == nil {
		err = json.Unmarshal(data, &h)
	}
	if err != nil || h.Summary == nil || h.Spent < 0 || h.Active < 0 || len(h.Sessions) > maxSessions {
		return historyDoc{Summary: new(report.Summary)}, version, err
	}
	return h, version, nil
}

// openHistory begins another run of a job.
func openHistory(ctx context.Context, store checkpoint.Store, name string, kmsCap float64, log *slog.Logger) *history {
	doc, version, err := readHistory(ctx, store, name)
	if err != nil {
		log.Warn("the history of the job cannot be read; it begins anew", "error", err)
	}
	h := &history{historyDoc: doc, doc: document{store: store, name: name, version: version}, log: log, before: doc.Active, earlier: doc.KMSCaps, started: time.Now()}
	h.Runs++
	h.KMSCap = kmsCap
	if h.First.IsZero() {
		h.First = h.started.UTC()
	}
	return h
}

// flush writes the history if that is due.
func (h *history) flush(ctx context.Context) {
	since := time.Since(h.Last)
	if since >= historyEvery || since >= historySoon && h.boundAnew() {
		h.write(ctx)
	}
}

// boundAnew tells whether another limit binds the run than was written last.
func (h *history) boundAnew() bool {
	return h.status != nil && (h.Status == nil || h.Status.Started.Before(h.started) || h.Status.Binding.Limit != h.status().Binding.Limit)
}

// write writes the history. That it cannot be written is no reason to stop.
func (h *history) write(ctx context.Context) {
	h.Last = time.Now().UTC()
	h.Active = h.before + time.Since(h.started)
	h.Sessions = extend(h.Sessions, h.started.UTC(), h.Last)
	h.Spent = h.ledger.spent()
	if h.status != nil {
		status := h.status()
		h.Status = &status
		h.Fullest = max(h.Fullest, status.KMS.FullestSecond)
	}
	if h.caps != nil {
		h.KMSCaps = h.earlier
		for _, c := range h.caps() {
			h.KMSCaps = h.KMSCaps.With(c)
		}
	}
	err := h.doc.put(ctx, &h.historyDoc)
	if err != nil && !h.broken {
		h.broken = true
		h.log.Warn("the history of the job cannot be written", "error", err)
	}
}
