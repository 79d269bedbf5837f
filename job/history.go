package job

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/report"
)

// historyEvery is how often the history is written during a run. A crash loses
// what came after; the state of the job has it all the same.
const historyEvery = 10 * time.Second

// historySoon is how often it is written where another limit binds the run than
// the one that was written down.
const historySoon = 2 * time.Second

// History is what a job keeps about all of its runs. Its size is bounded, as that of a
// report.Summary is.
type History struct {
	Runs    int64           `json:"runs"`
	First   time.Time       `json:"first_started"`
	Last    time.Time       `json:"last_written"`
	Active  time.Duration   `json:"active_ns"` // of all runs, without the pauses between
	Spent   cost.Money      `json:"spent_max_usd"`
	CutOff  cost.Money      `json:"cut_off_max_usd,omitempty"` // of Spent: what runs that were cut off may have spent after they last said so
	Counted *cost.Money     `json:"settled_max_usd,omitempty"` // of Spent: what the settled rows of its segments had counted, whatever run settled them; nil where nobody knows
	Retired *Retired        `json:"retired,omitempty"`         // where another division of the job came after its runs
	KMSCap  float64         `json:"kms_cap"`                   // that the last run began with, requests a second
	KMSCaps report.Caps     `json:"kms_caps,omitempty"`
	Fullest int64           `json:"kms_fullest_second"` // the most KMS requests that a run released in a second
	Status  *control.Status `json:"status,omitempty"`   // of the last run, as of Last
	Summary *report.Summary `json:"summary"`
	Canary  *canary.Table   `json:"canary,omitempty"` // what was proven before the rest was begun

	Sessions []Session `json:"sessions"`           // the runs, first to last
	BoundBy  []BoundBy `json:"bound_by,omitempty"` // what held them back, first to last

	reserved   cost.Money // of CutOff: by the run before, that was cut off
	RunsCutOff int64      `json:"-"` // runs that recorded no end, as far as none of them goes on
	Running    bool       `json:"-"` // a run goes on
	Beside     cost.Money `json:"-"` // of a whole job: what its histories have beside what settled rows counted
	MostOf     cost.Money `json:"-"` // of a whole job: the most that settled rows had counted in one of them
	Divisions  int        `json:"-"` // that a job was worked on in
	StatusOf   string     `json:"-"` // the share that Status is of, "" for the whole job

	// Requests that no settled row has counted: of the runs before the last one, and of
	// that as of the last write, when the settled rows had counted Settled. What they
	// count since may be the same requests.
	Lost      RequestCount  `json:"lost_requests,omitzero"`
	Unsettled RequestCount  `json:"unsettled_requests,omitzero"`
	Settled   *RequestCount `json:"settled_requests,omitempty"` // nil where nobody knows
}

// RequestCount is a number of requests, and the most KMS requests that they took.
type RequestCount struct {
	Requests int64 `json:"requests"`
	KMSMax   int64 `json:"kms_max"`
}

// Plus returns the sum.
func (a RequestCount) Plus(b RequestCount) RequestCount {
	return RequestCount{a.Requests + b.Requests, a.KMSMax + b.KMSMax}
}

// CountedBy returns what the settled rows of a job have counted. counters are those of
// its checkpoint.
func CountedBy(counters map[string]int64) RequestCount {
	return RequestCount{counters[CounterRequests], counters[CounterKMSMax]}
}

// Uncounted returns the requests of all runs that the settled rows have not counted,
// at most. settled is what these have counted.
func (h *History) Uncounted(settled RequestCount) RequestCount {
	if h.Settled == nil {
		return h.Lost.Plus(h.Unsettled)
	}
	then := h.Settled.Plus(h.Unsettled)
	return h.Lost.Plus(RequestCount{max(then.Requests-settled.Requests, 0), max(then.KMSMax-settled.KMSMax, 0)})
}

// beside is what the runs cost at most beside what settled rows had counted then.
func (h *History) beside() cost.Money {
	if h.Counted == nil {
		return h.Spent
	}
	return max(h.Spent-*h.Counted, h.CutOff)
}

