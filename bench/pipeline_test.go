// Package bench measures whole runs: reseal as one process, the simulator as
// another, TLS between them.
package bench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// objects of one run. RESEAL_BENCH_OBJECTS overrides it.
const objects = 20_000

// BenchmarkPipeline re-encrypts a bucket with everything that belongs to it
// (report, decision, gate, TLS, checkpoint, results) and reports the CPU time
// of the reseal process for each object, start included.
func BenchmarkPipeline(b *testing.B) {
	n := objects
	if s := os.Getenv("RESEAL_BENCH_OBJECTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	binary := build(b)
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"one-request", []string{"--accept", "drops-expires", "--trust-inventory"}}, // a copy an object
		{"head-first", []string{"--accept", "drops-expires", "--inspect-all"}},      // HEAD and copy
	} {
		b.Run(tt.name, func(b *testing.B) {
			var cpu, wall time.Duration
			var rss int64
			for range b.N {
				s := serve(b, binary, n)
				cmd := exec.Command(binary, append([]string{"run", "--manifest", s.manifest, "--sse-kms-key-id", s.key, "--yes", "--quiet",
					"--job", filepath.Join(b.TempDir(), "job"), "--probe-key-prefix", "probe/", "--kms-rps", "1000000", "--s3-rps", "1000000", "--force",
					"--concurrency", "64"}, tt.args...)...)
				cmd.Env = s.env
				start := time.Now()
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("run: %v\n%s", err, out)
				}
				wall += time.Since(start)
				cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
				if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
					rss = max(rss, u.Maxrss)
				}
				s.stop()
			}
			total := float64(b.N) * float64(n)
			b.ReportMetric(float64(cpu.Microseconds())/total, "cpu-us/object")
			b.ReportMetric(total/wall.Seconds(), "objects/s")
			b.ReportMetric(float64(rss)/1024, "peak-MiB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// build builds the command.
func build(b *testing.B) string {
	b.Helper()
	name := filepath.Join(b.TempDir(), "reseal")
	if out, err := exec.Command("go", "build", "-trimpath", "-o", name, "../cmd/reseal").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	return name
}

// server is a simulator in a process of its own.
type server struct {
	env      []string
	manifest string
	key      string
	stop     func()
}

// serve starts a simulator with n small objects and waits until it is ready.
func serve(b *testing.B, binary string, n int) *server {
	b.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, binary, "simulate", "--tls", "--objects", strconv.Itoa(n))
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	s := &server{env: os.Environ(), stop: func() {
		cancel()
		_ = cmd.Wait()
	}}
	exports := make(chan []string)
	go func() {
		var env []string
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			env = append(env, strings.TrimPrefix(lines.Text(), "export "))
			if strings.HasPrefix(lines.Text(), "export AWS_CA_BUNDLE=") { // the last one
				break
			}
		}
		exports <- env
	}()
	talk := bufio.NewScanner(stderr)
	var said bytes.Buffer
	for talk.Scan() {
		line := talk.Text()
		fmt.Fprintln(&said, line)
		if _, key, ok := strings.Cut(line, "KMS key "); ok {
			s.key = key
		}
		if _, m, ok := strings.Cut(line, "report: --manifest "); ok {
			s.manifest = m
			break
		}
	}
	if s.manifest == "" || s.key == "" {
		s.stop()
		b.Fatalf("the simulator did not start:\n%s", said.Bytes())
	}
	go io.Copy(io.Discard, stderr)
	s.env = append(s.env, <-exports...)
	return s
}
