package certify

import (
	"context"
	"fmt"
	"slices"
	"time"

	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
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

	Generations []Generation `json:"generations,omitempty"` // after the first, each of which has a certificate of its own
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
	Unfinished Kind = "unfinished" // work is left
	Failed     Kind = "failed"     // objects failed
	Unverified Kind = "unverified" // no verification of the job as it is now
	Left       Kind = "left"       // by the verification work is left
	Different  Kind = "different"  // by the verification something is not as promised, or nobody could tell
	Open       Kind = "open"       // the bucket lets something arrive outside the key
	NoKey      Kind = "no-key"     // the job is not about a key
	Nothing    Kind = "nothing"    // no row is under the key
)

// Superseded tells whether a later generation that found nothing to do takes an objection
// back: it saw that what had failed is done, or gone.
func (k Kind) Superseded() bool { return k == Failed || k == Left }

// Objection is one thing that stands against a certificate.
type Objection struct {
	Kind Kind   `json:"kind"`
	What string `json:"what"`
}

// evidence is all that a certificate is made of.
type evidence struct {
	docs   documents
	state  State
	bucket Bucket
	result *Results // nil where no lines are asked for
}

// certificate makes the certificate of what is there. An error is about documents that
// cannot be read.
func (e *evidence) certificate(ctx context.Context) (*Certificate, error) {
	made, err := job.ReadPlan(ctx, e.docs)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", job.PlanFile, err)
	}
	runs, err := job.Runs(ctx, e.docs)
	if err != nil {
		return nil, err
	}
	o := &made.Options
	c := &Certificate{Format: format, Job: e.state.Job, Bucket: o.Bucket, Key: o.KMSKeyID, Manifest: made.Manifest, MD5: made.ManifestMD5, PlanHash: made.Hash,
		Rows: e.state.Settled, Done: e.state.Done, Accepted: acceptances(runs), Looked: e.bucket.Looked, Results: e.result, Runs: len(runs),
		Versions: Versions{Bucket: e.bucket.Versioning, All: o.AllVersions}, Against: []Objection{}}
	for _, n := range e.state.Skipped {
		c.Skipped += n
	}
	if e.result != nil {
		c.Versions.Earlier = &e.result.Earlier
	}
	c.unfinished(&e.state, made)
	c.verified(verify.ReadNote(ctx, e.docs), &e.state, made)
	c.open(&e.bucket, o)
	if err := c.generations(ctx, e.docs, made); err != nil {
		return nil, err
	}
	c.Certified = len(c.Against) == 0
	return c, nil
}

// generations takes over the later generations, and says what of them stands against it.
func (c *Certificate) generations(ctx context.Context, docs documents, made *job.Plan) error {
	chain, err := generations.ReadDocument(ctx, docs, made)
	if err != nil {
		return err
	}
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if g.Done > 0 { // whether one of these is under the key, its own verification says
			c.Against = slices.DeleteFunc(c.Against, func(o Objection) bool { return o.Kind == Nothing })
		}
		c.Generations = append(c.Generations, Generation{g.Number, g.Plan, g.Source, g.Created, g.Listed, g.Done, g.Verdict, g.Other})
	}
	switch last := chain.Last(); {
	case last == nil:
	case last.Verdict != generations.Clean:
		c.against(Unfinished, "generation %d, the last one: %s; reseal run --until-clean goes on", last.Number, last.Words())
	default:
		c.Against = slices.DeleteFunc(c.Against, func(o Objection) bool { return o.Kind.Superseded() })
	}
	return nil
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

// verified takes over what the verification found, and says what stands against it.
func (c *Certificate) verified(n *verify.Note, s *State, made *job.Plan) {
	if n == nil {
		c.against(Unverified, "no verification of the job is recorded")
		return
	}
	v := &Verified{At: n.At, Sample: n.Sample, Looked: n.Looked, Left: n.Unsampled, Verdicts: n.Verdicts, Compared: n.Compared, Losses: n.Accepted}
	if !n.Exact() {
		bound := verify.UpperBound(n.Wrong, n.Sampled)
		v.Bound = &bound
	}
	c.Verified = v
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
	case n.Rows != s.Settled || planned != job.Unknown && n.Rows != planned:
		c.against(Unverified, "the verification was of %d rows, and the job has settled %d", n.Rows, s.Settled)
	case result == verify.Wrong && n.Grade() != verify.Wrong:
		c.against(Different, "the sample of the verification took no object: it proves nothing")
	case result == verify.Wrong:
		c.against(Different, "the verification found rows that are not as promised, or that nobody could look at: %s", ofGrade(n, verify.Wrong))
	case n.UnderKey(c.Key) == 0 && result == verify.Fine && made.Generation == nil: // of the job as a whole there has to be one
		c.against(Nothing, "the verification saw no row under the key, so there is nothing to certify: %s", ofGrade(n, verify.Fine))
	case result == verify.Open:
		c.against(Left, "the verification found work that is left: %s", ofGrade(n, verify.Open))
	}
}
