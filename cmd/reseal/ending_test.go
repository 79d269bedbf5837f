package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/inventory"
)

// What is written last outlasts the work, and has an end.
func TestLingering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		work, kill := context.WithCancel(t.Context())
		last, done := lingering(work, time.Minute)
		defer done()
		time.Sleep(time.Hour)
		kill()
		began := time.Now()
		if last.Err() != nil {
			t.Error("it ended with the work")
		}
		<-last.Done()
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it lasted %s after the work, want a minute", took)
		}
		other, done := lingering(t.Context(), time.Minute)
		done()
		if other.Err() == nil {
			t.Error("it goes on after all is written")
		}
	})
}

// The last flush of a run, which no signal cuts short, ends some time after the
// work did, where the store gives no answer.
func TestLastFlushHasAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := lockedDir(t)
		hanging := make(chan struct{}, 8)
		segments := []inventory.Segment{{File: 0, First: 0, Last: inventory.OpenEnd}}
		state, snapshot, err := checkpoint.Open(t.Context(), hangingStore{dir, "state/", hanging}, checkpoint.HashPlan([]byte("p")), segments, checkpoint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		uploads, err := newNotes(t.Context(), snapshot)
		if err != nil {
			t.Fatal(err)
		}
		work, kill := context.WithCancel(t.Context())
		last, done := lingering(work, lastWrites)
		defer done()
		h := openHistory(t.Context(), dir, historyFile, 0, slog.New(slog.DiscardHandler))
		h.ledger = newLedger(cost.BuiltIn(), "eu-west-1", time.Now(), 0)
		j := &journal{Journal: state, notes: uploads, history: h, flushed: new(atomic.Int64), last: last}
		if err := j.Done(inventory.Position{}); err != nil {
			t.Fatal(err)
		}
		kill()
		if err := j.Flush(context.WithoutCancel(work)); !errors.Is(err, context.Canceled) {
			t.Errorf("the flush says %v, want that it was given up", err)
		}
		if len(hanging) == 0 {
			t.Error("nothing was being written: the test shows nothing")
		}
	})
}

// Two signals are a command's to act on; the third ends the process.
func TestThirdSignalEndsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arriving := make(chan os.Signal, 3)
		ended := make(chan int, 1)
		var said bytes.Buffer
		signals := relay(arriving, &said, func(code int) { ended <- code })
		arriving <- os.Interrupt
		arriving <- os.Interrupt
		synctest.Wait()
		if len(signals) != 2 || len(ended) != 0 {
			t.Fatalf("after two signals: %d handed on, %d ends; want both handed on", len(signals), len(ended))
		}
		arriving <- syscall.SIGTERM
		if code := <-ended; code != exitTerminated || !strings.Contains(said.String(), "the same command goes on") {
			t.Errorf("exit %d, saying %q", code, said.String())
		}
	})
}

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
	for _, v := range cleanEnvironment(nil) {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
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
		{"run", "--manifest", "s3://reports/manifest.json", "--sse-kms-key-id", simKey},
		{"plan", "--manifest", "s3://reports/manifest.json", "--sse-kms-key-id", simKey},
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
