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
)

// leaseNote is the content of a lease object.
type leaseNote struct {
	Holder
	ID      string        `json:"id"`    // no two leases have the same
	Beat    int64         `json:"beat"`  // so that each renewal is another content, and has another ETag
	Time    time.Duration `json:"lease"` // nanoseconds of silence after which the holder counts as dead
	Shard   int           `json:"shard"`
	Shards  int           `json:"shards"` // 0: the whole job
	Expired bool          `json:"released"`
}

// lease is a lock that is held.
type lease struct {
	store *Remote
	name  string
	stop  context.CancelFunc
	done  sync.WaitGroup

	lost atomic.Pointer[ConflictError] // why it is not held any more

	mu   sync.Mutex // held through a renewal
	note leaseNote
	etag string
}

// leaseName is the name of the lease for a share of a job.
func (c RemoteConfig) leaseName() string {
	if c.Shards == 0 {
		return lockName
	}
	return fmt.Sprintf("%s-%d-of-%d", lockName, c.Shard, c.Shards)
}

// Lock takes the lease of the job, or of the share that the store was made for.
// A lease that is there and not given back belongs to somebody alive or dead;
// Lock waits until either is known: for the next renewal, or at most until
// the lease has run out. A live holder is a *LockedError, and so is a live
// holder of a share of another division of the same job.
func (r *Remote) Lock(ctx context.Context, h Holder) (*Lock, error) {
	if r.lease.Load() != nil {
		return nil, &LockedError{Job: r.name, Holder: h}
	}
	name := r.config.leaseName()
	note := leaseNote{Holder: h, ID: rand.Text(), Time: r.config.LeaseTime, Shard: r.config.Shard, Shards: r.config.Shards}
	dead, etag, err := r.await(ctx, name)
	if err != nil {
		return nil, err
	}
	l := &lease{store: r, name: name, note: note}
	l.etag, err = r.put(ctx, name, l.note.encode(), etag)
	var conflict *ConflictError
	if errors.As(err, &conflict) {
		return nil, &LockedError{Job: r.name} // somebody was faster
	}
	if err != nil {
		return nil, fmt.Errorf("lock job %s: %w", r.name, err)
	}
	if err := r.alone(ctx, name); err != nil {
		return nil, errors.Join(err, l.giveBack(ctx))
	}
	beating, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.done.Go(func() { l.beat(beating) })
	r.lease.Store(l)
	return &Lock{Previous: dead, release: func() error {
		r.lease.Store(nil)
		l.stop()
		l.done.Wait()
		return l.giveBack(context.WithoutCancel(ctx))
	}}, nil
}

// await returns the ETag of a lease that may be taken, "" where there is none,
// and who died with it. It waits until a lease that is held is renewed or out.
func (r *Remote) await(ctx context.Context, name string) (dead *Holder, etag string, err error) {
	first := ""
	for {
		note, have, age, err := r.leaseAt(ctx, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, "", nil
		case err != nil:
			return nil, "", fmt.Errorf("lock job %s: %w", r.name, err)
		case note.Expired:
			return nil, have, nil
		case age > note.Time:
			return &note.Holder, have, nil
		case first != "" && have != first:
			return nil, "", &LockedError{Job: r.name, Holder: note.Holder}
		}
		first = have
		timer := time.NewTimer(min(note.Time-age+time.Second, note.Time/10+time.Millisecond)) // ages are in whole seconds
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, "", context.Cause(ctx)
		}
	}
}

// alone refuses the job where somebody alive holds a share that may overlap
// with this one: the whole of it, or one of another number of shares. Both
// sides look after they have written, so that one of them sees the other.
func (r *Remote) alone(ctx context.Context, own string) error {
	var others []string
	err := r.bucket.List(ctx, r.prefix+lockName, func(key string, _ int64) error {
		if name := strings.TrimPrefix(key, r.prefix); validName(name) && name != own {
			others = append(others, name)
		}
		return nil
	})
	for _, name := range others {
		if err != nil {
			break
		}
		var note leaseNote
		var age time.Duration
		note, _, age, err = r.leaseAt(ctx, name)
		if err == nil && !note.Expired && age <= note.Time && (note.Shards != r.config.Shards || note.Shards == 0) {
			return &LockedError{Job: r.name, Holder: note.Holder}
		}
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err != nil {
		return fmt.Errorf("lock job %s: %w", r.name, err)
	}
	return nil
}

// leaseAt reads a lease.
func (r *Remote) leaseAt(ctx context.Context, name string) (note leaseNote, etag string, age time.Duration, err error) {
	data, etag, age, err := r.bucket.Get(ctx, r.prefix+name)
	if err != nil {
		return note, "", 0, err
	}
	if err := json.Unmarshal(data, &note); err != nil {
		return note, "", 0, fmt.Errorf("read lease %s: %w", r.in(name), err)
	}
	note.Time = min(max(note.Time, time.Millisecond), time.Hour)
	return note, etag, age, nil
}

func (n leaseNote) encode() []byte {
	data, err := json.Marshal(n)
	if err != nil {
		panic("checkpoint: a lease that cannot be written as JSON: " + err.Error())
	}
	return append(data, '\n')
}

// beat renews the lease until ctx ends or somebody else has it. An endpoint
// that does not answer is asked again: as long as nobody took the lease over it
// can be renewed, however late.
func (l *lease) beat(ctx context.Context) {
	tick := time.NewTicker(l.note.Time / 3)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if l.renew(ctx, false) != nil && l.held() != nil {
			return
		}
	}
}

// renew writes the lease once more.
func (l *lease) renew(ctx context.Context, release bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.held(); err != nil {
		return err
	}
	l.note.Beat++
	l.note.Expired = release
	etag, err := l.store.put(ctx, l.name, l.note.encode(), l.etag)
	var conflict *ConflictError
	if errors.As(err, &conflict) {
		// The answer to the renewal before may have been lost: then what is there is ours.
		if there, have, _, at := l.store.leaseAt(ctx, l.name); at == nil && there.ID == l.note.ID {
			etag, err = l.store.put(ctx, l.name, l.note.encode(), have)
		}
	}
	switch {
	case errors.As(err, &conflict):
		l.lost.Store(conflict)
	case err == nil:
		l.etag = etag
	}
	return err
}

// held returns why the lease is not held any more, nil as long as nobody is
// known to have taken it over.
// It does not wait for a renewal under way.
func (l *lease) held() error {
	if lost := l.lost.Load(); lost != nil {
		return lost
	}
	return nil
}

// confirm makes sure that the lease is held now.
func (l *lease) confirm(ctx context.Context) error {
	if l == nil {
		return ErrNotLocked
	}
	return l.renew(ctx, false)
}

// giveBack marks the lease as free. One that somebody else took over is theirs.
func (l *lease) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.note.Time)
	defer cancel()
	err := l.renew(ctx, true)
	if err != nil && l.held() == nil {
		return fmt.Errorf("unlock job %s: %w", l.store.name, err)
	}
	return nil
}
