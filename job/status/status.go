// Package status reads how far a job is from its documents, its state, its holders and
// its control socket. It changes nothing and takes no lock.
package status

import (
	"strings"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
	"reseal/verify"
)

// State is how far a job is.
type State string

// The states of a job.
const (
	NotBegun   State = "not begun"
	Unfinished State = "unfinished"
	Finished   State = "finished" // every file of the report was read to its end; rows may have failed
)

// Status is how far a job is. It is the document of reseal status --json.
type Status struct {
	Job         string                 `json:"job"`
	Manifest    string                 `json:"manifest"`
	Bucket      string                 `json:"bucket"`
	KMSKeyID    string                 `json:"kms_key_id,omitempty"`
	State       State                  `json:"state"`
	Files       int                    `json:"segments"`
	Finished    int                    `json:"segments_finished"`
	Damaged     int                    `json:"segments_damaged"`
	Rows        *int64                 `json:"rows"` // of the report; null where nobody counted them yet
	Settled     int64                  `json:"rows_settled"`
	Todo        *int64                 `json:"objects_to_do"`          // when the job was made; null without a plan pass
	Left        *int64                 `json:"objects_left,omitempty"` // to do; null without a plan pass
	ETA         time.Duration          `json:"eta_ns,omitempty"`       // of a run that goes on, at its rate; 0 where nobody knows
	Done        int64                  `json:"done"`
	Repeats     int64                  `json:"repeats"`        // of done: recognised after a crash
	Imported    int64                  `json:"imported"`       // of done: by the word of S3 Batch Operations
	Unconfirmed int64                  `json:"unconfirmed"`    // of done: updates whose effect nobody looked at
	Skipped     map[string]int64       `json:"skipped"`        // by reason
	Keys        report.EncryptedKeys   `json:"keys_looked_at"` // of those left alone as already-encrypted
	Client      report.ClientEncrypted `json:"client_side_encrypted,omitzero"`
	Failed      int64                  `json:"failed"`
	Deferred    int64                  `json:"deferred"`
	Bytes       int64                  `json:"bytes"`
	Requests    int64                  `json:"requests"`
	KMSCalls    int64                  `json:"kms_calls_max"`
	Spent       cost.Money             `json:"spent_max_usd"`
	Runs        int64                  `json:"runs"` // how often it was begun or resumed
	CutOff      int64                  `json:"runs_cut_off"`
	Are         job.Accuracy           `json:"figures_are"`
	Active      time.Duration          `json:"active_ns"`
	Estimated   *cost.Span             `json:"estimated_usd,omitempty"`
	Prices      string                 `json:"prices,omitempty"` // whose they are, in words
	LastWrite   time.Time              `json:"last_write"`
	Run         *control.Status        `json:"run,omitempty"`      // of the run that goes on; after a run, how it was at its end
	LastRun     *LastRun               `json:"last_run,omitempty"` // where none goes on: what the last one recorded of itself
	Canary      *canary.Table          `json:"canary,omitempty"`   // what was proven before the rest of its kind was begun
	Shares      []job.ShareStatus      `json:"shares,omitempty"`   // of a job that is divided
	Holder      *job.ShareStatus       `json:"holder,omitempty"`   // of one that is not; of a local job while somebody has it
	Notices     []string               `json:"notices,omitempty"`
	Damages     []string               `json:"damages,omitempty"`

	Generations []generations.Generation `json:"generations,omitempty"` // after the first, which the rest is about

	Later       map[int]*Status  `json:"-"` // of these, how those are that are jobs, by their numbers; nil where nobody looked
	Options     plan.Options     `json:"-"` // of the job
	Verified    *verify.Note     `json:"-"` // what the last verification found; nil for none
	Proof       Proof            `json:"-"` // what the verifications of the later generations come to
	Open        []job.OpenHazard `json:"-"` // what a run would refuse to begin over, as far as the plan knew
	SpentCutOff cost.Money       `json:"-"` // of Spent: what runs that were cut off may have spent after they last said so
}

// LastRun is what a run that is over said of itself at some instant: at its end, or
// some seconds before it was cut off.
type LastRun struct {
	At     time.Time       `json:"at"`
	Status *control.Status `json:"status"`
	Share  string          `json:"share,omitempty"` // of a job that is divided

	Over bool `json:"-"` // it is known that it does not go on
}

// New sums up a job by the totals of its state and its history. Who works on it, how
// that goes, and what could not be read is left open: Read adds that.
func New(name string, made *job.Plan, t checkpoint.Totals, past job.History) *Status {
	s := &Status{
		Job: name, Manifest: made.Manifest, Bucket: made.Options.Bucket, KMSKeyID: made.Options.KMSKeyID, Options: made.Options,
		Files: len(made.Segments), Finished: t.Finished, Damaged: t.Damaged, State: stateOf(t, len(made.Segments)),
		Rows: known(made.CountOrUnknown(made.Rows)), Todo: known(made.CountOrUnknown(made.Todo)),
		Settled: t.Done + t.Failed, Failed: t.Failed, Deferred: t.Deferred,
		Runs: past.Runs, CutOff: past.RunsCutOff, Active: past.Active, Canary: past.Canary, LastWrite: t.Written,
	}
	if s.State == Finished && s.Rows == nil && t.Damaged == 0 {
		s.Rows = known(s.Settled)
	}
	s.Are = past.Accuracy(s.State == Finished)
	s.count(t.Counters, past)
	if e := made.Estimate; e != nil && e.Priced {
		s.Estimated, s.Prices = &e.Once.Total, report.ListPrices(e)
	}
	return s
}

// count fills in what the counters of the job say, with what its history adds.
func (s *Status) count(counters map[string]int64, past job.History) {
	sent := job.CountedBy(counters)
	sent = sent.Plus(past.Uncounted(sent))
	s.Requests, s.KMSCalls = sent.Requests, sent.KMSMax
	s.Spent, s.SpentCutOff = past.SpentAtMost(cost.Money(counters[ledger.SpentCounter])), past.CutOff
	s.Bytes, s.Repeats = counters[job.CounterBytes], counters[job.CounterRepeats]
	s.Imported, s.Unconfirmed = counters[job.CounterImported], counters[job.CounterUnconfirmed]
	s.Keys, s.Client = job.EncryptedKeys(counters), job.ClientEncrypted(counters)
	s.Skipped = map[string]int64{}
	for name, n := range counters {
		if strings.HasPrefix(name, job.CounterDone) {
			s.Done += n
		} else if reason, is := strings.CutPrefix(name, job.CounterSkipped); is {
			s.Skipped[reason] += n
		}
	}
}

// stateOf is how far a job of so many files is.
func stateOf(t checkpoint.Totals, files int) State {
	switch {
	case t.Written.IsZero():
		return NotBegun
	case t.Finished == files:
		return Finished
	}
	return Unfinished
}

// known is a number of rows or objects, nil where it is not known.
func known(n int64) *int64 {
	if n == job.Unknown {
		return nil
	}
	return &n
}

// Damages says which files of the report could not be read to the end, and why.
func Damages(at *checkpoint.Snapshot) []string {
	var all []string
	for _, seg := range at.Segments() {
		if seg.Damage != "" {
			all = append(all, s3api.PlainText(seg.Damage))
		}
	}
	return all
}
