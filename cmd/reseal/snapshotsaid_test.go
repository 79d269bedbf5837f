package main

import (
	"strings"
	"testing"
)

// A report that misses what only the listing shows would have the objects missed, too.
func TestSnapshotSaysWhatItDidNotMeet(t *testing.T) {
	var out, talk strings.Builder
	r := snapshotResult{Manifest: "m", Rows: 3, Unreached: 2}
	if err := r.print(process{stdout: &out, stderr: &talk}, &snapshotFlags{head: true}); err != nil || !strings.Contains(talk.String(), "note: 2 objects that a listing shows") {
		t.Errorf("%v, %q", err, talk.String())
	}
}
