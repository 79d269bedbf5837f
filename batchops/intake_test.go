package batchops

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/checkpoint"
	"reseal/internal/jobtest"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/simulator/simtest"
	"reseal/job"
	"reseal/plan"
	"reseal/s3api"
)

// intake is the intake of a completion report into a job that nobody has begun, on a
// simulated account whose objects are under the key by now, or not.
func intake(t *testing.T, encrypted float64, ended string) *Intake {
	t.Helper()
	const objects, seed = 3, 4 // of which all that are encrypted have no bucket key
	account, err := simaws.New(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Populate(t.Context(), testBucket, simulator.Population{N: objects, Seed: seed, Plain: true, EncryptedShare: encrypted, KMSKeyARN: simaws.Key}, simaws.Report{}); err != nil {
		t.Fatal(err)
	}
	client := simtest.Client(t, account)
	facts, _, err := client.Facts(t.Context(), testBucket)
	if err != nil {
		t.Fatal(err)
	}
	keys := keysOf(t, client)
	rep, segments := reportOf(t, keys)
	var tasks bytes.Buffer
	for _, key := range keys {
		code := map[string]string{"succeeded": "succeeded,,200,", "failed": "failed,AccessDenied,403,"}[ended]
		fmt.Fprintf(&tasks, "%s,%s,,%s\n", testBucket, encodeKey(key), code)
	}
	o := plan.Options{Bucket: testBucket, Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simaws.Key}.Normal()
	policy := &plan.Policy{Options: o, Facts: facts, Weights: plan.DefaultWeights(false), Now: time.Now()}
	return &Intake{Job: "j", Store: jobtest.Locked(t), Plan: &job.Plan{Frozen: plan.Frozen{Options: o}, Segments: segments, Rows: objects, Todo: objects}, State: checkpoint.Options{},
		Client: client, Report: rep, Policy: policy, Tasks: completionReport(t, tasksThat{ended, tasks.Bytes()}), Memory: 1 << 20, KMSRate: 1000, ReadRate: 1000, AllLines: true}
}

// keysOf lists the bucket.
func keysOf(t *testing.T, client *s3api.Client) (keys []string) {
	t.Helper()
	all, err := client.Source(testBucket).List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		keys = append(keys, all[i].Name)
	}
	slices.Sort(keys)
	if len(keys) == 0 {
		t.Fatal("the bucket is empty")
	}
	return keys
}

// What succeeded elsewhere is done in the job, once; the same report again adds nothing.
func TestIntakeOfSuccesses(t *testing.T) {
	in := intake(t, 1, "succeeded")
	n, err := in.Run(t.Context())
	if err != nil || n.Done != n.Tasks || n.Done == 0 || n.Failed != 0 || n.Known != 0 {
		t.Fatalf("%+v, %v", n, err)
	}
	at, err := checkpoint.Read(t.Context(), in.Store)
	if err != nil || at.Totals().Counters[job.CounterImported] != n.Done {
		t.Errorf("in the job: %+v, %v", at.Totals(), err)
	}
	past, _, err := job.ReadHistory(t.Context(), in.Store, job.HistoryFile)
	if err != nil || past.Summary == nil || past.Summary.Lines() != n.Done {
		t.Errorf("in its history: %+v, %v", past, err)
	}
	again, err := in.Run(t.Context())
	if err != nil || again.Done != 0 || again.Known != n.Tasks {
		t.Errorf("once more: %+v, %v", again, err)
	}
}

// What failed elsewhere is failed here; nothing is looked at for that.
func TestIntakeOfFailures(t *testing.T) {
	in := intake(t, 0, "failed")
	if n, err := in.Run(t.Context()); err != nil || n.Failed != n.Tasks || n.Done != 0 {
		t.Errorf("%+v, %v", n, err)
	}
}

// A report that calls objects done which are not under the key is believed in nothing.
func TestIntakeOfAReportThatIsNotTrue(t *testing.T) {
	in := intake(t, 0, "succeeded")
	var not *NotDoneError
	if n, err := in.Run(t.Context()); !errors.As(err, &not) || n != nil {
		t.Errorf("%+v, %v", n, err)
	}
	if files, err := filepath.Glob(filepath.Join(in.Store.String(), "*")); err != nil || strings.Contains(fmt.Sprint(files), job.HistoryFile) {
		t.Errorf("the job holds %q, %v", files, err)
	}
	in.Policy.Options.Tags = []string{"a"}
	if n, err := in.Run(t.Context()); n != nil || !errors.As(err, new(*SelectionError)) {
		t.Errorf("a selection by tags: %+v, %v", n, err)
	}
}
