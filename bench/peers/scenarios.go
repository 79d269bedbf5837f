package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// scenario is a run of reseal under other circumstances than the comparison's:
// alone, against the simulator, which checks every signature, or the stub.
type scenario struct {
	Name     string        `json:"name"`
	Objects  int           `json:"objects"`
	InFlight int           `json:"in_flight"`
	Latency  time.Duration `json:"latency_ns"`
	Stub     bool          `json:"stub"`

	fill []string // of the simulator
	args []string
	cut  bool // interrupted half way, and run again
	odd  bool // some of the objects cannot be done this way, and fail
}

// objectsFailed is reseal's exit code when all else went well (docs/scripting.md).
const objectsFailed = 3

// outcome is what a scenario took.
type outcome struct {
	scenario
	CPU      float64 `json:"cpu_us_per_object"`
	Seconds  float64 `json:"seconds"`
	Rate     float64 `json:"objects_per_s"`
	Steady   float64 `json:"steady_objects_per_s"` // while well under way; 0: not known
	Requests float64 `json:"requests_per_object"`
	Peak     float64 `json:"peak_mib"`
	Load     string  `json:"load_average"`
}

// scenarios returns the list of the README.
func scenarios() []scenario {
	trust := []string{"--trust-inventory", "--accept", "drops-website-redirect"}
	all := []scenario{
		{Name: "mixed classes, HEAD first", Objects: 6000, InFlight: 64, args: []string{"--inspect-all"}},
		{Name: "mixed classes, one request an object", Objects: 6000, InFlight: 64, args: trust},
		{Name: "every object as a multipart copy", Objects: 1500, InFlight: 64, args: []string{"--inspect-all", "--copy-via", "multipart"}, odd: true},
		{Name: "KMS grants 500/s, 1,000/s asked for, no bucket key", Objects: 4000, InFlight: 64,
			fill: []string{"--kms-quota", "500"}, args: append([]string{"--bucket-key-enabled=false", "--kms-rps", "1000"}, trust...)},
		{Name: "interrupted and resumed", Objects: 20000, InFlight: 64, args: trust, cut: true},
	}
	for _, n := range []int{5000, 10000, 20000} {
		all = append(all, scenario{Name: fmt.Sprintf("cap of %d/s, 80 ms", n), Objects: 25 * n, InFlight: 4096, Latency: 80 * time.Millisecond, Stub: true,
			args: append([]string{"--kms-rps", strconv.Itoa(n)}, trust...)})
	}
	all = append(all, // the climb: the first minute of a run
		scenario{Name: "first minute at 2,000/s, 80 ms", Objects: 120_000, InFlight: 4096, Latency: 80 * time.Millisecond, Stub: true,
			args: append([]string{"--kms-rps", "2000"}, trust...)},
		scenario{Name: "first minute of half of 2,000/s, 80 ms, no bucket key", Objects: 60_000, InFlight: 4096,
			fill: []string{"--kms-quota", "1000", "--latency", "80ms"}, args: append([]string{"--bucket-key-enabled=false", "--kms-rps", "2000", "--force"}, trust...)})
	for _, n := range []int{1, 4, 16, 64, 256, 1024, 4096} {
		all = append(all, scenario{Name: fmt.Sprintf("%d in flight", n), Objects: min(40000, 400*n+400), InFlight: n, Latency: 20 * time.Millisecond, Stub: true, args: trust})
	}
	return all
}

// runScenarios runs those whose names contain only.
func runScenarios(k kit, only, results string) error {
	var all []*outcome
	fmt.Println("| scenario | objects | CPU us/object | objects/s | well under way | requests/object | peak MiB |\n|---|---|---|---|---|---|---|")
	for _, s := range scenarios() {
		if !strings.Contains(s.Name, only) {
			continue
		}
		o, err := s.run(k)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		fmt.Printf("| %s | %d | %.0f | %.0f | %s | %.2f | %.0f |\n", o.Name, o.Objects, o.CPU, o.Rate, known(o.Steady), o.Requests, o.Peak)
		all = append(all, o)
	}
	if results == "" {
		return nil
	}
	text, err := json.MarshalIndent(map[string]any{"date": time.Now().UTC(), "machine": machine(), "versions": k.versions, "scenarios": all}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(results, "scenarios-"+time.Now().UTC().Format("2006-01-02")+".json"), append(text, '\n'), 0o644)
}

