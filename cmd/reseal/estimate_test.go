package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/cost"
	"reseal/internal/simulator"
	"reseal/plan"
)

// objectWrites and objectReads are the operations on objects that a run sends, by
// how S3 counts and bills them.
var (
	objectWrites = []simulator.Op{"CopyObject", "CreateMultipartUpload", "UploadPartCopy", "CompleteMultipartUpload", "UpdateObjectEncryption",
		"PutObjectTagging", "PutObjectAcl"}
	objectReads = []simulator.Op{"HeadObject", "GetObjectTagging", "GetObjectAcl", "ListObjectAnnotations", "ListParts"}
)

// usage is what a run took of the quotas, by the simulator's count.
type usage struct{ writes, reads, kms int64 }

func countOf(c simulator.Counters) (u usage) {
	for _, op := range objectWrites {
		u.writes += c.Ops(op)
	}
	for _, op := range objectReads {
		u.reads += c.Ops(op)
	}
	u.kms = c.KMS.Total
	return u
}

func (u usage) less(o usage, times int64) usage {
	return usage{u.writes - times*o.writes, u.reads - times*o.reads, u.kms - times*o.kms}
}

// estimated is what a job's plan.json says of the same.
type estimated struct {
	Options struct {
		BucketKey bool `json:"bucket_key_enabled"`
	} `json:"options"`
	Estimate struct {
		Demand struct {
			Writes, Reads, KMS struct{ Min, Max int64 }
		}
	}
	Tally struct {
		Todo []struct{ Action string }
	}
	Canary []canaryRow
}

// bodies is how many GetObject the canary takes. They are not counted, as the
// report is read by the same operation.
func (e *estimated) bodies() (n int64) {
	for _, c := range e.Canary {
		if c.Size <= plan.SnapshotBody && c.Class != "GLACIER" && c.Class != "DEEP_ARCHIVE" {
			n += 2
		}
	}
	return n
}

func readEstimate(job string) (*estimated, error) {
	data, err := os.ReadFile(filepath.Join(job, planFile))
	if err != nil {
		return nil, err
	}
	var p struct {
		estimated
		Estimate struct {
			Demand struct {
				Writes struct{ Min, Max int64 } `json:"s3_writes"`
				Reads  struct{ Min, Max int64 } `json:"s3_reads"`
				KMS    struct{ Min, Max int64 } `json:"kms_calls"`
			}
		}
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, err
	}
	e := p.estimated
	e.Estimate.Demand.Writes, e.Estimate.Demand.Reads, e.Estimate.Demand.KMS = p.Estimate.Demand.Writes, p.Estimate.Demand.Reads, p.Estimate.Demand.KMS
	return &e, nil
}

// differences compares an estimate with what the simulator counted for the same
// job, without faults: writes are exact, and KMS requests where no bucket key
// saves any. The simulator states the encryption in its answers, so the HeadObject
// that would else be the proof of a copy is not sent: reads are at the lower
// end, but for objects in parts, whose tags are read only where there are any.
func (e *estimated) differences(got usage) (out []string) {
	d := e.Estimate.Demand
	got.reads += e.bodies()
	parts := false
	for _, w := range e.Tally.Todo {
		parts = parts || w.Action == "multipart-copy"
	}
	check := func(name string, n, low, high int64) {
		if n < low || n > high {
			out = append(out, fmt.Sprintf("%s: the simulator counted %d, estimated %d to %d", name, n, low, high))
		}
	}
	if d.Writes.Min != d.Writes.Max {
		out = append(out, fmt.Sprintf("S3 writes: estimated %d to %d, want one number", d.Writes.Min, d.Writes.Max))
	}
	if !e.Options.BucketKey && d.KMS.Min != d.KMS.Max {
		out = append(out, fmt.Sprintf("KMS requests without a bucket key: estimated %d to %d, want one number", d.KMS.Min, d.KMS.Max))
	}
	check("S3 writes", got.writes, d.Writes.Max, d.Writes.Max)
	check("KMS requests", got.kms, d.KMS.Min, d.KMS.Max)
	if parts {
		check("S3 reads", got.reads, d.Reads.Min, d.Reads.Max)
	} else {
		check("S3 reads", got.reads, d.Reads.Min, d.Reads.Min)
	}
	return out
}

