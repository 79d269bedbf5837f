package generations

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/jobtest"
	"reseal/job"
	"reseal/plan"
)

func madePlan(t *testing.T, bucket string) *job.Plan {
	t.Helper()
	made := &job.Plan{Frozen: plan.Frozen{Manifest: "m", Options: plan.Options{Bucket: bucket}}}
	made.Hash = made.Frozen.Hash()
	return made
}

// A chain is read as it was saved, by the job that it is of and by no other one. Nobody
// writes over what somebody else wrote.
func TestChainIsOfOneJob(t *testing.T) {
	d, made := jobtest.Locked(t), madePlan(t, "b")
	c, err := Read(t.Context(), d, made)
	if err != nil || c.Last() != nil {
		t.Fatalf("a job without a chain: %+v, %v", c, err)
	}
	g, err := c.Begin(Listing, time.Now())
	if err != nil || g.Number != 2 {
		t.Fatalf("the second generation: %+v, %v", g, err)
	}
	g.Listing, g.Spent = 5, 7
	for range 2 { // again over its own
		if err := c.Save(t.Context(), d); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Read(t.Context(), d, made)
	if err != nil || len(again.Generations) != 1 || again.Spent(0) != 12 || again.Spent(2) != 5 {
		t.Errorf("read again: %+v, %v", again, err)
	}
	if _, err := Read(t.Context(), d, madePlan(t, "other")); !errors.As(err, new(*LinkError)) {
		t.Errorf("by another job: %v", err)
	}
	again.Generations[0].New = 4
	if err := again.Save(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := c.Save(t.Context(), d); !errors.As(err, new(*checkpoint.ConflictError)) {
		t.Errorf("over what another one wrote: %v", err)
	}
}

// A generation is the one of the chain by the hash of its plan, by that of the job, and by
// its number.
func TestHolds(t *testing.T) {
	c := &Chain{Version: format, Plan: strings.Repeat("a", 64)}
	made := madePlan(t, "b")
	made.Generation = &job.Generation{Of: c.Plan, Number: 2}
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	g := &Generation{Number: 2, Plan: digest}
	if err := c.Holds(g, made); err != nil {
		t.Errorf("its own: %v", err)
	}
	for name, other := range map[string]func() (*Generation, *job.Plan){
		"another plan":   func() (*Generation, *job.Plan) { return &Generation{Number: 2, Plan: strings.Repeat("b", 64)}, made },
		"another number": func() (*Generation, *job.Plan) { return &Generation{Number: 3, Plan: digest}, made },
		"no generation": func() (*Generation, *job.Plan) {
			alone := madePlan(t, "b")
			is, _ := alone.Digest()
			return &Generation{Number: 2, Plan: is}, alone
		},
	} {
		g, made := other()
		if err := c.Holds(g, made); !errors.As(err, new(*LinkError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// valid is a chain that is taken.
func valid() *Chain {
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	return &Chain{Version: format, Plan: strings.Repeat("a", 64), Generations: []Generation{
		{Number: 2, Source: Listing, Began: at, Manifest: "listings/000002-1/b/until-clean/x/manifest.json", Plan: strings.Repeat("b", 64), Done: 3, Ended: at, Verdict: Worked,
			Writers: []Writer{{Prefix: "a/", Owner: "o", Objects: 3, Last: at}}},
		{Number: 3, Source: Report, Began: at},
	}}
}

// A chain of somebody else's is refused, whatever in it cannot be.
func TestHostileChains(t *testing.T) {
	if data, err := json.Marshal(valid()); err != nil {
		t.Fatal(err)
	} else if _, err := decode(data); err != nil {
		t.Fatalf("a good one: %v", err)
	}
	for name, spoil := range map[string]func(*Chain){
		"no plan":                          func(c *Chain) { c.Plan = "" },
		"a plan in capitals":               func(c *Chain) { c.Plan = strings.Repeat("A", 64) },
		"a gap":                            func(c *Chain) { c.Generations[1].Number = 4 },
		"one before an end":                func(c *Chain) { c.Generations[0].Verdict, c.Generations[0].Ended = "", time.Time{} },
		"no end":                           func(c *Chain) { c.Generations[0].Ended = time.Time{} },
		"an odd verdict":                   func(c *Chain) { c.Generations[0].Verdict = "fine" },
		"another verdict than its numbers": func(c *Chain) { c.Generations[0].Verdict = Clean },
		"work without a plan":              func(c *Chain) { c.Generations[0].Plan = "" },
		"no source":                        func(c *Chain) { c.Generations[1].Source = "" },
		"above the job":                    func(c *Chain) { c.Generations[0].Manifest = "listings/../../etc/manifest.json" },
		"an absolute path":                 func(c *Chain) { c.Generations[0].Manifest = "/etc/passwd" },
		"another folder":                   func(c *Chain) { c.Generations[0].Manifest = "results/x" },
		"a drive":                          func(c *Chain) { c.Generations[0].Manifest = "listings/c:x" },
		"a plan of no report":              func(c *Chain) { c.Generations[0].Manifest = "" },
		"a short hash":                     func(c *Chain) { c.Generations[0].Plan = "b" },
		"less than nothing":                func(c *Chain) { c.Generations[0].Done = -1 },
		"a gain":                           func(c *Chain) { c.Generations[0].Listing = -1 },
		"many writers":                     func(c *Chain) { c.Generations[0].Writers = make([]Writer, MaxWriters+1) },
		"a long writer":                    func(c *Chain) { c.Generations[0].Writers[0].Prefix = strings.Repeat("x", maxText+1) },
		"a newer format":                   func(c *Chain) { c.Version = format + 1 },
		"too many":                         func(c *Chain) { c.Generations = make([]Generation, MaxGenerations+1) },
	} {
		c := valid()
		spoil(c)
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(data); err == nil {
			t.Errorf("%s: taken", name)
		}
		if c.Version == format {
			if err := c.Save(t.Context(), nil); err == nil {
				t.Errorf("%s: written", name)
			}
		}
	}
	if _, err := decode(make([]byte, maxDocument+1)); err == nil {
		t.Error("a large one: taken")
	}
}

// What is taken is taken again once it is written, and names nothing outside the job.
func FuzzDecode(f *testing.F) {
	data, err := json.Marshal(valid())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":9e99}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decode(data)
		if err != nil {
			return
		}
		for i := range c.Generations {
			if g := &c.Generations[i]; g.Source == Listing && g.Manifest != "" && !filepath.IsLocal(g.Manifest) {
				t.Errorf("a listing at %q", g.Manifest)
			}
		}
		again, err := json.Marshal(c)
		if err != nil {
			return // a time that JSON has no form for
		}
		if _, err := decode(again); err != nil {
			t.Errorf("not taken again: %v\n%s", err, again)
		}
	})
}

func TestNames(t *testing.T) {
	for of, want := range map[string]string{"job": "job/generations/000002", "s3://b/p/": "s3://b/p/generations/000002"} {
		got := filepath.ToSlash(Name(of, 2))
		if got != want {
			t.Errorf("%s: %s, want %s", of, got, want)
		}
		if whole := job.WholeOf(got); whole != strings.TrimSuffix(of, "/") {
			t.Errorf("%s belongs to %q, want %q", got, whole, of)
		}
	}
	if whole := job.WholeOf("moved"); whole != "" {
		t.Errorf("one that was moved belongs to %q", whole)
	}
}

// A job that has later generations and lost its chain, or one of their folders, is refused
// and not taken for one without them. What a crash leaves is taken.
func TestLostParts(t *testing.T) {
	made := madePlan(t, "b")
	is, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	ended := Generation{Number: 2, Source: Listing, Began: at, Manifest: "listings/x", Rows: 1, Plan: strings.Repeat("b", 64), Done: 1, Ended: at, Verdict: Worked}
	without := Generation{Number: 2, Source: Listing, Began: at, Manifest: "listings/x", Ended: at, Verdict: Clean}
	open := Generation{Number: 2, Source: Listing, Began: at, Manifest: "listings/x", Rows: 1}
	for name, c := range map[string]struct {
		chain   []Generation
		folders []string
		lost    bool
	}{
		"none":                             {nil, nil, false},
		"an empty folder":                  {nil, []string{"generations"}, false},
		"no chain":                         {nil, []string{"generations/000002"}, true},
		"no chain, and nothing was to do":  {nil, []string{"listings/000002-1"}, true},
		"whole":                            {[]Generation{ended}, []string{"generations/000002", "listings/000002-1"}, false},
		"no folder":                        {[]Generation{ended}, nil, true},
		"another folder":                   {[]Generation{ended}, []string{"generations/000003"}, true},
		"a chain of before":                {[]Generation{ended}, []string{"generations/000002", "generations/000003"}, true},
		"a folder that is nobody's":        {[]Generation{ended}, []string{"generations/000002", "generations/old"}, false},
		"nothing was to do":                {[]Generation{without}, nil, false},
		"nothing was to do, it says":       {[]Generation{without}, []string{"generations/000002"}, true},
		"killed before its plan was bound": {[]Generation{open}, []string{"generations/000002"}, false},
		"killed before its plan was begun": {[]Generation{open}, nil, false},
	} {
		d := jobtest.Locked(t)
		if c.chain != nil {
			if err := (&Chain{Version: format, Plan: is, Generations: c.chain}).Save(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
		for _, folder := range c.folders {
			if err := os.MkdirAll(filepath.Join(d.String(), folder), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Read(t.Context(), d, made)
		if got := errors.As(err, new(*LostError)); got != c.lost || !got && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
