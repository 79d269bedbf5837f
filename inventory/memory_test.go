package inventory

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// memory is a Source that holds its objects, and can break like a network.
type memory struct {
	mu      sync.Mutex
	objects map[string][]byte
	version map[string]int // ETags are made of it
	opens   []string       // "name offset" of each Open

	// fault, where not nil, says after how many bytes the body of an Open
	// breaks, and how; or how Open itself fails (with cut < 0).
	fault func(name string, offset int64) (cut int, err error)
}

func newMemory() *memory {
	return &memory{objects: map[string][]byte{}, version: map[string]int{}}
}

func (m *memory) put(name string, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects[name] = data
	m.version[name]++
}

func (m *memory) opened() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.opens)
}

func (m *memory) Open(ctx context.Context, name string, offset int64, etag string) (io.ReadCloser, ObjectInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.opens = append(m.opens, fmt.Sprint(name, " ", offset))
	if err := ctx.Err(); err != nil {
		return nil, ObjectInfo{}, err
	}
	data, ok := m.objects[name]
	if !ok {
		return nil, ObjectInfo{}, fmt.Errorf("get %s: %w", name, fs.ErrNotExist)
	}
	info := ObjectInfo{Name: name, Size: int64(len(data)), ETag: fmt.Sprint("v", m.version[name])}
	if etag != "" && etag != info.ETag {
		return nil, ObjectInfo{}, ErrChanged
	}
	if offset > int64(len(data)) {
		return nil, ObjectInfo{}, errors.New("range not satisfiable")
	}
	var body io.Reader = bytes.NewReader(data[offset:])
	if m.fault != nil {
		cut, err := m.fault(name, offset)
		if err != nil && cut < 0 {
			return nil, ObjectInfo{}, err
		}
		if err != nil && int64(cut) < int64(len(data))-offset {
			body = io.MultiReader(io.LimitReader(body, int64(cut)), &broken{err})
		}
	}
	return io.NopCloser(body), info, nil
}

type broken struct{ err error }

func (b *broken) Read([]byte) (int, error) { return 0, b.err }

func (m *memory) List(ctx context.Context, prefix string) ([]ObjectInfo, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []ObjectInfo
	for name, data := range m.objects {
		if strings.HasPrefix(name, prefix) {
			out = append(out, ObjectInfo{Name: name, Size: int64(len(data)), ETag: fmt.Sprint("v", m.version[name])})
		}
	}
	return out, ctx.Err()
}

// load copies a set of the fixtures into memory and returns the name of its manifest.
func (m *memory) load(t testing.TB, name string) string {
	t.Helper()
	src, err := NewLocal(set{name: name}.dir())
	if err != nil {
		t.Fatal(err)
	}
	files, err := src.List(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	manifest := ""
	for _, f := range files {
		data, err := readAll(t.Context(), src, f.Name, 1<<30)
		if err != nil {
			t.Fatal(err)
		}
		m.put(f.Name, data)
		if filepath.Base(f.Name) == "manifest.json" {
			manifest = f.Name
		}
	}
	if manifest == "" {
		t.Fatalf("%s: no manifest", name)
	}
	return manifest
}

// putReport stores a CSV report whose data files have the given contents,
// before compression, and returns the name of its manifest.
func (m *memory) putReport(t testing.TB, schema string, files ...string) string {
	t.Helper()
	doc := map[string]any{"sourceBucket": "b", "destinationBucket": "arn:aws:s3:::d", "fileFormat": "CSV", "fileSchema": schema}
	list := []any{}
	for i, text := range files {
		var buf bytes.Buffer
		gz := gzip.NewWriter(&buf)
		io.WriteString(gz, text)
		gz.Close()
		sum := md5.Sum(buf.Bytes())
		key := fmt.Sprintf("data/%d.csv.gz", i)
		m.put(key, buf.Bytes())
		list = append(list, map[string]any{"key": key, "size": buf.Len(), "MD5checksum": hex.EncodeToString(sum[:])})
	}
	doc["files"] = list
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(data)
	m.put("r/manifest.json", data)
	m.put("r/manifest.checksum", []byte(hex.EncodeToString(sum[:])+"\n"))
	return "r/manifest.json"
}

func (m *memory) openReport(t testing.TB, name string, o Options) *Report {
	t.Helper()
	r, err := Open(t.Context(), m, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// numbered returns CSV rows b,prefix0 to b,prefix<n-1>.
func numbered(prefix string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\"b\",\"%s%d\"\n", prefix, i)
	}
	return b.String()
}
