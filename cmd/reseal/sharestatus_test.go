package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"reseal/job"
	"reseal/job/status"
)

// A watched job is shown until it is finished, as JSON a document a line.
func TestWatchedStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, asJSON := range []bool{false, true} {
			var out bytes.Buffer
			n := 0
			err := watch(t.Context(), process{stdout: &out}, "job", job.Share{}, asJSON, func(context.Context) (*status.Status, error) {
				n++
				s := &status.Status{Job: "job", State: "unfinished", Done: int64(n)}
				if n == 3 {
					s.State = "finished"
				}
				return s, nil
			})
			if err != nil || n != 3 {
				t.Fatalf("%d looks, %v; want 3", n, err)
			}
			if !asJSON {
				if strings.Count(out.String(), " objects  0 failed\n") != 3 || strings.Contains(out.String(), "\x1b") {
					t.Errorf("shown:\n%s", out.String())
				}
				continue
			}
			for line := range strings.Lines(out.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("no document of its own: %s", line)
				}
			}
			if strings.Count(out.String(), "\n") != 3 {
				t.Errorf("%q, want 3 lines", out.String())
			}
		}
	})
}
