package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"reseal/internal/joblog"
)

// A run does not hang on a FIFO that nobody reads: it says what it waits for, and ends.
func TestFIFOWithoutReader(t *testing.T) {
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func(ctx context.Context, p process) error{
		"log": func(ctx context.Context, p process) error {
			_, _, err := (&output{logFile: name, log: joblog.Options{Format: joblog.Text}}).logger(ctx, "job", p.stderr)
			return err
		},
		"metrics": func(ctx context.Context, p process) error {
			e := &endFile{name: name, began: time.Now()}
			return e.write(ctx, p, &runFlags{job: "job"}, nil)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			var messages bytes.Buffer
			p := process{stderr: &messages}
			began := time.Now()
			err := open(tellReaderWaits(t.Context(), &messages), p)
			if err == nil || !strings.Contains(err.Error(), "no reader came for 1m0s") || time.Since(began) != readerPatience {
				t.Errorf("%s: %v after %s", what, err, time.Since(began))
			}
			if want := "note: nobody reads the FIFO " + name + "; its reader is waited for\n"; messages.String() != want {
				t.Errorf("%s: said %q, want %q", what, messages.String(), want)
			}
		})
	}
}
