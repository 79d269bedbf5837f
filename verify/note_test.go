package verify

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/jobtest"
	"reseal/plan"
)

// What a verification found is in the job afterwards, the last one's alone. While a run
// holds the job nothing is written.
func TestANoteStaysInTheJob(t *testing.T) {
	t.Parallel()
	store, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
	if err != nil {
		t.Fatal(err)
	}
	if n := ReadNote(t.Context(), store); n != nil {
		t.Errorf("before any: %+v", n)
	}
	for looked := range int64(2) {
		v := &Verification{Sample: "100%", KMS: KMSUse{3, 2}, Tally: Tally{Rows: 9, Looked: looked, Verdicts: map[Verdict]int64{Proven: 9}}}
		if err := v.Remember(t.Context(), store, began); err != nil {
			t.Fatal(err)
		}
		n := ReadNote(t.Context(), store)
		if n == nil || n.At.IsZero() || !n.Written.Equal(began) || n.Sample != v.Sample || n.KMS != v.KMS || !reflect.DeepEqual(n.Tally, v.Tally) {
			t.Errorf("%+v, want %+v", n, v)
		}
	}
	held := jobtest.Locked(t)
	var locked *checkpoint.LockedError
	if err := new(Verification).Remember(t.Context(), held, began); !errors.As(err, &locked) || ReadNote(t.Context(), held) != nil {
		t.Errorf("while a run holds the job: %v", err)
	}
}

// A note of somebody else's making is believed as far as a verification could have
// written it, and has a bound.
func TestNotesThatNobodyWrote(t *testing.T) {
	t.Parallel()
	many := func(n int) (out map[string]int64) {
		out = map[string]int64{}
		for i := range n {
			out[fmt.Sprint("x", i)] = 1
		}
		return out
	}
	for _, tt := range []struct {
		name  string
		edit  func(map[string]any)
		reads bool
	}{
		{"as it is written", func(map[string]any) {}, true},
		{"nothing looked at", func(d map[string]any) { d["objects_looked_at"] = 0 }, true},
		{"less than nothing looked at", func(d map[string]any) { d["objects_looked_at"] = -1 }, false},
		{"no time", func(d map[string]any) { delete(d, "at") }, false},
		{"words for a number", func(d map[string]any) { d["rows"] = "many" }, false},
		{"as many verdicts as are read", func(d map[string]any) { d["verdicts"] = many(maxCounts) }, true},
		{"more verdicts", func(d map[string]any) { d["verdicts"] = many(maxCounts + 1) }, false},
		{"as many proofs of data", func(d map[string]any) { d["bodies"] = many(maxCounts) }, true},
		{"more proofs of data", func(d map[string]any) { d["bodies"] = many(maxCounts + 1) }, false},
		{"as many accepted losses", func(d map[string]any) { d["accepted_losses"] = many(maxCounts) }, true},
		{"more accepted losses", func(d map[string]any) { d["accepted_losses"] = many(maxCounts + 1) }, false},
	} {
		store := jobtest.Locked(t)
		doc := map[string]any{"at": began, "job_written": began, "rows": 3, "objects_looked_at": 3, "verdicts": many(1)}
		tt.edit(doc)
		data, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Put(t.Context(), noteFile, data, ""); err != nil {
			t.Fatal(err)
		}
		if n := ReadNote(t.Context(), store); (n != nil) != tt.reads {
			t.Errorf("%s: %+v, want one: %t", tt.name, n, tt.reads)
		}
	}
}

// The evidence says how much of the report was looked at, and what was compared of it.
func TestEvidenceOfANote(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		tally            Tally
		claim            string
		sample, compared bool // are spoken of
		tagged           string
	}{
		{"all, all compared", Tally{Rows: 4, Looked: 4, Sampled: 4, Compared: 4, Verdicts: map[Verdict]int64{Proven: 4}}, "every row of the report is as promised", false, false, ""},
		{"all, some compared", Tally{Rows: 4, Looked: 4, Sampled: 4, Compared: 1, Verdicts: map[Verdict]int64{Proven: 4}}, "every row of the report is as promised", false, true, "of 3 objects"},
		{"a sample", Tally{Rows: 10, Looked: 4, Sampled: 4, Compared: 4, Unsampled: 6, Verdicts: map[Verdict]int64{Proven: 4}}, "4 of the 10 rows of the report are as promised", true, false, ""},
	} {
		n := &Note{At: began.Add(time.Hour), Written: began, Sample: "x", Tally: tt.tally}
		p := n.Proofs(began)[1]
		const only, left = "metadata and tags were not compared", "were not in the sample"
		if p.Claim != tt.claim || strings.Contains(p.Evidence, left) != tt.sample || strings.Contains(p.Evidence, only) != tt.compared || !strings.Contains(p.Evidence, tt.tagged) || p.Holds != plan.Yes {
			t.Errorf("%s: %+v", tt.name, p)
		}
	}
}
