package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"reseal/internal/outfile"
	"reseal/internal/plain"
)

// readerPatience is how long a run waits for the reader of a FIFO that its log or its
// metrics go to: long enough to start one by hand.
const readerPatience = time.Minute

// boundedByReader bounds the wait for the reader of a FIFO, so that no run hangs on one.
func boundedByReader(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, readerPatience, fmt.Errorf("no reader came for %s", readerPatience))
}

// tellReaderWaits says what is waited for while a FIFO has no reader.
func tellReaderWaits(ctx context.Context, messages io.Writer) context.Context {
	return outfile.WithNotice(ctx, func(name string) {
		fmt.Fprintf(messages, "note: nobody reads the FIFO %s; its reader is waited for\n", plain.Text(name))
	})
}
