package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"reseal/control"
	"reseal/engine"
	"reseal/inventory"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// began is when the jobs of the tests begin.
var began = time.Date(2026, 11, 28, 22, 0, 0, 0, time.UTC)

// played is a job that a test plays.
type played struct {
	mu    sync.Mutex
	doc   map[string]any // of reseal status --json
	rest  Document
	err   error
	reads int
	run   *control.Status
}

func (p *played) Snapshot(context.Context) (*Document, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reads++
	d := p.rest
	d.Status = statusOf(p.doc)
	return &d, p.err
}

// statusOf is a document of reseal status --json, read again.
func statusOf(doc map[string]any) *status.Status {
	data, err := json.Marshal(doc)
	s := new(status.Status)
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err != nil {
		panic(err) // a document of this file
	}
	return s
}

func (p *played) Run(context.Context) *control.Status {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.run
}

func (p *played) set(change func(*played)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

// runStatus is a run that is on, so many seconds after its beginning.
func runStatus(after int64) *control.Status {
	return &control.Status{
		PID: 4711, Started: began, Binding: control.Binding{Limit: control.LimitKMSCap, Rate: 500, Since: began},
		Rate: 412, Done: 412 * after, InFlight: 64, Concurrency: 256, Slots: 80,
		KMS: control.QuotaUsage{Cap: 500, Rate: 500, LastSecond: 498, FullestSecond: 500, Released: 498 * after},
	}
}

// hostileKey is a name that tries to be markup, and to turn what follows it around.
const hostileKey = "<img src=x onerror=alert(1)>\u202etxt.exe\x1b[31m</script><script>alert(2)</script>&amp;"

// night is a job of 3,000,000 objects with a crash, a pause and failures.
func night() *played {
	h := &job.History{Summary: new(report.Summary), First: began, Last: began.Add(4*time.Hour + 10*time.Minute), Runs: 2}
	for n := range int64(246) {
		at := began.Add(time.Duration(n) * time.Minute)
		if n >= 90 && n < 100 || n >= 180 && n < 200 {
			continue // nothing goes on
		}
		rate := 380 + 40*(n%7) - min(n%90*3, 100)
		for range 4 {
			h.Summary.Timeline().Add(at, report.Slot{Done: rate * 15, KMSCalls: rate * 18, Requests: rate * 32})
		}
	}
	for n := range 12 {
		h.Summary.Add(&report.Line{Time: began.Add(time.Hour), Status: engine.Failed.String(), Reason: "access-denied", Key: fmt.Sprintf("%s-%d", hostileKey, n),
			ErrorCode: "AccessDenied", Error: "User is not authorized to perform: s3:PutObject <b>bold</b>", HTTPStatus: 403, RequestID: "0A1B2C", Pos: inventory.Position{File: 3, Row: int64(n)}})
	}
	h.Summary.Add(&report.Line{Time: began.Add(time.Hour), Status: engine.Failed.String(), Reason: "too-large", Key: "big/video.mp4", Error: "the object has more than 10,000 parts"})
	h.KMSCaps = report.Caps{{Since: began, PerSecond: 600}, {Since: began.Add(2 * time.Hour), PerSecond: 800}}
	h.Sessions = []job.Session{{From: began, To: began.Add(90 * time.Minute)}, {From: began.Add(100 * time.Minute), To: h.Last}}
	min := func(n int) time.Time { return began.Add(time.Duration(n) * time.Minute) }
	h.BoundBy = []job.BoundBy{{Since: began, Limit: control.LimitKMSRise}, {Since: min(8), Limit: control.LimitKMSCap}, {Since: min(60), Limit: control.LimitKMSThrottle},
		{Since: min(62), Limit: control.LimitKMSRise}, {Since: min(70), Limit: control.LimitKMSCap}, {Since: min(100), Limit: control.LimitKMSRise}, {Since: min(105), Limit: control.LimitSlots},
		{Since: min(180), Limit: control.LimitWindow}, {Since: min(200), Limit: control.LimitKMSCap}}
	who := job.Who{User: "ops", Host: "batch-1", PID: 4711}
	runs := []job.Run{{Command: "run", Started: began, By: who}, {Command: "run", Started: min(100), By: who,
		Orders: []control.Order{{Time: min(120), By: control.Sender{User: "ops", Host: "batch-1", PID: 99}, Command: "kms-rps", Value: 800, Was: 600}}}}
	p := &played{run: runStatus(9000)}
	p.run.Started = min(100)
	p.doc = map[string]any{
		"job": "./jobs/archive", "bucket": "acme-media-archive", "kms_key_id": "arn:aws:kms:eu-west-1:111122223333:key/5d0c9b2a-1111-4c2e-9d70-0a1b2c3d4e5f",
		"state": "unfinished", "rows": 3300000, "rows_settled": 1601234, "objects_to_do": 3000000, "done": 1301221, "failed": 13, "bytes": 918273645546, "active_ns": 4 * time.Hour, "runs": 2, "deferred": 0,
		"skipped": map[string]int64{"already-encrypted": 300000, "delete-marker": 12}, "requests": 2602442, "kms_calls_max": 1561465, "spent_max_usd": 21.5,
		"estimated_usd": map[string]any{"expected": 41, "max": 49.5}, "figures_are": map[string]string{"done": "at least"}, "run": p.run, "notices": []string{"a note about <i>x</i>"},
	}
	p.rest = Document{History: h, Runs: runs, LogNote: "The last lines of jobs/archive/reseal.log.", Log: []string{
		`time=2026-11-28T23:00:03.101Z level=WARN msg="KMS throttles" rate=300`, `time=2026-11-28T23:00:05.000Z level=WARN msg=failed key="` + hostileKey + `"`}}
	return p
}

// over has the job of a night end.
func (p *played) over(exit int, why string) {
	p.set(func(p *played) {
		p.run = nil
		runs := []job.Run{p.rest.Runs[0], p.rest.Runs[1]}
		runs[1].Ended, runs[1].ExitCode, runs[1].Ending = began.Add(250*time.Minute), &exit, why
		p.rest.Runs = runs
		doc := map[string]any{}
		for k, v := range p.doc {
			doc[k] = v
		}
		delete(doc, "run")
		doc["last_run"] = map[string]any{"at": runs[1].Ended, "status": control.Status{Started: began, Ended: &control.Ending{ExitCode: exit, Why: why}}}
		p.doc = doc
	})
}

// listenTo takes an address for a source.
func listenTo(t *testing.T, src Source) *Server {
	t.Helper()
	s, err := Listen(Config{Address: "127.0.0.1:0", Source: src, Pace: Pace{Every: 20 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// start serves until stop is called, or the test ends.
func start(t *testing.T, s *Server) (stop func()) {
	stop = s.Begin(t.Context(), slog.New(slog.DiscardHandler))
	t.Cleanup(stop)
	return stop
}

// serve serves a source until stop is called, or the test ends.
func serve(t *testing.T, src Source) (s *Server, stop func()) {
	t.Helper()
	s = listenTo(t, src)
	return s, start(t, s)
}
