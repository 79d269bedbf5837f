package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/checkpoint"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job"
	"reseal/job/status"
	"reseal/plan"
	"reseal/preflight"
)

// Every run of every test that talks to a simulator is audited: what its job was
// estimated to take is set against what the simulator counted for it. To tell
// whose request is whose, a run says in its User-Agent which job it works on, as
// AWS_SDK_UA_APP_ID lets any program do, and in a file of the test when it begins
// and how it ends. One that is killed leaves its beginning only.

// auditVariable names the file that runs write their beginnings and ends to.
const auditVariable = "RESEAL_TEST_AUDIT"

// audited is the command reseal as tests run it.
func audited() { os.Exit(underAudit(os.Args[1:], start)) }

// underAudit carries out a command line, with a record of it where it is a run.
func underAudit(args []string, carryOut func() int) int {
	file, job := os.Getenv(auditVariable), jobOfRun(args)
	if len(args) > 0 && args[0] == "demo" {
		os.Unsetenv(auditVariable) // its runs are against a simulator of its own
	}
	if file == "" || job == "" {
		return carryOut()
	}
	e := auditEntry{Tag: auditTag(job)}
	os.Setenv("AWS_SDK_UA_APP_ID", fmt.Sprintf("audit-%s-%d", e.Tag, os.Getpid()))
	e.append(file)
	e.Ended, e.Code = true, carryOut()
	e.look(job)
	e.append(file)
	return e.Code
}

// jobOfRun returns the job that a command line works on, "" where it is no run.
func jobOfRun(args []string) (job string) {
	if len(args) == 0 || args[0] != "run" && args[0] != "retry-failed" || slices.Contains(args, "--dry-run") || slices.Contains(args, "--dryrun") {
		return ""
	}
	for i, a := range args {
		if value, ok := strings.CutPrefix(a, "--job="); ok {
			job = value
		}
		if a == "--job" && i+1 < len(args) {
			job = args[i+1]
		}
	}
	return job
}

// auditTag is the name of a job in the User-Agent.
func auditTag(dir string) string {
	if !job.InBucket(dir) {
		if abs, err := filepath.Abs(dir); err == nil {
			dir = abs
		}
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(dir)))[:16]
}

// auditEntry is the beginning or the end of a run.
type auditEntry struct {
	Tag   string
	Ended bool
	Code  int // exit code

	// The job as it is at the end.
	Planned       bool // it has an estimate
	Bucket        string
	Demand        plan.Demand
	Copies        int64 // in one request each
	BucketKey     bool
	Parts, Update bool
	Unsized       int64
	Doubtful      bool  // a look may show that nothing is to be done
	Canary        int64 // objects that are tried first
	Later         int64 // objects compared as the run came to them
	Slow          bool  // long enough for objects to be put off, and looked at twice
	Todo, Done    int64
	Settled       int64
}

// look takes down the state of the job.
func (e *auditEntry) look(dir string) {
	ctx := context.Background()
	store, made, err := openJob(ctx, dir)
	if err != nil {
		return // refused, or never made
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return
	}
	past, _ := job.ReadWholeHistory(ctx, store)
	s := status.New(dir, made, snapshot.Totals(), past)
	e.Bucket, e.BucketKey, e.Todo, e.Done, e.Settled = made.Options.Bucket, made.Options.BucketKey, made.Todo, s.Done, s.Settled
	if made.Estimate == nil || made.Tally == nil {
		return
	}
	e.Slow = s.Active > 8*time.Second // an object waits 10 s for one like it
	// Not the estimate's, whose upper bounds have room for ACLs that no header holds.
	e.Planned, e.Demand, e.Unsized, e.Canary = true, made.Tally.Demand(), made.Tally.Unsized(), int64(len(made.Canary))
	e.Doubtful = made.Tally.Doubtful()
	if past.Canary != nil {
		e.Later = max(past.Canary.Compared()-e.Canary, 0)
	}
	for _, a := range made.Tally.Actions() {
		switch a.Action {
		case plan.Copy:
			e.Copies += a.Objects
		case plan.MultipartCopy:
			e.Parts = true
		case plan.Update:
			e.Update = true
		}
	}
}

func (e *auditEntry) append(file string) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		line, _ := json.Marshal(e)
		_, err = f.Write(append(line, '\n'))
		_ = f.Close()
	}
	if err != nil {
		panic(fmt.Sprintf("audit: %v", err)) // else a test would pass unaudited
	}
}

