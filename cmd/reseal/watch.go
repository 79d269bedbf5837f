package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"reseal/console"
	"reseal/internal/plain"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
)

// How often a watched job is looked at. One in a bucket takes requests each time.
const (
	watchEvery       = 2 * time.Second
	watchRemoteEvery = 15 * time.Second
)

// watch shows the status of a job again and again, until it is finished or ctx ends:
// on a terminal in place of what was shown before, else a line a look; as JSON, a
// document a line.
func watch(ctx context.Context, p process, dir string, part job.Share, asJSON bool, read func(context.Context) (*status.Status, error)) error {
	every := watchEvery
	if job.InBucket(dir) {
		every = watchRemoteEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		s, err := read(ctx)
		if err != nil {
			return causeOf(ctx, err)
		}
		if err := show(p.stdout, s, part, asJSON); err != nil {
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
func show(w io.Writer, s *status.Status, part job.Share, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(plain.JSONWriter{Out: w})
		enc.SetEscapeHTML(false)
		return enc.Encode(s)
	}
	text := console.BriefLine(s, time.Now()) + "\n"
	if columns, rows, ok := terminal.Size(w); ok {
		c := &terminal.Canvas{Width: columns}
		if err := console.Brief(c, s, console.AfterLook(s, part), time.Now()); err != nil {
			return err
		}
		shown := plain.Lines(c.String())
		c.Reset()
		c.WriteString(shown)
		text, w = c.Frame(rows, "… without --watch it says more"), terminal.Bare(w) // which draws with escapes of its own
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("print status: %w", err)
	}
	return nil
}
