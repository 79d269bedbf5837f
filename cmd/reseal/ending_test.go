package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"reseal/internal/simulator/simaws"
	"reseal/job"
)

// silentEndpoint takes connections and never answers.
func silentEndpoint(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return "http://" + ln.Addr().String()
}

// Every command that reads a job in a bucket can be interrupted while it does.
func TestReadingAJobCanBeInterrupted(t *testing.T) {
	setEnvironment(t, simaws.CleanEnvironment(nil))
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	t.Setenv("AWS_ENDPOINT_URL", silentEndpoint(t))
	const job = "s3://depot/jobs/one"
	for _, args := range [][]string{
		{"status"},
		{"report"},
		{"verify"},
		{"uploads"},
		{"retry-failed"},
		{"run", "--manifest", "s3://reports/manifest.json", "--sse-kms-key-id", simaws.Key},
		{"plan", "--manifest", "s3://reports/manifest.json", "--sse-kms-key-id", simaws.Key},
		{"export", "batch-operations", "--out", filepath.Join(t.TempDir(), "out")},
	} {
		signals := make(chan os.Signal, 1)
		signals <- os.Interrupt
		var said bytes.Buffer
		p := process{stdin: strings.NewReader(""), stdout: &said, stderr: &said, signals: signals}
		if code := p.run(t.Context(), append(args, "--job", job)); code != exitInterrupted {
			t.Errorf("%s: exit %d, want %d\n%s", args[0], code, exitInterrupted, &said)
		}
	}
}

// --max-duration counts from the start of the command: it bounds the wait for an endpoint
// at the beginning of a resume, too, and that run is recorded.
func TestMaxDurationBoundsTheBeginning(t *testing.T) {
	t.Parallel()
	w, dir, run := stopWorld(t, 20, "--limit", "5")
	if out, err := w.command(run...).CombinedOutput(); codeOf(err) != exitStopped {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := w.command("run", dir, "--yes", "--max-duration", "2s")
	cmd.Env = append(slices.Clone(cmd.Env), "AWS_ENDPOINT_URL=http://127.0.0.1:1")
	out, err := cmd.CombinedOutput()
	if codeOf(err) != exitStopped || !strings.Contains(string(out), "--max-duration 2s before it began") {
		t.Errorf("%v, want exit %d\n%s", err, exitStopped, out)
	}
	store, _, err := openJob(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	runs, err := job.Runs(t.Context(), store)
	if err != nil || len(runs) != 2 || !runs[1].Over() || *runs[1].ExitCode != exitStopped || !strings.Contains(runs[1].Ending, "--max-duration 2s") {
		t.Errorf("%+v, %v; want both runs with their ends", runs, err)
	}
}
