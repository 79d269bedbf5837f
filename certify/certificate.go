package certify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/report"
	"reseal/verify"
)

// Certificate is certificate.json: what is so of a job, or what stands against it.
type Certificate struct {
	Format    int       `json:"version"`
	Certified bool      `json:"certified"`
	Made      time.Time `json:"made_at"`
	Program   string    `json:"program"` // version
	Job       string    `json:"job"`
	Bucket    string    `json:"bucket"`
	Key       string    `json:"kms_key_id"`
	KeyState  string    `json:"kms_key_state,omitempty"`   // as KMS says it; "" where it is not known
	KeyDoubt  KeyDoubt  `json:"kms_key_problem,omitempty"` // why that is not Enabled
	Manifest  string    `json:"manifest"`
	MD5       string    `json:"manifest_md5"`
	PlanHash  string    `json:"plan_hash"`

	Rows     int64        `json:"rows"` // of the report, each of which is settled
	Done     int64        `json:"done"`
	Skipped  int64        `json:"skipped"`
	Verified *Verified    `json:"verified"` // null where no verification is recorded
	Accepted []Acceptance `json:"accepted"`
	Default  bool         `json:"default_encryption_is_the_key"`
	Closed   bool         `json:"policy_denies_other_encryption"`
	Looked   time.Time    `json:"bucket_looked_at"`
	Versions Versions     `json:"versions"`
	Results  *Results     `json:"results,omitempty"` // of a bundle
	Runs     int          `json:"runs"`
	Signer   string       `json:"signer,omitempty"` // fingerprint of the key that signs the bundle
	Against  []Objection  `json:"against"`

	Generations []Generation `json:"generations,omitempty"` // after the first
}

// Generation is a pass of the job after the first.
type Generation struct {
	Number  int                 `json:"number"`
	Plan    string              `json:"plan_sha256,omitempty"` // "" where it had no row
	Source  generations.Source  `json:"source"`
	Created time.Time           `json:"created"`
	Listed  int64               `json:"listed"`
	Done    int64               `json:"done"`
	Verdict generations.Verdict `json:"verdict"`
	Other   int64               `json:"under_another_key,omitempty"` // which the job left alone

	*Part // what its evidence comes to; nil in a bundle of the first generation alone, and where it had no row
}

// Part is what the evidence of a later generation comes to.
type Part struct {
	PlanHash string    `json:"plan_hash"`
	Rows     int64     `json:"rows"` // of its report, each of which is settled
	Skipped  int64     `json:"skipped"`
	Runs     int       `json:"runs"`
	Verified *Verified `json:"verified"` // null where no verification is recorded
}

// Verified is what the last verification found.
type Verified struct {
	At       time.Time                `json:"at"`
	Sample   string                   `json:"sample"` // as it was asked for
	Looked   int64                    `json:"objects_looked_at"`
	Left     int64                    `json:"rows_not_in_sample"`
	Bound    *float64                 `json:"wrong_share_at_most"` // of the objects, from 0 to 1, at 95 % confidence; null where every row has a verdict
	Verdicts map[verify.Verdict]int64 `json:"verdicts"`
	Compared int64                    `json:"snapshots_compared"`
	Losses   map[plan.Attribute]int64 `json:"accepted_losses"`
}

// Acceptance is a hazard that somebody accepted, the first time.
type Acceptance struct {
	Hazard string    `json:"hazard"`
	At     time.Time `json:"at"`
	By     job.Who   `json:"by"`
}

// Versions says what the job left behind in a bucket with versions.
type Versions struct {
	Bucket  string `json:"versioning"`
	All     bool   `json:"job_was_about_all_versions"`
	Earlier *int64 `json:"earlier_versions_left,omitempty"` // at least, by the result lines of a bundle
}

// Kind is what an objection is about.
type Kind string

