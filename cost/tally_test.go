package cost

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// someTasks returns tasks of every kind, hostile ones included.
func someTasks(n int) []plan.Task {
	rng := rand.New(rand.NewPCG(1, 2))
	facts := quiet("eu-west-1")
	facts.Transitions = plan.Unknown
	p := &plan.Policy{Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS}, Facts: facts, Now: evaluated, Weights: plan.DefaultWeights(true)}
	classNames := append([]inventory.StorageClass{"", "SNOW", "FROM_TOMORROW"}, classes[:otherClass]...)
	states := []inventory.Encryption{inventory.SSES3, inventory.SSES3, inventory.NotSSE, inventory.SSEKMS, inventory.DSSEKMS, inventory.SSEC, "", "x"}
	sizes := []int64{0, 1, 1 << 10, 200 << 10, 8 << 20, 6 << 30, math.MaxInt64, -1}
	var out []plan.Task
	for i := range n {
		r := record(fmt.Sprintf("p%d/k%d", rng.IntN(40), i), classNames[rng.IntN(len(classNames))], sizes[rng.IntN(len(sizes))], time.Duration(rng.IntN(400)-1)*24*time.Hour)
		r.Encryption = states[rng.IntN(len(states))]
		r.IsDeleteMarker = rng.IntN(20) == 0
		if rng.IntN(10) == 0 {
			r.Key = "no-slash"
		}
		t := p.Decide(&r)
		if t.Action == plan.Copy && rng.IntN(3) == 0 {
			t.Action = plan.Update
		}
		out = append(out, t)
	}
	return out
}

func tallied(tasks []plan.Task) *Tally {
	t := NewTally(evaluated)
	for i := range tasks {
		t.Add(&tasks[i])
	}
	return t
}

func TestMergeIsTheSameAsOneTally(t *testing.T) {
	tasks := someTasks(5000)
	whole := tallied(tasks)
	merged := NewTally(evaluated)
	for part := range 7 {
		if err := merged.Merge(tallied(tasks[part*len(tasks)/7 : (part+1)*len(tasks)/7])); err != nil {
			t.Fatal(err)
		}
	}
	same(t, merged, whole)
	if whole.Todo().Objects == 0 || len(whole.Skips()) == 0 || whole.Demand().KMS.Max == 0 || whole.Unsized() == 0 {
		t.Errorf("the tasks do not exercise everything: %+v", whole.Todo())
	}
	if err := merged.Merge(NewTally(evaluated.Add(time.Second))); err == nil {
		t.Error("tallies that count ages from different instants were merged")
	}
}

