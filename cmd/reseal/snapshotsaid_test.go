package main

import (
	"strings"
	"testing"
)

// A report that misses what only the listing shows would have the objects missed, too.
func TestSnapshotSaysWhatItDidNotMeet(t *testing.T) {
	var out, messages strings.Builder
	r := snapshotResult{Manifest: "m", Rows: 3, Unreached: 2}
	if err := r.print(process{stdout: &out, stderr: &messages}, &snapshotFlags{head: true}); err != nil || !strings.Contains(messages.String(), "note: 2 objects that a listing shows") {
		t.Errorf("%v, %q", err, messages.String())
	}
}
