package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	commandTime  = 30 * time.Second // that a command may take
	commandDrain = 2 * time.Second  // that its output may stay open after it
	shownOutput  = 400              // bytes of a failed command's output that are shown
)

// withheld are the variables that a command does not get: who may rewrite a bucket
// need not be who sends a message. Profiles and Region stay, so that a command
// can have credentials of its own.
var withheld = []string{
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_BEARER_TOKEN_BEDROCK",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
	"RESEAL_NOTIFY_URL", "RESEAL_NOTIFY_COMMAND",
}

// Command runs a program for each event: no shell is involved. It implements Target.
type Command struct {
	program string
	args    []string
}

// ParseCommand reads a command: a JSON array of words where it begins with [, else
// words with blanks between, in which no quotes or other characters have a meaning.
// The program is looked for in PATH.
func ParseCommand(text string) (*Command, error) {
	words := strings.Fields(text)
	if strings.HasPrefix(strings.TrimSpace(text), "[") {
		words = nil
		if err := json.Unmarshal([]byte(text), &words); err != nil {
			return nil, fmt.Errorf("want a JSON array of words: %w", err)
		}
	}
	if len(words) == 0 || words[0] == "" {
		return nil, errors.New("want a program, and perhaps its arguments")
	}
	program, err := exec.LookPath(words[0])
	if err != nil {
		return nil, fmt.Errorf("%q cannot be run: %w", words[0], errors.Unwrap(err))
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	return &Command{program, words[1:]}, nil
}

// Name is that of the program; its arguments may hold secrets.
func (c *Command) Name() string { return "command " + filepath.Base(c.program) }

// Deliver runs the program with the event in its environment and on its stdin. An exit
// code other than 0 and the end of the time are errors; there is one try, as a
// command may have done its work before it failed.
func (c *Command) Deliver(ctx context.Context, e *Event) error {
	document, err := e.document()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, commandTime, fmt.Errorf("it took more than %s and was killed", commandTime))
	defer cancel()
	cmd := exec.CommandContext(ctx, c.program, c.args...)
	cmd.Env = append(keptEnvironment(os.Environ()), e.environment()...)
	cmd.Stdin = bytes.NewReader(document)
	out := &tail{most: shownOutput}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = commandDrain
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for reseal, and what it starts ends with it
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		endStrays(e.ID)
		return err
	}
	err = cmd.Run()
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return nil // it went well; a child of its own holds its output
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case len(out.text) > 0:
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(strings.ToValidUTF8(string(out.text), "?")))
	}
	return err
}

// keptEnvironment is env without what a command does not get.
func keptEnvironment(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains(withheld, name)
	})
}

// tail keeps the last bytes that are written to it.
type tail struct {
	most int
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p...)
	t.text = t.text[max(0, len(t.text)-t.most):]
	return len(p), nil
}
