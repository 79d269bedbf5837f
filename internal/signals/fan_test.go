package signals

import (
	"context"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

// Each run gets every signal, one that begins later too, and none after it has ended.
func TestFan(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		from, told := make(chan os.Signal), 0
		var f Fan
		go f.Listen(ctx, from, func(os.Signal) { told++ })
		first, done := f.Join()
		ended, over := f.Join()
		over()
		from <- os.Interrupt
		synctest.Wait()
		second, _ := f.Join()
		from <- syscall.SIGTERM
		from <- syscall.SIGTERM
		synctest.Wait()
		for _, c := range []<-chan os.Signal{first, second} {
			if len(c) != Patient || <-c != os.Interrupt || <-c != syscall.SIGTERM {
				t.Error("a run did not get both signals in order")
			}
		}
		if len(ended) != 0 || told != 3 {
			t.Errorf("%d after the end, told of %d", len(ended), told)
		}
		done()
		end()
		synctest.Wait()
	})
}
