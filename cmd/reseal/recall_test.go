package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/internal/options"
	"reseal/job"
	"reseal/plan"
)

// Each option that a job remembers and is not bound to is judged, or named here with the
// reason why no value of it permits more than another.
func TestEveryOptionIsJudged(t *testing.T) {
	neutral := map[string]string{
		"manifest": "the report is bound by its MD5", "keep-inventory": "a copy of the report, held against its MD5", "memory": "what a run takes of this machine",
		"ca-bundle": "the endpoint proves itself either way", "profile": "the caller is recorded with each run", "sdk-client": "another way to send the same",
		"region": "the bucket tells its own", "endpoint-url": "a job goes to where it was made", "probe-key-prefix": "scratch objects, taken away again",
		"latency": "for the estimate", "copy-rate": "for the estimate", "monthly-gets": "for the estimate", "monthly-puts": "for the estimate",
		"window-exit": "outside the window nothing is begun either way", "every": "how long a run waits between two generations",
		"delta-from": "where the same objects are read from",
	}
	run := newRunCommand(process{})
	e := job.Effective{Default: defaultsOf(run)}
	bound := job.Plan{}
	bound.Options = plan.Options{SSE: plan.TargetAES256, KMSKeyID: "k", Method: plan.MethodAuto, AllVersions: true, Unconfirmed: 1, CopyVia: "c", ACL: "a", Rekey: true, Prefixes: []string{"p"},
		Exclude: []string{"e"}, IncludeGlobs: []string{"i"}, ExcludeGlobs: []string{"x"}, Tags: []string{"t"}, FromKeys: []string{"k"}, OnlyBucket: true, MinAge: 1, MaxAge: 1, MinSize: 1, MaxSize: 1, StorageClasses: []string{"s"}, TrustInventory: true, InspectAll: true, Multipart: 1}
	bound.Columns = "auto"
	made := bound.BoundOptions()
	run.Flags().VisitAll(func(f *pflag.Flag) {
		_, is := made[f.Name]
		judged := e.Judges(f.Name)
		if !is && !slices.Contains(options.Forgotten(), f.Name) && f.Name != "bucket-key-enabled" && judged == (neutral[f.Name] != "") {
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
		if err := options.Recall(cmd.Flags(), tt.told); err != nil {
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

// What a job is bound to is taken as it is, even what no flag of this program takes, as
// long as nothing of it is given anew.
func TestBoundOptionsAreTakenAsTheyAre(t *testing.T) {
	o := plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "k", StorageClasses: []string{"OF_A_LATER_VERSION"}}.Normal()
	made := &job.Plan{Frozen: plan.Frozen{Manifest: "m", Options: o}}
	made.Hash = made.Frozen.Hash()
	dir := filepath.Join(t.TempDir(), "job")
	if err := (connection{}).Jobs().Freeze(t.Context(), dir, made); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		args  []string
		bound bool
	}{
		{nil, true},
		{[]string{"--kms-rps", "5", "--manifest", "elsewhere"}, true},
		{[]string{"--rekey"}, false},
		{[]string{"--prefix", "p/", "--kms-rps", "5"}, false},
	} {
		f, cmd := &runFlags{}, new(cobra.Command)
		f.connection.bind(cmd)
		f.selection.bind(cmd)
		f.pace.bind(cmd)
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		if found, err := f.request.recall(t.Context(), process{}, cmd, dir); err != nil || !found {
			t.Fatalf("%q: found %v, %v", tt.args, found, err)
		}
		got, err := f.options()
		if same := err == nil && reflect.DeepEqual(got, o); same != tt.bound {
			t.Errorf("%q: %+v, %v; want the job's own: %v", tt.args, got, err, tt.bound)
		}
	}
}
