package control

import (
	"context"
	"time"
)

// BoundDrain calls kill when the work goes on for a limit after admission has
// ended. The caller calls done when nothing is left that could be cut short.
func BoundDrain(admit, work context.Context, limit time.Duration, kill func()) (done func()) {
	unhook := context.AfterFunc(admit, func() {
		timer := time.AfterFunc(limit, kill)
		context.AfterFunc(work, func() { timer.Stop() })
	})
	return func() { unhook() }
}
