package report

import (
	"time"

	"reseal/canary"
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
	// ResultsBytes is how large the result lines get, before they are packed: that of
	// every object where all have one, and what the run remembers. 0 is not known.
	ResultsBytes int64     `json:"results_bytes,omitempty"`
	Evidence     *Evidence `json:"evidence,omitempty"` // nil where nothing is remembered
}

// Evidence is what a run reads of objects before it re-encrypts them, so that verify
// can compare all of them.
type Evidence struct {
	Objects int64       `json:"objects"`
	Demand  plan.Demand `json:"demand"` // part of that of the estimate
}

// words say what the evidence takes.
func (e *Evidence) words() string {
	if e == nil {
		return ""
	}
	requests := func(r plan.Range) string {
		if r.Min == r.Max {
			return Plural(r.Max, "request")
		}
		return Count(r.Min) + " to " + Plural(r.Max, "request")
	}
	s := "all of " + Plural(e.Objects, "object") + " read before, for verify to compare: " + requests(e.Demand.Reads)
	if e.Demand.KMS.Max > 0 {
		s += ", " + requests(e.Demand.KMS) + " to KMS"
	}
	return s + " (--snapshot 0: none)"
}

// evidenceNotes say what evidence a run keeps, and what it takes.
func evidenceNotes(v *Plan) (notes []string) {
	if e := v.Evidence.words(); e != "" {
		notes = append(notes, "Evidence: "+e+". They are part of the price.")
	}
	if v.ResultsBytes > 0 {
		notes = append(notes, "The result lines take about "+packed(v.ResultsBytes)+" of disk in the job, "+Bytes(v.ResultsBytes)+" unpacked (--results failures: less).")
	}
	return notes
}

// packed is about what result lines take once they are packed.
func packed(n int64) string { return Bytes(n / linePacking) }

// Sizes of result lines before they are packed, in bytes, with keys of 40 to 90
// bytes, and how many times smaller they are packed (measured on the simulator,
// 2026-11). Of the data of a remembered object the line has a hash.
const (
	LineBytes     = 500
	SnapshotBytes = 1000 // that a remembered object adds to its line
	linePacking   = 6
)

// Totals are the counters of a whole job, over all its runs.
type Totals struct {
	Rows     int64      `json:"rows"` // of the report
	Done     int64      `json:"done"`
	Skipped  int64      `json:"skipped"`
	Failed   int64      `json:"failed"`
	Deferred int64      `json:"deferred"`
	Left     int64      `json:"left"`    // not attempted yet: neither settled nor deferred
	Repeats  int64      `json:"repeats"` // of done: recognised as done by an earlier attempt
	Bytes    int64      `json:"bytes"`   // of done
	Requests int64      `json:"requests"`
	KMSCalls int64      `json:"kms_calls"`             // upper bound
	Cost     cost.Money `json:"cost_usd"`              // upper bound, list prices
	CutOff   cost.Money `json:"cut_off_usd,omitempty"` // of Cost: what runs that were cut off may have spent after they last said so

	RunsCutOff int64      `json:"runs_cut_off"`
	Are        FiguresAre `json:"figures_are"`
	About      string     `json:"-"` // what the figures lack of runs that were cut off, in words
}

// Of sets the rows of the report, of which so many are settled: the rest that was
// not put off is left. Where rows is nil nobody has counted the report yet.
func (t *Totals) Of(rows *int64, settled int64) {
	t.Rows, t.Left = settled+t.Deferred, 0
	if rows != nil {
		t.Left = max(*rows-t.Rows, 0)
		t.Rows = *rows
	}
}

// FiguresAre says what figures are to the truth: exact, at most, at least, about.
type FiguresAre struct {
	Done     string `json:"done"`
	Requests string `json:"requests"`
	KMSCalls string `json:"kms_calls"`
	Cost     string `json:"cost_usd"`
}

// before puts what a figure is before it; nothing is exact.
func before(is, figure string) string {
	if is == "" || is == "exact" {
		return figure
	}
	return is + " " + figure
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
	Job      Job             `json:"job"`
	State    string          `json:"state"` // finished, running, or what stopped it
	Started  time.Time       `json:"started,omitzero"`
	Ended    time.Time       `json:"ended,omitzero"`
	Active   time.Duration   `json:"active_ns,omitempty"` // of all its runs together, without the pauses between
	Runs     int64           `json:"runs,omitempty"`      // how often it was begun or resumed
	Totals   Totals          `json:"totals"`
	Summary  *Summary        `json:"summary"`
	AllLines bool            `json:"all_results"`       // the summary covers every object, not only failures and surprises
	Curves   bool            `json:"all_in_curves"`     // its timeline and latency do
	KMSCap   float64         `json:"kms_cap,omitempty"` // that the last run began with
	KMSCaps  Caps            `json:"kms_caps,omitempty"`
	Tally    *cost.Tally     `json:"tally,omitempty"`
	Estimate *cost.Estimate  `json:"estimate,omitempty"`
	Proof    []Proof         `json:"proof"`
	Canary   *canary.Table   `json:"canary,omitempty"` // what was proven before the rest was begun
	Verified *Verified       `json:"verify,omitempty"` // what verify saw the last time, nil where it never looked
	Keys     EncryptedKeys   `json:"keys_looked_at"`   // of objects left alone as already-encrypted
	Client   ClientEncrypted `json:"client_side_encrypted,omitzero"`
	History  []JobRun        `json:"history,omitempty"` // its runs, first to last
	Damages  []string        `json:"damages,omitempty"` // files of the report that could not be read to the end, and why

	Generations []Generation `json:"generations,omitempty"` // after the first, which all else is about
}

// JobRun is one run of a job, for those who audit it.
type JobRun struct {
	Command  string      `json:"command"`
	Share    string      `json:"share,omitempty"`
	Started  time.Time   `json:"started"`
	Ended    time.Time   `json:"ended,omitzero"`
	ExitCode *int        `json:"exit_code"` // null where its end was not recorded
	Ending   string      `json:"ending"`
	User     string      `json:"user"`
	Host     string      `json:"host"`
	PID      int         `json:"pid"`
	Caller   string      `json:"caller_arn"` // "" where STS did not say
	Program  string      `json:"program"`
	Commit   string      `json:"commit,omitempty"`
	SHA256   string      `json:"program_sha256,omitempty"` // of the program's file, where the commit is not known, or does not tell all
	Line     string      `json:"command_line"`
	Options  []RunOption `json:"options"`  // that held, given or remembered
	Accepted []string    `json:"accepted"` // hazards
	Orders   []RunOrder  `json:"orders,omitempty"`
}

// RunOrder is what somebody told a run that was on.
type RunOrder struct {
	Time time.Time `json:"time"`
	Text string    `json:"text"` // what, and by whom
}

// RunOption is an option that a run had.
type RunOption struct {
	Name   string   `json:"name"` // of the flag, without dashes
	Values []string `json:"values"`
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
