package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/plan"
	"reseal/report"
)

// verifiedFile is the document of a job that says what verify last found. It is
// for the report; no decision rests on it.
const verifiedFile = "verified.json"

// verifiedDoc is that document: counts only, so its size has a bound.
type verifiedDoc struct {
	At        time.Time                `json:"at"`
	Written   time.Time                `json:"job_written"` // the job's last write that was looked at
	Sample    string                   `json:"sample"`
	Looked    int64                    `json:"objects_looked_at"`
	Snapshots int64                    `json:"snapshots_compared"`
	Verdicts  map[plan.Verdict]int64   `json:"verdicts"`
	Bodies    map[plan.BodyProof]int64 `json:"bodies,omitempty"`
}

// maxVerdicts is more than there are, so that what a document of somebody else's
// making says stays bounded.
const maxVerdicts = 50

// remember leaves in the job what was found. Writing needs the lock, so it does
// not work while another process runs the job, nor where it may only be read:
// that is said, and is no reason to fail.
func (v *verification) remember(ctx context.Context, store checkpoint.Store, written time.Time, talk io.Writer) {
	err := v.write(ctx, store, written)
	var held *checkpoint.LockedError
	switch {
	case errors.As(err, &held):
		fmt.Fprintf(talk, "note: another process runs the job, so the report will not show this verification\n")
	case err != nil:
		fmt.Fprintf(talk, "note: the report will not show this verification, as it could not be written into the job: %v\n", err)
	}
}

func (v *verification) write(ctx context.Context, store checkpoint.Store, written time.Time) error {
	lock, err := store.Lock(ctx, checkpoint.Self("reseal verify"))
	if err != nil {
		return err
	}
	data, err := json.Marshal(&verifiedDoc{time.Now().UTC(), written.UTC(), v.Sample, v.Looked, v.Snapshots, v.Verdicts, v.Bodies})
	if err == nil {
		var version checkpoint.Version
		if _, version, err = store.Get(ctx, verifiedFile); err == nil || errors.Is(err, fs.ErrNotExist) {
			_, err = store.Put(ctx, verifiedFile, append(data, '\n'), version)
		}
	}
	return errors.Join(err, lock.Release())
}

// readVerified returns what verify last found, nil where it never left a note or
// the note cannot be read.
func readVerified(ctx context.Context, store checkpoint.Reader) *verifiedDoc {
	data, _, err := store.Get(ctx, verifiedFile)
	d := new(verifiedDoc)
	if err != nil || json.Unmarshal(data, d) != nil || d.At.IsZero() || d.Looked < 0 || len(d.Verdicts) > maxVerdicts || len(d.Bodies) > maxVerdicts {
		return nil
	}
	return d
}

// found lists what was found, as in "2 body-differs, 298 proven".
func (d *verifiedDoc) found() string {
	var parts []string
	for _, verdict := range slices.Sorted(maps.Keys(d.Verdicts)) {
		parts = append(parts, report.Count(d.Verdicts[verdict])+" "+string(verdict))
	}
	for _, proof := range slices.Sorted(maps.Keys(d.Bodies)) {
		parts = append(parts, report.Count(d.Bodies[proof])+" "+string(proof))
	}
	return strings.Join(parts, ", ")
}

// proofs are the claims that rest on looks after the run; lastWrite is when the
// job was last written to.
func (d *verifiedDoc) proofs(lastWrite time.Time) []report.Proof {
	kept := report.Proof{Claim: "metadata, tags, class and lock are as before", Holds: plan.Unknown,
		Evidence: "S3 carries them over or the object fails; what run --snapshot remembered, reseal verify compares"}
	again := report.Proof{Claim: "objects looked at again are as the job left them", Holds: plan.Unknown,
		Evidence: "reseal verify looks at every object again, or at a sample"}
	if d == nil {
		return []report.Proof{kept, again}
	}
	when := "reseal verify on " + report.Time(d.At)
	differ := false
	for verdict, n := range d.Verdicts {
		differ = differ || n > 0 && verdict.Difference()
	}
	again.Holds = plan.AnswerOf(!differ && d.Looked > 0)
	again.Evidence = fmt.Sprintf("%s looked at %s (sample %s): %s", when, report.Plural(d.Looked, "object"), d.Sample, d.found())
	if d.Looked == 0 {
		again.Holds = plan.Unknown
		again.Evidence = when + " found nothing to look at"
	}
	if d.Snapshots > 0 {
		kept.Claim = fmt.Sprintf("metadata, tags, class and lock of %s are as before", report.Plural(d.Snapshots, "object"))
		kept.Holds = plan.AnswerOf(d.Verdicts[plan.Unfaithfully] == 0)
		if kept.Holds == plan.Yes && d.Verdicts[plan.VerdictUnknown] > 0 {
			kept.Holds = plan.Unknown // one of these may be among them
		}
		kept.Evidence = when + " compared them with what the run had remembered"
	}
	if lastWrite.After(d.Written) {
		for _, p := range []*report.Proof{&kept, &again} {
			if p.Holds != plan.Unknown {
				p.Evidence += "; the job went on since"
			}
		}
	}
	return []report.Proof{kept, again}
}
