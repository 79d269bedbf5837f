package inventory

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// tagRequests is how many files are asked for their ETags at once.
const tagRequests = 16

// askTags fills in the ETags of files in a bucket. A table does not name them, and its
// bucket may not be listed: the last byte of each file is asked for, as a request for
// none would be refused.
func askTags(ctx context.Context, src Source, files []File) error {
	g, within := errgroup.WithContext(ctx)
	g.SetLimit(tagRequests)
	for i := range files {
		if within.Err() != nil {
			break
		}
		g.Go(func() error {
			f := &files[i]
			ra := &rangeReader{ctx: within, src: src, name: f.Key, size: f.Size}
			var last [1]byte
			if _, err := ra.get(last[:], f.Size-1); err != nil {
				return fmt.Errorf("%.200q: %w", f.Key, err)
			}
			f.ETag = ra.etag
			return nil
		})
	}
	return errors.Join(g.Wait(), ctx.Err())
}
