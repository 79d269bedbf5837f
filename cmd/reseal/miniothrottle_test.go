package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/keystub"
	"reseal/internal/minio"
	"reseal/inventory"
)

// TestMinIOThrottledKey runs against a server whose key server throttles: the
// run slows down to what the keys allow, and nothing is lost.
func TestMinIOThrottledKey(t *testing.T) {
	keys := keystub.Start(t)
	server := minio.StartWith(t, "MINIO_KMS_KES_ENDPOINT="+keys.URL, "MINIO_KMS_KES_CERT_FILE="+keys.CertFile,
		"MINIO_KMS_KES_KEY_FILE="+keys.KeyFile, "MINIO_KMS_KES_CAPATH="+keys.CertFile, "MINIO_KMS_KES_KEY_NAME="+keystub.Key)
	b := newMinioBucket(t, server, "throttled")
	writes := b.together()
	const objects = 150
	for i := range objects {
		key := fmt.Sprintf("k/%04d", i)
		writes.Go(func() error {
			_, err := b.put(t.Context(), key, content(key, 100), s3.PutObjectInput{Metadata: map[string]string{"n": key}})
			return err
		})
	}
	if err := writes.Wait(); err != nil {
		t.Fatal(err)
	}
	before := b.versions()
	job := filepath.Join(t.TempDir(), "job")
	const allowed = 30
	keys.Allow(allowed)
	run := slices.Concat([]string{"run", "--job", job, "--yes", "--manifest", b.localInventory(inventory.CSV, before), "--sse-kms-key-id", keystub.Throttle,
		"--bucket-key-enabled=false", "--kms-rps", "300", "--concurrency", "32"}, accepted)
	answered := func() int {
		n := 0
		for _, op := range []string{"generate", "decrypt"} {
			n += keys.Calls(op, keystub.Throttle) - keys.Calls("429 "+op, keystub.Throttle)
		}
		return n
	}
	begun, was := time.Now(), answered()
	out := b.reseal(run...).want(t, exitDone)
	// This server asks for its keys four times an object (seen 2026-11), so that a
	// quarter of them in objects is all there is to be had.
	t.Logf("the key server answered %.1f calls a second, of %d allowed", float64(answered()-was)/time.Since(begun).Seconds(), allowed)
	throttled := keys.Calls("429 generate", keystub.Throttle)
	t.Logf("%d of %d calls of the key server were throttled\n%s", throttled, keys.Calls("generate", keystub.Throttle), out.stderr)
	if throttled == 0 {
		t.Fatal("nothing was throttled: the test shows nothing")
	}
	if !strings.Contains(out.stderr, "throttled") {
		t.Errorf("the run does not say that it was throttled:\n%s", out.stderr)
	}
	// Unpaced, 32 in flight would ask thousands of times in these seconds.
	if throttled > objects {
		t.Errorf("%d calls were throttled, for %d objects: the run does not slow down", throttled, objects)
	}
	keys.Allow(0)
	after := b.versions()
	if len(after) != len(before) {
		t.Fatalf("%d objects, before %d", len(after), len(before))
	}
	for i := range after {
		if after[i].SSE != "aws:kms" || !strings.HasSuffix(after[i].KMSKey, keystub.Throttle) || after[i].carried != before[i].carried {
			t.Errorf("%q was\n%+v, is\n%+v", after[i].Key, before[i], after[i])
		}
	}
}

// TestMinIODeniedKey: a key that may not be used ends the run at once.
func TestMinIODeniedKey(t *testing.T) {
	keys := keystub.Start(t)
	server := minio.StartWith(t, "MINIO_KMS_KES_ENDPOINT="+keys.URL, "MINIO_KMS_KES_CERT_FILE="+keys.CertFile,
		"MINIO_KMS_KES_KEY_FILE="+keys.KeyFile, "MINIO_KMS_KES_CAPATH="+keys.CertFile, "MINIO_KMS_KES_KEY_NAME="+keystub.Key)
	b := newMinioBucket(t, server, "denied")
	for i := range 20 {
		key := fmt.Sprintf("k/%04d", i)
		if _, err := b.put(t.Context(), key, content(key, 100), s3.PutObjectInput{}); err != nil {
			t.Fatal(err)
		}
	}
	before := b.versions()
	out := b.reseal(slices.Concat([]string{"run", "--job", filepath.Join(t.TempDir(), "job"), "--yes", "--manifest", b.localInventory(inventory.CSV, before),
		"--sse-kms-key-id", keystub.Denied}, accepted)...)
	if out.code != exitFatal && out.code != exitRefused {
		t.Errorf("exit code %d, want %d or %d:\n%s", out.code, exitFatal, exitRefused, out.stderr)
	}
	b.unchanged("with a key that may not be used", before)
}
