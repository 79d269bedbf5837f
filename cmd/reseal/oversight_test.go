package main

import (
	"fmt"
	"log/slog"
	"testing"

	"reseal/control"
	"reseal/engine"
	"reseal/ratelimit"
)

// idleController is the controller of no run, or of one that a test plays.
func idleController(cfg control.Config) *control.Controller {
	if cfg.Governor == nil {
		cfg.Governor = ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: cfg.KMSCap}})
	}
	if cfg.Stats == nil {
		cfg.Stats = new(engine.Stats)
	}
	if cfg.Stop == nil {
		cfg.Stop = func(error) {}
	}
	cfg.MaxSlots, cfg.Log, cfg.Notify = control.MaxConcurrency, slog.New(slog.DiscardHandler), func(control.Notice) {}
	return control.New(cfg)
}

// A folder that another process answers for is a mismatch, as a lock is.
func TestExitCodeOfSocketInUse(t *testing.T) {
	if code := exitCode(fmt.Errorf("open control socket: %w", &control.InUseError{Path: "ctl.sock"})); code != exitMismatch {
		t.Errorf("exit code %d, want %d", code, exitMismatch)
	}
}