// The kinds of objections.
const (
	Unfinished Kind = "unfinished"   // work is left
	Failed     Kind = "failed"       // objects failed
	Unverified Kind = "unverified"   // no verification of the job as it is now
	Left       Kind = "left"         // by the verification work is left
	Untold     Kind = "not-compared" // by the verification objects are done that nobody compared
	Different  Kind = "different"    // by the verification something is not as promised, or nobody could tell
	Open       Kind = "open"         // the bucket lets something arrive outside the key
	NoKey      Kind = "no-key"       // the job is not about a key
	BadKey     Kind = "bad-key"      // nobody can use the key, or soon nobody can
	Nothing    Kind = "nothing"      // no row is under the key
)

// Objection is one thing that stands against a certificate.
type Objection struct {
	Kind Kind   `json:"kind"`
	What string `json:"what"`
}

// evidence is all that a certificate is made of.
type evidence struct {
	part
	later  []*part // in the order of their numbers
	bucket Bucket
	result *Results // nil where no lines are asked for
	format int
}

// part is the evidence of one generation.
type part struct {
	number int // 0 for the first
	docs   documents
	state  State
}

// certificate makes the certificate of what is there. An error is about documents that
// cannot be read.
func (e *evidence) certificate(ctx context.Context) (*Certificate, error) {
	made, runs, err := e.read(ctx)
	if err != nil {
		return nil, err
	}
	chain, err := generations.ReadDocument(ctx, e.docs, made)
	if err != nil {
		return nil, err
	}
	o := &made.Options
	c := &Certificate{Format: e.format, Job: e.state.Job, Bucket: o.Bucket, Key: o.KMSKeyID, Manifest: made.Manifest, MD5: made.ManifestMD5, PlanHash: made.Hash,
		Rows: e.state.Settled, Done: e.state.Done, Skipped: e.state.skipped(), Looked: e.bucket.Looked, Results: e.result, Runs: len(runs),
		Versions: Versions{Bucket: e.bucket.Versioning, All: o.AllVersions}, Against: []Objection{}}
	if e.result != nil {
		c.Versions.Earlier = &e.result.Earlier
	}
	superseded := chain.Supersedes(generations.First)
	c.unfinished(&e.state, made, superseded)
	note := verify.ReadNote(ctx, e.docs)
	c.Verified = c.verified(note, &e.state, made, superseded)
	c.open(&e.bucket, o)
	c.key(e)
	for i := range chain.Generations {
		g := &chain.Generations[i]
		c.Generations = append(c.Generations, Generation{Number: g.Number, Plan: g.Plan, Source: g.Source, Created: g.Created, Listed: g.Listed, Done: g.Done, Verdict: g.Verdict, Other: g.Other})
	}
	if last := chain.Last(); last != nil && last.Verdict != generations.Clean {
		c.against(Unfinished, "generation %d, the last one: %s; reseal run --until-clean goes on", last.Number, last.Words())
	}
	more, under, err := e.generations(ctx, c, chain)
	if err != nil {
		return nil, err
	}
	c.Accepted = acceptances(append(runs, more...))
	c.nothing(note, made, under)
	c.Certified = len(c.Against) == 0
	return c, nil
}

// read reads the plan and the runs of a generation.
func (p *part) read(ctx context.Context) (*job.Plan, []job.Run, error) {
	made, err := job.ReadPlan(ctx, p.docs)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", fileIn(p.number, job.PlanFile), err)
	}
	runs, err := job.Runs(ctx, p.docs)
	return made, runs, err
}

// skipped is how many rows were left alone.
func (s *State) skipped() (sum int64) {
	for _, n := range s.Skipped {
		sum += n
	}
	return sum
}

// nothing says that no row of the job is under the key; under is how many of its later
// generations are.
func (c *Certificate) nothing(n *verify.Note, made *job.Plan, under int64) {
	// Of the job as a whole there has to be one. What else is wrong says more.
	if n == nil || made.Generation != nil || under+n.UnderKey(c.Key) > 0 ||
		slices.ContainsFunc(c.Against, func(o Objection) bool { return o.Kind == Unverified || o.Kind == Different || o.Kind == Left }) {
		return
	}
	c.against(Nothing, "the verification saw no row under the key, so there is nothing to certify: %s", ofGrade(n, verify.Fine))
}

