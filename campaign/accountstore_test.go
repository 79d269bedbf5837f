package campaign_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// objectStore holds the jobs of a campaign in memory, each write of it 30 ms away.
type objectStore struct {
	mu     sync.Mutex
	all    map[string]document
	writes int
	most   int // bytes of all states at once
	states int // now
}

type document struct {
	data []byte
	etag string
	at   time.Time
}

func newObjectStore() *objectStore { return &objectStore{all: map[string]document{}} }

// errLost is what a machine that is lost gets: nobody reads it.
var errLost = errors.New("the machine is lost")

func (m *machine) Get(_ context.Context, key string) ([]byte, string, time.Duration, error) {
	if m.lost.Load() {
		return nil, "", 0, errLost
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d, ok := m.all[key]
	if !ok {
		return nil, "", 0, fmt.Errorf("%s: %w", key, fs.ErrNotExist)
	}
	return slices.Clone(d.data), d.etag, time.Since(d.at), nil
}

func (m *machine) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	data, _, _, err := m.Get(ctx, key)
	return io.NopCloser(bytes.NewReader(data)), err
}

// Put writes what arrives before the machine is lost.
func (m *machine) Put(_ context.Context, key string, data []byte, etag string) (string, error) {
	time.Sleep(30 * time.Millisecond)
	if m.lost.Load() {
		return "", errLost
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.all[key]
	if d.etag != etag {
		return "", fmt.Errorf("%s: %w", key, fs.ErrExist)
	}
	m.writes++
	if strings.Contains(key, "/state/") {
		m.states += len(data) - len(d.data)
		m.most = max(m.most, m.states)
	}
	now := document{slices.Clone(data), strconv.Itoa(m.writes), time.Now()}
	m.all[key] = now
	return now.etag, nil
}

func (m *machine) List(_ context.Context, prefix string, each func(key string, size int64) error) error {
	if m.lost.Load() {
		return errLost
	}
	for _, key := range m.keys(prefix) {
		if err := each(key, 0); err != nil {
			return err
		}
	}
	return nil
}

func (m *machine) Folders(_ context.Context, prefix string) (all []string, err error) {
	if m.lost.Load() {
		return nil, errLost
	}
	for _, key := range m.keys(prefix) {
		if folder, _, ok := strings.Cut(key[len(prefix):], "/"); ok {
			all = append(all, folder+"/")
		}
	}
	return slices.Compact(all), nil
}

func (m *machine) keys(prefix string) (all []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.all {
		if strings.HasPrefix(key, prefix) {
			all = append(all, key)
		}
	}
	slices.Sort(all)
	return all
}