// usage is what a run took of the quotas, by the simulator's count.
type usage struct{ writes, reads, kms int64 }

func (u usage) plus(o usage) usage {
	return usage{u.writes + o.writes, u.reads + o.reads, u.kms + o.kms}
}

// billedWrites and billedReads are the operations on objects that a run sends, by
// how S3 counts and bills them.
var (
	billedWrites = []simulator.Op{simulator.OpCopyObject, simulator.OpCreateMultipartUpload, simulator.OpUploadPartCopy, simulator.OpCompleteMultipartUpload,
		simulator.OpUpdateObjectEncryption, simulator.OpPutObjectTagging, simulator.OpPutObjectAcl, simulator.OpPutObjectAnnotation}
	billedReads = []simulator.Op{simulator.OpGetObject, simulator.OpHeadObject, simulator.OpGetObjectTagging, simulator.OpGetObjectAcl, simulator.OpListParts,
		simulator.OpListObjectAnnotations, simulator.OpGetObjectAnnotation, simulator.OpGetObjectRetention, simulator.OpGetObjectLegalHold}
)

// lockReads answer with an error where there is no lock.
var lockReads = []simulator.Op{simulator.OpGetObjectRetention, simulator.OpGetObjectLegalHold}

// audit is what a simulator counted for the jobs that ran against it.
type audit struct {
	sim  *simaws.Account
	file string

	mu   sync.Mutex
	jobs map[auditKey]*takings
}

type auditKey struct{ tag, bucket string }

// takings are what the runs of one job took.
type takings struct {
	all    usage
	again  usage // of it: what an earlier process had asked about the same object
	errors int64
	ops    map[simulator.Op]int64
	asked  map[asking]*askedBy

	compared map[string]int64 // by process: objects whose data was read under a key
	twins    map[string]int64 // by process: looks at odd keys that are not there, a few at most
}

// twinKinds is how many kinds of odd keys a process holds against twins, once each.
const twinKinds = 4

// asking is one kind of request about one object.
type asking struct {
	op  simulator.Op
	key string
}

// askedBy is how often that was asked.
type askedBy struct {
	process     string // the last one that did
	now, before int    // by it, and by the one before it that did most
}

// newAudit watches an account, which must not serve yet. Runs write to file.
func newAudit(sim *simaws.Account, file string) *audit {
	a := &audit{sim: sim, file: file, jobs: map[auditKey]*takings{}}
	sim.World.Observe(a.see)
	return a
}

// environment is what the audited commands need.
func (a *audit) environment() string { return auditVariable + "=" + a.file }

// see books one call. Those on scratch objects of probes are no job's.
func (a *audit) see(o simulator.Observed) {
	_, agent, found := strings.Cut(o.Agent, "app/audit-")
	if !found || strings.HasPrefix(o.Key, "reseal-probe") {
		return
	}
	u := usage{kms: o.KMS}
	switch {
	case slices.Contains(billedWrites, o.Op):
		u.writes = 1
	case slices.Contains(billedReads, o.Op):
		u.reads = 1
	default:
		return
	}
	agent, _, _ = strings.Cut(agent, " ")
	tag, process, _ := strings.Cut(agent, "-")
	a.mu.Lock()
	defer a.mu.Unlock()
	j := a.jobs[auditKey{tag, o.Bucket}]
	if j == nil {
		j = &takings{ops: map[simulator.Op]int64{}, asked: map[asking]*askedBy{}, compared: map[string]int64{}, twins: map[string]int64{}}
		a.jobs[auditKey{tag, o.Bucket}] = j
	}
	j.ops[o.Op]++
	if o.Op == simulator.OpGetObject && o.KMS > 0 {
		j.compared[process]++
	}
	j.all = j.all.plus(u)
	if j.repeats(asking{o.Op, o.Key}, process) {
		j.again = j.again.plus(u)
	} else if o.Op == simulator.OpHeadObject && o.Status == http.StatusNotFound && plan.OddKey(o.Key) && j.twins[process] < twinKinds {
		j.twins[process]++
	} else if (o.Status/100 != 2 || o.Code != "") && !slices.Contains(lockReads, o.Op) {
		j.errors++
	}
}

