package signals

import (
	"os"
	"os/signal"
	"syscall"
)

// Patient is how many signals a command takes in: to end in order, and to end at once.
// The next ends the process wherever it is.
const Patient = 2

// Listen returns the signals that ask this process to end. SIGHUP is one of them: the
// terminal was closed. Under nohup it is ignored, and stays so. third is called with the
// one after the patient ones, and does not return.
func Listen(third func(os.Signal)) <-chan os.Signal {
	asking := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		asking = append(asking, syscall.SIGHUP)
	}
	arriving := make(chan os.Signal, Patient+1)
	signal.Notify(arriving, asking...)
	return relay(arriving, third)
}

// relay hands on the first signals and calls third at the one after them. That is
// as a crash is: what was recorded is. Its goroutine ends with the process.
func relay(arriving <-chan os.Signal, third func(os.Signal)) <-chan os.Signal {
	signals := make(chan os.Signal, Patient)
	go func() {
		for range Patient {
			signals <- <-arriving
		}
		third(<-arriving)
	}()
	return signals
}

// OutliveReaders keeps this process alive when whoever reads its output is gone:
// writing then is an error, not a signal that ends the process.
func OutliveReaders() { signal.Ignore(syscall.SIGPIPE) }

// Error is what a signal ended.
type Error struct{ Signal os.Signal }

func (e *Error) Error() string { return "interrupted (" + Name(e.Signal) + ")" }

// Name is what a signal is called where it is sent.
func Name(sig os.Signal) string {
	switch sig {
	case os.Interrupt:
		return "SIGINT"
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGHUP:
		return "SIGHUP"
	}
	return sig.String()
}
