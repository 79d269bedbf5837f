package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/spf13/cobra"

	"reseal/job"
)

// takesJob tells whether a command has a job as its argument or in a flag.
func takesJob(cmd *cobra.Command) bool {
	return cmd.Runnable() && !cmd.HasSubCommands() && (cmd.Flags().Lookup("job") != nil || strings.Contains(cmd.Use, "JOB") || cmd.Name() == "ui")
}

// No command sends a request to the place that a changed job names, with the credentials
// of the user. A new command that takes a job is in one of the two lists, or fails.
func TestChangedJobIsSentNothing(t *testing.T) {
	_, key, manifest := (&agreement{}).serve(t)
	if code, _, said := typed(t, "plan --job job --manifest "+manifest+" --sse-kms-key-id "+key); code != exitDone {
		t.Fatal(said)
	}
	var asked atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer other.Close()
	name := filepath.Join("job", "plan.json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var made job.Plan
	if err := json.Unmarshal(data, &made); err != nil {
		t.Fatal(err)
	}
	made.Endpoint, made.S3, made.KMS = other.URL, other.URL, other.URL
	if data, err = json.Marshal(made); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "")

	readers := []string{"status", "report", "ui", "ctl", "forget", "campaign"} // they ask no service for the job; a campaign refuses the folder of a job
	more := map[string][]string{
		"run": {"--yes", "--dry-run"}, "uploads": {"", "--sweep"}, "import": {"report.csv"}, "batch-operations": {"--out out"},
		"plan": {""}, "preflight": {""}, "permissions": {""}, "retry-failed": {""}, "verify": {""}, "certify": {""},
	}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
		if !takesJob(cmd) || slices.Contains(readers, cmd.Name()) {
			return
		}
		if len(more[cmd.Name()]) == 0 {
			t.Errorf("%s takes a job: does it ask a service for it?", cmd.CommandPath())
		}
		for _, words := range more[cmd.Name()] {
			before, after := words, ""
			if !strings.HasPrefix(words, "-") {
				before, after = "", words
			}
			_, path, _ := strings.Cut(cmd.CommandPath(), " ")
			line := strings.Join([]string{path, before, "job", after}, " ")
			code, _, said := typed(t, line)
			if code != exitMismatch || !strings.Contains(said, "is not as this machine first saw it") || asked.Swap(0) > 0 {
				t.Errorf("reseal %s: exit %d, want %d and nothing sent\n%s", line, code, exitMismatch, said)
			}
		}
	}
	walk(newRoot(process{}))
}