// Rows may claim any size, and reports any number of rows: sums stop at the
// largest number, whether they were counted in one tally or in many.
func TestSumsOfHugeSizesSaturate(t *testing.T) {
	var tasks []plan.Task
	for _, less := range []int64{0, 1, 1 << 29, 1 << 40, 1 << 62} {
		for _, action := range []plan.Action{plan.Copy, plan.MultipartCopy, plan.Skip} {
			for _, class := range []inventory.StorageClass{inventory.Standard, inventory.StandardIA, inventory.Glacier} {
				r := record("p/k", class, math.MaxInt64-less, 0)
				d := plan.DefaultWeights(true).Of(plan.StepPart, false).Times(plan.PartCount(r.Size))
				tasks = append(tasks, plan.Task{Record: r, Action: action, Reason: plan.Reason("x"), Demand: d})
			}
		}
	}
	whole, merged := tallied(tasks), NewTally(evaluated)
	for i := range tasks {
		if err := merged.Merge(tallied(tasks[i : i+1])); err != nil {
			t.Fatal(err)
		}
	}
	same(t, merged, whole)
	for range 40 { // twice as many rows each time
		data, err := json.Marshal(whole)
		if err != nil || strings.Contains(string(data), ":-") {
			t.Fatalf("a sum ran over (%v):\n%s", err, data)
		}
		if err := whole.Merge(whole); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTallyRoundTrip(t *testing.T) {
	whole := tallied(someTasks(3000))
	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	var back Tally
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	same(t, &back, whole)
	params := Params{Prices: BuiltIn(), Region: "eu-west-1", Facts: quiet("eu-west-1"), Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetKMS}}
	if a, b := New(&back, params), New(whole, params); !reflect.DeepEqual(a, b) {
		t.Errorf("the estimate of a tally that was kept differs:\n%+v\n%+v", a, b)
	}
	more := someTasks(10) // a tally that was read can be added to
	for i := range more {
		back.Add(&more[i])
	}
}

// same compares all that a tally shows and keeps.
func same(t *testing.T, got, want *Tally) {
	t.Helper()
	a, err1 := json.Marshal(got)
	b, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || string(a) != string(b) {
		t.Errorf("tallies differ (%v, %v):\n%s\n%s", err1, err2, a, b)
	}
	if !reflect.DeepEqual(got.Ages(), want.Ages()) || !reflect.DeepEqual(got.Classes(), want.Classes()) || !reflect.DeepEqual(got.Encryption(), want.Encryption()) {
		t.Errorf("tallies show different things")
	}
}

// TestTallyIsBounded feeds it as many names as there are rows.
func TestTallyIsBounded(t *testing.T) {
	tally := NewTally(evaluated)
	long := strings.Repeat("x", 2000)
	const rows = 20_000
	for i := range rows {
		r := record(fmt.Sprintf("%d%s/k", i, long), inventory.StorageClass(fmt.Sprint("CLASS", i)), 1, 0)
		r.Encryption = inventory.Encryption(fmt.Sprint("enc", i))
		task := plan.Task{Record: r, Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1)}}
		tally.Add(&task)
		task.Action, task.Reason = plan.Skip, plan.Reason(fmt.Sprint("reason", i))
		tally.Add(&task)
	}
	if n := len(tally.prefixes); n > maxPrefixes+1 {
		t.Errorf("%d prefixes", n)
	}
	if n := len(tally.skips); n > maxReasons+1 {
		t.Errorf("%d reasons", n)
	}
	data, err := json.Marshal(tally)
	if err != nil || len(data) > 1<<20 {
		t.Errorf("kept in %d bytes, %v", len(data), err)
	}
	var objects, skipped int64
	for _, p := range tally.Prefixes() {
		objects += p.Objects
	}
	for _, s := range tally.Reasons() {
		skipped += s.Objects
	}
	if objects != rows || skipped != rows {
		t.Errorf("%d objects by prefix and %d skipped, want %d each: what is not told apart must still be counted", objects, skipped, rows)
	}
	if p := tally.Prefixes(); p[len(p)-1].Prefix != Others {
		t.Errorf("last prefix is %.20q, want %q", p[len(p)-1].Prefix, Others)
	}
}

func TestTallySaturates(t *testing.T) {
	r := record("k", inventory.StandardIA, math.MaxInt64, 0)
	task := plan.Task{Record: r, Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1)}}
	tally := NewTally(evaluated)
	tally.Add(&task)
	tally.Add(&task)
	if n := tally.Todo(); n.Bytes != math.MaxInt64 || n.Objects != 2 {
		t.Errorf("two objects of the largest size: %+v", n)
	}
	e := New(tally, Params{Prices: BuiltIn(), Region: "us-east-1", Facts: quiet("us-east-1"), Options: plan.Options{Method: plan.MethodCopy, SSE: plan.TargetKMS}})
	if e.Once.Total.Max <= 0 || e.Monthly.Total.Max <= 0 {
		t.Errorf("totals %v and %v", e.Once.Total, e.Monthly.Total)
	}
}

func TestAddDoesNotAllocate(t *testing.T) {
	tasks := someTasks(1000)
	tally := tallied(tasks)
	i := 0
	if n := testing.AllocsPerRun(2000, func() { tally.Add(&tasks[i%len(tasks)]); i++ }); n != 0 {
		t.Errorf("%v allocations a row, want none", n)
	}
}

func BenchmarkTallyAdd(b *testing.B) {
	tasks := someTasks(4096)
	tally := tallied(tasks)
	for i := 0; b.Loop(); i++ {
		tally.Add(&tasks[i%len(tasks)])
	}
}
