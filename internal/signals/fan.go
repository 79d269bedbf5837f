package signals

import (
	"context"
	"os"
	"slices"
	"sync"
)

// Fan hands the signals of a process to several runs in it. The zero value is ready. It
// is safe for concurrent use.
type Fan struct {
	mu  sync.Mutex
	to  []chan os.Signal
	got []os.Signal
}

// Join returns the signals for one more run, those that came before among them, until
// done is called.
func (f *Fan) Join() (mine <-chan os.Signal, done func()) {
	to := make(chan os.Signal, Patient)
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, sig := range f.got {
		to <- sig
	}
	f.to = append(f.to, to)
	return to, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.to = slices.DeleteFunc(f.to, func(c chan os.Signal) bool { return c == to })
	}
}

// Listen hands on what comes, after telling of it, until ctx ends.
func (f *Fan) Listen(ctx context.Context, from <-chan os.Signal, tell func(os.Signal)) {
	for {
		select {
		case sig := <-from:
			tell(sig)
			f.Hand(sig)
		case <-ctx.Done():
			return
		}
	}
}

// Hand hands on a signal, as if it had come. No run gets more than it has room for.
func (f *Fan) Hand(sig os.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.got) == Patient {
		return
	}
	f.got = append(f.got, sig)
	for _, to := range f.to {
		to <- sig
	}
}
