package engine

import (
	"context"
	"log/slog"
)

// attemptKey is the key of the attempt in a context.
type attemptKey struct{}

// Attempt returns which attempt of its request ctx is for, from 1; 0 where that is not
// known. It is for a log: only a run that logs debug says it.
func Attempt(ctx context.Context) int {
	n, _ := ctx.Value(attemptKey{}).(int)
	return n
}

// numbered is the context of attempt n. It costs memory for every request, so nobody has
// it without need.
func (r *run) numbered(ctx context.Context, n int) context.Context {
	if !r.Logger.Enabled(ctx, slog.LevelDebug) {
		return ctx
	}
	return context.WithValue(ctx, attemptKey{}, n)
}
