package checkpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// The state of a segment is kept in two copies that are written in turn, so
// that one always holds the state before the last: a torn file costs what was
// done since then. Only the file that does not count is ever replaced, which
// needs no order between two files and works on any store.
const numCopies = 2

var copySuffixes = [numCopies]string{".a", ".b"}

func stateName(index, slot int) string {
	return fmt.Sprintf("%s/%06d%s", stateFolder, index, copySuffixes[slot])
}

// parseStateName returns the segment of a state file.
func parseStateName(name string) (index int, ok bool) {
	digits, ok := strings.CutPrefix(name, stateFolder+"/")
	digits = strings.TrimSuffix(digits, path.Ext(digits))
	index, err := strconv.Atoi(digits)
	if !ok || err != nil || index < 0 {
		return 0, false
	}
	for slot := range numCopies {
		if name == stateName(index, slot) {
			return index, true
		}
	}
	return 0, false
}

// copies is what lies under the two names of a segment's state.
type copies struct {
	versions [numCopies]Version
	epochs   [numCopies]uint64   // of who wrote them, 0 for one that is missing or damaged
	current  int                 // slot of the copy that counts; the last where there is none, so that the first write goes to slot 0
	fallback error               // why the other copy cannot be used, where it may have been the later one
	attempts [][sha256.Size]byte // contents that writes without an answer may leave under the name that is next, now or later
}

// loadCopies reads both copies and returns the later one that can be
// believed, nil where nothing was written yet.
func loadCopies(ctx context.Context, store Reader, index int) (*state, copies, error) {
	var (
		c    = copies{current: numCopies - 1}
		best *state
		errs []error
	)
	for slot, found := range readCopies(ctx, store, index) {
		s, err := found.state, found.err
		c.versions[slot] = found.version
		if err == nil {
			c.epochs[slot] = s.epoch
		}
		var bad *StateError
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case errors.As(err, &bad) && bad.Fault != Foreign && bad.Fault != Newer:
			errs = append(errs, bad)
		case err != nil:
			// A file that is not ours is not ours to replace, and where one copy
			// is of a newer program, the other is out of date.
			return nil, c, err
		case best == nil || s.generation > best.generation:
			best, c.current = s, slot
		}
	}
	if best == nil && len(errs) > 0 {
		return nil, c, &LostError{Segment: index, Errs: errs}
	}
	if len(errs) > 0 {
		c.fallback = errs[0]
		best.admitted = best.span() // the lost copy may have admitted any row
	}
	return best, c, nil
}

// foundCopy is what was read under one name of a state.
type foundCopy struct {
	state   *state
	version Version
	err     error
}

// readCopies reads both copies at once: a store that answers late answers once.
func readCopies(ctx context.Context, store Reader, index int) (found [numCopies]foundCopy) {
	_ = inParallel(numCopies, numCopies, func(slot int) error {
		f := &found[slot]
		f.state, f.version, f.err = loadCopy(ctx, store, index, slot)
		return nil
	})
	return found
}

func loadCopy(ctx context.Context, store Reader, index, slot int) (*state, Version, error) {
	name := stateName(index, slot)
	data, version, err := store.Get(ctx, name)
	if err != nil {
		return nil, "", fmt.Errorf("read state of segment %d: %w", index, err)
	}
	s, err := decode(data)
	if err == nil && s.index != index {
		err = &StateError{Fault: Foreign, Detail: fmt.Sprintf("it belongs to segment %d", s.index)}
	}
	var bad *StateError
	if errors.As(err, &bad) {
		bad.Name = name
	}
	return s, version, err
}

// allOf tells whether both copies were written in an epoch.
func (c *copies) allOf(epoch uint64) bool { return c.epochs == [numCopies]uint64{epoch, epoch} }

// save writes s over the copy that does not count. It is a *ConflictError where
// another holder wrote there. A write without an answer may have taken place or
// take place yet; either way the next save goes on from it, and writes again,
// since what is there may not be durable.
func (c *copies) save(ctx context.Context, store Store, s *state) error {
	slot := (c.current + 1) % numCopies
	name := stateName(s.index, slot)
	s.generation++
	data, err := s.encode()
	if err != nil {
		return err
	}
	for {
		version, err := store.Put(ctx, name, data, c.versions[slot])
		if err == nil {
			c.versions[slot], c.current, c.fallback, c.attempts = version, slot, nil, nil
			c.epochs[slot] = s.epoch
			return nil
		}
		var conflict *ConflictError
		if !errors.As(err, &conflict) {
			c.attempts = append(c.attempts, sha256.Sum256(data))
			return err
		}
		there, version, getErr := store.Get(ctx, name)
		if getErr != nil && !errors.Is(getErr, fs.ErrNotExist) {
			return fmt.Errorf("look at what is there: %w", getErr)
		}
		if getErr != nil || version == c.versions[slot] || !slices.Contains(c.attempts, sha256.Sum256(there)) {
			return err
		}
		c.versions[slot] = version // an attempt of this holder that took effect late
	}
}
