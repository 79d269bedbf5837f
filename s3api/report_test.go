package s3api

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/inventory"
)

// A sink stores whole objects with checksums, and never over another one.
func TestSink(t *testing.T) {
	s := simulate(t, simulator.Config{})
	ctx, sink := t.Context(), s.client.Sink(bucket, "")
	body := bytes.Repeat([]byte("0123456789"), 50_000)
	if err := sink.Put(ctx, "r/data +%.csv.gz", bytes.NewReader(body), int64(len(body))); err != nil {
		t.Fatal(err)
	}
	err := sink.Put(ctx, "r/data +%.csv.gz", strings.NewReader("other"), 5)
	if !errors.Is(err, fs.ErrExist) {
		t.Errorf("put over an object: %v, want one that wraps fs.ErrExist", err)
	}
	if err := sink.Put(ctx, "r/short", strings.NewReader("four"), 5); err == nil {
		t.Error("put 4 bytes as 5: no error")
	}
	if err := s.client.Sink(bucket, keyARN).Put(ctx, "r/sealed", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	got := map[string]simulator.ObjectInfo{}
	s.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			got[o.Key] = o
		}
	})
	if o := got["r/data +%.csv.gz"]; len(got) != 2 || o.Size != int64(len(body)) || o.Checksum.Algorithm != "CRC32C" {
		t.Errorf("%d objects, %+v", len(got), o)
	}
	if o := got["r/sealed"]; o.Encryption.KMSKeyARN != keyARN {
		t.Errorf("under %+v, want %s", o.Encryption, keyARN)
	}
}

// A look adds what a listing does not know, and nothing that it cannot know.
func TestLook(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		for key, e := range map[string]simulator.Encryption{"plain": {Type: simulator.SSES3}, "sealed": {Type: simulator.SSEKMS, KMSKeyARN: keyARN, BucketKeyEnabled: true},
			"theirs": {Type: simulator.SSEC}} {
			if err := w.SeedObject(bucket, simulator.ObjectInfo{Key: key, Size: 1, LastModified: now, Encryption: e, Metadata: &simulator.Metadata{}}, simulator.Bytes([]byte("x"))); err != nil {
				return err
			}
		}
		return nil
	})
	o := ListOptions{Workers: 1, Gate: &gate{}}
	rows := map[string]*inventory.Record{}
	for records, err := range s.client.List(t.Context(), bucket, o) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			rows[records[i].Key] = &records[i]
		}
	}
	for _, tt := range []struct {
		key       string
		seen      bool
		want      inventory.Encryption
		bucketKey string
	}{
		{"plain", true, inventory.SSES3, ""},
		{"sealed", true, inventory.SSEKMS, "ENABLED"},
		{"theirs", false, "", ""}, // S3 does not tell who has no key
	} {
		r := rows[tt.key]
		if r == nil || r.Known.Has(inventory.ColEncryption) {
			t.Fatalf("%s: listed as %+v", tt.key, r)
		}
		seen, err := s.client.Look(t.Context(), r, o)
		if err != nil || seen != tt.seen || r.Encryption != tt.want || r.BucketKey != tt.bucketKey || r.Known.Has(inventory.ColEncryption) != tt.seen ||
			r.Known.Has(inventory.ColBucketKey) != (tt.bucketKey != "") || r.Known.Has(inventory.ColLockMode) {
			t.Errorf("%s: seen %v, %v, %+v; want seen %v, %s, bucket key %q", tt.key, seen, err, r, tt.seen, tt.want, tt.bucketKey)
		}
	}
	before := *rows["plain"]
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		_, err := w.PutObject(now.Add(time.Hour), &simulator.PutObjectInput{Request: r, Key: "plain", Body: simulator.Bytes([]byte("longer"))})
		return failed(err)
	})
	if seen, err := s.client.Look(t.Context(), rows["plain"], o); err != nil || !seen || rows["plain"].Size != 6 || rows["plain"].ETag == before.ETag ||
		!rows["plain"].LastModified.After(before.LastModified) {
		t.Errorf("written after it was listed: %+v, %v", rows["plain"], err)
	}
	if _, err := s.client.Look(t.Context(), &inventory.Record{Bucket: bucket, Key: "gone"}, o); !errors.Is(err, ErrGone) {
		t.Errorf("gone: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.client.Look(ctx, rows["plain"], o); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// A listed object stays in the report as it was listed, where requests about its key
// meet nothing or another object. It is gone once a second listing does not show it.
func TestLookAtKeysTakenForOthers(t *testing.T) {
	for _, tt := range []struct {
		name, key, other string
		knobs            simulator.Knobs
		versions         bool
	}{
		{"nothing there", "p//007", "", simulator.Knobs{MergedSlashes: true}, false},
		{"another object", "p//007", "p/007", simulator.Knobs{MergedSlashes: true}, false},
		{"nothing there, by version", "p//007", "", simulator.Knobs{MergedSlashes: true}, true},
		{"folded case", "P/007", "p/007", simulator.Knobs{FoldedCase: true}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			put(t, s.client, tt.key, "these", "row")
			if tt.other != "" {
				s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
					_, err := w.PutObject(now.Add(time.Hour), &simulator.PutObjectInput{Request: r, Key: tt.other, Body: simulator.Bytes([]byte("other"))})
					return failed(err)
				})
			}
			row := rowsOf(t, s.client, bucket)[tt.key]
			if tt.versions {
				row.VersionID, row.Known = "null", row.Known.With(inventory.ColVersionID)
			}
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error { w.SetKnobs(tt.knobs); return nil })
			is, o := row, ListOptions{Workers: 1, Gate: &gate{}}
			if seen, err := s.client.Look(t.Context(), &is, o); seen || !errors.Is(err, ErrUnreached) || !reflect.DeepEqual(is, row) {
				t.Errorf("listed still: seen %v, %v, %+v; want %v and the row as it was, %+v", seen, err, is, ErrUnreached, row)
			}
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				w.SetKnobs(simulator.Knobs{})
				_, err := w.DeleteObject(now, &simulator.DeleteObjectInput{Request: r, Key: tt.key})
				w.SetKnobs(tt.knobs)
				return failed(err)
			})
			if _, err := s.client.Look(t.Context(), &is, o); !errors.Is(err, ErrGone) {
				t.Errorf("deleted: %v, want %v", err, ErrGone)
			}
		})
	}
}

// A row stays in the report where nobody may list its key.
func TestLookWithoutASecondListing(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "ListObjectsV2", HTTPStatus: 403, Code: "AccessDenied"})
		return nil
	})
	row := inventory.Record{Bucket: bucket, Key: "not there"}
	if _, err := s.client.Look(t.Context(), &row, ListOptions{Gate: &gate{}}); !errors.Is(err, ErrUnreached) {
		t.Errorf("%v, want %v", err, ErrUnreached)
	}
}

// When S3 removes what a rule names: at the midnight after so many days.
func TestExpirationRemoves(t *testing.T) {
	made := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	fixed := time.Date(2026, 12, 24, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		rule Expiration
		want time.Time
	}{
		{Expiration{Prefix: "inv/", Days: 3}, time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)},
		{Expiration{Days: 1}, time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)},
		{Expiration{Prefix: "other/", Days: 3}, time.Time{}},
		{Expiration{Prefix: "inv", Date: fixed}, fixed},
	} {
		if got := tt.rule.Removes("inv/data/x", made); !got.Equal(tt.want) {
			t.Errorf("%+v: %v, want %v", tt.rule, got, tt.want)
		}
	}
}
