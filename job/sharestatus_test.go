package job

import (
	"testing"
	"time"

	"reseal/internal/jobtest"
)

// A run of a share that says nothing for a while counts as dead, and one that
// recorded its end as ended.
func TestShareStates(t *testing.T) {
	store := jobtest.Locked(t)
	s := ShareStatus{Share: "0/2"}
	r := &Run{Share: "0/2", Started: time.Now().Add(-time.Hour), By: Who{PID: 7}}
	for _, tt := range []struct {
		after time.Duration
		code  *int
		want  string
	}{{time.Second, nil, ShareRunning}, {silentFor + time.Second, nil, ShareDead}, {0, new(int), ShareEnded}} {
		r.ExitCode = tt.code
		if s.fill(t.Context(), store, Share{Index: 0, Count: 2}, r, r.Started.Add(tt.after)); s.State != tt.want {
			t.Errorf("after %s: %s, want %s", tt.after, s.State, tt.want)
		}
	}
}
