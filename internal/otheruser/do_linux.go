package otheruser

import (
	"errors"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// ID is the user and the group that Do works as, where root runs the test.
const ID = 65534

// Do runs what do does to files as a user without rights. Only root has to become
// another one for that, whom no mode stops; for everybody else do is simply called. It
// waits for do, which must not end the test by FailNow: it may run in another goroutine.
func Do(t testing.TB, do func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := errors.Join(unix.Setfsgid(ID), unix.Setfsuid(ID)); err != nil {
			t.Error(err)
			return
		}
		do()
	}()
	<-done
}
