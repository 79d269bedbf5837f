package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// memory is a Log that keeps the lines.
type memory struct {
	lines []string
	at    []inventory.Position
	err   error
}

func (m *memory) Log(p inventory.Position, line []byte) error {
	m.lines, m.at = append(m.lines, string(line)), append(m.at, p)
	return m.err
}

func TestWriterWritesFailuresAndSurprises(t *testing.T) {
	for _, all := range []bool{false, true} {
		log, s := new(memory), new(Summary)
		w := &Writer{Log: log, All: all, Summary: s}
		results, surprises := 0, 0
		sampleResults(func(r *engine.Result) {
			results++
			if r.Outcome == engine.Failed || r.Repeat {
				surprises++
			}
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
		})
		want := surprises
		if all {
			want = results
		}
		if len(log.lines) != want || surprises == 0 {
			t.Errorf("all=%v: %d lines, want %d of %d results", all, len(log.lines), want, results)
		}
		if s.Lines() != int64(results) {
			t.Errorf("all=%v: %d results summed up, want %d: also those that are not written", all, s.Lines(), results)
		}
		back, err := Summarize(strings.NewReader(strings.Join(log.lines, "")))
		if err != nil {
			t.Fatal(err)
		}
		if all {
			sameJSON(t, back, s)
		} else if n, _ := back.Status(engine.Failed); n == 0 || n != first(s.Status(engine.Failed)) {
			t.Errorf("%d failures read back, want %d", n, first(s.Status(engine.Failed)))
		}
	}
}

func first(a, _ int64) int64 { return a }

func TestSurprising(t *testing.T) {
	for _, c := range []struct {
		r    engine.Result
		want bool
	}{
		{engine.Result{Outcome: engine.Done}, false},
		{engine.Result{Outcome: engine.Done, Repeat: true}, true},
		{engine.Result{Outcome: engine.Failed, Reason: plan.Unfaithful}, true},
		{engine.Result{Outcome: engine.Skipped, Reason: plan.Filtered}, false},
		{engine.Result{Outcome: engine.Skipped, Reason: plan.Gone, Attempts: 1}, true},
		{engine.Result{Outcome: engine.Skipped, Reason: plan.AlreadyEncrypted, Attempts: 1}, false},
		{engine.Result{Outcome: engine.Skipped, Reason: plan.OtherBucket}, true},
		{engine.Result{Outcome: engine.Deferred}, false},
		{engine.Result{Outcome: engine.NotAttempted}, false},
	} {
		if got := Surprising(&c.r); got != c.want {
			t.Errorf("%v %q after %d requests, repeat %v: %v, want %v", c.r.Outcome, c.r.Reason, c.r.Attempts, c.r.Repeat, got, c.want)
		}
	}
}

func TestWriterPassesErrorsOn(t *testing.T) {
	full := errors.New("disk full")
	w := &Writer{Log: &memory{err: full}}
	r := engine.Result{Outcome: engine.Failed}
	r.Task.Record.Pos = inventory.Position{File: 3, Row: 7}
	if err := w.Write(&r); !errors.Is(err, full) || !strings.Contains(err.Error(), "row 7 of file 3") {
		t.Errorf("error %v", err)
	}
}

func sameJSON(t *testing.T, got, want *Summary) {
	t.Helper()
	a, err1 := json.Marshal(got)
	b, err2 := json.Marshal(want)
	if err1 != nil || err2 != nil || string(a) != string(b) {
		t.Errorf("summaries differ (%v, %v):\n%s\n%s", err1, err2, a, b)
	}
}

func TestSummaryMergesAndKeeps(t *testing.T) {
	var parts [3]Summary
	var lines []Line
	sampleResults(func(r *engine.Result) {
		l := LineOf(r)
		l.Time = l.Time.Truncate(time.Millisecond)
		l.Took = l.Took.Truncate(time.Millisecond)
		lines = append(lines, l)
	})
	whole, merged := new(Summary), new(Summary)
	for i := range lines {
		whole.Add(&lines[i])
		parts[i*3/len(lines)].Add(&lines[i])
	}
	for i := range parts {
		merged.Merge(&parts[i])
	}
	sameJSON(t, merged, whole)

	data, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	var back Summary
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, &back, whole)
	var objects int64
	for _, g := range whole.Groups() {
		objects += g.Objects
	}
	if objects != int64(len(lines)) || len(whole.ErrorClasses()) != 3 || len(whole.Samples()) != 3*maxSamples {
		t.Errorf("%d objects of %d, classes %v, %d samples", objects, len(lines), whole.ErrorClasses(), len(whole.Samples()))
	}
}

