package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ask puts a question to the person at the terminal. Any answer but yes is a
// refusedError with the given text. What was typed before the question was shown is
// thrown away: it may be the next lines of what was pasted.
func ask(ctx context.Context, p process, question, declined string) error {
	if !isTerminal(p.stdin) || !isTerminal(p.stderr) {
		return usagef("there is no terminal to ask at; add --yes to go on without being asked")
	}
	if f, ok := p.stdin.(*os.File); ok {
		dropTypedAhead(int(f.Fd()))
	}
	fmt.Fprintf(p.stderr, "\n%s [y/N] ", question)
	answer := make(chan string, 1)
	go func() { // ends with the process: reading a terminal cannot be cut short
		line, _ := bufio.NewReader(p.stdin).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return &refusedError{errors.New(declined)}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