// run runs a scenario once.
func (s *scenario) run(k kit) (*outcome, error) {
	folder, err := os.MkdirTemp("", "scenario")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	fill := append([]string{"--objects", strconv.Itoa(s.Objects), "--tls"}, s.fill...)
	if s.Stub {
		manifest, err := writeReport(folder, s.Objects)
		if err != nil {
			return nil, err
		}
		fill = []string{"--from-manifest", manifest}
	}
	server, err := simulate(k.reseal, fill...)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	if s.Stub {
		if err := server.before(k.self, folder, true, s.Latency); err != nil {
			return nil, err
		}
	}
	before, _, err := server.requests(s.Stub)
	if err != nil {
		return nil, err
	}
	o := &outcome{scenario: *s}
	begun := time.Now()
	args := append([]string{k.reseal, "run", "--manifest", server.manifest, "--sse-kms-key-id", server.key, "--yes", "--quiet", "--job", filepath.Join(folder, "job"),
		"--probe-key-prefix", "probe/", "--s3-rps", "1000000", "--kms-rps", "1000000", "--concurrency", strconv.Itoa(s.InFlight), "--accept", "drops-expires"}, s.args...)
	once := func(stop func(*exec.Cmd)) error { return s.once(o, server, folder, args, stop) }
	if s.cut {
		if err := once(func(cmd *exec.Cmd) { _ = cmd.Process.Signal(os.Interrupt) }); err != nil {
			return nil, err
		}
	}
	if err := once(nil); err != nil {
		return nil, err
	}
	o.Seconds = time.Since(begun).Seconds()
	o.Rate = float64(s.Objects) / o.Seconds
	after, steady, err := server.requests(s.Stub)
	if err != nil {
		return nil, err
	}
	o.Steady = steady(int64(s.Objects))
	o.Requests = float64(after-before) / float64(s.Objects)
	load, _ := os.ReadFile("/proc/loadavg")
	o.Load = strings.TrimSpace(string(load))
	return o, nil
}

// once runs reseal with args in folder, and adds to o what it took. A stop that is not
// nil is called half-way.
func (s *scenario) once(o *outcome, server *server, folder string, args []string, stop func(*exec.Cmd)) error {
	pin := pinned(1, args...)
	cmd := exec.Command(pin[0], pin[1:]...)
	cmd.Env, cmd.Dir = server.environ(), folder
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if stop != nil {
		go func() {
			s.halfWay(ctx, server)
			stop(cmd)
		}()
	}
	err := cmd.Wait()
	o.CPU += float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds()) / float64(s.Objects)
	o.Peak = max(o.Peak, float64(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)/1024)
	var exit *exec.ExitError
	if s.odd && errors.As(err, &exit) && exit.ExitCode() == objectsFailed {
		return nil
	}
	if err != nil && stop == nil {
		return fmt.Errorf("%w\n%s", err, said.String())
	}
	return nil
}

// halfWay waits until half of the objects are copied.
func (s *scenario) halfWay(ctx context.Context, server *server) {
	for ctx.Err() == nil {
		if _, copies, err := server.calls(); err != nil || copies >= int64(s.Objects/2) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// requests returns how many requests were answered, and what tells how fast
// copies were while a run of n objects was well under way.
func (s *server) requests(stub bool) (all int64, steady func(n int64) float64, err error) {
	if !stub {
		all, _, err := s.calls()
		return all, func(int64) float64 { return 0 }, err
	}
	var c counts
	err = s.document(countersPath, &c)
	return c.Copies + c.Heads + c.Others, func(n int64) float64 { return c.steady(0, n) }, err
}
