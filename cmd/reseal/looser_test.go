package main

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"reseal/job"
	"reseal/plan"
)

// Whatever permits more than what holds, a default included, counts as looser.
func TestLooser(t *testing.T) {
	f := &runFlags{}
	cmd := newRunCommand(process{})
	f.usual = defaultsOf(cmd)
	e := effective{quota: 10_000, usual: f.usual}
	for _, tt := range []struct {
		name         string
		before, give job.Told
		option       string
		want         bool
	}{
		{"rate over a share", job.Told{"kms-share": {"10%"}}, job.Told{"kms-rps": {"90000"}}, "kms-rps", true},
		{"rate below a share", job.Told{"kms-share": {"10%"}}, job.Told{"kms-rps": {"900"}}, "kms-rps", false},
		{"share below a rate", job.Told{"kms-rps": {"90000"}}, job.Told{"kms-share": {"5%"}}, "kms-share", false},
		{"share over a rate", job.Told{"kms-rps": {"100"}}, job.Told{"kms-share": {"5%"}}, "kms-share", true},
		{"share over the default", nil, job.Told{"kms-share": {"100%"}}, "kms-share", true},
		{"share as a fraction", nil, job.Told{"kms-share": {"0.5"}}, "kms-share", false},
		{"rate over the default", nil, job.Told{"kms-rps": {"5001"}}, "kms-rps", true},
		{"rate taken away", job.Told{"kms-rps": {"100"}}, job.Told{"kms-rps": {""}}, "kms-rps", true},
		{"concurrency", nil, job.Told{"concurrency": {"20000"}}, "concurrency", true},
		{"less concurrency", nil, job.Told{"concurrency": {"20"}}, "concurrency", false},
		{"attempts", nil, job.Told{"attempts": {"100"}}, "attempts", true},
		{"outage", nil, job.Told{"max-outage": {"48h"}}, "max-outage", true},
		{"S3 rate", nil, job.Told{"s3-rps": {"5000"}}, "s3-rps", true},
		{"drain", nil, job.Told{"drain-timeout": {"10m"}}, "drain-timeout", true},
		{"weight", nil, job.Told{"bucket-key-weight": {"0.5"}}, "bucket-key-weight", true},
		{"no budget", job.Told{"max-cost": {"5"}}, job.Told{"max-cost": {""}}, "max-cost", true},
		{"first budget", nil, job.Told{"max-cost": {"5"}}, "max-cost", false},
		{"share of failures for a number", job.Told{"max-failures": {"5"}}, job.Told{"max-failures": {"5%"}}, "max-failures", true},
		{"one more hazard", job.Told{"accept": {"a"}}, job.Told{"accept": {"a", "b"}}, "accept", true},
		{"first window", nil, job.Told{"window": {"22:00-06:00"}}, "window", false},
		{"narrower window", job.Told{"window": {"22:00-06:00"}}, job.Told{"window": {"23:00-05:00"}}, "window", false},
		{"the same window over midnight", job.Told{"window": {"22:00-24:00"}}, job.Told{"window": {"22:00-00:00"}}, "window", false},
		{"wider window", job.Told{"window": {"22:00-06:00"}}, job.Told{"window": {"22:00-06:01"}}, "window", true},
		{"another window", job.Told{"window": {"22:00-06:00"}}, job.Told{"window": {"12:00-13:00"}}, "window", true},
		{"window of another place", job.Told{"window": {"22:00-06:00@Europe/Berlin"}}, job.Told{"window": {"23:00-05:00@Europe/London"}}, "window", true},
		{"fewer result lines", nil, job.Told{"results": {"failures"}}, "results", true},
		{"more result lines", job.Told{"results": {"failures"}}, job.Told{"results": {"all"}}, "results", false},
		{"result lines as by default", job.Told{"results": {"failures"}}, job.Told{"results": {""}}, "results", false},
		{"no share", job.Told{"kms-share": {"10%"}}, job.Told{"kms-share": {""}}, "kms-share", true},
		{"fewer snapshots", nil, job.Told{"snapshot": {"0"}}, "snapshot", true},
		{"more snapshots", job.Told{"snapshot": {"1%"}}, job.Told{"snapshot": {"2%"}}, "snapshot", false},
		{"other prices under a limit", job.Told{"max-cost": {"5"}}, job.Told{"prices": {"p.json"}}, "prices", true},
		{"other prices without a limit", nil, job.Told{"prices": {"p.json"}}, "prices", false},
		{"no window", job.Told{"window": {"22:00-06:00"}}, job.Told{"window": {""}}, "window", true},
	} {
		after := job.Told{}
		for _, told := range []job.Told{tt.before, tt.give} {
			for name, values := range told {
				after[name] = values
			}
		}
		for _, name := range drops(tt.give) {
			delete(after, name)
		}
		if got := e.looser(tt.option, tt.before, after); got != tt.want {
			t.Errorf("%s: looser %v, want %v", tt.name, got, tt.want)
		}
	}
}

