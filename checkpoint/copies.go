package checkpoint

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
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
	current  int               // slot of the copy that counts; the last where there is none, so that the first write goes to slot 0
	fallback error             // why the other copy cannot be used, where it may have been the later one
	attempt  [sha256.Size]byte // of the content that a failed write may have left, zero where none did
}

// loadCopies reads both copies and returns the later one that can be
// believed, nil where nothing was written yet.
func loadCopies(ctx context.Context, store Reader, index int) (*state, copies, error) {
	var (
		c    = copies{current: numCopies - 1}
		best *state
		errs []error
	)
	for slot := range numCopies {
		s, version, err := loadCopy(ctx, store, index, slot)
		c.versions[slot] = version
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

// save writes s over the copy that does not count.
func (c *copies) save(ctx context.Context, store Store, s *state) error {
	slot := (c.current + 1) % numCopies
	name := stateName(s.index, slot)
	if err := c.resume(ctx, store, name, slot); err != nil {
		return err
	}
	s.generation++
	data, err := s.encode()
	if err != nil {
		return err
	}
	version, err := store.Put(ctx, name, data, c.versions[slot])
	if err != nil {
		c.attempt = sha256.Sum256(data)
		return err
	}
	c.versions[slot], c.current, c.fallback = version, slot, nil
	return nil
}

// resume finds out whether a write that returned an error took place all the
// same. Even then it is done again: it may not have become durable.
func (c *copies) resume(ctx context.Context, store Store, name string, slot int) error {
	if c.attempt == [sha256.Size]byte{} {
		return nil
	}
	data, version, err := store.Get(ctx, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look at what the last write did: %w", err)
	}
	if err == nil && sha256.Sum256(data) == c.attempt {
		c.versions[slot] = version
	}
	c.attempt = [sha256.Size]byte{}
	return nil
}
