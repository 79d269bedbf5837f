package ui

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/control"
	"reseal/job"
)

// with is the document of a job that is like that of night but for some keys; nil takes
// a key away.
func with(change map[string]any) map[string]any {
	doc := map[string]any{}
	for k, v := range night().doc {
		doc[k] = v
	}
	for k, v := range change {
		if doc[k] = v; v == nil {
			delete(doc, k)
		}
	}
	return doc
}

// The first line says what state the job is in, and the bar how far it is.
func TestStates(t *testing.T) {
	type change = map[string]any
	run := func(c func(*control.Status)) *control.Status { st := runStatus(10); c(st); return st }
	ended := func(code int, why string) change {
		return change{"status": control.Status{Ended: &control.Ending{ExitCode: code, Why: why}}}
	}
	for _, tt := range []struct {
		name            string
		change          change
		state, class    string
		progress, rest  string
		percent, failed float64
	}{
		{"a run", nil, "running", "run", "43.4 %", "about 1h 09m left", .4337, 13. / 3e6},
		{"a pause", change{"run": run(func(s *control.Status) {
			s.Paused, s.Binding, s.Rate = []string{"window"}, control.Binding{Limit: control.LimitWindow, Detail: "window 22:00-06:00, until 22:00"}, 0
		})}, "waiting: a pause (window 22:00-06:00, until 22:00)", "wait", "43.4 %", "", .4337, 13. / 3e6},
		{"an outage", change{"run": run(func(s *control.Status) { s.Binding, s.Rate = control.Binding{Limit: control.LimitEndpoint}, 0 })},
			"waiting: an endpoint that does not answer", "wait", "43.4 %", "", .4337, 13. / 3e6},
		{"an ending", change{"run": run(func(s *control.Status) { s.Draining = true })}, "ending: finishing what is under way", "wait", "43.4 %", "about 1h 09m left", .4337, 13. / 3e6},
		{"a run elsewhere", change{"run": nil, "holder": job.ShareStatus{State: job.ShareRunning, Host: "batch-2", PID: 7, Rate: 100}},
			"running on batch-2, process 7; it gives no answer here", "run", "43.4 %", "about 4h 43m left", .4337, 13. / 3e6},
		{"shares", change{"run": nil, "shares": []job.ShareStatus{{Share: "0/3", State: job.ShareRunning, Rate: 300}, {Share: "1/3", State: job.ShareRunning, Rate: 200}, {Share: "2/3", State: job.ShareDead}}},
			"running: 2 of 3 shares", "run", "43.4 %", "about 56m 38s left", .4337, 13. / 3e6},
		{"a crash", change{"run": nil, "last_run": change{"status": control.Status{}}}, "cut off: the last run crashed or was killed; nothing is lost", "bad", "43.4 %", "", .4337, 13. / 3e6},
		{"a stop", change{"run": nil, "last_run": ended(4, "stopped by --max-cost")}, "stopped: stopped by --max-cost", "wait", "43.4 %", "", .4337, 13. / 3e6},
		{"failures at the end", change{"run": nil, "state": "finished", "done": 2999987, "rows_settled": 3300000}, "finished; 13 objects failed", "bad", "99.9 %", "", 1, 0},
		{"the end", change{"run": nil, "state": "finished", "done": 3000000, "failed": 0}, "finished", "good", "100 %", "", 1, 0},
		{"nothing to do", change{"run": nil, "state": "finished", "done": 0, "failed": 0, "objects_to_do": 0}, "finished", "good", "100 %", "", 1, 0},
		{"before", change{"run": nil, "state": "not begun", "done": 0, "failed": 0}, "not begun", "wait", "0 %", "", 0, 0},
		{"rows only", change{"objects_to_do": nil}, "running", "run", "48.5 %", "", .4852, 13. / 3.3e6},
		{"nothing counted", change{"objects_to_do": nil, "rows": nil}, "running", "run", "1,301,221 objects", "", 0, 0},
	} {
		s := standing{statusOf(with(tt.change))}
		h, p := s.heading(), s.progress()
		if h.Text != tt.state || h.Class != tt.class || p.Text != tt.progress || p.Rest != tt.rest || abs(p.Done-tt.percent) > 1e-4 || abs(p.Failed-tt.failed) > 1e-5 {
			t.Errorf("%s: %+v, %+v", tt.name, h, p)
		}
	}
}

func abs(v float64) float64 { return max(v, -v) }

