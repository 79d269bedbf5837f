package checkpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// maxLockBytes bounds what is read of a lock file.
const maxLockBytes = 64 << 10

// Lock takes the lock file of the folder. The operating system gives it back
// when the process dies, so a content that is still there then tells who died.
func (d *Dir) Lock(ctx context.Context, h Holder) (*Lock, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.locked {
		return nil, &LockedError{Job: d.path, Holder: h}
	}
	unlock, err := d.fsys.TryLock(lockName)
	if err != nil {
		return nil, fmt.Errorf("lock job folder %s: %w", d.path, err)
	}
	if unlock == nil {
		holder, _ := d.holder() // told where it can be; it is only for the message
		return nil, &LockedError{Job: d.path, Holder: holder}
	}
	l, err := d.settleIn(h)
	if err != nil {
		return nil, fmt.Errorf("lock job folder %s: %w", d.path, errors.Join(err, unlock()))
	}
	d.locked = true
	l.release = func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.locked = false
		err := d.sign(nil)
		if err := errors.Join(err, unlock()); err != nil {
			return fmt.Errorf("unlock job folder %s: %w", d.path, err)
		}
		return nil
	}
	return l, nil
}

// settleIn reads who held the lock before, signs it, and makes the folders.
func (d *Dir) settleIn(h Holder) (*Lock, error) {
	var l Lock
	if previous, err := d.holder(); err == nil && previous.PID != 0 {
		l.Previous = &previous
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if err := d.sign(append(text, '\n')); err != nil {
		return nil, err
	}
	for _, folder := range []string{stateFolder, resultFolder} {
		if err := d.fsys.Mkdir(folder, dirPerm); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	return &l, d.fsys.SyncDir(".")
}

func (d *Dir) holder() (Holder, error) {
	text, err := d.read(lockName, maxLockBytes)
	if err != nil {
		return Holder{}, err
	}
	var h Holder
	if err := json.Unmarshal(text, &h); err != nil {
		return Holder{}, err
	}
	return h, nil
}

// sign replaces the content of the lock file. It is not synced: after a loss
// of power it matters to nobody.
func (d *Dir) sign(text []byte) error {
	f, err := d.fsys.OpenFile(lockName, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(text, 0)
	return errors.Join(err, f.Close())
}
