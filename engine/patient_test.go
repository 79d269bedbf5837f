package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"reseal/plan"
)

// openGate is a gate that lets everything through and remembers which steps were retries.
type openGate struct{ retries []bool }

func (g *openGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	g.retries = append(g.retries, s.Retry)
	return send(ctx)
}

// Only what passes is sent again, no more often than allowed, and through the gate.
func TestPatient(t *testing.T) {
	for _, tt := range []struct {
		name   string
		class  Class
		fails  int // times before it works
		sent   int
		failed bool
	}{
		{"works", Permanent, 0, 1, false},
		{"throttled twice", Throttled, 2, 3, false},
		{"network lost once", Transient, 1, 2, false},
		{"throttled for ever", Throttled, 99, 5, true},
		{"answered without a document for ever", Empty, 99, 5, true},
		{"denied", Denied, 1, 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g, n := &openGate{}, 0
				err := Patient(g, 5).Do(t.Context(), plan.Step{Kind: plan.StepList}, func(context.Context) error {
					if n++; n <= tt.fails {
						return &ObjectError{Class: tt.class, Err: errors.New("no")}
					}
					return nil
				})
				if n != tt.sent || (err != nil) != tt.failed || len(g.retries) != n {
					t.Errorf("sent %d times, %v; want %d, an error: %v", n, err, tt.sent, tt.failed)
				}
				for i, retry := range g.retries {
					if retry != (i > 0) {
						t.Errorf("try %d passed the gate as a retry: %v", i+1, retry)
					}
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := Patient(&openGate{}, 5).Do(ctx, plan.Step{}, func(context.Context) error {
			cancel()
			return &ObjectError{Class: Throttled, Err: errors.New("no")}
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("ended while it waited: %v", err)
		}
	})
}