// The figures are those of the status, with their units.
func TestFigures(t *testing.T) {
	now := began.Add(4*time.Hour + 10*time.Minute)
	get := func(change map[string]any) map[string]figure {
		s := standing{statusOf(with(change))}
		out := map[string]figure{}
		for _, f := range s.figures(now) {
			out[f.ID] = f
		}
		return out
	}
	on := get(nil)
	for id, want := range map[string][2]string{
		"done": {"1,301,221", "855 GiB, at least"}, "failed": {"13", "0.1 % of those tried"}, "left": {"1,698,766", "objects"}, "rate": {"412/s", "64 in flight"},
		"kms": {"498/s", "of 500/s at most"}, "eta": {"1h 09m", "at 03:18 UTC"}, "spent": {"$21.50", "planned: at most $49.50"}, "bound": {"KMS cap", "the KMS cap of 500/s"},
	} {
		if got := on[id]; got.Value != want[0] || got.More != want[1] {
			t.Errorf("%s: %q, %q; want %q", id, got.Value, got.More, want)
		}
	}
	rest := get(map[string]any{"run": nil, "active_ns": 4 * time.Hour, "runs": 2, "figures_are": map[string]string{"requests": "at least", "kms_calls_max": "at most"}})
	for id, want := range map[string][2]string{"requests": {"2,602,442", "at least"}, "kms-total": {"1,561,465", "at most"}, "took": {"4h 00m", "2 runs"}, "mean": {"90.4/s", "while a run was on"}} {
		if got := rest[id]; got.Value != want[0] || got.More != want[1] {
			t.Errorf("%s: %q, %q; want %q", id, got.Value, got.More, want)
		}
	}
	long := runStatus(10)
	long.Rate, long.KMS.Throttled = 10, 7
	slow := get(map[string]any{"run": long, "deferred": 12, "spent_max_usd": 0.001, "estimated_usd": nil})
	if slow["eta"].Value != "1d 23h" || slow["eta"].More != "on 1 Dec, 01:21 UTC" || slow["kms"].More != "of 500/s at most, 7 throttled" ||
		slow["left"].More != "12 put off to another pass" || slow["spent"].Value != "under $0.01" || slow["spent"].More != "no plan to compare with" {
		t.Errorf("a slow run: %+v", slow)
	}
}

// What happened to a job is told with its times, the last first.
func TestEvents(t *testing.T) {
	p := night()
	all := events(p.rest.History, p.rest.Runs, true)
	var kinds []string
	for _, e := range all {
		kinds = append(kinds, e.Kind)
	}
	if want := []string{"pause", "order", "resume", "crash", "throttle", "begin"}; !slices.Equal(kinds, want) {
		t.Fatalf("kinds %q, want %q", kinds, want)
	}
	for i, want := range []string{"paused for 20m 00s: outside the window", "ctl kms-rps 800, was 600, by ops on batch-1, process 99", "run went on where the one before had stopped, by ops on batch-1",
		"run was cut off: it crashed or was killed; nothing is lost", "throttled for 2m 00s: KMS throttling", "run began, by ops on batch-1"} {
		if all[i].Text != want {
			t.Errorf("event %d: %q, want %q", i, all[i].Text, want)
		}
	}
	if all[3].Time != "2026-11-28 23:30:00 UTC" { // when it was last heard of
		t.Errorf("the crash was at %s", all[3].Time)
	}
	p.over(4, "stopped by --max-cost")
	if all = events(p.rest.History, p.rest.Runs, false); all[0].Kind != "stop" || all[0].Text != "run ended with exit code 4: stopped by --max-cost" {
		t.Errorf("the end: %+v", all[0])
	}
	runs := slices.Repeat(p.rest.Runs, 200)
	if n := len(events(p.rest.History, runs, false)); n != maxEvents {
		t.Errorf("%d events of very many", n)
	}
}

// Each share of a job has runs of its own: one that was cut off is told of once another
// of it has begun, or none is on.
func TestEventsOfShares(t *testing.T) {
	who := job.Who{User: "ops", Host: "batch-1"}
	runs := []job.Run{{Command: "run", Share: "0/2", Started: began, By: who}, {Command: "run", Share: "1/2", Started: began.Add(time.Minute), By: who},
		{Command: "run", Share: "0/2", Started: began.Add(time.Hour), By: who}}
	texts := func(live bool) (out []string) {
		for _, e := range events(nil, runs, live) {
			out = append(out, e.Text)
		}
		slices.Sort(out)
		return out
	}
	want := []string{"run began, share 0/2, by ops on batch-1", "run began, share 1/2, by ops on batch-1", "run went on where the one before had stopped, share 0/2, by ops on batch-1",
		"run, share 0/2 was cut off: it crashed or was killed; nothing is lost (when is not known)"}
	if got := texts(true); !slices.Equal(got, want) {
		t.Errorf("while runs are on: %q, want %q", got, want)
	}
	if n := len(texts(false)); n != 6 {
		t.Errorf("%d events where none is on, want 3 that were cut off", n)
	}
}

