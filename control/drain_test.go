package control

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A drain ends the work at its limit, unless the work is done before.
func TestBoundDrain(t *testing.T) {
	for _, finishes := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			work, end := context.WithCancel(t.Context())
			defer end()
			admit, stop := context.WithCancel(work)
			var killed atomic.Bool
			defer BoundDrain(admit, work, time.Minute, func() { killed.Store(true) })()
			time.Sleep(time.Hour)
			stop()
			time.Sleep(59 * time.Second)
			if killed.Load() {
				t.Error("the work is cut short before the limit")
			}
			if finishes {
				end()
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if killed.Load() == finishes {
				t.Errorf("work finishes %t, cut short %t", finishes, killed.Load())
			}
		})
	}
}