// acceptances are the hazards that runs accepted, each when it first was.
func acceptances(runs []job.Run) []Acceptance {
	all := []Acceptance{}
	for i := range runs { // first to last
		for _, name := range slices.Sorted(slices.Values(runs[i].Accepted)) {
			if !slices.ContainsFunc(all, func(a Acceptance) bool { return a.Hazard == name }) {
				all = append(all, Acceptance{name, runs[i].Started, runs[i].By})
			}
		}
	}
	return all
}

func (c *Certificate) against(kind Kind, format string, args ...any) {
	c.Against = append(c.Against, Objection{kind, fmt.Sprintf(format, args...)})
}

// open says what of the bucket lets something arrive outside the key.
func (c *Certificate) open(b *Bucket, o *plan.Options) {
	if o.KMSKeyID == "" {
		c.against(NoKey, "the job puts objects under SSE-S3; a certificate is about a key of KMS")
		return
	}
	if b.Name != o.Bucket {
		c.against(Open, "the settings are of the bucket %s, and the job is about %s", b.Name, o.Bucket)
		return
	}
	if c.Default = b.under(o.KMSKeyID); !c.Default {
		c.against(Open, "uploads that say nothing do not get the key: the bucket's default encryption is %s", b.defaultWords())
	}
	if c.Closed = b.closed(o.KMSKeyID, o.Prefixes); !c.Closed {
		c.against(Open, "the bucket's policy does not deny uploads that ask for other encryption: it lacks statements of reseal enforce")
	}
}

// verified takes over what the verification of a generation found, and says what stands
// against it. superseded says that there is a later generation, so that rows may be unsettled:
// the verification looked at these, too.
func (c *Certificate) verified(n *verify.Note, s *State, made *job.Plan, superseded bool) *Verified {
	if n == nil {
		c.against(Unverified, "no verification of the job is recorded")
		return nil
	}
	v := &Verified{At: n.At, Sample: n.Sample, Looked: n.Looked, Left: n.Unsampled, Verdicts: n.Verdicts, Compared: n.Compared, Losses: n.Accepted}
	if !n.Exact() {
		bound := verify.UpperBound(n.Wrong, n.Sampled)
		v.Bound = &bound
	}
	counted := n.Unsampled
	whole := n.Unsampled >= 0
	for _, rows := range n.Verdicts {
		counted += rows
		whole = whole && rows >= 0
	}
	planned := made.CountOrUnknown(made.Rows)
	switch result := (&verify.Verification{Tally: n.Tally}).Result(); {
	case s.Written.After(n.Written):
		c.against(Unverified, "the job went on after it was verified")
	case !whole || counted != n.Rows:
		c.against(Unverified, "the note of the verification does not add up: %d verdicts of %d rows", counted, n.Rows)
	case n.Rows < s.Settled || n.Rows > s.Settled && !superseded || planned != job.Unknown && n.Rows != planned:
		c.against(Unverified, "the verification was of %d rows, and the job has settled %d", n.Rows, s.Settled)
	case result == verify.Wrong && n.Grade() != verify.Wrong:
		c.against(Different, "the sample of the verification took no object: it proves nothing")
	case result == verify.Wrong:
		c.against(Different, "the verification found rows that are not as promised, or that nobody could look at: %s", ofGrade(n, verify.Wrong))
	case result == verify.Open:
		if n.Grade(verify.NotCompared) == verify.Open {
			c.against(Left, "the verification found work that is left: %s", ofGrade(n, verify.Open))
		}
		if n.Uncompared > 0 && !n.Whole {
			c.against(Untold, "%s; no certificate takes them as they are", report.Untold(n.Uncompared))
		}
	}
	return v
}
