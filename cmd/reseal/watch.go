package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"reseal/console"
	"reseal/internal/plain"
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
	return status.Follow(ctx, every, read, func(s *status.Status) error {
		if asJSON {
			enc := json.NewEncoder(plain.JSONWriter{Out: p.stdout})
			enc.SetEscapeHTML(false)
			return enc.Encode(s)
		}
		if err := console.Watched(p.stdout, s, part, time.Now()); err != nil {
			return fmt.Errorf("print status: %w", err)
		}
		return nil
	})
}