// Each option that a job remembers and is not bound to is judged, or named here with the
// reason why no value of it permits more than another.
func TestEveryOptionIsJudged(t *testing.T) {
	neutral := map[string]string{
		"manifest": "the report is bound by its MD5", "keep-inventory": "a copy of the report, held against its MD5", "memory": "what a run takes of this machine",
		"ca-bundle": "the endpoint proves itself either way", "profile": "the caller is recorded with each run", "sdk-client": "another way to send the same",
		"region": "the bucket tells its own", "endpoint-url": "a job goes to where it was made", "probe-key-prefix": "scratch objects, taken away again",
		"latency": "for the estimate", "copy-rate": "for the estimate", "monthly-gets": "for the estimate", "monthly-puts": "for the estimate",
		"window-exit": "outside the window nothing is begun either way",
	}
	src, err := os.ReadFile("looser.go")
	if err != nil {
		t.Fatal(err)
	}
	bound := job.Plan{}
	bound.Options = plan.Options{SSE: plan.TargetAES256, KMSKeyID: "k", Method: plan.MethodAuto, AllVersions: true, Unconfirmed: 1, CopyVia: "c", ACL: "a", Rekey: true, Prefixes: []string{"p"},
		Exclude: []string{"e"}, IncludeGlobs: []string{"i"}, ExcludeGlobs: []string{"x"}, MinAge: 1, MaxAge: 1, MinSize: 1, MaxSize: 1, StorageClasses: []string{"s"}, TrustInventory: true, InspectAll: true, Multipart: 1}
	made := bound.BoundOptions()
	newRunCommand(process{}).Flags().VisitAll(func(f *pflag.Flag) {
		_, is := made[f.Name]
		judged := strings.Contains(string(src), strconv.Quote(f.Name)) || f.Name == acceptFlag
		if !is && !slices.Contains(forgotten, f.Name) && f.Name != "bucket-key-enabled" && judged == (neutral[f.Name] != "") && f.Name != "window-exit" {
			t.Errorf("--%s: is a change of it a loosening? judged: %v, neutral: %q", f.Name, judged, neutral[f.Name])
		}
	})
}

// What is given takes away what it replaces, and nothing else is recalled.
func TestRecalledDrops(t *testing.T) {
	for _, tt := range []struct {
		args []string
		told job.Told
		gone string
	}{
		{[]string{"--kms-share", "5%"}, job.Told{"kms-rps": {"90000"}}, "kms-rps"},
		{[]string{"--kms-rps", "9"}, job.Told{"kms-share": {"5%"}}, "kms-share"},
		{[]string{"--window="}, job.Told{"window": {"22:00-06:00"}, "window-exit": {"true"}}, "window-exit"},
		{[]string{"--kms-rps", ""}, job.Told{"kms-rps": {"9"}}, ""},
	} {
		cmd := newRunCommand(process{})
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		if err := recalled(cmd.Flags(), tt.told); err != nil {
			t.Fatal(err)
		}
		if tt.gone != "" && cmd.Flags().Changed(tt.gone) {
			t.Errorf("%v over %v: --%s was recalled", tt.args, tt.told, tt.gone)
		}
		if tt.gone == "" && cmd.Flags().Lookup("kms-rps").Value.String() != "" {
			t.Errorf("%v over %v: a rate is left", tt.args, tt.told)
		}
	}
	if err := newRunCommand(process{}).ParseFlags([]string{"--kms-rps", "0"}); err == nil {
		t.Error("--kms-rps 0 was taken")
	}
}
