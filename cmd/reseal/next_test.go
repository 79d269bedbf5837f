package main

import (
	"bytes"
	"errors"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/canary"
	"reseal/job"
	"reseal/job/status"
)

// Where all that failed are objects in doubt, another try is not what helps.
func TestNextOfObjectsInDoubt(t *testing.T) {
	doubt := &canary.Table{Kinds: []canary.Kind{{Verdict: canary.InDoubt, Doubts: []canary.Doubt{{Key: "k"}}}}}
	for _, tt := range []struct {
		failed int64
		want   string
	}{{1, "reseal verify j"}, {2, "reseal retry-failed j"}} {
		s := &status.Status{Job: "j", State: "finished", Failed: tt.failed, Canary: doubt}
		if got := nextStep(s, job.Share{}).command; got != tt.want {
			t.Errorf("%d failed, 1 in doubt: %q, want %q", tt.failed, got, tt.want)
		}
	}
}

// A command on a job can be pasted, whatever the job is called.
func TestCommandOnAJob(t *testing.T) {
	for dir, want := range map[string]string{"./j": "reseal run ./j", "my job": "reseal run 'my job'", "-x": "reseal run ./-x", "s3://b/$x": "reseal run 's3://b/$x'"} {
		if got := onJob("run", dir); got != want {
			t.Errorf("%q: %q, want %q", dir, got, want)
		}
	}
}

// In a job that is not finished the rest is next, and the failed ones are not forgotten.
func TestNextOfAnUnfinishedJobWithFailures(t *testing.T) {
	s := &status.Status{Job: "my job", State: "unfinished", Failed: 10}
	next := nextStep(s, job.Share{Index: 2, Count: 4})
	if next.command != "reseal run 'my job' --shard 2/4" ||
		next.does != "goes on where it stopped; the 10 objects that failed:\nreseal retry-failed 'my job' --shard 2/4" {
		t.Errorf("%q: %q", next.command, next.does)
	}
}

// A progress line never has more than there is: objects that failed in an earlier run
// are tried again by the canary.
func TestProgressLineStaysBelowItsTotal(t *testing.T) {
	p := &progress{total: 200, earlier: 150, handled: func() int64 { return 60 }}
	if got := p.line(nil); !strings.HasPrefix(got, "200 of 200 objects (100 %)") {
		t.Errorf("%q", got)
	}
}

// A job that is resumed waits for an endpoint that does not answer at its first
// request, for as long as later; a new one says so at once, and no other error waits.
func TestOutageAtTheStart(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, tt := range []struct {
		name   string
		before bool
		err    error
		lasts  time.Duration
		fails  bool
		atMost time.Duration
	}{
		{"gone on with", true, refused, 30 * time.Second, false, time.Minute},
		{"for too long", true, refused, 3 * time.Hour, true, time.Hour + time.Minute},
		{"new", false, refused, 30 * time.Second, true, 0},
		{"another error", true, errors.New("no such bucket"), 30 * time.Second, true, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			f := &runFlags{}
			f.outage = time.Hour
			began := time.Now()
			err := f.patience(process{stderr: &said}, tt.before).Do(t.Context(), func() error {
				if time.Since(began) < tt.lasts {
					return tt.err
				}
				return nil
			})
			if took := time.Since(began); (err != nil) != tt.fails || took > tt.atMost {
				t.Errorf("%s: %v after %s", tt.name, err, took)
			}
			if waited := tt.atMost > 0; waited != strings.Contains(said.String(), "the endpoint is asked again, for 1h0m0s at most") {
				t.Errorf("%s: it says %q", tt.name, &said)
			}
		})
	}
}
