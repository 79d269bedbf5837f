package checkpoint

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"reseal/internal/wait"
)

// aliveFolder holds a sign of life of each holder, under the id of its grant. Only
// the holder writes it, so that a thousand shares do not queue for one document.
const aliveFolder = "alive"

// beat is a sign of life. Each one is another content, and has another ETag.
type beat struct {
	Beat int64 `json:"beat"`
}

// lease is a share of a job in a bucket that is held.
type lease struct {
	store *Remote
	own   grant
	stop  context.CancelFunc
	done  sync.WaitGroup

	lost atomic.Pointer[ConflictError] // why it is not held any more

	beat beat   // of the goroutine that beats
	etag string // of the last sign of life
}

// Lock takes the share of the job that the store was made for, and with it the
// next epoch. Somebody else may hold that share, or any share of another division of
// the job. Lock then waits for the next sign of life, or until the lease has run out.
// A live holder is a *LockedError.
func (r *Remote) Lock(ctx context.Context, h Holder) (*Lock, error) {
	if r.lease.Load() != nil {
		return nil, &LockedError{Job: r.name, Holder: h}
	}
	l := &lease{store: r, own: grant{Holder: h, Share: r.config.Shard, ID: strings.ToLower(rand.Text()), Silence: r.config.LeaseTime}}
	var locked *LockedError
	dead, err := l.acquire(ctx)
	switch {
	case errors.As(err, &locked):
		return nil, locked
	case err != nil && ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, fmt.Errorf("lock job %s: %w", r.name, err)
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.done.Go(func() { l.keep(beating) })
	r.lease.Store(l)
	return &Lock{Previous: dead, Epoch: l.own.Epoch, release: func(within context.Context) error {
		r.lease.Store(nil)
		l.stop()
		l.done.Wait()
		return l.giveBack(within)
	}}, nil
}

// acquire gets the grant, and returns who died with the share.
func (l *lease) acquire(ctx context.Context) (dead *Holder, err error) {
	w := watch{store: l.store, seen: map[string]sighting{}}
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		now, etag, err := l.store.leases(ctx)
		if err != nil {
			return nil, err
		}
		if g := now.find(l.own.ID); g != nil { // the answer to an earlier attempt was lost
			l.own = *g
			return dead, nil
		}
		gone := now.inTheWay(l.own.Share, l.store.config.Shards)
		if etag == "" {
			if gone, err = l.store.oldLeases(ctx); err != nil {
				return nil, err
			}
		}
		if err := w.buried(ctx, gone); err != nil {
			return nil, err
		}
		if etag == "" {
			if now.Epoch, err = l.store.succeed(ctx, gone); err != nil {
				return nil, err
			}
		}
		if l.etag == "" { // before the grant, so that nobody finds one without a sign of life
			if l.etag, err = l.store.put(ctx, l.alive(), mustJSON(l.beat), ""); err != nil {
				return nil, err
			}
		}
		dead = previous(gone, l.own.Share)
		next, own := now.with(l.own, l.store.config.Shards)
		_, err = l.store.put(ctx, leaseName, next.encode(), etag)
		var conflict *ConflictError
		if err == nil {
			l.own = own
			return dead, nil
		}
		if !errors.As(err, &conflict) {
			return nil, err
		}
		if err := wait.For(ctx, pause); err != nil { // another share was faster
			return nil, err
		}
	}
}

func (l *lease) alive() string { return aliveFolder + "/" + l.own.ID }

// leases reads the lease document and its ETag, "" where there is none.
func (r *Remote) leases(ctx context.Context) (now leases, etag string, err error) {
	data, etag, _, err := r.bucket.Get(ctx, r.prefix+leaseName)
	if errors.Is(err, fs.ErrNotExist) {
		return leases{}, "", nil
	}
	if err != nil {
		return leases{}, "", err
	}
	now, err = decodeLeases(r.in(leaseName), data)
	return now, etag, err
}

// watch finds out whether holders are alive.
type watch struct {
	store *Remote
	seen  map[string]sighting // by id
}

// sighting is a sign of life as it was first seen.
type sighting struct {
	etag string
	at   time.Time // by a clock that cannot be set
}

// buried returns when every one of these holders has been silent for its lease.
// One who gives a sign of life meanwhile is a *LockedError.
func (w *watch) buried(ctx context.Context, holders []grant) error {
	for _, g := range holders {
		for {
			_, told := w.seen[g.ID]
			left, err := w.left(ctx, &g)
			if err != nil {
				return err
			}
			if left <= 0 {
				break
			}
			if tell := w.store.config.Waiting; tell != nil && !told {
				tell(g.Holder, time.Now().Add(left))
			}
			if err := wait.For(ctx, min(left, g.Silence/10+time.Millisecond)); err != nil {
				return err
			}
		}
	}
	return nil
}

