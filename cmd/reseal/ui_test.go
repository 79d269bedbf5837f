package main

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"reseal/internal/browser"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/job/status"
	"reseal/report"
)

// The live page of a run shows what status --json says: while it runs, after it ended,
// and after a crash, by a page of its own or by that of reseal ui.
func TestLivePage(t *testing.T) {
	t.Parallel()
	b := browser.Start(t, browser.Find(t, "./cmd/reseal", "TestLivePage"))
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 2000, Seed: 1, Plain: true})
	dir := filepath.Join(t.TempDir(), "job")
	w.output(0, "plan", "--job", dir, "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--bucket-key-enabled=false")
	look := browser.Look{Width: 1200, Height: 900}

	run := w.command(slowRun(w, dir, "--ui", "127.0.0.1:0", "--kms-rps", "50")...)
	page, ended := startPage(t, b, run, look)
	w.waitForCopies(ended, 30)
	w.output(0, "ctl", "--job", dir, "pause") // so that the figures stand still
	page.WaitFor("document.querySelector('#state').textContent.startsWith('waiting: a pause (operator')")
	equalsStatus(t, w, page, dir)
	if s := w.status(dir); page.Text("#figure-kms .more") != "of "+report.Rate(s.Run.KMS.Cap)+" at most" || page.Text("#figure-bound .more") != s.Run.Binding.String() {
		t.Errorf("KMS %q, bound by %q; status has %+v", page.Text("#figure-kms .more"), page.Text("#figure-bound .more"), s.Run)
	}
	w.output(0, "ctl", "--job", dir, "drain")
	page.WaitFor("document.querySelector('#link').textContent === 'no longer live'")
	if err := <-ended; err == nil {
		t.Error("a run that was drained ended with 0")
	}
	equalsStatus(t, w, page, dir)
	if got := page.Text("#state"); !strings.HasPrefix(got, "stopped: ") {
		t.Errorf("state after the end: %q", got)
	}
	if c := page.Console(); len(c) > 0 {
		t.Errorf("console: %q", c)
	}

	copies := w.sim.Copies()
	run = w.command(slowRun(w, dir)...)
	ended = startCommand(t, run)
	w.waitForCopies(ended, copies+10)
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-ended
	show := w.command("ui", dir)
	page, ended = startPage(t, b, show, look)
	page.WaitFor("document.querySelector('#state').textContent.startsWith('cut off: ')")
	equalsStatus(t, w, page, dir)
	if got := page.Text("#events"); strings.Count(got, "▶") != 2 || !strings.Contains(got, "✕") || !strings.Contains(got, "ctl drain") {
		t.Errorf("events: %q", got)
	}
	if err := show.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Errorf("reseal ui ended: %v", err)
	}
}

// startPage starts a command that serves a page, and opens that.
func startPage(t *testing.T, b *browser.Browser, cmd *exec.Cmd, look browser.Look) (*browser.Page, chan error) {
	t.Helper()
	r, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	cmd.Stdout, cmd.Stderr = out, out
	ended := startCommand(t, cmd)
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	out.Close()
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if _, url, is := strings.Cut(lines.Text(), "http://127.0.0.1:"); is && strings.HasSuffix(url, "/") {
			go func() { // or the command waits until somebody reads it
				for lines.Scan() {
				}
			}()
			return b.Open("http://127.0.0.1:"+url, look), ended
		}
	}
	t.Fatalf("%s named no page: %v", cmd, <-ended)
	return nil, nil
}

// equalsStatus checks that the figures of a page are those of status --json.
func equalsStatus(t *testing.T, w *testWorld, page *browser.Page, dir string) {
	t.Helper()
	s := w.status(dir)
	for by := time.Now().Add(time.Minute); page.Text("#figure-done .value") != report.Count(s.Done); s = w.status(dir) { // what is under way in a pause is finished
		if time.Now().After(by) {
			t.Fatalf("a minute later the page has %s done, and status %d", page.Text("#figure-done .value"), s.Done)
		}
	}
	for selector, want := range map[string]string{
		"#title": "s3://" + s.Bucket, "#job": s.Job, "#key": s.KMSKeyID, "#share": report.Percent(s.Done, *s.Todo),
		"#share-more": report.Count(s.Done) + " of " + report.Plural(*s.Todo, "object"), "#figure-done .value": report.Count(s.Done),
		"#figure-failed .value": report.Count(s.Failed), "#figure-left .value": report.Count(*s.Todo - s.Done - s.Failed),
		"#figure-spent .more": "planned: " + report.AtMost(s.Estimated.Max),
	} {
		if got := page.Text(selector); got != want {
			t.Errorf("%s is %q, status has %q", selector, got, want)
		}
	}
	if s.Run != nil {
		return
	}
	for selector, want := range map[string]string{"#figure-requests .value": report.Count(s.Requests), "#figure-kms-total .value": report.Count(s.KMSCalls),
		"#figure-took .more": report.Plural(s.Runs, "run"), "#figure-took .value": report.Duration(s.Active)} {
		if got := page.Text(selector); got != want {
			t.Errorf("%s is %q, status has %q", selector, got, want)
		}
	}
	if want := map[status.State]string{status.Unfinished: "Next: reseal run "}[s.State]; !strings.Contains(page.Text("#banner"), want) {
		t.Errorf("banner %q, want %q in it", page.Text("#banner"), want)
	}
}

// A run whose page nobody closes ends all the same, and so does one that is killed by
// signals: a page holds nothing up.
func TestRunEndsWithAnOpenPage(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 200, Seed: 1, Plain: true})
	dir := filepath.Join(t.TempDir(), "job")
	cmd := w.command("run", dir, "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--yes", "--quiet", "--no-canary", "--snapshot", "0", "--ui", "localhost:0", "--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "unproven-endpoint")
	r, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(r).ReadString('\n')
	url, is := strings.CutPrefix(line, "live page: ")
	if err != nil || !is {
		t.Fatalf("%q, %v", line, err)
	}
	a, err := http.Get(strings.TrimSpace(url) + "events") // and reads nothing of it
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the run ended with %v", err)
	}
	if s := w.status(dir); s.State != status.Finished || s.Done != 200 {
		t.Errorf("the job is %s, %d done", s.State, s.Done)
	}
}
