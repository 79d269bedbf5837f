package checkpoint

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"reseal/internal/wait"
)

// maxLockBytes bounds what is read of a lock file.
const maxLockBytes = 64 << 10

// Lock takes the lock file of the folder, which the operating system gives back
// when the process dies, and with it the next epoch in the lease document.
func (d *Dir) Lock(ctx context.Context, h Holder) (*Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.epoch != 0 {
		return nil, &LockedError{Job: d.path, Holder: h}
	}
	if err := d.fsys.Trust(); err != nil {
		return nil, fmt.Errorf("lock job folder %s: %w", d.path, err)
	}
	unlock, err := d.takeLock(ctx)
	if err != nil {
		return nil, fmt.Errorf("lock job folder %s: %w", d.path, err)
	}
	if unlock == nil {
		return nil, &LockedError{Job: d.path, Holder: d.holder()}
	}
	own, dead, err := d.grant(ctx, h)
	if err != nil {
		return nil, fmt.Errorf("lock job folder %s: %w", d.path, errors.Join(err, unlock()))
	}
	d.epoch = own.Epoch
	return &Lock{Previous: dead, Epoch: own.Epoch, release: func(context.Context) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.epoch = 0
		if err := errors.Join(d.giveBack(own.ID), unlock()); err != nil {
			return fmt.Errorf("unlock job folder %s: %w", d.path, err)
		}
		return nil
	}}, nil
}

// Whoever looks whether the folder is held has its lock for an instant. So one that is
// taken is asked for again, a few times.
const (
	lockTries = 5
	lockPause = 10 * time.Millisecond
)

// takeLock takes the lock file, or returns nil where another process has it.
func (d *Dir) takeLock(ctx context.Context) (unlock func() error, err error) {
	for try := 1; ; try++ {
		unlock, err = d.fsys.TryLock(lockName)
		if err != nil || unlock != nil || try == lockTries || wait.For(ctx, lockPause) != nil {
			return unlock, err
		}
	}
}

// Unlocked returns a *LockedError where another process holds the folder. It takes
// no epoch and leaves the lease document as it is.
func (d *Dir) Unlocked() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	unlock, err := d.fsys.TryLock(lockName)
	switch {
	case err != nil:
		return fmt.Errorf("look at the lock of job folder %s: %w", d.path, err)
	case unlock == nil:
		return &LockedError{Job: d.path, Holder: d.holder()}
	}
	return unlock()
}

// grant writes the next epoch into the lease document, makes the folders, and
// returns who died with the lock, nil where nobody did.
func (d *Dir) grant(ctx context.Context, h Holder) (own grant, dead *Holder, err error) {
	now, err := d.leases()
	if err != nil {
		return grant{}, nil, err
	}
	dead = previous(now.inTheWay(0, 0), 0)
	if now.Epoch == 0 {
		dead = d.old()
		if now.Epoch, err = epochBefore(ctx, d); err != nil {
			return grant{}, nil, err
		}
	}
	next, own := now.with(grant{Holder: h, ID: strings.ToLower(rand.Text())}, 0)
	if err := d.replace(leaseName, next.encode()); err != nil {
		return grant{}, nil, err
	}
	for _, folder := range []string{stateFolder, resultFolder} {
		if err := d.fsys.Mkdir(folder, dirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
			return grant{}, nil, err
		}
	}
	return own, dead, d.fsys.SyncDir(".")
}

// leases reads the lease document, all zero where there is none. One that a loss
// of power left damaged counts as none: the kernel knows who holds the folder,
// and the states know the epoch.
func (d *Dir) leases() (leases, error) {
	data, err := d.read(leaseName, maxDocument)
	if errors.Is(err, fs.ErrNotExist) {
		return leases{}, nil
	}
	if err != nil {
		return leases{}, err
	}
	now, err := decodeLeases(d.in(leaseName), data)
	var newer *StateError
	if err != nil && !errors.As(err, &newer) {
		return leases{}, nil
	}
	return now, err
}

// giveBack notes that the lease was released. One that another process has by
// now, as somebody took the lock file away, is left alone.
func (d *Dir) giveBack(id string) error {
	now, err := d.leases()
	if err != nil {
		return err
	}
	g := now.find(id)
	if g == nil {
		return nil
	}
	g.Released = true
	return d.replace(leaseName, now.encode())
}

// held tells whether nobody came after the holder of this epoch. The caller
// holds d.mu.
func (d *Dir) held() error {
	if d.epoch == 0 {
		return ErrNotLocked
	}
	now, err := d.leases()
	if err != nil {
		return err
	}
	if now.Epoch != d.epoch {
		return &ConflictError{Name: d.in(leaseName), Expect: epochVersion(d.epoch), Have: epochVersion(now.Epoch)}
	}
	return nil
}

func epochVersion(epoch uint64) Version { return Version(fmt.Sprint("epoch ", epoch)) }

// holder is who holds the folder, as far as it can be told: it is only for a
// message.
func (d *Dir) holder() Holder {
	now, err := d.leases()
	if err == nil && now.Epoch == 0 {
		if h := d.old(); h != nil {
			return *h
		}
	}
	if h := previous(now.inTheWay(0, 0), 0); err == nil && h != nil {
		return *h
	}
	return Holder{}
}

// old reads a lock file of format 1, which named its holder. Nil means nobody
// that could be read: it is only for a message.
func (d *Dir) old() *Holder {
	text, err := d.read(lockName, maxLockBytes)
	var h Holder
	if err != nil || json.Unmarshal(text, &h) != nil || h.PID == 0 {
		return nil
	}
	return &h
}