// TestSummaryIsBounded feeds it as many names as there are lines.
func TestSummaryIsBounded(t *testing.T) {
	s := new(Summary)
	long := strings.Repeat("k", 5000)
	const lines = 3000
	for i := range lines {
		s.Add(&Line{Status: "failed", Action: fmt.Sprint("a", i), Reason: plan.Reason(fmt.Sprint("r", i)), ErrorCode: fmt.Sprint("c", i), ErrorClass: fmt.Sprint("e", i),
			Key: long, Bytes: math.MaxInt64, Attempts: 1, Time: evaluated.Add(time.Duration(i*i) * time.Minute)})
	}
	data, err := json.Marshal(s)
	if err != nil || len(data) > 1<<20 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	objects, bytes := s.Status(engine.Failed)
	if objects != lines || bytes != math.MaxInt64 {
		t.Errorf("%d objects and %d bytes failed, want all %d and a sum that saturates", objects, bytes, lines)
	}
	var codes int64
	for _, n := range s.ErrorCodes() {
		codes += n.Objects
	}
	if codes != lines || len(s.ErrorCodes()) > maxNames+1 {
		t.Errorf("%d error codes under %d names", codes, len(s.ErrorCodes()))
	}
}

func TestHistogram(t *testing.T) {
	var h, low, high Histogram
	var all []time.Duration
	for i := range 10_000 {
		d := time.Duration(i*i/100) * time.Millisecond
		all = append(all, d)
		h.Add(d)
		if i%2 == 0 {
			low.Add(d)
		} else {
			high.Add(d)
		}
	}
	slices.Sort(all)
	for _, q := range []float64{0, .01, .5, .9, .99, 1} {
		exact := all[max(int(math.Ceil(q*float64(len(all))))-1, 0)]
		got := h.Quantile(q)
		if got < exact || got > exact+exact/8+time.Millisecond {
			t.Errorf("quantile %g = %v, want %v to an eighth more", q, got, exact)
		}
	}
	low.Merge(&high)
	if low != h {
		t.Error("two halves merged are not the whole")
	}
	var empty Histogram
	if empty.Quantile(.5) != 0 {
		t.Error("a quantile of nothing")
	}
	empty.Add(-time.Second)
	empty.Add(math.MaxInt64)
	if empty.Total() != 2 {
		t.Error("times out of range are not counted")
	}
	for i := 1; i < numBuckets; i++ { // every bucket begins where the one before ends
		if bucketOf(upper(i-1)+time.Millisecond) != i || bucketOf(upper(i)) != i {
			t.Fatalf("bucket %d: %v to %v falls into %d and %d", i, upper(i-1)+time.Millisecond, upper(i), bucketOf(upper(i-1)+time.Millisecond), bucketOf(upper(i)))
		}
	}
}

func TestTimelineStaysBounded(t *testing.T) {
	start := time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC)
	times := map[string]func(i int) time.Time{
		"forward":    func(i int) time.Time { return start.Add(time.Duration(i) * 7 * time.Second) },
		"backward":   func(i int) time.Time { return start.Add(-time.Duration(i) * 7 * time.Second) },
		"one second": func(int) time.Time { return start },
		"two nights": func(i int) time.Time { return start.Add(time.Duration(i%2) * 24 * time.Hour) },
		"a century":  func(i int) time.Time { return time.Unix(minUnix+int64(i%2)*(maxUnix-minUnix), 0) },
	}
	for name, at := range times {
		var tl, other, merged Timeline
		for i := range 5000 {
			tl.Add(at(i), Slot{Done: 1, Bytes: 2, Requests: 3, KMSCalls: 4})
			if i < 2500 {
				merged.Add(at(i), Slot{Done: 1, Bytes: 2, Requests: 3, KMSCalls: 4})
			} else {
				other.Add(at(i), Slot{Done: 1, Bytes: 2, Requests: 3, KMSCalls: 4})
			}
		}
		merged.Merge(&other)
		for _, x := range []*Timeline{&tl, &merged} {
			var sum Slot
			for _, s := range x.Slots() {
				sum.add(s)
			}
			if sum != (Slot{Done: 5000, Bytes: 10_000, Requests: 15_000, KMSCalls: 20_000}) || len(x.Slots()) > maxSlots {
				t.Errorf("%s: %+v in %d slots of %v", name, sum, len(x.Slots()), x.Width())
			}
			data, err := json.Marshal(x)
			var back Timeline
			if err2 := json.Unmarshal(data, &back); err != nil || err2 != nil || back.Start() != x.Start() || !slices.Equal(back.Slots(), x.Slots()) {
				t.Errorf("%s: kept as %s, %v, %v", name, data, err, err2)
			}
		}
		if first := min(at(0).Unix(), at(4999).Unix()); tl.Start().Unix() > first || tl.Start().Add(time.Duration(len(tl.Slots()))*tl.Width()).Unix() <= first {
			t.Errorf("%s: starts at %v, slots of %v, after %v", name, tl.Start(), tl.Width(), time.Unix(first, 0).UTC())
		}
	}
	var tl Timeline
	tl.Add(time.Time{}, Slot{Done: 1})
	tl.Add(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), Slot{Done: 1})
	if len(tl.Slots()) != 0 {
		t.Error("times at which no run was are counted")
	}
	for _, bad := range []string{`{"start":"2026-11-21T03:00:00Z","slot_seconds":0,"slots":[{}]}`, `{"start":"2026-11-21T03:00:01Z","slot_seconds":7,"slots":[{}]}`,
		`{"start":"2026-11-21T03:00:00Z","slot_seconds":1,"slots":[` + strings.Repeat("{},", maxSlots) + `{}]}`} {
		if err := json.Unmarshal([]byte(bad), &tl); err == nil {
			t.Errorf("%.80s was taken", bad)
		}
	}
}
