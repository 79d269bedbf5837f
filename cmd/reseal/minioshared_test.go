package main

import (
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/minio"
	"reseal/inventory"
)

// otherClients write and delete in the moments that matter: before the run,
// between its look and its copy, and right after the copy. What they wrote
// stays, and is under the key wherever a run could get hold of it.
func otherClients(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "shared")
	ctx := t.Context()
	last := map[string]objectVersion{} // what the other client wrote last
	var mu sync.Mutex
	write := func(key string, data []byte, note string) {
		if _, err := b.put(ctx, key, data, s3.PutObjectInput{Metadata: map[string]string{"note": note}, Tagging: aws.String("note=" + note)}); err != nil {
			t.Error(err)
			return
		}
		v := objectVersion{Key: key}
		if err := b.read(ctx, &v); err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		last[key] = v
		mu.Unlock()
	}
	const each = 5
	for _, kind := range []string{"quiet", "stale", "before", "same-bytes", "after", "gone", "gone-late", "busy"} {
		n := each
		if kind == "same-bytes" {
			n = 1 // a second one is a loss, see below
		}
		for i := range n {
			key := fmt.Sprintf("%s/%d", kind, i)
			write(key, content(key, 100), "first")
		}
	}
	manifest := b.localInventory(inventory.CSV, b.versions())
	remove := func(key string) {
		if _, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key}); err != nil {
			t.Error(err)
		}
		mu.Lock()
		delete(last, key)
		mu.Unlock()
	}
	for i := range each {
		write(fmt.Sprintf("stale/%d", i), content("newer", 200), "newer")
		remove(fmt.Sprintf("gone/%d", i))
	}

	w := &wire{}
	var once sync.Map
	first := func(key string) bool { _, again := once.LoadOrStore(key, true); return !again }
	tries := 0
	w.Before = func(r *http.Request) {
		if !isCopy(r) {
			return
		}
		key := keyOf(r)
		switch kind, _, _ := strings.Cut(key, "/"); kind {
		case "before":
			if first(key) {
				write(key, content("newer"+key, 200), "newer")
			}
		case "same-bytes":
			if first(key) {
				write(key, content(key, 100), "newer")
			}
		case "gone-late":
			if first(key) {
				remove(key)
			}
		case "busy":
			mu.Lock()
			tries++
			n := tries
			mu.Unlock()
			write(key, content(fmt.Sprint(key, n), 150), fmt.Sprint(n))
		}
	}
	w.After = func(r *http.Request, resp *http.Response) {
		if key := keyOf(r); isCopy(r) && resp.StatusCode == http.StatusOK && strings.HasPrefix(key, "after/") && first(key) {
			write(key, content("newer"+key, 200), "newer")
		}
	}
	b.endpoint = w.serve(t, server.URL).URL
	job := filepath.Join(t.TempDir(), "job")
	// No canary: with clients that write at the very moment of each copy it takes their metadata for a loss.
	b.reseal(slices.Concat([]string{"run", "--job", job, "--yes", "--no-canary", "--manifest", manifest, "--sse-kms-key-id", minio.Key}, accepted)...).want(t, exitFailures)

	after := map[string]objectVersion{}
	for _, v := range b.versions() {
		after[v.Key] = v
	}
	if got, want := slices.Sorted(maps.Keys(after)), slices.Sorted(maps.Keys(last)); !slices.Equal(got, want) {
		t.Fatalf("the bucket holds %q, want %q", got, want)
	}
	for key, v := range after {
		wrote := last[key]
		if strings.HasPrefix(key, "busy/") { // never still: not under the key, and nothing of it lost
			if v.carried != wrote.carried {
				t.Errorf("%q is %+v, another client wrote %+v", key, v.carried, wrote.carried)
			}
			continue
		}
		underTheKey(t, &wrote, &v)
	}
	// Without versions nothing tells a write of the same bytes from an endpoint
	// that changes metadata, so that one is reported, although all is well with it.
	failed := b.reseal("report", "--job", job, "--format", "csv").want(t, exitDone).stdout
	busy, same := strings.Count(failed, "shared,busy/"), strings.Count(failed, "shared,same-bytes/")
	if busy != each || same != 1 || strings.Count(failed, "changing: ") != busy || strings.Count(failed, "unfaithful: ") != same {
		t.Errorf("want %d objects called changing and 1 unfaithful, got\n%s", each, failed)
	}
	if s := b.status(job); s.Failed != each+1 || s.Skipped["gone"] != 2*each || s.Done != 4*each {
		t.Errorf("status %+v; want %d failed, %d gone, %d done", s, each+1, 2*each, 4*each)
	}
}
