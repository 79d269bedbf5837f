package control

import (
	"context"
	"testing"
	"time"

	"reseal/engine"
)

func TestHealth(t *testing.T) {
	admit, end := context.WithCancel(t.Context())
	defer end()
	h, now := &Health{Stats: new(engine.Stats), Admit: admit}, time.Unix(1e9, 0)
	if err := h.Alive(now); err != nil {
		t.Errorf("a run whose recorder has not begun: %v", err)
	}
	h.Stats.Recorded.Store(now.UnixNano())
	if err := h.Alive(now.Add(StillAfter - 1)); err != nil {
		t.Errorf("a run that waits: %v", err)
	}
	if err := h.Alive(now.Add(StillAfter)); err == nil || err.Error() != "stuck: nothing was recorded for 15m 00s" {
		t.Errorf("a run that is stuck: %v", err)
	}
	if err := h.Ready(); err == nil {
		t.Error("ready before the canary")
	}
	h.Proven()
	if err := h.Ready(); err != nil {
		t.Error(err)
	}
	end()
	if err := h.Ready(); err == nil {
		t.Error("ready, and no object is begun any more")
	}
}