// SpentAtMost is what a whole job has cost at most, whose settled rows have counted
// settled. Histories of two divisions both count what one settled and the other found
// so. Then what all have beside that tells better, unless states were lost since.
func (h *History) SpentAtMost(settled cost.Money) cost.Money {
	if h.Divisions > 1 && settled >= h.MostOf {
		return max(settled, min(h.Spent, settled.Add(h.Beside)))
	}
	return max(h.Spent, settled)
}

// Earlier is what a run begins with: what the job, or its share, has cost at most. Rows may
// have been settled since by another division, which is then in the settled rows alone.
func (h *History) Earlier(settled cost.Money) cost.Money {
	if h.reserved == 0 && h.Counted != nil {
		return max(h.Spent, settled.Add(h.beside()))
	}
	return max(h.Spent, settled)
}

// unsettledToWrite is by how many requests that no row has counted the history may be
// behind before it is written ahead of its time: a large copy sends thousands.
const unsettledToWrite = 100

// HistoryReadings read off a run what its history has. Each but Spent may be nil.
type HistoryReadings struct {
	Spent     func() cost.Money     // by the job, objects in flight included
	Status    func() control.Status // how the run is doing
	Proven    func() *canary.Table  // by the canary so far
	Caps      func() report.Caps    // that held so far
	Unsettled func() RequestCount   // by this run, and counted by no settled row
	Settled   func() RequestCount   // by all runs, as settled rows have counted
	Counted   func() cost.Money     // by settled rows
}

// HistoryWriter keeps the history of a job while it runs. It is not safe for concurrent
// use: the goroutine that owns the journal has it.
type HistoryWriter struct {
	History
	Readings HistoryReadings

	doc     document
	earlier report.Caps // of the runs before
	log     *slog.Logger
	before  time.Duration // Active of earlier runs
	started time.Time
	broken  bool // it could not be written: that was said once
}

// ReadHistory returns the history in the document name, an empty one where there is
// none. What the job has spent includes what was set aside ahead.
func ReadHistory(ctx context.Context, store checkpoint.Reader, name string) (History, checkpoint.Version, error) {
	h, version, err := readHistoryDoc(ctx, store, name)
	atMost, _ := readSpending(ctx, store, SpendingName(name))
	if atMost > h.Spent { // written down ahead, by a run that goes on or was cut off
		h.reserved = atMost - h.Spent
		h.CutOff = h.CutOff.Add(h.reserved)
		h.Spent = atMost
	}
	return h, version, err
}

func readHistoryDoc(ctx context.Context, store checkpoint.Reader, name string) (History, checkpoint.Version, error) {
	h := History{Summary: new(report.Summary)}
	data, version, err := store.Get(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return h, "", nil
	}
	if err == nil {
		err = json.Unmarshal(data, &h)
	}
	if err != nil || h.Summary == nil || h.Spent < 0 || h.Active < 0 || len(h.Sessions) > maxSessions {
		return History{Summary: new(report.Summary)}, version, err
	}
	return h, version, nil
}

// OpenHistory begins another run in the history name. kmsCap is in requests a second.
func OpenHistory(ctx context.Context, store checkpoint.Store, name string, kmsCap float64, log *slog.Logger) *HistoryWriter {
	doc, version, err := ReadHistory(ctx, store, name)
	if err != nil {
		log.Warn("history not read", "error", err)
	}
	h := &HistoryWriter{History: doc, doc: document{store: store, name: name, version: version}, log: log, before: doc.Active, earlier: doc.KMSCaps, started: time.Now()}
	h.Runs++
	h.Retired = nil
	h.KMSCap = kmsCap
	if h.First.IsZero() {
		h.First = h.started.UTC()
	}
	return h
}

// Reconcile lowers what was set aside for interrupted runs by what rows have cost that
// were settled since the last write. settled and requests are of all settled rows.
func (h *HistoryWriter) Reconcile(settled cost.Money, requests RequestCount) {
	h.Lost, h.Unsettled, h.Settled = h.Uncounted(requests), RequestCount{}, nil
	since := settled.Add(h.CutOff-h.reserved) - (h.Spent - h.reserved)
	since = min(max(since, 0), h.reserved)
	h.CutOff -= since
	h.reserved -= since
}

