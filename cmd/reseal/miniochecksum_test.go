package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/minio"
	"reseal/inventory"
	"reseal/plan"
)

// checksummedObjects have stored checksums, which MinIO makes none of for parts
// that are copied: nothing is written until their loss is accepted by name.
// Single copies keep them.
func checksummedObjects(t *testing.T, server *minio.Server) {
	b := newMinioBucket(t, server, "checksums")
	for i, algorithm := range []types.ChecksumAlgorithm{types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256} {
		for n := range 6 {
			key := fmt.Sprintf("%d/%d", i, n)
			if _, err := b.put(t.Context(), key, content(key, 500), s3.PutObjectInput{ChecksumAlgorithm: algorithm}); err != nil {
				t.Fatal(err)
			}
		}
	}
	kept := func() (all []string) {
		for _, v := range b.versions() {
			o, err := b.s3.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &b.name, Key: &v.Key, ChecksumMode: types.ChecksumModeEnabled})
			if err != nil {
				t.Fatal(err)
			}
			for _, sum := range []*string{o.ChecksumCRC32, o.ChecksumSHA1, o.ChecksumSHA256} {
				if sum != nil {
					all = append(all, v.Key+" "+*sum)
				}
			}
		}
		return all
	}
	sums, before := kept(), b.versions()
	if len(sums) != 18 {
		t.Fatalf("%d of 18 objects have a checksum", len(sums))
	}
	run := func(job string, more ...string) []string {
		return slices.Concat([]string{"run", "--job", filepath.Join(t.TempDir(), job), "--yes", "--manifest", b.localInventory(inventory.CSV, before),
			"--sse-kms-key-id", minio.Key}, accepted, more)
	}
	parts := []string{"--copy-via", "multipart"}
	for _, args := range [][]string{run("canary", parts...), run("probe", append(parts, "--probe-key-prefix", "reseal-probe/")...)} {
		if out := b.reseal(args...).want(t, exitRefused); !strings.Contains(out.stderr, plan.ChecksumAlgorithm.Hazard()) {
			t.Errorf("refused without the name of the loss:\n%s", out.stderr)
		}
		b.unchanged("a refused run", before)
	}
	b.reseal(run("single")...).want(t, exitDone)
	if now := kept(); !slices.Equal(now, sums) {
		t.Errorf("after single copies the checksums are\n%q, before\n%q", now, sums)
	}
}
