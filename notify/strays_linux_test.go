package notify

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// What a command started in a session of its own is killed with it. A child that has put
// its environment away is not found; it holds the output of the command, and nobody waits
// for that.
func TestStraysEnd(t *testing.T) {
	for does, found := range map[string]bool{"detach": true, "detach-clean": false} {
		fifo := t.TempDir() + "/alive"
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		stray, gone := make(chan int, 1), make(chan struct{})
		go func() {
			defer close(gone)
			defer close(stray)
			file, err := os.Open(fifo)
			if err != nil {
				cancel(err)
				return
			}
			defer file.Close()
			reader := bufio.NewReader(file)
			line, _ := reader.ReadString('\n')
			pid, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				cancel(err)
				return
			}
			stray <- pid
			cancel(errLate)
			_, _ = io.Copy(io.Discard, reader) // ends when nobody holds the FIFO any more
		}()
		err := self(t, does, fifo).Deliver(ctx, &Event{ID: "stray-" + does}) // else the test hangs
		if !errors.Is(err, errLate) {
			t.Fatalf("%s: error %v, want %v", does, err, errLate)
		}
		pid := <-stray
		if !found {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Errorf("%s: the child is gone already: %v", does, err)
			}
		}
		<-gone // else the test hangs
	}
}
