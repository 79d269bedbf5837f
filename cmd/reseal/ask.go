package main

import (
	"context"
	"errors"

	"reseal/internal/terminal"
	"reseal/preflight"
)

// ask puts a question to the person at the terminal. Any answer but yes is a
// preflight.RefusedError with the given text.
func ask(ctx context.Context, p process, question, declined string) error {
	yes, err := terminal.Ask(ctx, p.stdin, p.stderr, question)
	switch {
	case errors.Is(err, terminal.ErrNone):
		return usagef("there is no terminal to ask at; add --yes to go on without being asked")
	case err != nil:
		return err
	case !yes:
		return &preflight.RefusedError{Err: errors.New(declined)}
	}
	return nil
}
