package checkpoint

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sync/errgroup"
)

// Holding is a share of a job in a bucket, as its lease document has it.
type Holding struct {
	Holder
	Share    int
	Epoch    uint64
	Released bool          // given back in order
	Silent   time.Duration // since the last sign of life, by the server's clock, in whole seconds
	Dead     bool          // silent for longer than its lease
}

// holderReads is how many signs of life are read at once.
const holderReads = 16

// Holders says who holds which share of the job, or held it last, and into how many
// shares it is divided; 0 where it is held as a whole. It takes no lease itself.
func (r *Remote) Holders(ctx context.Context) (division int, _ []Holding, err error) {
	now, _, err := r.leases(ctx)
	if err != nil {
		return 0, nil, err
	}
	all := make([]Holding, len(now.Grants))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(holderReads)
	for i := range now.Grants {
		g := &now.Grants[i]
		all[i] = Holding{Holder: g.Holder, Share: g.Share, Epoch: g.Epoch, Released: g.Released}
		if g.Released {
			continue
		}
		group.Go(func() error {
			_, _, age, err := r.bucket.Get(ctx, r.prefix+aliveFolder+"/"+g.ID)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			all[i].Silent, all[i].Dead = age, err != nil || age > g.Silence
			return nil
		})
	}
	return now.Division, all, group.Wait()
}
