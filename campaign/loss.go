package campaign

import (
	"context"
	"errors"
	"time"

	"reseal/checkpoint"
	"reseal/internal/wait"
)

// lookEvery is how often a campaign looks whether it still holds its folder. A lease is lost
// in silence by a process that stood still.
const lookEvery = 15 * time.Second

// AwaitLoss waits until another process has taken over the campaign that this one holds in
// a store, which is a *checkpoint.ConflictError, or until ctx ends, which is nil. A store
// that does not answer is asked again.
func AwaitLoss(ctx context.Context, store interface{ Held(context.Context) error }) error {
	for wait.For(ctx, lookEvery) == nil {
		if err := store.Held(ctx); errors.As(err, new(*checkpoint.ConflictError)) {
			return err
		}
	}
	return nil
}