// repeats tells whether an earlier process had sent a request as well. Parts are
// only listed to go on with its upload.
func (j *takings) repeats(what asking, process string) bool {
	n := j.asked[what]
	if n == nil {
		n = &askedBy{process: process}
		j.asked[what] = n
	}
	if n.process != process {
		n.process, n.now, n.before = process, 0, max(n.before, n.now)
	}
	n.now++
	return n.now <= n.before || what.op == simulator.OpListParts
}

// records reads what the runs said: by job how many began, and those that ended.
func (a *audit) records() (began map[string]int, ended map[string][]auditEntry, err error) {
	began, ended = map[string]int{}, map[string][]auditEntry{}
	data, err := os.ReadFile(a.file)
	if errors.Is(err, fs.ErrNotExist) {
		return began, ended, nil
	}
	for line := range bytes.Lines(data) {
		var e auditEntry
		if err := json.Unmarshal(line, &e); err != nil {
			return nil, nil, err
		}
		if e.Ended {
			ended[e.Tag] = append(ended[e.Tag], e)
		} else {
			began[e.Tag]++
		}
	}
	return began, ended, err
}

// findings compares every job with its estimate, and says how. No run goes on.
func (a *audit) findings() (wrong, said []string) {
	began, ended, err := a.records()
	if err != nil {
		return []string{err.Error()}, nil
	}
	for _, tag := range slices.Sorted(maps.Keys(ended)) {
		v := a.judge(tag, began[tag], ended[tag])
		wrong, said = append(wrong, v.wrong...), append(said, v.how)
	}
	return wrong, said
}

// auditVerdict is how a job compares with its estimate.
type auditVerdict struct {
	exact bool // all of it had to be as estimated, and nothing was in the way
	how   string
	wrong []string
}

