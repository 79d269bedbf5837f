package status

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/job"
	"reseal/job/generations"
	"reseal/plan"
	"reseal/verify"
)

// twoGenerations is a job with a second generation, which nobody began.
func twoGenerations(t *testing.T) (dir string, chain *generations.Chain) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "job")
	freeze := func(name, manifest string, of *job.Generation) string {
		p := &job.Plan{Frozen: plan.Frozen{Version: plan.DecisionVersion, Manifest: manifest, Options: plan.Options{Bucket: "b"}}, Segments: []inventory.Segment{{}}, Generation: of}
		p.Hash = p.Frozen.Hash()
		if err := (job.Opener{}).Freeze(t.Context(), name, p); err != nil {
			t.Fatal(err)
		}
		_, made, err := job.Opener{}.Load(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := made.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return digest
	}
	chain = &generations.Chain{Version: 1, Plan: freeze(dir, "m", nil)}
	second := freeze(generations.Name(dir, 2), "later", &job.Generation{Of: chain.Plan, Number: 2})
	chain.Generations = []generations.Generation{{Number: 2, Source: generations.Listing, Began: time.Unix(900, 0), Manifest: "listings/000002-1/b/until-clean/2026-12-01T01-00Z/manifest.json", Created: time.Unix(950, 0),
		Plan: second, Verdict: generations.Clean, Ended: time.Unix(1000, 0)}}
	return dir, chain
}

// A look after others reads what no run changes once.
func TestWhatEndedIsReadOnce(t *testing.T) {
	t.Parallel()
	dir, chain := twoGenerations(t)
	var again Again
	check := func() error {
		_, _, err := again.readChain(t.Context(), job.Opener{}, dir, chain)
		return err
	}
	if err := check(); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(generations.Name(dir, 2)); err != nil {
		t.Fatal(err)
	}
	if err := check(); err != nil {
		t.Errorf("read again: %v", err)
	}
	if err := CheckChain(t.Context(), job.Opener{}, dir, chain); err == nil {
		t.Error("the first look did not read it")
	}
	chain.Generations[0].Done, chain.Generations[0].Verdict = 1, generations.Worked
	if err := check(); err == nil {
		t.Error("what the chain says otherwise now was not read again")
	}
}

// What is next goes by the verifications of all generations.
func TestNextByAllVerifications(t *testing.T) {
	t.Parallel()
	rows := func(v verify.Verdict) verify.Tally {
		return verify.Tally{Rows: 1, Looked: 1, Sampled: 1, Verdicts: map[verify.Verdict]int64{v: 1}}
	}
	for _, tt := range []struct {
		name          string
		first, second verify.Verdict // "" for none
		at            time.Time      // of the second
		last          generations.Verdict
		want          Next
	}{
		{"all fine", verify.Proven, verify.Proven, time.Unix(2000, 0), generations.Clean, MakeReport},
		{"the second did what the first had not", verify.ChangedUnderKey, verify.Proven, time.Unix(2000, 0), generations.Clean, MakeReport},
		{"the second did not do what the first had not", verify.NotDone, verify.Proven, time.Unix(2000, 0), generations.Clean, MoreGenerations},
		{"the first lost something", verify.LostAttribute, verify.Proven, time.Unix(2000, 0), generations.Clean, VerifyAgain},
		{"the last did not do something", verify.Proven, verify.NotDone, time.Unix(2000, 0), generations.Clean, VerifyAgain},
		{"the last failed", verify.Proven, verify.NotDone, time.Unix(2000, 0), generations.Left, MoreGenerations},
		{"the last is not verified", verify.Proven, "", time.Time{}, generations.Clean, Verify},
		{"the last was verified before its end", verify.Proven, verify.Proven, time.Unix(500, 0), generations.Clean, Verify},
		{"the first is not verified", "", verify.Proven, time.Unix(2000, 0), generations.Clean, Verify},
	} {
		dir, chain := twoGenerations(t)
		if chain.Generations[0].Verdict = tt.last; tt.last == generations.Left {
			chain.Generations[0].Failed = 1
		}
		note := func(job string, v verify.Verdict, at time.Time) {
			if v == "" {
				return
			}
			data, err := json.Marshal(&verify.Note{At: at, Written: at, Sample: "100%", Tally: rows(v)})
			if err == nil {
				err = os.WriteFile(filepath.Join(job, "verified.json"), data, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		note(dir, tt.first, time.Unix(2000, 0))
		note(generations.Name(dir, 2), tt.second, tt.at)
		data, err := json.Marshal(chain)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, generations.File), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		store, made, err := job.Opener{}.Load(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		s, err := Read(t.Context(), store, made, job.Share{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if next, _ := s.Next(job.Share{}); next != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, next, tt.want)
		}
		r, err := Look(t.Context(), store, made, job.Share{})
		if err != nil {
			t.Fatal(err)
		}
		if v, err := r.Report(t.Context(), "1"); err != nil || v.Verified != nil && v.Verified.LaterOpen != (r.Proof != Proven) {
			t.Errorf("%s: the report says %+v of the first generation, %v", tt.name, v.Verified, err)
		}
	}
}
