package report

import (
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/plan"
)

// Job is what a plan or a run is about.
type Job struct {
	Bucket       string       `json:"bucket"`
	Region       string       `json:"region"`
	Manifest     string       `json:"manifest"`
	ManifestMD5  string       `json:"manifest_md5"`
	ManifestTime time.Time    `json:"manifest_time,omitzero"` // when the report's scan began
	Options      plan.Options `json:"options"`
	Hash         string       `json:"job_hash,omitempty"` // of the frozen decisions
	Evaluated    time.Time    `json:"evaluated_at,omitzero"`
	Version      string       `json:"version,omitempty"` // of the program
}

// Hazard is something about the bucket that a run refuses to go on with until it
// is accepted by name.
type Hazard struct {
	Name     string `json:"name"` // what --accept takes
	Text     string `json:"text"`
	Accepted bool   `json:"accepted"`
}

// Plan is all that there is to tell before a run.
type Plan struct {
	Job      Job            `json:"job"`
	Facts    plan.Facts     `json:"facts"`
	Tally    *cost.Tally    `json:"tally"`
	Estimate *cost.Estimate `json:"estimate"`
	Hazards  []Hazard       `json:"hazards"`
	// ResultsBytes is how large the results get when every object has a line.
	ResultsBytes int64 `json:"results_bytes,omitempty"`
}

// Totals are the counters of a whole job, over all its runs.
type Totals struct {
	Rows     int64      `json:"rows"` // of the report
	Done     int64      `json:"done"`
	Skipped  int64      `json:"skipped"`
	Failed   int64      `json:"failed"`
	Deferred int64      `json:"deferred"`
	Left     int64      `json:"left"`    // not attempted yet
	Repeats  int64      `json:"repeats"` // of done: recognised as done by an earlier attempt
	Bytes    int64      `json:"bytes"`   // of done
	Requests int64      `json:"requests"`
	KMSCalls int64      `json:"kms_calls"`             // upper bound
	Cost     cost.Money `json:"cost_usd"`              // upper bound, list prices
	CutOff   cost.Money `json:"cut_off_usd,omitempty"` // of Cost: what runs that were cut off may have spent after they last said so
}

// TotalsOf takes the totals from a summary that every object has a line in.
func TotalsOf(s *Summary) Totals {
	t := Totals{Repeats: s.repeats, Requests: s.requests, KMSCalls: s.kms}
	t.Done, t.Bytes = s.Status(engine.Done)
	t.Skipped, _ = s.Status(engine.Skipped)
	t.Failed, _ = s.Status(engine.Failed)
	t.Deferred, _ = s.Status(engine.Deferred)
	t.Left, _ = s.Status(engine.NotAttempted)
	t.Rows = t.Done + t.Skipped + t.Failed + t.Deferred + t.Left
	return t
}

// Proof is one claim about a run and what it rests on.
type Proof struct {
	Claim    string      `json:"claim"`
	Evidence string      `json:"evidence"`
	Holds    plan.Answer `json:"-"`
	Open     bool        `json:"-"` // it will be decided by the end of the run
}

// Result says in a word whether the claim holds.
func (p *Proof) Result() string {
	switch {
	case p.Holds == plan.Yes:
		return "holds"
	case p.Holds == plan.No:
		return "FAILS"
	case p.Open:
		return "not yet"
	}
	return "not checked"
}

// Run is all that there is to tell during and after a run.
type Run struct {
	Job      Job            `json:"job"`
	State    string         `json:"state"` // finished, running, or what stopped it
	Started  time.Time      `json:"started,omitzero"`
	Ended    time.Time      `json:"ended,omitzero"`
	Active   time.Duration  `json:"active_ns,omitempty"` // of all its runs together, without the pauses between
	Runs     int64          `json:"runs,omitempty"`      // how often it was begun or gone on with
	Totals   Totals         `json:"totals"`
	Summary  *Summary       `json:"summary"`
	AllLines bool           `json:"all_results"`       // the summary covers every object, not only failures and surprises
	Curves   bool           `json:"all_in_curves"`     // its timeline and latency do
	KMSCap   float64        `json:"kms_cap,omitempty"` // that the last run began with
	KMSCaps  Caps           `json:"kms_caps,omitempty"`
	Tally    *cost.Tally    `json:"tally,omitempty"`
	Estimate *cost.Estimate `json:"estimate,omitempty"`
	Proof    []Proof        `json:"proof"`
	Damages  []string       `json:"damages,omitempty"` // files of the report that could not be read to the end, and why
}

// open tells whether rows are left to be done.
func (v *Run) open() bool { return v.State != "finished" || v.Totals.Left+v.Totals.Deferred > 0 }

// caps are the caps on KMS requests; of an older job only that of the last run is known.
func (v *Run) caps() Caps {
	if len(v.KMSCaps) == 0 && v.KMSCap > 0 {
		return Caps{{v.Started, v.KMSCap}}
	}
	return v.KMSCaps
}

// above says why the run cost more than was planned, "" where it did not.
func (v *Run) above() string {
	if v.Estimate == nil || !v.Estimate.Priced || !v.Estimate.Once.Complete() {
		return ""
	}
	return Above(v.Totals.Cost, v.Estimate.Once.Total.Max, v.Totals.CutOff, v.Totals.Repeats)
}
