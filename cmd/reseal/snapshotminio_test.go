package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/minio"
	"reseal/inventory"
)

// TestMinIOSnapshot goes from a listing to encrypted objects on a server that
// has no inventory, and that nobody here wrote.
func TestMinIOSnapshot(t *testing.T) {
	server := minio.Start(t)
	b := newMinioBucket(t, server, "unlisted")
	b.withVersions()
	ctx, writes := t.Context(), b.together()
	keys := oddKeys()
	for i := range 2400 { // three pages
		keys = append(keys, fmt.Sprintf("flat/in/one/place/%06d", i))
	}
	for i, key := range keys {
		size := 40
		if strings.HasSuffix(key, "/") {
			size = 0
		}
		writes.Go(func() error {
			for n := range 1 + i%7/6 { // some have two versions
				if _, err := b.put(ctx, key, content(fmt.Sprint(key, n), size), s3.PutObjectInput{Tagging: aws.String("odd=yes")}); err != nil {
					return err
				}
			}
			if i%50 == 49 {
				_, err := b.s3.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &b.name, Key: &key})
				return err
			}
			return nil
		})
	}
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}
	before := b.versions()

	// What the report says is what another client sees.
	for _, format := range []string{"CSV", "Parquet"} {
		out := b.reseal("inventory", "snapshot", "--bucket", b.name, "--out", t.TempDir(), "--format", format, "--versions", "all", "--head",
			"--read-rps", "100000").want(t, exitDone)
		rows := readRows(t, strings.TrimSpace(out.stdout))
		if len(rows) != len(before) {
			t.Fatalf("%s: %d rows of %d versions", format, len(rows), len(before))
		}
		for i := range before {
			v := &before[i]
			r := rows[v.Key+"\x00"+v.ID]
			want := inventory.SSES3
			if v.Marker {
				want = ""
			}
			if r == nil || r.IsLatest != v.Latest || r.IsDeleteMarker != v.Marker || !v.Marker && (r.Size != v.Size || r.ETag != strings.Trim(v.ETag, `"`)) ||
				r.Encryption != want || !r.LastModified.Equal(v.Modified) {
				t.Fatalf("%s: the row is\n%+v, the version\n%+v", format, r, v)
			}
		}
	}

	reports := newMinioBucket(t, server, "reports-of-unlisted")
	b.reseal("inventory", "snapshot", "--bucket", b.name, "--out", "s3://"+reports.name+"/now", "--head", "--read-rps", "100000").want(t, exitDone)
	where := []string{"--manifest", "s3://" + reports.name + "/now/", "--sse-kms-key-id", minio.Key}
	b.reseal(slices.Concat([]string{"plan"}, where)...).want(t, exitDone)
	b.unchanged("by snapshots and plan", before)
	job := filepath.Join(t.TempDir(), "job")
	b.reseal(slices.Concat([]string{"run", "--job", job, "--yes", "--accept", "versioned"}, where, accepted)...).want(t, exitDone)
	now := map[string]*objectVersion{}
	after := b.versions()
	for i := range after {
		if after[i].Latest && !after[i].Marker {
			now[after[i].Key] = &after[i]
		}
	}
	for i := range before {
		v := &before[i]
		if !v.Latest || v.Marker {
			continue
		}
		if now[v.Key] == nil {
			t.Fatalf("%q is gone", v.Key)
		}
		underTheKey(t, v, now[v.Key])
	}
	b.reseal("verify", "--job", job).want(t, exitDone)
}

// readRows reads all rows of a local report by key and version.
func readRows(t *testing.T, manifest string) map[string]*inventory.Record {
	t.Helper()
	src, name, err := inventory.LocalFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rep, err := inventory.Open(ctx, src, name, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	segments, err := rep.Segments(ctx)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]*inventory.Record{}
	for batch, err := range rep.Read(ctx, segments) {
		if err == nil {
			err = batch.Err
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range batch.Records {
			rows[strings.Clone(r.Key)+"\x00"+strings.Clone(r.VersionID)] = &r
		}
	}
	return rows
}
