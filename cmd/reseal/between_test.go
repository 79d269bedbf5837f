package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/internal/faultproxy"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// Whatever lies between a run and S3 may answer in its place, lose answers, break
// them off, or have another clock: the run ends as if nothing had been, no object
// is lost or written without need, and nothing is called a missing permission.
func TestFaultsOfWhatLiesBetween(t *testing.T) {
	t.Parallel()
	const objects = 120
	type faults = faultproxy.Fault
	for _, tt := range []struct {
		name  string
		fault faults
	}{
		{name: "page 403 for copies", fault: faultproxy.Every(5, "copy", faultproxy.Page(403))},
		{name: "page 403 for HEADs", fault: faultproxy.Every(3, "HEAD", faultproxy.Page(403))},
		{name: "bare 403 for HEADs", fault: faultproxy.Every(3, "HEAD", faultproxy.Bare(403))},
		{name: "page 200 for copies", fault: faultproxy.Every(5, "copy", faultproxy.Page(200))},
		{name: "page 200 for HEADs", fault: faultproxy.Every(3, "HEAD", faultproxy.Page(200))},
		{name: "page 503 for all", fault: faultproxy.Every(7, "", faultproxy.Page(503))},
		{name: "login page elsewhere", fault: faultproxy.Every(5, "copy", faultproxy.Away(302, "https://login.example.com/"))},
		{name: "407", fault: faultproxy.Every(5, "copy", faultproxy.Bare(407))},
		{name: "404 of a firewall", fault: faultproxy.Every(5, "HEAD", faultproxy.Page(404))},
		{name: "broken off", fault: faultproxy.Every(5, "copy", faultproxy.Cut(true))},
		{name: "broken off unnoticed", fault: faultproxy.Every(5, "copy", faultproxy.Cut(false))},
		{name: "answers lost", fault: faultproxy.Every(5, "copy", faultproxy.Lost)},
		{name: "requests lost", fault: faultproxy.Every(5, "", faultproxy.Refused)},
		{name: "white space", fault: faultproxy.Every(1, "copy", faultproxy.Spaced)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: objects, Seed: 1, Plain: true})
			proxy, err := faultproxy.New(w.sim.URL(), tt.fault)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(proxy.Close)
			w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, auditVariable+"=") }) // not all that is sent arrives
			args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes",
				"--no-progress", "--endpoint-url", proxy.URL, "--kms-rps", "1000", "--accept", "drops-expires", "--accept", "weak-conditions"}
			out, err := w.command(args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if n := w.encrypted(); n != objects {
				t.Errorf("%d objects are under the key, want %d", n, objects)
			}
			if strings.Contains(strings.ToLower(string(out)), "denied") || strings.Contains(string(out), "access-denied") {
				t.Errorf("a permission is blamed:\n%s", out)
			}
		})
	}
}

// A clock that is wrong, from the start or all of a sudden, costs a run some
// refused requests and a word; no object fails, on either path.
func TestClocksApart(t *testing.T) {
	t.Parallel()
	const objects = 120
	for _, tt := range []struct {
		name  string
		after int64 // copies after which the clock is that far off
		by    time.Duration
		want  string
	}{
		{"ahead", 0, 2 * time.Hour, `this machine's clock is (7199|720\d) s behind`},
		{"behind", 0, -time.Hour, `this machine's clock is (3599|360\d) s ahead`},
		{"jumps", 40, 3 * time.Hour, `this machine's clock is (10799|1080\d) s behind`},
	} {
		for _, path := range []string{"", "--sdk-client"} {
			t.Run(tt.name+path, func(t *testing.T) {
				t.Parallel()
				off := new(atomic.Int64)
				w := newTestWorld(t, simaws.Config{Seed: 1, Now: func() time.Time { return time.Now().Add(time.Duration(off.Load())) }},
					simulator.Population{N: objects, Seed: 1, Plain: true})
				w.env = slices.DeleteFunc(w.env, func(v string) bool { return strings.HasPrefix(v, auditVariable+"=") }) // refused requests are in no estimate
				args := []string{"run", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(t.TempDir(), "job"), "--yes",
					"--no-progress", "--kms-rps", "200", "--bucket-key-enabled=false", "--accept", "drops-expires", "--accept", "weak-conditions"}
				if path != "" {
					args = append(args, path)
				}
				if tt.after == 0 {
					off.Store(int64(tt.by))
				}
				cmd := w.command(args...)
				out := &bytes.Buffer{}
				cmd.Stdout, cmd.Stderr = out, out
				ended := startCommand(t, cmd)
				if tt.after > 0 {
					w.waitForCopies(ended, tt.after)
					off.Store(int64(tt.by))
				}
				if err := <-ended; err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				if n := w.encrypted(); n != objects {
					t.Errorf("%d objects are under the key, want %d", n, objects)
				}
				if text := out.String(); !regexp.MustCompile(tt.want).MatchString(text) || strings.Contains(text, "denied") {
					t.Errorf("want %q, and no permission blamed, in:\n%s", tt.want, text)
				}
			})
		}
	}
}

// What keeps a run from S3 is named, with what to do about it, before anything is begun.
func TestWayToS3IsNamed(t *testing.T) {
	t.Parallel()
	w := newTestWorld(t, simaws.Config{Seed: 1}, simulator.Population{N: 3, Seed: 1, Plain: true})
	page, err := faultproxy.New(w.sim.URL(), faultproxy.Page(403))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(page.Close)
	asks, err := faultproxy.New(w.sim.URL(), faultproxy.Bare(407))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(asks.Close)
	for _, tt := range []struct {
		name, endpoint string
		env            []string
		want           []string
	}{
		{"unknown name", "https://s3.no-such-name.invalid", nil, []string{"s3.no-such-name.invalid", "hint: check the name of the endpoint"}},
		{"nothing listens", "http://127.0.0.1:1", nil, []string{"127.0.0.1:1: nothing listens there", "hint: check the endpoint and the Region"}},
		{"no TLS there", strings.Replace(page.URL, "http:", "https:", 1), nil, []string{"does not speak TLS", "hint: where the endpoint has no TLS"}},
		{"page", page.URL, nil, []string{"not an answer of the service", "HTTP 403", "hint: something between"}},
		{"proxy gone", "https://s3.example.com", []string{"HTTPS_PROXY=http://127.0.0.1:1"}, []string{"the proxy 127.0.0.1:1 was not reached: nothing listens there", "hint: check HTTPS_PROXY"}},
		{"proxy asks for a password", "https://s3.example.com", []string{"HTTPS_PROXY=" + asks.URL}, []string{"wants a user and password (HTTP 407)", "hint: check HTTPS_PROXY"}},
		{"proxy refuses", "https://s3.example.com", []string{"HTTPS_PROXY=" + page.URL}, []string{"does not let the connection through (HTTP 403)", "hint: check HTTPS_PROXY"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cmd := w.command("plan", "--manifest", w.manifest, "--sse-kms-key-id", simaws.Key, "--endpoint-url", tt.endpoint)
			cmd.Env = append(cmd.Env, tt.env...)
			out, err := cmd.CombinedOutput()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFatal {
				t.Errorf("%v, want exit %d", err, exitFatal)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("want %q in:\n%s", want, out)
				}
			}
		})
	}
}
