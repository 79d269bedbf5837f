package untilclean

import (
	"context"
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"
	"time"

	"reseal/cost"
	"reseal/engine"
	"reseal/inventory"
	"reseal/inventory/snapshot"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/s3api"
)

// configuration stands in the names of these reports in the place of that of S3.
const configuration = "until-clean"

// Listing makes the report of a generation: the bucket is listed, each object that the
// job is about is looked at, and those are in the report that are not known to be as the
// job leaves them.
type Listing struct {
	Client  *s3api.Client // of the bucket
	Job     string        // its name
	Owner   string        // account that must own the bucket of the job, "" for the caller's
	Options plan.Options
	Gate    engine.Gate // of one try
	Workers int
	Region  cost.Region

	Limit cost.Money // of what listing may cost, 0 for none
	Text  string     // of that limit, as it was stated
	Since time.Time  // from when on an object counts as new

	Progress func(listed, kept int64) // may be nil
}

// attempts is how often a request of a listing is sent at most.
const attempts = 12

// Make makes the report of g. After an error there is none, and the next try is another
// attempt.
func (l *Listing) Make(ctx context.Context, g *generations.Generation, keep func(context.Context) error) error {
	now := time.Now().UTC()
	folder := fmt.Sprintf("%s/%06d-%d", generations.Listings, g.Number, g.Attempt)
	at, err := inventory.ParseLocation(job.Below(l.Job, folder))
	if err != nil {
		return err
	}
	writer, err := snapshot.Begin(ctx, snapshot.Target{Client: l.Client, Bucket: l.Options.Bucket, At: at, Owner: l.Owner, ID: configuration,
		Created: now, Format: inventory.CSV, AllVersions: l.Options.AllVersions, Look: true, Keys: true, Owners: true})
	if err != nil {
		return err
	}
	m := &meter{gate: l.Gate, generation: g, keep: keep, limit: l.Limit, text: l.Text, spent: g.Listing}
	m.prices(&l.Region)
	s := newSieve(l.Options, now, l.Since)
	took, err := snapshot.Take(ctx, snapshot.Config{
		Client: &selected{Client: l.Client, sieve: s, prefixes: roots(l.Options.Prefixes)}, Bucket: l.Options.Bucket, Look: true, Workers: l.Workers, Writer: writer,
		List: s3api.ListOptions{Versions: l.Options.AllVersions, Workers: max(1, l.Workers/4), Gate: engine.Patient(m, attempts), Owners: true},
		Keep: s.keep, Progress: func(kept int64) {
			if l.Progress != nil {
				l.Progress(s.listed, kept)
			}
		},
	})
	m.settle()
	if err != nil {
		return err
	}
	g.Created, g.Listed, g.Rows = now.Truncate(time.Millisecond), s.listed, took.Rows
	g.Other = s.other
	g.New, g.Writers = s.fresh, s.writers.most(generations.MaxWriters)
	g.Manifest = path.Join(folder, strings.TrimPrefix(took.Manifest, strings.TrimSuffix(at.Name, "/")+"/"))
	return nil
}

// roots are the prefixes without those that lie below another one, so that nothing is
// listed twice; one that is empty where there are none.
func roots(prefixes []string) []string {
	sorted := slices.Sorted(slices.Values(prefixes))
	var out []string
	for _, p := range sorted {
		if len(out) == 0 || !strings.HasPrefix(p, out[len(out)-1]) {
			out = append(out, p)
		}
	}
	if len(out) == 0 {
		return []string{""}
	}
	return out
}

// selected lists what a job is about.
type selected struct {
	*s3api.Client
	sieve    *sieve
	prefixes []string
}

// List implements snapshot.Bucket.
func (s *selected) List(ctx context.Context, bucket string, o s3api.ListOptions) iter.Seq2[[]inventory.Record, error] {
	return func(yield func([]inventory.Record, error) bool) {
		for _, o.Prefix = range s.prefixes {
			for records, err := range s.Client.List(ctx, bucket, o) {
				if !yield(s.sieve.wanted(records), err) || err != nil {
					return
				}
			}
		}
	}
}

// sieve takes out of a listing what the job is not about, and what is as it leaves
// objects. One goroutine uses it.
type sieve struct {
	policy  plan.Policy
	since   time.Time
	listed  int64
	fresh   int64
	other   int64 // under another key, which the job leaves
	writers *writers
}

// newSieve is one for which an object is new that was written in the second of since: S3
// states whole seconds.
func newSieve(o plan.Options, now, since time.Time) *sieve {
	return &sieve{policy: plan.Policy{Options: o, Now: now}, since: since.Truncate(time.Second), writers: newWriters()}
}

// wanted are the records that the job is about as far as a listing tells.
func (s *sieve) wanted(records []inventory.Record) []inventory.Record {
	records = slices.DeleteFunc(records, func(r inventory.Record) bool {
		t := s.policy.Decide(&r)
		return t.Action == plan.Skip && outside(t.Reason)
	})
	s.listed += int64(len(records))
	return records
}

// outside tells whether a row is left alone as the job is not about it.
func outside(r plan.Reason) bool {
	return r == plan.Filtered || r == plan.Noncurrent || r == plan.DeleteMarker || r == plan.OtherBucket
}

// keep tells whether a record that was looked at belongs into the report. What is left
// alone for its state does, so that the generation says so.
func (s *sieve) keep(r *inventory.Record) bool {
	t := s.policy.Decide(r)
	if t.Action == plan.Skip {
		if o := &s.policy.Options; t.Reason == plan.AlreadyEncrypted && o.SSE == plan.TargetKMS && !o.Rekey && !plan.SameKey(r.KMSKeyARN, o.KMSKeyID) {
			s.other++
		}
		return !outside(t.Reason) && t.Reason != plan.AlreadyEncrypted
	}
	if !r.LastModified.Before(s.since) {
		s.fresh++
		s.writers.see(r)
	}
	return true
}
