package signals

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

// Two signals are a command's to act on; the third ends the process.
func TestThirdSignalEndsTheProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arriving := make(chan os.Signal, 3)
		ended := make(chan os.Signal, 1)
		signals := relay(arriving, func(sig os.Signal) { ended <- sig })
		arriving <- os.Interrupt
		arriving <- os.Interrupt
		synctest.Wait()
		if len(signals) != 2 || len(ended) != 0 {
			t.Fatalf("after two signals: %d handed on, %d ends; want both handed on", len(signals), len(ended))
		}
		arriving <- syscall.SIGTERM
		if sig := <-ended; sig != syscall.SIGTERM {
			t.Errorf("ended by %v", sig)
		}
	})
}

// A signal that comes as one part of a command ends without an error ends the command;
// one that comes between two parts is taken by the next.
func TestSignalAsAPartEnds(t *testing.T) {
	signals := make(chan os.Signal, Patient)
	part := func(err error, sent ...os.Signal) error {
		return Phase(t.Context(), signals, func(ctx context.Context) error {
			for _, sig := range sent {
				signals <- sig
			}
			if len(sent) > 0 {
				<-ctx.Done()
			}
			return err
		})
	}
	var taken *Error
	if err := part(nil, syscall.SIGTERM); !errors.As(err, &taken) || taken.Signal != syscall.SIGTERM {
		t.Errorf("a part that was done: %v", err)
	}
	if err := part(errors.New("request cut off"), syscall.SIGINT); !errors.As(err, &taken) || taken.Signal != syscall.SIGINT {
		t.Errorf("a part that was cut off: %v", err)
	}
	if err := part(nil); err != nil {
		t.Errorf("a part without a signal: %v", err)
	}
	if err := part(io.EOF); err != io.EOF {
		t.Errorf("a part that failed: %v", err)
	}
	said := errors.New("nothing was written")
	err := Phase(t.Context(), signals, func(ctx context.Context) error {
		signals <- syscall.SIGTERM
		<-ctx.Done()
		return fmt.Errorf("%w: %w", said, context.Cause(ctx))
	})
	if !errors.Is(err, said) {
		t.Errorf("what a part says of its end is lost: %v", err)
	}
	signals <- syscall.SIGTERM
	if err := part(nil, syscall.SIGINT); !errors.As(err, &taken) {
		t.Errorf("a signal between two parts: %v", err)
	}
}

// After its end a part takes no signal any more: the next part does.
func TestNoSignalIsTakenAfterTheEnd(t *testing.T) {
	signals := make(chan os.Signal, Patient)
	ctx, stop := Interruptible(t.Context(), signals)
	stop()
	if signals <- os.Interrupt; len(signals) != 1 || ctx.Err() == nil {
		t.Errorf("%d signals are left, and the context ends with %v", len(signals), ctx.Err())
	}
	if err := Phase(t.Context(), signals, func(ctx context.Context) error { <-ctx.Done(); return nil }); err == nil || err.Error() != "interrupted (SIGINT)" {
		t.Errorf("the next part: %v", err)
	}
}

func TestName(t *testing.T) {
	for sig, want := range map[os.Signal]string{os.Interrupt: "SIGINT", syscall.SIGTERM: "SIGTERM", syscall.SIGHUP: "SIGHUP", syscall.SIGALRM: "alarm clock"} {
		if got := Name(sig); got != want {
			t.Errorf("%v: %q, want %q", sig, got, want)
		}
	}
}