// The curves of all runs have gaps between the runs, the caps as they held, and what
// bound the runs.
func TestPast(t *testing.T) {
	h := night().rest.History
	s := past(h)
	at := func(minutes int64) int64 { return (began.Unix() + 60*minutes - s.From) / s.Width }
	value := func(list []*float64, i int64) float64 {
		if list[i] == nil {
			return -1
		}
		return *list[i]
	}
	if value(s.Objects, at(95)) != -1 || value(s.Objects, at(190)) != 0 || value(s.Cap, at(30)) != 600 || value(s.Cap, at(150)) != 800 {
		t.Errorf("between runs %v, in a pause %v, caps %v and %v", value(s.Objects, at(95)), value(s.Objects, at(190)), value(s.Cap, at(30)), value(s.Cap, at(150)))
	}
	if v := value(s.Objects, at(30)); v < 250 || v > 800 {
		t.Errorf("%v objects/s", v)
	}
	var names []string
	for _, b := range s.Bands {
		names = append(names, b.Name)
		if b.From < float64(began.Unix()+90*60) && b.To > float64(began.Unix()+90*60) {
			t.Errorf("%+v goes on where no run did", b)
		}
	}
	if want := []string{"KMS rate rising", "KMS cap", "KMS throttling", "KMS rate rising", "KMS cap", "KMS rate rising", "adaptive slots", "pause: outside the window", "KMS cap"}; !slices.Equal(names, want) {
		t.Errorf("bands %q, want %q", names, want)
	}
}

// A limit that held when a run was cut off is not told of the time until the next one.
func TestNoLimitOutlastsItsRun(t *testing.T) {
	h := night().rest.History
	at := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	h.BoundBy = []job.BoundBy{{Since: began, Limit: control.LimitKMSCap}, {Since: at(80), Limit: control.LimitKMSThrottle}, {Since: at(103), Limit: control.LimitKMSCap}}
	s := past(h)
	if b := s.Bands; len(b) != 3 || b[1].From != seconds(at(80)) || b[1].To != seconds(at(90)) || b[2].From != seconds(at(103)) || b[2].To != seconds(h.Last) {
		t.Errorf("bands %+v", b)
	}
	if all := events(h, nil, true); len(all) != 1 || all[0].Text != "throttled for 10m 00s: KMS throttling" {
		t.Errorf("events %+v", all)
	}
}

// Every limit has a name and a colour of its group, but for the one that is none.
func TestEveryLimitIsShown(t *testing.T) {
	for _, l := range control.Limits() {
		if b := bandOf(l); (b.group == "" || b.name == "" || b.name == string(l) && l != control.LimitConcurrency) != (l == control.LimitNone) {
			t.Errorf("%s is shown as %+v", l, b)
		}
	}
}

// What is counted as failed may be less than what failed at some time, and that is said.
func TestFailuresOfEarlierTries(t *testing.T) {
	h := night().rest.History
	for failed, want := range map[int64]string{13: "", 1: "Of all tries of all runs; 1 object is failed now.", 0: "All of them were done later."} {
		all, note := failures(h, failed)
		if note != want || len(all) != 2 || all[0].Reason != "access-denied" || all[0].Objects != "12 objects" || len(all[0].Samples) != 5 {
			t.Errorf("%d failed: %q, %+v", failed, note, all)
		}
	}
}

// Of a log the last lines are shown, and no pipe is waited for.
func TestLogTail(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "log")
	write := func(text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat(strings.Repeat("x", 100)+"\n", 5000) + "one\n\xff" + strings.Repeat("y", 1000) + "\nlast\n")
	lines, err := LogTail(name)
	if n := len(lines); err != nil || n != logLines || lines[n-1] != "last" || lines[n-2] != "\uFFFD"+strings.Repeat("y", longestLine-1)+"…" || lines[n-3] != "one" || len(lines[0]) != 100 {
		t.Errorf("%d lines, %v: %q", len(lines), err, lines)
	}
	write("")
	if lines, err := LogTail(name); err != nil || len(lines) != 0 {
		t.Errorf("an empty log: %q, %v", lines, err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	link, elsewhere := filepath.Join(dir, "link"), filepath.Join(t.TempDir(), "secret")
	if err := errors.Join(os.WriteFile(elsewhere, []byte("secret"), 0o600), os.Symlink(elsewhere, link)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{fifo, dir, link, filepath.Join(dir, "none")} {
		if lines, err := LogTail(bad); err == nil {
			t.Errorf("%s: %q", bad, lines)
		}
	}
}
