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
	"reseal/verify"
)

// verifiedFile is the document of a job that says what verify last found. It is
// for the report; no decision rests on it.
const verifiedFile = "verified.json"

// verifiedDoc is that document: counts only, so its size has a bound.
type verifiedDoc struct {
	At      time.Time `json:"at"`
	Written time.Time `json:"job_written"` // the job's last write that was looked at
	Sample  string    `json:"sample"`
	KMS     looksKMS  `json:"kms"`
	verify.Tally
}

// looksKMS is what a verification may have had KMS asked at most: to read data, and
// elsewhere than on AWS with each look at an object under a key.
type looksKMS struct {
	Released int64 `json:"released"`
	Fullest  int64 `json:"fullest_second"`
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
		fmt.Fprintf(talk, "note: the report will not show this verification, as it could not be written into the job: %s\n", inWords(err))
	}
}

func (v *verification) write(ctx context.Context, store checkpoint.Store, written time.Time) error {
	lock, err := store.Lock(ctx, checkpoint.Self("reseal verify"))
	if err != nil {
		return err
	}
	data, err := json.Marshal(&verifiedDoc{time.Now().UTC(), written.UTC(), v.Sample, v.KMS, v.Tally})
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
	if err != nil || json.Unmarshal(data, d) != nil || d.At.IsZero() || d.Looked < 0 || len(d.Verdicts) > maxVerdicts || len(d.Bodies) > maxVerdicts || len(d.Accepted) > maxVerdicts {
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
	for _, a := range slices.Sorted(maps.Keys(d.Accepted)) {
		parts = append(parts, "with accepted losses: "+string(a)+" "+report.Count(d.Accepted[a]))
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
		Evidence: "S3 carries them over or the object fails; what the run took snapshots of, reseal verify compares"}
	again := report.Proof{Claim: "every row of the report is as promised", Holds: plan.Unknown,
		Evidence: "reseal verify looks at every object again, or at a sample"}
	if d == nil {
		return []report.Proof{kept, again}
	}
	when := "reseal verify on " + report.Time(d.At)
	again.Holds = plan.AnswerOf(d.Grade() == verify.Fine)
	again.Evidence = fmt.Sprintf("%s looked at %s (sample %s): %s", when, report.Plural(d.Looked, "object"), d.Sample, d.found())
	if d.Unsampled > 0 {
		again.Claim = fmt.Sprintf("%s of the %s of the report are as promised", report.Count(d.Rows-d.Unsampled), report.Plural(d.Rows, "row"))
		again.Evidence += "; " + report.Count(d.Unsampled) + " were not in the sample"
	}
	if n := d.Verdicts[verify.Proven] - d.Compared; n > 0 {
		again.Evidence += "; of " + report.Count(n) + " of them the encryption only, as nothing remembers their attributes"
	}
	if again.Holds == plan.Yes && d.Unsampled > 0 && d.Sampled == 0 {
		again.Holds = plan.Unknown
		again.Evidence = when + " found nothing to look at"
	}
	if d.Compared > 0 {
		kept.Claim = fmt.Sprintf("metadata, tags, class and lock of %s are as before", report.Plural(d.Compared, "object"))
		kept.Holds = plan.AnswerOf(d.Verdicts[verify.LostAttribute] == 0 && len(d.Accepted) == 0)
		if kept.Holds == plan.Yes && d.Verdicts[verify.CouldNotLook] > 0 {
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
