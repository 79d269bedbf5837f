package checkpoint

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// leaseName is the document that says who may write to a job. It is replaced by
// compare-and-swap only, in a folder as in a bucket.
const leaseName = "lease.json"

// leaseFormat is the version of that document.
const leaseFormat = 2

// leases is the content of the lease document. Whoever takes a share of the job
// gets the next epoch, which no other holder ever had or will have.
type leases struct {
	Format   int     `json:"format"`
	Epoch    uint64  `json:"epoch"`    // of the last holder that came
	Division int     `json:"division"` // into how many shares; 0: held as a whole
	Grants   []grant `json:"grants"`   // of this division, one a share at most
}

// grant is the right to write to one share of a job, until it is given back or
// another holder takes it over.
type grant struct {
	Holder
	Share    int           `json:"share"`
	Epoch    uint64        `json:"epoch"`
	ID       string        `json:"id"`    // no two grants have the same
	Silence  time.Duration `json:"lease"` // in a bucket: nanoseconds without a sign of life after which the holder counts as dead
	Released bool          `json:"released,omitempty"`
}

// find returns the grant with this id, nil where it is not there any more.
func (l *leases) find(id string) *grant {
	for i := range l.Grants {
		if l.Grants[i].ID == id {
			return &l.Grants[i]
		}
	}
	return nil
}

// inTheWay lists the holders whose end a share has to wait for: that of the
// same share, and all those of another division.
func (l *leases) inTheWay(share, division int) []grant {
	return slices.DeleteFunc(slices.Clone(l.Grants), func(g grant) bool {
		return g.Released || l.Division == division && g.Share != share
	})
}

// with returns the leases after g was granted, and g with its epoch.
func (l *leases) with(g grant, division int) (leases, grant) {
	next := leases{Format: leaseFormat, Epoch: l.Epoch + 1, Division: division}
	g.Epoch = next.Epoch
	if l.Division == division {
		for _, other := range l.Grants {
			if other.Share != g.Share {
				next.Grants = append(next.Grants, other)
			}
		}
	}
	next.Grants = append(next.Grants, g)
	slices.SortFunc(next.Grants, func(a, b grant) int { return a.Share - b.Share })
	return next, g
}

func (l *leases) encode() []byte { return mustJSON(l) }

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("checkpoint: a lease that cannot be written as JSON: " + err.Error())
	}
	return append(data, '\n')
}

// decodeLeases reads the lease document called name.
func decodeLeases(name string, data []byte) (leases, error) {
	var l leases
	if err := json.Unmarshal(data, &l); err != nil {
		return leases{}, fmt.Errorf("read lease %s: %w", name, err)
	}
	if l.Format > leaseFormat {
		return leases{}, &StateError{Name: name, Fault: Newer, Detail: fmt.Sprintf("format %d, this program knows %d", l.Format, leaseFormat)}
	}
	if l.Format < leaseFormat || l.Epoch == 0 || l.Division < 0 {
		return leases{}, fmt.Errorf("read lease %s: it is none: format %d, epoch %d", name, l.Format, l.Epoch)
	}
	for i := range l.Grants {
		g := &l.Grants[i]
		g.Silence = min(max(g.Silence, time.Millisecond), time.Hour)
	}
	return l, nil
}

// previous is the holder that is told to have died: of the grants that were not
// given back, that of the same share first.
func previous(dead []grant, share int) *Holder {
	for _, g := range dead {
		if g.Share == share {
			return &g.Holder
		}
	}
	if len(dead) > 0 {
		return &dead[0].Holder
	}
	return nil
}

// epochBefore is the epoch that the next holder of a job without a lease
// document follows: 0 for a new job. A job of format 1 has none, and a disk may
// have lost it; what was written under an epoch still tells.
func epochBefore(ctx context.Context, store Reader) (uint64, error) {
	infos, err := store.List(ctx, stateFolder)
	if err != nil {
		return 0, err
	}
	infos = slices.DeleteFunc(infos, func(info Info) bool {
		_, ok := parseStateName(info.Name)
		return !ok
	})
	epochs := make([]uint64, len(infos))
	err = inParallel(len(infos), numCopies*readers, func(i int) error {
		data, _, err := store.Get(ctx, infos[i].Name)
		if err != nil {
			return err
		}
		epochs[i] = 1 // what is there has to be written anew, whatever it is
		if s, err := decode(data); err == nil {
			epochs[i] = max(1, s.epoch)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	epoch := slices.Max(append(epochs, 0))
	if infos, err = store.List(ctx, resultFolder); err != nil {
		return 0, err
	}
	for _, info := range infos {
		if _, ref, ok := parseResultName(info.Name); ok {
			epoch = max(epoch, ref.epoch)
		}
	}
	return epoch, nil
}
