package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrNone says that there is no terminal to ask at.
var ErrNone = errors.New("there is no terminal to ask at")

// Ask puts a question to the person at the terminal, and tells whether the answer was
// yes. What was typed before the question was shown is thrown away: it may be the next
// lines of what was pasted. Where nobody sits there, the error is ErrNone.
func Ask(ctx context.Context, in io.Reader, out io.Writer, question string) (yes bool, err error) {
	if !Is(in) || !Is(out) {
		return false, ErrNone
	}
	if f, ok := in.(*os.File); ok {
		dropTypedAhead(int(f.Fd()))
	}
	fmt.Fprintf(out, "\n%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // ends with the process: reading a terminal cannot be cut short
		line, _ := bufio.NewReader(in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		return a == "y" || a == "yes", nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