// checkEstimate compares the estimate of a finished job with all that the
// simulator has counted so far, less what a run takes that has nothing to do.
func (w *testWorld) checkEstimate(bucket, job, manifest string, flags ...string) {
	w.t.Helper()
	_, before := w.sim.counted(bucket)
	args := append([]string{"run", "--manifest", manifest, "--sse-kms-key-id", simKey, "--job", filepath.Join(w.t.TempDir(), "idle"), "--yes", "--quiet",
		"--prefix", "no-key-begins-like-this/", "--probe-key-prefix", "reseal-probe/"}, flags...)
	if out, err := w.command(args...).CombinedOutput(); err != nil {
		w.t.Fatalf("a run with nothing to do: %v\n%s", err, out)
	}
	_, after := w.sim.counted(bucket)
	nothing := countOf(after).less(countOf(before), 1)
	got := countOf(before).less(nothing, 1)
	e, err := readEstimate(job)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, diff := range e.differences(got) {
		w.t.Errorf("estimate: %s", diff)
	}
	w.t.Logf("the simulator counted %+v, estimated %+v", got, e.Estimate.Demand)
}

// estimateCmd compares the estimate of a finished job with what the simulator
// counted since it was started or since the last estimate:
//
//	estimate JOB [runs=N] [FLAGS of the runs]
//
// What a run takes that has nothing to do (its probe above all) is measured by
// one, and left out N times.
func estimateCmd(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts)
	runs := int64(1)
	job, flags := args[0], args[1:]
	if len(flags) > 0 && strings.HasPrefix(flags[0], "runs=") {
		n, err := strconv.ParseInt(strings.TrimPrefix(flags[0], "runs="), 10, 64)
		ts.Check(err)
		runs, flags = n, flags[1:]
	}
	_, before := s.sim.counted(scriptBucket)
	idle := ts.MkAbs("idle-" + job)
	run := append([]string{"run", "--manifest", ts.Getenv("MANIFEST"), "--sse-kms-key-id", simKey, "--job", idle, "--yes", "--quiet",
		"--prefix", "no-key-begins-like-this/", "--probe-key-prefix", "reseal-probe/"}, flags...)
	ts.Check(ts.Exec("reseal", run...))
	_, after := s.sim.counted(scriptBucket)
	nothing := countOf(after).less(countOf(before), 1)
	got := countOf(before).less(s.used, 1).less(nothing, runs)
	s.used = countOf(after)
	e, err := readEstimate(ts.MkAbs(job))
	ts.Check(err)
	if diff := e.differences(got); len(diff) > 0 {
		ts.Fatalf("estimate of %s: %s (a run with nothing to do took %+v)", job, strings.Join(diff, "; "), nothing)
	}
	ts.Logf("estimate of %s: %+v as estimated", job, got)
}

// spentCmd checks what a job has cost, by its own account and at the prices of
// maxcost.txt by the simulator's, of which probes are a small part:
//
//	spent JOB LOW HIGH
func spentCmd(ts *testscript.TestScript, neg bool, args []string) {
	low, high := float64(number(ts, args[1])), float64(number(ts, args[2]))
	snapshot, err := readStatus(context.Background(), ts.MkAbs(args[0]))
	ts.Check(err)
	if got := float64(snapshot.Spent) / float64(cost.Dollar); got < low || got > high {
		ts.Fatalf("the job says that it cost %.2f, want %.0f to %.0f", got, low, high)
	}
	histogram, _ := sceneOf(ts).sim.counted(scriptBucket)
	var copies int64
	for times, n := range histogram {
		copies += int64(times) * n
	}
	if float64(copies) > high {
		ts.Fatalf("%d copies at a dollar, want %.0f at most", copies, high)
	}
}