// CountRuns counts the recorded runs of the share, this one included. A run that was
// killed before it wrote a history is recorded, too.
func (h *HistoryWriter) CountRuns(ctx context.Context, store checkpoint.Store, part Share) {
	all, open, err := countRuns(ctx, store, func(r *Run) bool { return r.Share == part.Name() })
	if err != nil {
		return
	}
	h.Runs, h.RunsCutOff = max(h.Runs, all), max(open-1, 0)
}

// ReleaseReserved returns what was set aside for interrupted runs and is not needed. It
// is called once all rows are settled. doubted is what the objects cost at most that
// the runs were interrupted at.
func (h *HistoryWriter) ReleaseReserved(doubted cost.Money) cost.Money {
	back := max(h.CutOff-doubted, 0)
	h.CutOff -= back
	return back
}

// Reserved returns what is set aside for the last run, if that was interrupted.
func (h *HistoryWriter) Reserved() cost.Money { return h.reserved }

// LimitReserved lowers what is set aside for the last run to most, and returns by how
// much.
func (h *HistoryWriter) LimitReserved(most cost.Money) cost.Money {
	back := max(h.reserved-most, 0)
	h.reserved -= back
	h.CutOff -= back
	return back
}

// comparedToWrite is how many objects the canary may have compared that the history does
// not have: what is proven and forgotten must be proven anew.
const comparedToWrite = 10

// WriteIfDue writes the history where the last write is too old.
func (h *HistoryWriter) WriteIfDue(ctx context.Context) {
	since := time.Since(h.Last)
	soon := since >= historySoon
	news := h.compared()
	if since >= historyEvery || news >= comparedToWrite || soon && (news > 0 || h.boundAnew() || h.Readings.Unsettled != nil && h.Readings.Unsettled().Requests >= h.Unsettled.Requests+unsettledToWrite) {
		h.Write(ctx)
	}
}

// compared is how many objects were compared since the history was written.
func (h *HistoryWriter) compared() int64 {
	switch {
	case h.Readings.Proven == nil:
		return 0
	case h.Canary == nil:
		return h.Readings.Proven().Compared()
	}
	return h.Readings.Proven().Compared() - h.Canary.Compared()
}

// boundAnew tells whether another limit binds the run than was written last.
func (h *HistoryWriter) boundAnew() bool {
	return h.Readings.Status != nil && (h.Status == nil || h.Status.Started.Before(h.started) || h.Status.Binding.Limit != h.Readings.Status().Binding.Limit)
}

// Write writes the history. Where that fails it logs once, and the run goes on.
func (h *HistoryWriter) Write(ctx context.Context) {
	h.Last = time.Now().UTC()
	h.Active = h.before + time.Since(h.started)
	h.Sessions = extendSessions(h.Sessions, h.started.UTC(), h.Last)
	h.Spent = h.Readings.Spent()
	if h.Readings.Status != nil {
		status := h.Readings.Status()
		h.Status = &status
		h.noteBinding()
		h.Fullest = max(h.Fullest, status.KMS.FullestSecond)
	}
	if h.Readings.Proven != nil {
		h.Canary = h.Readings.Proven()
	}
	if h.Readings.Unsettled != nil {
		h.Unsettled = h.Readings.Unsettled()
	}
	if h.Readings.Settled != nil {
		settled := h.Readings.Settled()
		h.Settled = &settled
	}
	if h.Readings.Counted != nil {
		counted := h.Readings.Counted()
		h.Counted = &counted
	}
	if h.Readings.Caps != nil {
		h.KMSCaps = h.earlier
		for _, c := range h.Readings.Caps() {
			h.KMSCaps = h.KMSCaps.With(c)
		}
	}
	err := h.doc.put(ctx, &h.History)
	if err != nil && !h.broken {
		h.broken = true
		h.log.Warn("history not written", "error", err)
	}
}
