package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// mistakeWorld is the account in which all mistakes are made, and the folder that they
// are made in.
type mistakeWorld struct {
	t   *testing.T
	sim *simaws.Account
	dir string

	names []string // what stands in the table, and what it means, by turns
}

// newMistakeWorld serves an account with a bucket of 20 objects until the test ends.
func newMistakeWorld(t *testing.T) *mistakeWorld {
	t.Helper()
	sim, manifest := newPopulated(t, simaws.Config{Seed: 1, Users: []simaws.User{{Name: "nobody", AccessKeyId: "NOBODY", SecretAccessKey: "nobody-secret"}}},
		simulator.Population{N: 20, Seed: 1, Plain: true}, simaws.Report{})
	keys := strings.TrimSuffix(simaws.Key, "5e5ea1de-0000-4000-8000-000000000001")
	for id, k := range map[string]simulator.Key{
		"off": {State: simulator.KeyDisabled}, "going": {State: simulator.KeyPendingDeletion}, "rsa": {Spec: "RSA_2048", Usage: "SIGN_VERIFY"}, "other": {},
	} {
		k.ARN = keys + id
		if err := sim.World.CreateKey(k); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(startServing(sim))
	w := &mistakeWorld{t: t, sim: sim, dir: t.TempDir()}
	useAccount(t, sim, w.dir)
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Chdir(w.dir)
	old := oldServer(t)
	w.names = []string{"{key}", simaws.Key, "{keys}", keys, "{manifest}", manifest, "{dir}", w.dir, "{old}", old, "{oldport}", strings.TrimPrefix(old, "https://"), "{tls}", tlsServer(t),
		"{port}", strings.TrimPrefix(sim.URL(), "http://")}
	for name, text := range map[string]string{
		"bucket.csv": scriptBucket + ",key\n", "nobucket.csv": "no-such-bucket,key\n", "notes.txt": "these are my notes\n", "empty.csv": "",
		"afile": "x", "bad.pem": "x", "full/readme": "x", "options.yaml": "kms-shar: 10%\n",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(syscall.Mkfifo("pipe", 0o600), os.Symlink("loop", "loop"), os.WriteFile("utf16", []byte("\xff\xfea\x00"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if code, said := w.make("run {B} --job done --yes {A}", nil); code != exitDone {
		t.Fatalf("exit %d\n%s", code, said)
	}
	return w
}

// oldServer is one that speaks no newer TLS than 1.1.
func oldServer(t *testing.T) string {
	s := quietServer(t)
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	s.StartTLS()
	return s.URL
}

// tlsServer is one with a certificate that nobody here trusts.
func tlsServer(t *testing.T) string {
	s := quietServer(t)
	s.StartTLS()
	return s.URL
}

func quietServer(t *testing.T) *httptest.Server {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(new(bytes.Buffer), "", 0)
	t.Cleanup(s.Close)
	return s
}

// spelled is a text of the table as it is typed or printed.
func (w *mistakeWorld) spelled(text string) string {
	text = strings.NewReplacer("{B}", "--manifest {manifest} --sse-kms-key-id {key}", "{K}", "--sse-kms-key-id {key}", "{A}", "--accept weak-conditions --accept drops-expires").Replace(text)
	return strings.NewReplacer(w.names...).Replace(text)
}

// make types a line and returns how it ended, with what was explained. stdout may be nil.
func (w *mistakeWorld) make(line string, stdout *refusingWriter) (code int, said string) {
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &messages}
	if stdout != nil {
		p.stdout = stdout
	}
	args := strings.Fields(w.spelled(line))
	for i := range args {
		args[i] = strings.NewReplacer("{NONE}", "", "{SP}", " ", "{LF}", "\n").Replace(args[i])
	}
	code = p.run(w.t.Context(), args)
	return code, messages.String()
}

// refusingWriter is a standard output that takes nothing.
type refusingWriter struct{ err error }

func (r *refusingWriter) Write([]byte) (int, error) {
	return 0, &os.PathError{Op: "write", Path: "/dev/stdout", Err: r.err}
}

// mistake is what somebody does, and what they are told.
type mistake struct {
	env  string // NAME=value, by spaces
	line string
	full bool // standard output is on a disk that is full

	code int
	what string // the first line
	next string // the command that can be pasted
}

// Forty mistakes that people make and more: keys, buckets, Regions, credentials, ways to
// the service, paths, numbers, terminals, pipes. The first line says in plain words what
// happened; it is said that nothing was written, and which command comes next.
func TestMistakes(t *testing.T) {
	w := newMistakeWorld(t)
	before := w.sim.Counters()
	for _, m := range mistakes() {
		t.Run(m.line+" "+m.env, func(t *testing.T) {
			for _, v := range strings.Fields(m.env) {
				name, value, _ := strings.Cut(v, "=")
				t.Setenv(name, value)
			}
			var stdout *refusingWriter
			if m.full {
				stdout = &refusingWriter{syscall.ENOSPC}
			}
			code, said := w.make(m.line, stdout)
			w.check(t, m, code, said)
		})
	}
	after := w.sim.Counters()
	for _, op := range []simulator.Op{"CopyObject", "CreateMultipartUpload", "PutObject", "DeleteObject"} {
		if after.Ops(op) != before.Ops(op) {
			t.Errorf("%s: %d requests, and none of the lines may write", op, after.Ops(op)-before.Ops(op))
		}
	}
}

// noise are words that help no person: of the SDK, of Go, of the system, and holes.
var noise = regexp.MustCompile(`operation error|StatusCode|RequestID|request id|HostID|api error|https response|statat|openat|lstat|\bopen \S+:|\bstat |""|for ;|%!|\*\w+\.|0x[0-9a-f]{6}|goroutine`)

// check holds what was said against the table.
func (w *mistakeWorld) check(t *testing.T, m mistake, code int, said string) {
	t.Helper()
	_, said, found := strings.Cut("\n"+said, "\nreseal: ")
	first, rest, _ := strings.Cut(said, "\n")
	if want := w.spelled(m.what); code != m.code || !found || first != want {
		t.Errorf("exit %d, %q;\n   want %d, %q", code, first, m.code, want)
	}
	if hit := noise.FindString(first); hit != "" {
		t.Errorf("the first line has %q: %s", hit, first)
	}
	if !strings.Contains(strings.ToLower(said), "nothing was ") {
		t.Errorf("not said that nothing was written:\n%s", said)
	}
	next := ""
	for line := range strings.Lines(rest) {
		if command, ok := strings.CutPrefix(line, "next: "); ok {
			next += strings.TrimSpace(command)
		}
	}
	if want := w.spelled(m.next); next != want {
		t.Errorf("next %q, want %q\n%s", next, want, said)
	}
	if wrong := impossible(next); wrong != "" {
		t.Errorf("next: %s", wrong)
	}
}

// impossible says why a command of reseal could not be typed, "" where it could.
func impossible(command string) string {
	words := strings.Fields(command)
	if len(words) == 0 || words[0] != "reseal" {
		return ""
	}
	root := newRoot(process{})
	root.InitDefaultHelpFlag()
	cmd, args, err := root.Find(words[1:])
	if err != nil || cmd == root && len(words) > 1 && !strings.HasPrefix(words[1], "-") {
		return command + ": there is no such command"
	}
	for _, a := range args {
		if name, ok := strings.CutPrefix(a, "--"); ok && name != "help" && cmd.Flag(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
			return command + ": it has no such flag: " + a
		}
	}
	return ""
}