// judge compares one job with its estimate. Requests must be as many as
// estimated: to the last one where nothing was in the way, else within the range
// and what was asked again by another process, or for an error.
func (a *audit) judge(tag string, began int, ended []auditEntry) (v auditVerdict) {
	var e auditEntry // the job as it was last seen
	for _, one := range ended {
		if one.Planned && one.Settled >= e.Settled {
			e = one
		}
	}
	last, kills := ended[len(ended)-1].Code, began-len(ended)
	switch {
	case !e.Planned:
		v.how = fmt.Sprintf("exit %d: no estimate to compare with", last)
		return v
	case e.Done > e.Todo:
		v.how = fmt.Sprintf("exit %d: more to do than the report said when the job was made: %d, %d done", last, e.Todo, e.Done)
		return v
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	got := a.jobs[auditKey{tag, e.Bucket}]
	if got == nil {
		got = new(takings)
	}
	d := e.Demand
	whole := e.Done == e.Todo
	v.exact = whole && got.errors == 0 && kills == 0 && got.again == usage{}
	v.how = fmt.Sprintf("exit %d, %d of %d done, %d kills, %d errors: %+v of %+v, asked again %+v", last, e.Done, e.Todo, kills, got.errors, got.all, d, got.again)
	lost := int64(0) // comparisons: a process that is killed may not have written down what they proved
	if kills > 0 {
		for _, n := range got.compared {
			lost += n
		}
		lost = max(lost-e.Canary-e.Later, 0)
	}
	check := func(what string, n, again int64, r plan.Range, looks int64) {
		low, high := r.Min, r.Max+got.errors+e.Later*looksAtOne+lost*looks // every share has a canary of its own
		if !whole {
			low = 0
		}
		if n < low || n-again > high {
			v.wrong = append(v.wrong, fmt.Sprintf("%s: %d counted and %d of them again, estimated %d to %d (%s; %v)", what, n, again, r.Min, r.Max, v.how, got.ops))
		}
	}
	looks := a.preflightLooks(e.Bucket) * int64(began)
	check("S3 writes", got.all.writes, got.again.writes, d.Writes, 0)
	check("S3 reads", got.all.reads, got.again.reads, plan.Range{Min: d.Reads.Min, Max: d.Reads.Max + looks + got.errors}, looksAtOne) // an error may be looked into
	check("KMS requests", got.all.kms, got.again.kms, d.KMS, 2)                                                                        // a HEAD and the data
	if !v.exact {
		return v
	}
	insist := func(what string, ok bool) {
		if !ok {
			v.wrong = append(v.wrong, fmt.Sprintf("%s (%s; %v)", what, v.how, got.ops))
		}
	}
	if !e.Parts && !e.Doubtful { // else what follows the completion depends on what others do
		insist("S3 writes estimated as a range", d.Writes.Min == d.Writes.Max)
	}
	if !e.Parts && !e.Slow && e.Unsized == 0 { // else the canary depends on what it sees
		// The simulator states the encryption in its answers, so that no HeadObject
		// has to prove a copy; whether one precedes each may depend on the probe.
		// What must be compared beyond the first objects shows only as the run goes on.
		over := got.all.reads - d.Reads.Min
		maybe := e.Copies > 0 && d.Reads.Max-d.Reads.Min >= 2*e.Copies
		more := looks + e.Later*looksAtOne
		for _, n := range got.twins {
			more += n
		}
		insist("S3 reads are not the fewest, nor one more for each copy", over <= more || maybe && over >= e.Copies && over <= e.Copies+more)
	}
	if !e.BucketKey && !e.Update && !e.Doubtful {
		insist("KMS requests without a bucket key estimated as a range", got.all.kms-d.KMS.Min <= e.Later*looksAtOne)
	}
	return v
}

// looksAtOne is how many requests both looks at an object take that is compared, at
// most: a HEAD, tags, ACL, annotations and body each.
const looksAtOne = 10

// preflightLooks is how many requests about objects a run sends before it begins,
// at most: where a bucket has object lock, it finds out whether it is shown locks, and
// where it has ACLs, some of these are looked at for grants to everybody.
func (a *audit) preflightLooks(bucket string) (n int64) {
	a.sim.Locked(func(w *simulator.World) {
		if c, err := w.GetObjectLockConfiguration(time.Now(), a.sim.Request(bucket)); err == nil && c.Enabled {
			n = 3 * preflight.LockTries
		}
		if owner, err := w.GetBucketOwnershipControls(time.Now(), a.sim.Request(bucket)); err != nil || owner != "BucketOwnerEnforced" {
			n += preflight.ACLLooks + 1 // and the bucket's, for its owner
		}
	})
	return n
}

// conclude audits at the end of a test.
func (a *audit) conclude(t *testing.T) {
	t.Helper()
	wrong, said := a.findings()
	for _, w := range wrong {
		t.Errorf("audit: %s", w)
	}
	for _, s := range said {
		t.Logf("audit: %s", s)
	}
}

// wantExact fails unless the job was compared with its estimate to the last request.
func (a *audit) wantExact(job string) error {
	began, ended, err := a.records()
	tag := auditTag(job)
	if err != nil || len(ended[tag]) == 0 {
		return fmt.Errorf("audit: no run of %s, %w", job, err)
	}
	v := a.judge(tag, began[tag], ended[tag])
	if !v.exact || len(v.wrong) > 0 {
		return fmt.Errorf("audit: %s is not what was estimated, to the last request: %s %v", job, v.how, v.wrong)
	}
	return nil
}

// audits are those of a script, one an account.
type audits struct {
	dir string
	all []*audit
}

type auditsKey struct{}

// auditScript has all simulations of a script audited at its end.
func auditScript(env *testscript.Env) {
	a := &audits{dir: env.WorkDir}
	env.Values[auditsKey{}] = a
	t := env.T()
	env.Defer(func() {
		var wrong []string
		for _, one := range a.all {
			w, said := one.findings()
			wrong = append(wrong, w...)
			for _, s := range said {
				t.Log("audit: " + s)
			}
		}
		if len(wrong) > 0 {
			t.Fatal("audit: " + strings.Join(wrong, "; "))
		}
	})
}

func auditsOf(ts *testscript.TestScript) *audits { return ts.Value(auditsKey{}).(*audits) }

// begin audits another account.
func (a *audits) begin(sim *simaws.Account) *audit {
	one := newAudit(sim, filepath.Join(a.dir, fmt.Sprintf(".audit-%d", len(a.all))))
	a.all = append(a.all, one)
	return one
}

// estimateCmd fails unless all that the finished runs of a job took was as
// estimated, to the last request:
//
//	estimate JOB
//
// That all other runs are within their estimate is seen to at the end of each script.
func estimateCmd(ts *testscript.TestScript, neg bool, args []string) {
	all := auditsOf(ts).all
	ts.Check(all[len(all)-1].wantExact(ts.MkAbs(args[0])))
}
