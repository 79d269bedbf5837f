package status

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"reseal/control"
)

// A watched job is looked at until it is finished and its run is over; not longer, and
// not less often.
func TestFollowEndsWithTheJob(t *testing.T) {
	looks := []*Status{{State: Unfinished}, {State: Finished, Run: new(control.Status)}, {State: Finished}, {State: Finished}}
	synctest.Test(t, func(t *testing.T) {
		began, read, shown := time.Now(), 0, 0
		err := Follow(t.Context(), 2*time.Second, func(context.Context) (*Status, error) { read++; return looks[read-1], nil },
			func(s *Status) error {
				if shown++; s != looks[read-1] {
					t.Error("another status is shown than was read")
				}
				return nil
			})
		if err != nil || read != 3 || shown != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%v after %d looks, %d shown, in %s", err, read, shown, time.Since(began))
		}
	})
}

// A watch ends with what ended its context, also in a look, and with an error of a look
// or of the screen.
func TestFollowEnds(t *testing.T) {
	over, unread, unshown := errors.New("a signal"), errors.New("not read"), errors.New("not shown")
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			after      time.Duration
			read, show error
			want       error
		}{
			{5 * time.Second, nil, nil, over},
			{0, unread, nil, over},
			{time.Minute, unread, nil, unread},
			{time.Minute, nil, unshown, unshown},
		} {
			ctx, cancel := context.WithTimeoutCause(t.Context(), tt.after, over)
			err := Follow(ctx, time.Second, func(context.Context) (*Status, error) { return &Status{State: Unfinished}, tt.read }, func(*Status) error { return tt.show })
			cancel()
			if !errors.Is(err, tt.want) {
				t.Errorf("%+v: %v", tt, err)
			}
		}
	})
}
