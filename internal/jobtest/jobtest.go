// Package jobtest makes empty jobs for tests.
package jobtest

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"reseal/checkpoint"
)

// Locked returns an empty job in a folder. The test holds it until it ends.
func Locked(t testing.TB) *checkpoint.Dir {
	t.Helper()
	store, err := checkpoint.CreateDir(filepath.Join(t.TempDir(), "job"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := store.Lock(t.Context(), checkpoint.Self("test"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lock.Release() })
	return store
}

// Hanging is a store that does not answer some writes until their context ends.
type Hanging struct {
	checkpoint.Store
	Prefix string        // of the names whose writes hang
	Begun  chan struct{} // gets a value for each such write; full, it holds the write up for ever
}

// Put implements checkpoint.Store.
func (s Hanging) Put(ctx context.Context, name string, data []byte, expect checkpoint.Version) (checkpoint.Version, error) {
	if !strings.HasPrefix(name, s.Prefix) {
		return s.Store.Put(ctx, name, data, expect)
	}
	s.Begun <- struct{}{}
	<-ctx.Done()
	return "", ctx.Err()
}
