package s3api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// A limited context is over when its time is, when what it derives from is, and
// when it was released, for those who wait and those who only ask.
func TestLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		over := func(name string, l *limited, want error) {
			t.Helper()
			select {
			case <-l.Done():
			default:
				t.Errorf("%s: not done", name)
			}
			if err := l.Err(); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
			if err := context.Cause(l); !errors.Is(err, want) {
				t.Errorf("%s: cause %v, want %v", name, err, want)
			}
		}
		l := limit(t.Context(), time.Minute)
		if err := l.Err(); err != nil {
			t.Errorf("at first: %v", err)
		}
		derived, cancel := context.WithCancel(l) // as net/http does
		defer cancel()
		time.Sleep(time.Minute - 1)
		synctest.Wait()
		if l.Err() != nil || derived.Err() != nil {
			t.Errorf("before its time: %v, %v", l.Err(), derived.Err())
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		over("late", l, context.DeadlineExceeded)
		if !errors.Is(derived.Err(), context.DeadlineExceeded) {
			t.Errorf("derived from it: %v", derived.Err())
		}
		l.release()

		unarmed := limit(t.Context(), time.Minute)
		time.Sleep(2 * time.Minute)
		if err := unarmed.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("late, and nobody waited: %v", err)
		}

		parent, end := context.WithCancel(t.Context())
		l = limit(parent, time.Minute)
		defer l.release()
		end()
		over("parent", l, context.Canceled)

		l = limit(t.Context(), time.Minute)
		l.release()
		over("released", l, context.Canceled)

		parent, end = context.WithTimeout(t.Context(), time.Second)
		defer end()
		l = limit(parent, time.Minute)
		defer l.release()
		if at, ok := l.Deadline(); !ok || time.Until(at) != time.Second {
			t.Errorf("ends in %s, want the parent's second", time.Until(at))
		}
	})
}
