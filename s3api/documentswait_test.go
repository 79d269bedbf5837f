package s3api

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
)

// Whoever waits for the state of a job is told so within seconds, and not again and again.
func TestWaitingForDocumentsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := fmt.Errorf("connection refused: %w", inventory.ErrUnanswered)
		begun := time.Now()
		var told []time.Duration
		d := &Documents{waiting: func(why error) {
			if !errors.Is(why, refused) {
				t.Errorf("told of %v", why)
			}
			told = append(told, time.Since(begun))
		}}
		if err := d.patiently(t.Context(), func() error { return refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if n := len(told); n < 8 || n > 10 {
			t.Errorf("told %d times in ten minutes: %v", n, told)
		}
		if told[0] < silentPatience || told[0] > 2*silentPatience+time.Second {
			t.Errorf("first told after %v", told[0])
		}
		told = nil
		if err := d.patiently(t.Context(), func() error { return nil }); err != nil || told != nil {
			t.Errorf("an answer at once: %v, told %v", err, told)
		}
	})
}
