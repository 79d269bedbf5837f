package prepare

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"reseal/migrate"
)

// screen counts what is shown.
type screen struct {
	Screen
	waits int
	open  int
}

func (s *screen) Unanswered(error) { s.waits++ }

// A job that is resumed waits for an endpoint that does not answer at its first
// request, for as long as later; a new one says so at once, and no other error waits.
func TestOutageAtTheStart(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, tt := range []struct {
		name   string
		before bool
		err    error
		lasts  time.Duration
		fails  bool
		atMost time.Duration
	}{
		{"gone on with", true, refused, 30 * time.Second, false, time.Minute},
		{"for too long", true, refused, 3 * time.Hour, true, time.Hour + time.Minute},
		{"new", false, refused, 30 * time.Second, true, 0},
		{"another error", true, errors.New("no such bucket"), 30 * time.Second, true, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var shown screen
			s := &Start{Told: Told{Outage: time.Hour}, Screen: &shown, Claim: &migrate.Claim{Found: tt.before}}
			began := time.Now()
			err := s.patience().Do(t.Context(), func() error {
				if time.Since(began) < tt.lasts {
					return tt.err
				}
				return nil
			})
			if took := time.Since(began); (err != nil) != tt.fails || took > tt.atMost {
				t.Errorf("%s: %v after %s", tt.name, err, took)
			}
			if waited := tt.atMost > 0; waited != (shown.waits == 1) {
				t.Errorf("%s: it shows %d times that it waits", tt.name, shown.waits)
			}
		})
	}
}
