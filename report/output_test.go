package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"html"
	"io"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestTheSameNumbersEverywhere: text, JSON and HTML of one run agree.
func TestTheSameNumbersEverywhere(t *testing.T) {
	v := sampleRun()
	var text, page, doc bytes.Buffer
	for _, err := range []error{WriteRun(&text, v), WriteRunHTML(&page, v), WriteRunJSON(&doc, v)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var j struct {
		Type   string
		Totals Totals
		Proof  []struct{ Claim, Result string }
	}
	if err := json.Unmarshal(doc.Bytes(), &j); err != nil {
		t.Fatal(err)
	}
	if j.Type != "run" || j.Totals != v.Totals || len(j.Proof) != len(v.Proof) || j.Proof[3].Result != "not checked" {
		t.Errorf("JSON: %+v", j)
	}
	for _, want := range []string{Count(v.Totals.Done), Count(v.Totals.Skipped), Bytes(v.Totals.Bytes), Count(v.Totals.KMSCalls), v.Proof[0].Evidence, stateLine(v)} {
		if flat := strings.Join(strings.Fields(text.String()), " "); !strings.Contains(flat, want) || !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in both text and HTML", want)
		}
	}

	p := samplePlan()
	text.Reset()
	page.Reset()
	doc.Reset()
	for _, err := range []error{WritePlan(&text, p), WritePlanHTML(&page, p), WritePlanJSON(&doc, p)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var pj struct {
		Type     string
		Facts    map[string]string
		Estimate struct {
			Once struct {
				Total struct{ Expected json.Number } `json:"total_usd"`
			}
		}
	}
	if err := json.Unmarshal(doc.Bytes(), &pj); err != nil {
		t.Fatal(err)
	}
	if pj.Type != "plan" || pj.Facts["versioning"] != "enabled" || pj.Facts["transitions"] != "unknown" {
		t.Errorf("JSON: type %q, facts %v", pj.Type, pj.Facts)
	}
	if raw, _ := json.Marshal(p.Estimate.Once.Total.Expected); pj.Estimate.Once.Total.Expected.String() != string(raw) {
		t.Errorf("price in JSON = %s, want %s", pj.Estimate.Once.Total.Expected, raw)
	}
	for _, want := range []string{Money(p.Estimate.Once.Total.Expected), Money(p.Estimate.Once.Total.Max), p.Estimate.Advice, Count(p.Estimate.Objects)} {
		if flat := strings.Join(strings.Fields(text.String()), " "); !strings.Contains(flat, want) || !strings.Contains(page.String(), want) {
			t.Errorf("%q is not in both text and HTML", want)
		}
	}
}

const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.Job}}` + "\x1b[31m\u202e\xff"

// hostile returns plan and run in which every name from outside is an attack.
func hostile() (*Plan, *Run) {
	p, v := samplePlan(), sampleRun()
	for _, j := range []*Job{&p.Job, &v.Job} {
		j.Bucket, j.Manifest, j.ManifestMD5, j.Options.KMSKeyID, j.Hash = attack, attack, attack, attack, attack
	}
	task := plan.Task{Action: plan.Copy, Demand: plan.Demand{Writes: plan.Exactly(1)}}
	task.Record = inventory.Record{Key: attack + "/k", Size: 1, StorageClass: attack, Encryption: attack}
	p.Tally.Add(&task)
	task.Action, task.Reason = plan.Skip, attack
	p.Tally.Add(&task)
	v.Tally = p.Tally
	v.Canary.Kinds[0].Class = attack
	r := &v.History[0]
	r.Command, r.User, r.Host, r.Caller, r.Program, r.Commit, r.SHA256, r.Line, r.Ending = attack, attack, attack, attack, attack, attack, attack, attack, attack
	r.Accepted, r.Orders = []string{attack, "drops-" + attack}, []RunOrder{{r.Started.Add(time.Minute), attack}}
	v.Verified.Sample, v.Verified.Verdicts = attack, []VerdictCount{{attack, attack, 1}}
	v.Damages = []string{attack}
	v.Summary.Add(&Line{Status: "failed", Action: attack, Reason: attack, Key: attack, VersionID: attack, ErrorCode: attack, ErrorClass: attack, RequestID: attack})
	return p, v
}

// TestHTMLIsInert: whatever comes in, the page has no script, loads nothing, and
// shows names as text.
func TestHTMLIsInert(t *testing.T) {
	p, v := hostile()
	var pages [2]bytes.Buffer
	if err := errors.Join(WritePlanHTML(&pages[0], p), WriteRunHTML(&pages[1], v)); err != nil {
		t.Fatal(err)
	}
	for i := range pages {
		page := regexp.MustCompile(`<a href="#s[0-9]+">`).ReplaceAllString(pages[i].String(), "<b>") // to a part of the page itself
		if regexp.MustCompile(`(?i)<(script|img|iframe|link|object|embed|base|form|a)\b`).MatchString(page) {
			t.Errorf("page %d has an element that it must not have", i)
		}
		if regexp.MustCompile(`(?i)\b(src|href|action|on[a-z]+|style)\s*=\s*["']`).MatchString(regexp.MustCompile(`>[^<]*<`).ReplaceAllString(page, "><")) {
			t.Errorf("page %d has an attribute that it must not have", i)
		}
		if strings.Contains(page, "http:") || strings.Contains(page, "https:") || strings.Contains(page, "url(") || strings.Contains(page, "@import") {
			t.Errorf("page %d refers to something outside", i)
		}
		if !strings.Contains(page, "&lt;script&gt;alert(1)&lt;/script&gt;") || !strings.Contains(page, `\x1b[31m\u202e\xff`) {
			t.Errorf("page %d does not show the names as text", i)
		}
		if !strings.Contains(html.UnescapeString(page), `content="default-src 'none'; style-src 'unsafe-inline'"`) || !strings.Contains(page, "{{.Job}}") {
			t.Errorf("page %d: policy or text is missing", i)
		}
		if strings.ContainsAny(page, "\x1b\u202e") {
			t.Errorf("page %d has control characters", i)
		}
	}
}

