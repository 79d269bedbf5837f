package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// sample is what one run took. Per-object figures are for each copy that was
// answered with success.
type sample struct {
	CPU         float64 `json:"cpu_us_per_object"`    // user and system time of the process, its start included
	Rate        float64 `json:"objects_per_s"`        // of the whole run, its start included
	Steady      float64 `json:"steady_objects_per_s"` // while well under way; 0: too short to tell
	Requests    float64 `json:"requests_per_object"`
	Connections int64   `json:"connections"` // that the server accepted
	Peak        float64 `json:"peak_mib"`
	Copies      int64   `json:"copies"`
	Mallocs     float64 `json:"allocations_per_object,omitempty"` // loops only
	Bytes       float64 `json:"allocated_bytes_per_object,omitempty"`
	Load        string  `json:"load_average"`
}

// measure runs a tool once against a stub of its own.
func (c *setup) measure(t *tool, k kit, objects int, manifest string) (*sample, error) {
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	s, err := simulate(k.reseal, "--from-manifest", manifest)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	if err := s.before(k.self, folder, c.TLS, c.Latency); err != nil {
		return nil, err
	}
	if err := s.writeJob(filepath.Join(folder, "loop.json"), keysOf(objects), c.InFlight); err != nil {
		return nil, err
	}
	var before, after counts
	if err := s.document(countersPath, &before); err != nil {
		return nil, err
	}
	args := pinned(1, t.command(s, folder, c.InFlight)...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = s.environ(), folder
	begun := time.Now()
	said, err := cmd.CombinedOutput()
	took := time.Since(begun)
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said[:min(len(said), 2000)])
	}
	if err := s.document(countersPath, &after); err != nil {
		return nil, err
	}
	copies := after.Copies - before.Copies
	if copies < int64(objects) {
		return nil, fmt.Errorf("%d copies of %d objects\n%s", copies, objects, said[:min(len(said), 2000)])
	}
	use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	load, _ := os.ReadFile("/proc/loadavg")
	n := float64(objects)
	got := &sample{
		CPU: float64(cpu.Microseconds()) / n, Rate: n / took.Seconds(), Steady: after.steady(before.Copies, int64(objects)),
		Requests:    float64(copies+after.Heads-before.Heads+after.Others-before.Others) / n,
		Connections: after.Connections - before.Connections, Peak: float64(use.Maxrss) / 1024, Copies: copies, Load: strings.TrimSpace(string(load)),
	}
	if text, err := os.ReadFile(spentFile(filepath.Join(folder, "loop.json"))); err == nil {
		var of spent
		if err := json.Unmarshal(text, &of); err != nil {
			return nil, err
		}
		got.Mallocs, got.Bytes = float64(of.Mallocs)/n, float64(of.Bytes)/n
	}
	return got, nil
}

// writeJob writes what the loops are told.
func (s *server) writeJob(name string, keys []string, inFlight int) error {
	text, err := json.Marshal(job{s.env["AWS_ENDPOINT_URL"], s.env["AWS_CA_BUNDLE"], s.signer.access, s.signer.secret, s.signer.region,
		bucket, s.key, keys, inFlight})
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o600)
}
