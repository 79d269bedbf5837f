package job

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"reseal/checkpoint"
)

// hangingStore is a store whose writes of what begins with name get no answer until their
// context ends.
type hangingStore struct {
	checkpoint.Store
	name    string
	hanging chan struct{} // told of each write
}

func (s hangingStore) Put(ctx context.Context, name string, data []byte, expect checkpoint.Version) (checkpoint.Version, error) {
	if !strings.HasPrefix(name, s.name) {
		return s.Store.Put(ctx, name, data, expect)
	}
	s.hanging <- struct{}{}
	<-ctx.Done()
	return "", ctx.Err()
}

// lockedDir is an empty job, held by the test.
func lockedDir(t *testing.T) *checkpoint.Dir {
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
