//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/creack/pty"
	"github.com/rogpeppe/go-internal/diff"
)

// sessionPage is the recorded session.
const sessionPage = "../../docs/session.md"

// sessionBlock is a command of it, which may span lines, and what a terminal showed.
var sessionBlock = regexp.MustCompile("(?s)```text\n\\$ (.*?[^\\\\])\n(.*?)```\n")

// TestSession runs the commands of the recorded session in order, each at a terminal of
// 80 columns, and compares what they say with the page. What differs from run to run is
// no difference: times, rates, ids, and where lines are broken.
func TestSession(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(sessionPage)
	if err != nil {
		t.Fatal(err)
	}
	w := newReadmeWorld(t)
	dir := t.TempDir()
	var recorded bytes.Buffer
	rest, commands := page, 0
	for {
		at := sessionBlock.FindSubmatchIndex(rest)
		if at == nil {
			break
		}
		command, shown := string(rest[at[2]:at[3]]), string(rest[at[4]:at[5]])
		commands++
		cmd := w.command(strings.Fields(strings.ReplaceAll(command, "\\\n", " "))[1:]...)
		cmd.Dir = dir
		cmd.Env = append(cmd.Env, "TERM=xterm", "LC_ALL=C.UTF-8", "RESEAL_NO_PROGRESS=true", "RESEAL_PROBE_KEY_PREFIX=reseal-probe/")
		said := atTerminal(t, cmd)
		if got, want := comparable(said), comparable(shown); got != want && !*updateDocs {
			t.Errorf("docs/session.md: %s: go test ./cmd/reseal -run TestSession -update\n%s", command, diff.Diff("page", []byte(want), "now", []byte(got)))
		}
		for line := range strings.Lines(said) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > sessionColumns && !strings.Contains(line, readmeKey) { // which has no blank to break at
				t.Errorf("%s: a line of %d columns: %s", command, n, line)
			}
		}
		recorded.Write(rest[:at[4]])
		recorded.WriteString(anonymous(said))
		rest = rest[at[5]:]
	}
	if commands != len(migrationCommands) {
		t.Errorf("found %d commands in the session, want %d", commands, len(migrationCommands))
	}
	if *updateDocs {
		recorded.Write(rest)
		if err := os.WriteFile(sessionPage, recorded.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// sessionColumns is how wide the terminal is.
const sessionColumns = 80

// atTerminal runs a command at a terminal, says yes to its question, and returns what
// the terminal showed.
func atTerminal(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 50, Cols: sessionColumns})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tty.Close() }() // all of it was read
	var shown []byte
	for answered, buf := false, make([]byte, 4096); ; {
		n, err := tty.Read(buf)
		shown = append(shown, buf[:n]...)
		if !answered && bytes.HasSuffix(shown, []byte("[y/N] ")) {
			answered = true
			if _, err := io.WriteString(tty, "y\n"); err != nil {
				t.Fatal(err)
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, syscall.EIO) { // how Linux says that nobody holds the other end
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, shown)
	}
	return strings.ReplaceAll(string(shown), "\r\n", "\n")
}

// anonymous is text without the names of the machine and of who recorded it.
func anonymous(text string) string {
	return whose.ReplaceAllString(text, "by       operator on batch-1, process")
}

var whose = regexp.MustCompile(`by +\S+ on \S+, process`)

// differing is what is not the same from run to run, and what stands for it in a comparison.
// Which objects a canary takes beside the first ones depends on the pace of the run.
var differing = []struct {
	is    *regexp.Regexp
	shown string
}{
	{whose, "by WHO, process"},
	{regexp.MustCompile(`with reseal [^\n]*? SHA-256 [0-9a-f]{64}`), "with PROGRAM"},
	{regexp.MustCompile(`kept, by number of objects: (?:[A-Za-z][\w -]*? [\d,]+(?:, | ))+`), "kept: ATTRIBUTES "},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "HASH"},
	{regexp.MustCompile(`\b\d[\d,.]*(?:ns|µs|ms|s|m|h|d)\b(?: \d+(?:s|m|h)\b)*|under a minute`), "TIME"},
	{regexp.MustCompile(`bound by [\w -]+`), "bound by LIMIT"},
	{regexp.MustCompile(`\b\d[\d,.]*\d\b|\b\d\b`), "N"},
}

// comparable is text without what varies, a word a line.
func comparable(text string) string {
	text = unwrapped(text) + " "
	for _, v := range differing {
		text = v.is.ReplaceAllString(text, v.shown)
	}
	return strings.Join(strings.Fields(text), "\n") + "\n"
}
