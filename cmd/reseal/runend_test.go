package main

import (
	"errors"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/plan"
)

// What a run wrote of its end is what status says.
func TestLastRun(t *testing.T) {
	for _, tt := range []struct {
		end  *runEnd
		far  bool
		want string
	}{
		{endOf(nil, checkpoint.Totals{}), false, "ended 1970-01-01 00:00:09 UTC: all of its work was done"},
		{endOf(nil, checkpoint.Totals{Failed: 1}), false, "all of its work was tried, and some failed"},
		{endOf(&engine.StopError{Limit: "--limit 10"}, checkpoint.Totals{}), false, ": stopped by --limit 10"},
		{endOf(&signalError{os.Interrupt}, checkpoint.Totals{}), false, ": interrupted (SIGINT)"},
		{endOf(&signalError{syscall.SIGTERM}, checkpoint.Totals{}), false, ": interrupted (SIGTERM)"},
		{endOf(&engine.BreakerError{Seen: 1, Err: errors.New("waited 1h0m0s: no answer\nat all")}, checkpoint.Totals{}), false, "waited 1h0m0s: no answer"},
		{nil, false, "last heard of 1970-01-01 00:00:09 UTC: it crashed or was killed; nothing is lost"},
		{nil, true, "it crashed or was killed, or goes on on another machine; nothing is lost"},
	} {
		var out strings.Builder
		s := &jobStatus{Job: "job", State: "unfinished", LastRun: &lastRun{time.Unix(9, 0), &runStatus{Started: time.Unix(1, 0), Ended: tt.end, Binding: binding{Limit: boundByConcurrency, Rate: 64}}}}
		if tt.far {
			s.Job = "s3://bucket/job"
		}
		if err := s.text(&out); err != nil || !strings.Contains(out.String(), "begun 1970-01-01 00:00:01 UTC, ") || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%+v: %v\n%s\nwant %q", tt.end, err, out.String(), tt.want)
		}
		if strings.Contains(out.String(), "bound by concurrency") != (tt.end == nil) {
			t.Errorf("%+v: what bound it is said of the wrong end\n%s", tt.end, out.String())
		}
	}
}

// What is to be typed next makes the very options that the job is bound to.
func TestNextCommand(t *testing.T) {
	for _, o := range []plan.Options{
		{Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:key/1", BucketKey: true},
		{Method: plan.MethodCopy, SSE: plan.TargetAES256, InspectAll: true, CopyVia: plan.ViaMultipart, Multipart: 8 << 20},
		{Method: plan.MethodAuto, SSE: plan.TargetKMS, KMSKeyID: "alias/it's", AllVersions: true, Unconfirmed: 900_000, Rekey: true, TrustInventory: true,
			Prefixes: []string{"a b/", "c$(x)/"}, Exclude: []string{"'"}, StorageClasses: []string{"STANDARD"}, MinSize: 1 << 17, MaxSize: 1 << 30},
	} {
		o = o.Normal()
		job := &jobPlan{Frozen: plan.Frozen{Manifest: "my reports/manifest.json", Options: o}, Endpoint: "http://127.0.0.1:9000"}
		command, _ := (&jobStatus{Job: "my job", State: "unfinished"}).next(job, share{})
		words, err := exec.Command("sh", "-c", "printf '%s\\n' "+command).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		args := strings.Split(strings.TrimSuffix(string(words), "\n"), "\n")
		f := &runFlags{}
		cmd := new(cobra.Command)
		f.connection.bind(cmd)
		f.selection.bind(cmd)
		cmd.Flags().StringVar(&f.job, "job", "", "")
		if err := cmd.ParseFlags(args[2:]); err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		got, err := f.options()
		if err != nil || !reflect.DeepEqual(got, o) || f.manifest != job.Manifest || f.endpoint != job.Endpoint || f.job != "my job" {
			t.Errorf("%s\nmakes %+v, %v\nwant  %+v", command, got, err, o)
		}
	}
	job := &jobPlan{Frozen: plan.Frozen{Options: plan.Options{Multipart: plan.SingleCopyLimit}}}
	for want, s := range map[string]*jobStatus{
		"reseal retry-failed --job j": {Job: "j", State: "finished", Failed: 1},
		"reseal verify --job j":       {Job: "j", State: "finished"},
	} {
		if got, _ := s.next(job, share{}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if got, _ := (&jobStatus{Job: "s3://b/j", State: "unfinished"}).next(job, share{1, 8}); !strings.HasSuffix(got, " --job s3://b/j --shard 1/8") {
		t.Errorf("of a share: %q", got)
	}
}
