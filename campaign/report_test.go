package campaign

import (
	"errors"
	"slices"
	"testing"
	"time"

	"reseal/job/generations"
	"reseal/job/status"
	"reseal/report"
	"reseal/verify"
)

// A report counts what all buckets did that are in the list, says what was not done as of
// the last generation, and takes a bucket for verified only where each generation is.
func TestReport(t *testing.T) {
	now := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	todo, none := int64(10), int64(0)
	fine := func() *verify.Note { return &verify.Note{At: now, Written: now, Tally: verify.Tally{Whole: true}} }
	job := func(of *verify.Note, later *status.Status) *status.Status {
		s := &status.Status{State: status.Finished, Runs: 1, Todo: &todo, Left: &none, Done: 10, LastWrite: now, Verified: of,
			Skipped: map[string]int64{"archived": 3, "already-encrypted": 5}}
		if later != nil {
			s.Generations = []generations.Generation{{Number: 2, Source: generations.Listing, Verdict: generations.Clean, Created: now, Ended: now}}
			s.Later = map[int]*status.Status{2: later}
		}
		return s
	}
	later := func(of *verify.Note) *status.Status {
		return &status.Status{LastWrite: now, Verified: of, Skipped: map[string]int64{"locked": 1, "filtered": 9}}
	}
	worse := job(fine(), later(&verify.Note{At: now, Written: now, Tally: verify.Tally{Rows: 1, Verdicts: map[verify.Verdict]int64{verify.NotDone: 1}}}))
	worse.Proof = status.Disproven
	d := &Document{Created: now}
	var rows []Row
	for name, s := range map[string]*status.Status{"a": job(fine(), nil), "b": job(nil, nil), "c": job(fine(), later(nil)), "d": job(fine(), later(fine())), "e": nil, "h": worse} {
		d.Buckets = append(d.Buckets, Entry{Name: name, Made: true})
		rows = append(rows, RowOf("camp", &d.Buckets[len(d.Buckets)-1], s))
	}
	out := RowOf("camp", &Entry{Name: "f", LeftOut: true}, job(fine(), nil))
	bad := RowOf("camp", &Entry{Name: "g"}, nil)
	bad.Err, bad.State = errors.New("cannot be read"), Error
	v := NewStatus("camp", append(rows, out, bad)).Report(d, now, "1")
	if got, want := v.Total, (report.CampaignTotal{Buckets: 7, Finished: 5, Verified: 2, Unknown: 2, CampaignFigures: report.CampaignFigures{Objects: 50, Done: 50, LeftAlone: 9}}); got != want {
		t.Errorf("in all %+v, want %+v", got, want)
	}
	for i := range v.Buckets {
		b := &v.Buckets[i]
		if want := b.Bucket == "a" || b.Bucket == "d" || b.Bucket == "f"; b.Signable != want {
			t.Errorf("%s: as promised: %t", b.Bucket, b.Signable)
		}
		if b.Verified != nil && b.Verified.LaterOpen != (b.Bucket == "h") {
			t.Errorf("%s: a later generation is not as promised: %t", b.Bucket, b.Verified.LaterOpen)
		}
		if b.Bucket == "c" && (!slices.Equal(b.Unseen, []int{2}) || !slices.Equal(b.NotDone, []report.NotDone{{Objects: 1, Why: "locked"}})) {
			t.Errorf("c: %v, %v", b.Unseen, b.NotDone)
		}
		if b.Bucket == "a" && !slices.Equal(b.NotDone, []report.NotDone{{Objects: 3, Why: "archived"}}) {
			t.Errorf("a: %v", b.NotDone)
		}
	}
}
