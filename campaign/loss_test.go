package campaign

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/checkpoint"
)

type heldStore []error

func (s *heldStore) Held(context.Context) error {
	err := (*s)[0]
	*s = (*s)[1:]
	return err
}

// A store that gives no answer takes nothing away; another holder does, and the end of the
// campaign ends the wait.
func TestAwaitLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := &checkpoint.ConflictError{Name: "lease.json"}
		began := time.Now()
		if err := AwaitLoss(t.Context(), &heldStore{nil, errors.New("no answer"), nil, taken}); !errors.Is(err, taken) || time.Since(began) != 4*lookEvery {
			t.Errorf("%v after %s", err, time.Since(began))
		}
		ctx, end := context.WithTimeout(t.Context(), lookEvery+time.Second)
		defer end()
		left := &heldStore{nil, taken}
		if err := AwaitLoss(ctx, left); err != nil || len(*left) != 1 {
			t.Errorf("of one that ended: %v, %d looks left", err, len(*left))
		}
	})
}
