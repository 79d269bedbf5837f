package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets tests run this very binary as a command.
func TestMain(m *testing.M) {
	switch os.Getenv("NOTIFY_TEST") {
	case "record":
		record()
	case "fail":
		fmt.Println("the pager is down")
		os.Exit(3)
	case "detach", "detach-clean":
		detach(os.Getenv("NOTIFY_TEST") == "detach-clean")
	case "hang":
		fmt.Fprint(os.Stderr, "hanging")
		select {}
	default:
		os.Exit(m.Run())
	}
}

// record writes to the file of the first argument what it got.
func record() {
	in, _ := io.ReadAll(os.Stdin)
	out, _ := json.Marshal(recorded{os.Args[2:], os.Environ(), string(in)})
	if err := os.WriteFile(os.Args[1], out, 0o600); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

type recorded struct {
	Args  []string
	Env   []string
	Stdin string
}

// self is this binary as a command that does something.
func self(t *testing.T, does string, args ...string) *Command {
	t.Helper()
	t.Setenv("NOTIFY_TEST", does)
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words, err := json.Marshal(append([]string{name}, args...))
	if err != nil {
		t.Fatal(err)
	}
	c, err := ParseCommand(string(words))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A command gets the words as they are, the event in variables and on stdin, and no
// credentials.
func TestCommand(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "secret")
	t.Setenv("RESEAL_NOTIFY_URL", "https://hooks.example.com/secret")
	t.Setenv("AWS_PROFILE", "messages")
	file := t.TempDir() + "/got"
	code := 4
	e := &Event{Schema: Schema, ID: "a-1", Kind: Stopped, Time: time.Unix(1767225600, 0).UTC(), Text: "stopped\x00; rm -rf $HOME", Job: "./my job", ExitCode: &code, Progress: &Progress{Done: 5, Failed: 1}}
	if err := self(t, "record", file, "two words", "$HOME; `id`").Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got recorded
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if want := []string{"two words", "$HOME; `id`"}; !slices.Equal(got.Args, want) {
		t.Errorf("arguments %q, want %q", got.Args, want)
	}
	for _, want := range []string{"RESEAL_EVENT=stopped", "RESEAL_EVENT_ID=a-1", "RESEAL_EVENT_TIME=2026-01-01T00:00:00Z", "RESEAL_EVENT_TEXT=stopped; rm -rf $HOME",
		"RESEAL_JOB=./my job", "RESEAL_EVENT_EXIT_CODE=4", "RESEAL_EVENT_DONE=5", "RESEAL_EVENT_FAILED=1", "AWS_PROFILE=messages"} {
		if !slices.Contains(got.Env, want) {
			t.Errorf("no variable %s", want)
		}
	}
	if strings.Contains(strings.Join(got.Env, "\n"), "secret") {
		t.Errorf("a secret in the environment: %q", got.Env)
	}
	var stdin Event
	if err := json.Unmarshal([]byte(got.Stdin), &stdin); err != nil || stdin.ID != "a-1" || *stdin.ExitCode != 4 || !strings.HasSuffix(got.Stdin, "}\n") {
		t.Errorf("stdin %q (%v)", got.Stdin, err)
	}
}

// A command that fails says so with its output.
func TestCommandFails(t *testing.T) {
	err := self(t, "fail").Deliver(t.Context(), new(Event))
	if err == nil || err.Error() != "exit status 3: the pager is down" {
		t.Errorf("error %v", err)
	}
}

// A command that does not end is killed with its context, and so is what it started.
func TestCommandIsKilled(t *testing.T) {
	self(t, "hang")
	name, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	fifo := t.TempDir() + "/alive"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	// A shell, so that the program that hangs is a child of the command. Both hold the FIFO.
	c, err := ParseCommand(fmt.Sprintf(`["/bin/sh", "-c", "exec 3>%s; echo >&3; %s; true"]`, fifo, name))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		reader, err := os.Open(fifo)
		if err != nil {
			cancel(err)
			return
		}
		defer reader.Close()
		_, _ = reader.Read(make([]byte, 1))
		cancel(errLate)
		_, _ = io.Copy(io.Discard, reader) // ends when nobody holds the FIFO any more
	}()
	if err := c.Deliver(ctx, new(Event)); !errors.Is(err, errLate) {
		t.Errorf("error %v, want %v", err, errLate)
	}
	<-gone // else the test hangs
}

// What is no command is refused with words.
func TestParseCommand(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "want a program",
		"   ":                 "want a program",
		"[]":                  "want a program",
		`["sh", 1]`:           "JSON array of words",
		`["sh"`:               "JSON array of words",
		"no-such-program-x y": `"no-such-program-x" cannot be run: executable file not found`,
	} {
		if _, err := ParseCommand(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
	c, err := ParseCommand(` sh  -c 'a b' `)
	if err != nil || !slices.Equal(c.args, []string{"-c", "'a", "b'"}) || c.Name() != "command sh" {
		t.Errorf("%+v (%v), want words at blanks, quotes being letters", c, err)
	}
}
