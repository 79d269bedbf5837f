package inventory

import (
	"context"
	"io"
	"maps"
	"path"
	"sync"
	"testing"
)

// opened counts how often files are opened. The manifest is not answered before its
// checksum was asked for.
type opened struct {
	Source
	mu   sync.Mutex
	of   map[string]int
	both chan struct{} // closed once the checksum was asked for
}

func (o *opened) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error) {
	base := path.Base(name)
	o.mu.Lock()
	if o.of[base]++; base == "manifest.checksum" && o.of[base] == 1 {
		close(o.both)
	}
	o.mu.Unlock()
	if base == "manifest.json" {
		select {
		case <-o.both:
		case <-ctx.Done():
		}
	}
	return o.Source.Open(ctx, name, offset, etag)
}

// A report is opened by one request for its manifest and one for the checksum, side by
// side.
func TestManifestIsReadOnce(t *testing.T) {
	const dir = "testdata/fixtures/good/csv/inv/acme-media-archive/daily-full/2025-11-21T02-00Z/"
	src, name, err := LocalFile(dir + "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func(*opened) (*Report, error){
		"any file": func(o *opened) (*Report, error) { return openAny(t.Context(), o, name, Options{}) },
		"a report": func(o *opened) (*Report, error) { return Open(t.Context(), o, name, Options{}) },
	} {
		o := &opened{Source: src, of: map[string]int{}, both: make(chan struct{})}
		if _, err := open(o); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if want := map[string]int{"manifest.json": 1, "manifest.checksum": 1}; !maps.Equal(o.of, want) {
			t.Errorf("%s: opened %v, want %v", what, o.of, want)
		}
	}
}
