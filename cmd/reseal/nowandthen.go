package main

import (
	"fmt"
	"io"
	"time"

	"reseal/internal/terminal"
)

// nowAndThen prints lines of how far something is: on a terminal one a second, each in the
// place of the one before, elsewhere one every half minute. The first is due that long after
// last.
func (p process) nowAndThen(messages io.Writer, last time.Time) func(line func() string) {
	every, end := 30*time.Second, "\n"
	if terminal.Is(p.stderr) {
		every, end = time.Second, "\r"
	}
	return func(line func() string) {
		if now := time.Now(); now.Sub(last) >= every {
			last = now
			fmt.Fprint(messages, line(), end)
		}
	}
}
