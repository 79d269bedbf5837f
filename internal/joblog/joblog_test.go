package joblog

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/cli"
)

// A log has a level and a form that there are.
func TestCheck(t *testing.T) {
	for _, o := range []Options{{"", Text}, {"debug", JSON}, {"WARN", Text}} {
		if err := o.Check(); err != nil {
			t.Errorf("%+v: %v", o, err)
		}
	}
	for o, want := range map[Options]string{{"loud", Text}: "--log-level", {"", "xml"}: "--log-format"} {
		if err := o.Check(); !errors.As(err, new(*cli.UsageError)) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// logged opens a log, writes at two levels, and returns what is said to the user.
func logged(t *testing.T, o Options, name, dir string) string {
	t.Helper()
	var said bytes.Buffer
	log, end, err := o.Open(t.Context(), name, dir, &said)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("slow")
	log.Warn("stopped")
	end()
	return said.String()
}

// A job in a folder logs there, or where its user says, and a job in a bucket beside the
// bar: no more than is to be known at once, if nobody asked for more.
func TestOpen(t *testing.T) {
	dir := t.TempDir()
	named := filepath.Join(dir, "named.log")
	if said := logged(t, Options{Format: Text}, "", dir); said != "" {
		t.Errorf("beside the log: %q", said)
	}
	logged(t, Options{Format: JSON, Level: "warn"}, named, dir)
	logged(t, Options{Format: JSON, Level: "warn"}, named, dir)
	own, err := os.ReadFile(filepath.Join(dir, "reseal.log"))
	if err != nil || bytes.Count(own, []byte("\n")) != 2 || !strings.Contains(string(own), "msg=slow") {
		t.Errorf("%v, in the job:\n%s", err, own)
	}
	other, err := os.ReadFile(named)
	if err != nil || strings.Count(string(other), `"msg":"stopped"`) != 2 || strings.Contains(string(other), "slow") {
		t.Errorf("%v, in the named file:\n%s", err, other)
	}
	if said := logged(t, Options{Format: Text}, "", "s3://jobs/j"); strings.Contains(said, "slow") || !strings.Contains(said, "stopped") {
		t.Errorf("of a job in a bucket: %q", said)
	}
	if said := logged(t, Options{Format: Text, Level: "info"}, "", "s3://jobs/j"); !strings.Contains(said, "slow") {
		t.Errorf("asked for all: %q", said)
	}
	if _, _, err := (&Options{Format: Text}).Open(context.Background(), filepath.Join(dir, "none", "x.log"), dir, &bytes.Buffer{}); err == nil || !strings.HasPrefix(err.Error(), "log: ") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

// A log that cannot be written says so once, and stops nobody.
func TestALogThatCannotBeWritten(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "x.log"))
	if err != nil {
		t.Fatal(err)
	}
	file.Close()
	var said bytes.Buffer
	log := slog.New(NewHandler(&writer{file: file, messages: &said, name: "x.log"}, Text, slog.LevelInfo))
	log.Info("a")
	log.Info("b")
	if n := strings.Count(said.String(), "the log x.log cannot be written"); n != 1 {
		t.Errorf("said %d times: %q", n, &said)
	}
}
