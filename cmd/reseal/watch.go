package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"reseal/job"
	"reseal/job/status"
)

// How often a watched job is looked at. One in a bucket takes requests each time.
const (
	watchEvery       = 2 * time.Second
	watchRemoteEvery = 15 * time.Second
)

// clearScreen puts the cursor into the corner and clears what is behind it.
const clearScreen = "\x1b[H\x1b[J"

// watch shows the status of a job again and again, until it is finished or ctx ends:
// on a terminal in place of what was shown before, else one below the other; as
// JSON, a document a line.
func watch(ctx context.Context, p process, dir string, part job.Share, asJSON bool, read func(context.Context) (*status.Status, error)) error {
	every := watchEvery
	if job.InBucket(dir) {
		every = watchRemoteEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for first := true; ; first = false {
		s, err := read(ctx)
		if err != nil {
			return causeOf(ctx, err)
		}
		if err := show(p.stdout, s, part, asJSON, isTerminal(p.stdout), first); err != nil {
			return err
		}
		if s.State == status.Finished && s.Run == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// show writes one status of a stream of them.
func show(w io.Writer, s *status.Status, part job.Share, asJSON, terminal, first bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(s)
	}
	var b bytes.Buffer
	switch {
	case terminal:
		b.WriteString(clearScreen)
	case !first:
		b.WriteByte('\n')
	}
	if err := printStatus(&b, s, afterLook(s, part)); err != nil {
		return err
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("print status: %w", err)
	}
	return nil
}
