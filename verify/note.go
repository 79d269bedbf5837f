package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/plan"
	"reseal/report"
)

// noteFile is the document of a job that says what the last verification found. It is
// for the report; no decision rests on it.
const noteFile = "verified.json"

// Note is what a verification leaves in its job: counts only, so its size has a bound.
type Note struct {
	At      time.Time `json:"at"`
	Written time.Time `json:"job_written"` // the job's last write that was looked at
	Sample  string    `json:"sample"`
	KMS     KMSUse    `json:"kms"`
	Allowed []Verdict `json:"allowed,omitempty"`
	Tally
}

// KMSUse is what a verification may have had KMS asked at most, in requests: to read
// data, and elsewhere than on AWS with each look at an object under a key.
type KMSUse struct {
	Released int64 `json:"released"`
	Fullest  int64 `json:"fullest_second"`
}

// maxCounts is more than there are verdicts or the like, so that what a document of
// somebody else's making says stays bounded.
const maxCounts = 50

// Remember leaves in the job what was found. written is when the job was last written
// to, as of its state that was looked at. It takes the job's lock for a moment: while a
// run holds it the error is a checkpoint.LockedError.
func (v *Verification) Remember(ctx context.Context, store checkpoint.Store, written time.Time) error {
	lock, err := store.Lock(ctx, checkpoint.Self("reseal verify"))
	if err != nil {
		return err
	}
	data, err := json.Marshal(&Note{time.Now().UTC(), written.UTC(), v.Sample, v.KMS, v.Allowed, v.Tally})
	if err == nil {
		var version checkpoint.Version
		if _, version, err = store.Get(ctx, noteFile); err == nil || errors.Is(err, fs.ErrNotExist) {
			_, err = store.Put(ctx, noteFile, append(data, '\n'), version)
		}
	}
	return errors.Join(err, lock.Release())
}

// ReadNote returns what the last verification of a job found, nil where none left a
// note or the note cannot be read.
func ReadNote(ctx context.Context, store checkpoint.Reader) *Note {
	data, _, err := store.Get(ctx, noteFile)
	n := new(Note)
	if err != nil || json.Unmarshal(data, n) != nil || n.At.IsZero() || n.Looked < 0 || len(n.Verdicts) > maxCounts || len(n.Bodies) > maxCounts || len(n.Accepted) > maxCounts {
		return nil
	}
	return n
}

// Verification is what the note tells of the verification that left it. Of what was
// allowed only objects that nobody compared count: another look does not change these.
func (n *Note) Verification() *Verification {
	v := &Verification{Tally: n.Tally}
	if slices.Contains(n.Allowed, NotCompared) {
		v.Allowed = []Verdict{NotCompared}
	}
	return v
}

// found lists what was found, as in "2 body-differs, 298 proven".
func (n *Note) found() string {
	var parts []string
	for _, verdict := range slices.Sorted(maps.Keys(n.Verdicts)) {
		parts = append(parts, report.Count(n.Verdicts[verdict])+" "+string(verdict))
	}
	for _, a := range slices.Sorted(maps.Keys(n.Accepted)) {
		parts = append(parts, "with accepted losses: "+string(a)+" "+report.Count(n.Accepted[a]))
	}
	for _, proof := range slices.Sorted(maps.Keys(n.Bodies)) {
		parts = append(parts, report.Count(n.Bodies[proof])+" "+string(proof))
	}
	return strings.Join(parts, ", ")
}

// Proofs are the claims that rest on looks after the run, nil for none; lastWrite is
// when the job was last written to.
func (n *Note) Proofs(lastWrite time.Time) []report.Proof {
	kept := report.Proof{Claim: "metadata, tags, class and lock are as before", Holds: plan.Unknown,
		Evidence: "S3 carries them over or the object fails; what the run took snapshots of, reseal verify compares"}
	again := report.Proof{Claim: "every row of the report is as promised", Holds: plan.Unknown,
		Evidence: "reseal verify looks at every object again, or at a sample"}
	if n == nil {
		return []report.Proof{kept, again}
	}
	if n.early() {
		again.Open, again.Evidence = true, "reseal verify looked before the job had begun"
		if lastWrite.IsZero() {
			again.Evidence = "the job has not begun"
		}
		return []report.Proof{kept, again}
	}
	when := "reseal verify on " + report.Time(n.At)
	n.rowsAgain(&again, when)
	n.attributesKept(&kept, when)
	if lastWrite.After(n.Written) {
		for _, p := range []*report.Proof{&kept, &again} {
			if p.Holds != plan.Unknown {
				p.Evidence += "; the job went on since"
			}
		}
	}
	return []report.Proof{kept, again}
}

// early tells whether the verification looked before the job had begun.
func (n *Note) early() bool { return n.Written.IsZero() }

// rowsAgain says what the looks say of the rows.
func (n *Note) rowsAgain(p *report.Proof, when string) {
	p.Holds = plan.AnswerOf(n.Grade() == Fine)
	p.Evidence = fmt.Sprintf("%s looked at %s (sample %s): %s", when, report.Plural(n.Looked, "object"), n.Sample, n.found())
	if n.Unsampled > 0 {
		p.Claim = fmt.Sprintf("%s of the %s of the report are as promised", report.Count(n.Rows-n.Unsampled), report.Plural(n.Rows, "row"))
		p.Evidence += "; " + report.Count(n.Unsampled) + " were not in the sample"
	}
	if only := n.Verdicts[Proven] - n.Compared; only > 0 {
		p.Evidence += "; of " + report.Plural(only, "object") + " the key was checked, and metadata and tags were not compared, as no snapshot holds them"
	}
	if p.Holds == plan.Yes && n.Unsampled > 0 && n.Sampled == 0 {
		p.Holds = plan.Unknown
		p.Evidence = when + " found nothing to look at"
	}
}

// attributesKept says what the looks say of the attributes of objects.
func (n *Note) attributesKept(p *report.Proof, when string) {
	if n.Compared == 0 {
		return
	}
	p.Claim = fmt.Sprintf("metadata, tags, class and lock of %s are as before", report.Plural(n.Compared, "object"))
	p.Holds = plan.AnswerOf(n.Verdicts[LostAttribute] == 0 && len(n.Accepted) == 0)
	if p.Holds == plan.Yes && n.Verdicts[CouldNotLook] > 0 {
		p.Holds = plan.Unknown // one of these may be among them
	}
	p.Evidence = when + " compared them with what the run had remembered"
}