// left is how long a holder has to stay silent until it counts as dead. That it
// was for long enough is told by the clock of the server, which knows what was
// before, and by what was seen here, whatever that clock says.
func (w *watch) left(ctx context.Context, g *grant) (time.Duration, error) {
	name := aliveFolder + "/" + g.ID
	if g.Epoch == 0 {
		name = g.ID // a lease of format 1
	}
	_, etag, age, err := w.store.bucket.Get(ctx, w.store.prefix+name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	if age > g.Silence {
		return 0, nil
	}
	first, again := w.seen[g.ID]
	if !again {
		first = sighting{etag, time.Now()}
		w.seen[g.ID] = first
	}
	if first.etag != etag {
		return 0, &LockedError{Job: w.store.name, Holder: g.Holder}
	}
	const second = time.Second // ages are in whole seconds
	return min(g.Silence-age, g.Silence-time.Since(first.at)) + second, nil
}

// keep gives signs of life until ctx ends or somebody else has the share. A store
// that does not answer is asked again: as long as nobody took the share over, it
// is held, however late.
func (l *lease) keep(ctx context.Context) {
	tick := time.NewTicker(l.own.Silence / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if l.renew(ctx); l.held() != nil {
			return
		}
	}
}

// renew gives a sign of life, and looks whether the share is still held.
func (l *lease) renew(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.own.Silence)
	defer cancel()
	l.beat.Beat++
	etag, err := l.store.put(ctx, l.alive(), mustJSON(l.beat), l.etag)
	var conflict *ConflictError
	switch {
	case err == nil:
		l.etag = etag
	case errors.As(err, &conflict): // the answer to an earlier one was lost
		l.etag = string(conflict.Have)
	}
	_ = l.look(ctx) // what cannot be seen now is seen at the next beat
}

// look asks the store whether the share is still held.
func (l *lease) look(ctx context.Context) error {
	now, _, err := l.store.leases(ctx)
	if err == nil && now.find(l.own.ID) == nil {
		l.lost.Store(&ConflictError{Name: l.store.in(leaseName), Expect: epochVersion(l.own.Epoch), Have: epochVersion(now.Epoch)})
	}
	return err
}

// held returns why the share is not held any more, nil as long as nobody is known
// to have taken it over.
func (l *lease) held() error {
	if lost := l.lost.Load(); lost != nil {
		return lost
	}
	return nil
}

// giveBack notes that the share was released. One that somebody else took over is
// theirs.
func (l *lease) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.own.Silence)
	defer cancel()
	for {
		now, etag, err := l.store.leases(ctx)
		if err == nil {
			g := now.find(l.own.ID)
			if g == nil || g.Released {
				return nil
			}
			g.Released = true
			_, err = l.store.put(ctx, leaseName, now.encode(), etag)
		}
		var conflict *ConflictError
		if err == nil {
			return nil
		}
		if !errors.As(err, &conflict) || ctx.Err() != nil {
			return fmt.Errorf("unlock job %s: %w", l.store.name, err)
		}
	}
}

// oldLease is a lease of format 1: an object called lock, or lock-I-of-N.
type oldLease struct {
	Holder
	ID      string        `json:"id"`
	Time    time.Duration `json:"lease"`
	Expired bool          `json:"released"`
}

// oldLeases lists the leases of format 1 that were not given back, as grants of
// epoch 0 whose ids are their names.
func (r *Remote) oldLeases(ctx context.Context) ([]grant, error) {
	var names []string
	err := r.bucket.List(ctx, r.prefix+lockName, func(key string, _ int64) error {
		if name := strings.TrimPrefix(key, r.prefix); validName(name) {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var held []grant
	for _, name := range names {
		data, _, _, err := r.bucket.Get(ctx, r.prefix+name)
		if err != nil {
			return nil, err
		}
		var old oldLease
		if err := json.Unmarshal(data, &old); err != nil {
			return nil, fmt.Errorf("read lease %s: %w", r.in(name), err)
		}
		if !old.Expired {
			held = append(held, grant{Holder: old.Holder, ID: name, Silence: min(max(old.Time, time.Millisecond), time.Hour)})
		}
	}
	return held, nil
}

// succeed takes over the leases of format 1, so that their holders, should they
// not be as dead as they look, find that out before they write a result line. It
// returns the epoch that the next holder follows.
func (r *Remote) succeed(ctx context.Context, old []grant) (uint64, error) {
	for _, g := range old {
		key := r.prefix + g.ID
		_, etag, _, err := r.bucket.Get(ctx, key)
		if err != nil {
			return 0, err
		}
		if _, err := r.put(ctx, g.ID, mustJSON(oldLease{ID: rand.Text(), Expired: true}), etag); err != nil {
			return 0, err
		}
	}
	epoch, err := epochBefore(ctx, r)
	if len(old) > 0 {
		epoch = max(epoch, 1)
	}
	return epoch, err
}