// TestTextIsInert: names from outside cannot steer a terminal.
func TestTextIsInert(t *testing.T) {
	p, v := hostile()
	var out bytes.Buffer
	if err := errors.Join(WritePlan(&out, p), WriteRun(&out, v)); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") || !strings.Contains(out.String(), `\x1b[31m`) {
		t.Error("text has control characters")
	}
}

func TestEmptyRunAndPlan(t *testing.T) {
	v := &Run{State: "finished", Summary: new(Summary)}
	p := samplePlan()
	p.Estimate.Methods, p.Estimate.Duration.Limits = nil, nil
	var out bytes.Buffer
	if err := errors.Join(WriteRun(&out, v), WriteRunHTML(&out, v), WriteRunJSON(&out, v), WritePlan(&out, p), WritePlanHTML(&out, p)); err != nil {
		t.Error(err)
	}
}

type fullDisk struct{ left int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.left -= len(p); d.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWriteErrorsAreSeen(t *testing.T) {
	v, p := sampleRun(), samplePlan()
	lines := func(yield func(Line, error) bool) { yield(fullLine(), nil) }
	for name, err := range map[string]error{
		"run text": WriteRun(&fullDisk{100}, v), "run HTML": WriteRunHTML(&fullDisk{100}, v), "run JSON": WriteRunJSON(&fullDisk{100}, v),
		"plan text": WritePlan(&fullDisk{100}, p), "plan HTML": WritePlanHTML(&fullDisk{100}, p), "plan JSON": WritePlanJSON(&fullDisk{100}, p),
		"CSV": WriteCSV(&fullDisk{10}, lines, false),
	} {
		if err == nil {
			t.Errorf("%s: a full disk is no error", name)
		}
	}
}

func TestCSV(t *testing.T) {
	done := Line{Bucket: "b", Key: "a b+c/é,\"\n=1+1.txt", VersionID: "v1", Status: "done", Bytes: 1}
	failed := fullLine()
	failed.Key = "\xff%41"
	skipped := Line{Bucket: "b", Key: "=cmd", Status: "skipped", Reason: plan.Gone}
	repeat := Line{Bucket: "b", Key: "k", Status: "done", Reason: Repeat}
	in := []Line{done, failed, skipped, repeat}
	var out bytes.Buffer
	err := WriteCSV(&out, func(yield func(Line, error) bool) {
		for _, l := range in {
			if !yield(l, nil) {
				return
			}
		}
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	want := "b,a%20b%2Bc/%C3%A9%2C%22%0A%3D1%2B1.txt,v1,succeeded,,200,Successful\n" +
		"b,%FF%2541,null,failed,AccessDenied,403,access-denied: Access Denied (request R)\n" +
		"b,%3Dcmd,,left alone,,,gone\n" +
		"b,k,,succeeded,,200,repeat\n"
	if out.String() != want {
		t.Errorf("CSV:\n%s\nwant:\n%s", out.String(), want)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil || len(rows) != len(in) || len(rows[0]) != len(strings.Split(CSVColumns, ",")) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows { // both readings of percent-encoding give the key
		form, err1 := url.QueryUnescape(row[1])
		path, err2 := url.PathUnescape(row[1])
		if form != in[i].Key || path != in[i].Key || err1 != nil || err2 != nil {
			t.Errorf("key %q reads %q and %q", in[i].Key, form, path)
		}
	}
	broken := errors.New("broken")
	if err := WriteCSV(io.Discard, func(yield func(Line, error) bool) { yield(Line{}, broken) }, true); !errors.Is(err, broken) {
		t.Errorf("an error among the lines: %v", err)
	}
	if taskStatus(&Line{Status: engine.NotAttempted.String()}) != "not begun" || taskStatus(&Line{Status: engine.Skipped.String()}) != "left alone" {
		t.Error("status of what was not attempted")
	}
}

// TestBriefPlan: what somebody must know before a run starts is there, in a few lines.
func TestBriefPlan(t *testing.T) {
	p := samplePlan()
	var out bytes.Buffer
	if err := WritePlanBrief(&out, p, "reseal plan --job ./job"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"48,410 by copy, 100 by multipart-copy", "already-encrypted", "versioned: needs --accept versioned", "events: accepted",
		"$7.88 expected, $8.02 at most", "list prices of eu-west-2 of 2026-11-21", "under a minute", "Recommended: auto", "reseal plan --job ./job",
	} {
		if flat := strings.Join(strings.Fields(out.String()), " "); !strings.Contains(flat, want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "\n"); n > 25 {
		t.Errorf("%d lines are not brief", n)
	}
	hostilePlan, _ := hostile()
	if out.Reset(); WritePlanBrief(&out, hostilePlan, "") != nil || strings.ContainsAny(out.String(), "\x1b\u202e") {
		t.Error("a brief plan has control characters")
	}
}
