package checkpoint

import (
	"archive/zip"
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"

	"reseal/inventory"
)

// unzip calls each with the files of a job of format 1.
func unzip(t *testing.T, name string, each func(name string, data []byte)) {
	t.Helper()
	z, err := zip.OpenReader("testdata/" + name)
	must(t, err)
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		data, err := io.ReadAll(r)
		must(t, err)
		each(f.Name, data)
	}
}

// oldJob is what the program that wrote a job said of it.
type oldJob struct {
	file          string
	done, failed  int64 // rows; done are those too that were left alone
	lines         int
	sum           string // MD5 of the sorted lines
	previous      bool   // somebody died with it
	share, shares int
}

var oldJobs = []oldJob{
	{file: "job-v1-folder.zip", done: 1795, failed: 9, lines: 1804, sum: "068a0ced13eb0c094b438701d66c0553", previous: true},
	{file: "job-v1-bucket.zip", done: 2218, failed: 8, lines: 2226, sum: "cecd0a4492d02d3f9457888fc23cf70c", previous: true, shares: 2},
}

// carriedOver takes a job of format 1 over, works on it, and looks whether
// everything is there.
func (o *oldJob) carriedOver(t *testing.T, store Store) {
	ctx := t.Context()
	data, _, err := store.Get(ctx, planName)
	must(t, err)
	var doc struct {
		Hash     string
		Segments []inventory.Segment
	}
	must(t, json.Unmarshal(data, &doc))
	o.said(t, "before", store, 0)
	l, err := store.Lock(ctx, Holder{PID: 1})
	must(t, err)
	if (l.Previous != nil) != o.previous || l.Epoch != 2 {
		t.Errorf("%s: locked in epoch %d after %v, want 2 after somebody who died", o.file, l.Epoch, l.Previous)
	}
	own := func(index int) bool { return o.shares == 0 || index%o.shares == o.share }
	j, _, err := Open(ctx, store, HashPlan([]byte(doc.Hash)), doc.Segments, Options{Own: own, ReserveAdmitted: true})
	must(t, err)
	o.said(t, "carried over", store, 0)
	for i := range doc.Segments {
		for slot := range numCopies {
			if s, _, err := loadCopy(ctx, store, i, slot); err == nil && own(i) && s.epoch != l.Epoch && s.generation > j.parts[i].generation {
				t.Errorf("%s: a state of segment %d of epoch %d counts", o.file, i, s.epoch)
			}
		}
	}
	p := inventory.Position{File: doc.Segments[0].File, Row: 1_000_000}
	must(t, j.Log(ctx, p, []byte("{}")), j.Done(p), j.Flush(ctx))
	o.said(t, "gone on with", store, 1)
	must(t, l.Release())
}

func (o *oldJob) said(t *testing.T, when string, store Reader, more int64) {
	t.Helper()
	snap, err := Read(t.Context(), store)
	must(t, err)
	if got := snap.Totals(); got.Done != o.done+more || got.Failed != o.failed {
		t.Errorf("%s, %s: %d done and %d failed, want %d and %d", o.file, when, got.Done, got.Failed, o.done+more, o.failed)
	}
	var all []string
	for line, err := range snap.Results(t.Context()) {
		must(t, err)
		if string(line.Data) != "{}" {
			all = append(all, string(line.Data)+"\n")
		}
	}
	slices.Sort(all)
	sum := md5.New()
	for _, line := range all {
		io.WriteString(sum, line)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); len(all) != o.lines || got != o.sum {
		t.Errorf("%s, %s: %d lines with MD5 %s, want %d with %s", o.file, when, len(all), got, o.lines, o.sum)
	}
}

// A folder of format 1, whose runs were all killed, is resumed.
func TestOldFolderIsCarriedOver(t *testing.T) {
	path := t.TempDir()
	unzip(t, oldJobs[0].file, func(name string, data []byte) {
		must(t, os.MkdirAll(filepath.Join(path, filepath.Dir(name)), 0o700), os.WriteFile(filepath.Join(path, name), data, 0o600))
	})
	d, err := CreateDir(path)
	must(t, err)
	oldJobs[0].carriedOver(t, d)
}

// So is a job in a bucket, by a share of the same division; a holder of before that
// is alive is not driven out, and one that is not finds its lease taken.
func TestOldBucketIsCarriedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := calmModel(t)
		m.foreign = true
		unzip(t, oldJobs[1].file, func(name string, data []byte) { m.objects["job/"+name] = modelObject{data, m.now()} })
		h, _, _ := m.holder("new", 0, 2)
		defer h.kill()
		before := bytes.Clone(m.objects["job/lock-0-of-2"].data)
		oldJobs[1].carriedOver(t, h.store)
		for _, name := range []string{"job/lock-0-of-2", "job/lock-1-of-2"} {
			if bytes.Equal(m.objects[name].data, before) || !bytes.Contains(m.objects[name].data, []byte(`"released":true`)) {
				t.Errorf("%s is %s", name, m.objects[name].data)
			}
		}
	})
}
