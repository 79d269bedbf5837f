package main

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/control"
	"reseal/engine"
	"reseal/internal/options"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
)

// What a run wrote of its end is what status says.
func TestLastRun(t *testing.T) {
	for _, tt := range []struct {
		end  *control.Ending
		far  bool // nobody knows whether it goes on
		want string
	}{
		{endOf(nil, checkpoint.Totals{}), false, "ended 1970-01-01 00:00:09 UTC: all of its work was done"},
		{endOf(nil, checkpoint.Totals{Failed: 1}), false, "all of its work was tried, and some failed"},
		{endOf(&finding{exitFailures}, checkpoint.Totals{}), false, "all of its work was tried, and some failed"},
		{endOf(&engine.StopError{Limit: "--limit 10"}, checkpoint.Totals{}), false, ": stopped by --limit 10"},
		{endOf(&signalError{Signal: os.Interrupt}, checkpoint.Totals{}), false, ": interrupted (SIGINT)"},
		{endOf(&signalError{Signal: syscall.SIGTERM}, checkpoint.Totals{}), false, ": interrupted (SIGTERM)"},
		{endOf(&engine.BreakerError{Seen: 1, Err: errors.New("waited 1h0m0s: no answer\nat all")}, checkpoint.Totals{}), false, "waited 1h0m0s: no answer"},
		{nil, false, "last heard of 1970-01-01 00:00:09 UTC: it crashed or was killed; nothing is lost"},
		{nil, true, "it crashed or was killed, or goes on elsewhere; nothing is lost"},
	} {
		var out strings.Builder
		s := &status.Status{Job: "job", State: "unfinished", LastRun: &status.LastRun{At: time.Unix(9, 0), Over: !tt.far, Status: &control.Status{Started: time.Unix(1, 0), Ended: tt.end, Binding: control.Binding{Limit: control.LimitConcurrency, Rate: 64}}}}
		if err := console.Status(&out, s, console.Step{}, time.Now()); err != nil || !strings.Contains(out.String(), "begun 1970-01-01 00:00:01 UTC, ") || !strings.Contains(out.String(), tt.want) {
			t.Errorf("%+v: %v\n%s\nwant %q", tt.end, err, out.String(), tt.want)
		}
		if strings.Contains(out.String(), "bound by --concurrency") != (tt.end == nil) {
			t.Errorf("%+v: what bound it is said of the wrong end\n%s", tt.end, out.String())
		}
	}
}

// What a job is bound to comes back as it was, whatever is in it, without a flag.
func TestRecalledOptions(t *testing.T) {
	for _, o := range []plan.Options{
		{Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: "arn:aws:kms:eu-west-1:111122223333:key/1", BucketKey: true},
		{Method: plan.MethodCopy, SSE: plan.TargetAES256, InspectAll: true, CopyVia: plan.ViaMultipart, Multipart: 8 << 20},
		{Method: plan.MethodAuto, SSE: plan.TargetKMS, KMSKeyID: "alias/it's", AllVersions: true, Unconfirmed: 900_000, Rekey: true, TrustInventory: true,
			Prefixes: []string{"a b/", "c$(x)/"}, Exclude: []string{"'"}, StorageClasses: []string{"STANDARD"}, MinSize: 1 << 17, MaxSize: 1 << 30},
	} {
		o = o.Normal()
		job := &job.Plan{Frozen: plan.Frozen{Manifest: "/my reports/manifest.json", Options: o}, Endpoint: "http://127.0.0.1:9000"}
		f := &runFlags{}
		cmd := new(cobra.Command)
		f.connection.bind(cmd)
		f.selection.bind(cmd)
		if err := options.Recall(cmd.Flags(), job.BoundOptions()); err != nil {
			t.Fatal(err)
		}
		got, err := f.options()
		if err != nil || !reflect.DeepEqual(got, o) || f.manifest != job.Manifest || f.Endpoint != job.Endpoint {
			t.Errorf("%+v, %v\nwant  %+v", got, err, o)
		}
	}
}
