// Package wait turns a time into its end, or into the end of a context.
package wait

import (
	"context"
	"time"
)

// For waits for d. It returns nil, or what ended ctx before.
func For(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
