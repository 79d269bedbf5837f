package main

import (
	"bytes"
	"crypto/sha256"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/minio"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
	"reseal/job"
)

// startVersitygw starts a server without encryption of its own that ends with the
// test, with the credentials that the MinIO of other tests has.
func startVersitygw(t *testing.T) *minio.Server {
	t.Helper()
	program := os.Getenv("RESEAL_VERSITYGW_BIN")
	if program == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs a versitygw, which RESEAL_VERSITYGW_BIN does not name. To install one and run this: make versitygw")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	for _, name := range []string{"iam", "versions", "root"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(program, "--port", address, "--iam-dir", filepath.Join(dir, "iam"), "posix", "--versioning-dir", filepath.Join(dir, "versions"), filepath.Join(dir, "root"))
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "ROOT_ACCESS_KEY=" + minio.AccessKey, "ROOT_SECRET_KEY=" + minio.SecretKey}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("start versitygw: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	for limit := time.After(time.Minute); ; {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return &minio.Server{URL: "http://" + address}
		}
		select {
		case <-ended:
			t.Fatalf("versitygw ended; it said:\n%s", said.Bytes())
		case <-limit:
			t.Fatalf("versitygw does not listen at %s", address)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// TestVersitygw has every method, with and without a probe and a canary, meet a
// server that knows no encryption, and answers 200 to much of what asks for it.
// No command may end as if it had worked, no object may be counted as done, and
// the data of all of them is as it was.
func TestVersitygw(t *testing.T) {
	server := startVersitygw(t)
	for _, versions := range []bool{false, true} {
		name := "plain"
		if versions {
			name = "versioned"
		}
		b := newMinioBucket(t, server, name)
		if versions {
			b.withVersions()
		}
		bodies := map[string][sha256.Size]byte{}
		for _, key := range []string{"a", "b/c", "b/d e"} {
			data := content(key, 1000)
			bodies[key] = sha256.Sum256(data)
			in := &s3.PutObjectInput{Bucket: &b.name, Key: aws.String(key), Body: bytes.NewReader(data), Tagging: aws.String("keep=me"), Metadata: map[string]string{"keep": "me"}}
			if _, err := b.s3.PutObject(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
		manifest := b.localInventory(inventory.CSV, b.versions())
		for _, how := range [][]string{
			{"--no-canary"},
			{},
			{"--probe-key-prefix", "reseal-probe/"},
			{"--no-canary", "--accept", "unproven-endpoint", "--copy-via", "multipart"},
			{"--copy-via", "multipart"},
			{"--method", "update"},
			{"--method", "update", "--probe-key-prefix", "reseal-probe/", "--sse-kms-key-id", simaws.Key},
			{"--method", "auto", "--probe-key-prefix", "reseal-probe/", "--sse-kms-key-id", simaws.Key},
		} {
			dir := filepath.Join(t.TempDir(), "job")
			run := slices.Concat([]string{"run", "--job", dir, "--yes", "--quiet", "--attempts", "2", "--manifest", manifest, "--sse-kms-key-id", "key-1",
				"--accept", "versioned", "--accept", "missing-columns", "--accept", "acl", "--accept", "public-acl"}, accepted, how)
			out := b.reseal(run...)
			t.Logf("%s, %q: exit %d: %.300s", name, how, out.code, out.stderr)
			if out.code == exitDone {
				t.Errorf("%s, %q: ended with success\n%s%s", name, how, out.stdout, out.stderr)
			}
			if _, err := os.Stat(filepath.Join(dir, job.PlanFile)); err == nil {
				if s := b.status(dir); s.Done != 0 {
					t.Errorf("%s, %q: counts %d objects as done", name, how, s.Done)
				}
				if out := b.reseal("verify", "--job", dir); out.code == exitDone && bytes.Contains([]byte(out.stdout), []byte("proven")) {
					t.Errorf("%s, %q: verify proves something\n%s", name, how, out.stdout)
				}
			}
			for key, want := range bodies {
				v := objectVersion{Key: key}
				if err := b.read(t.Context(), &v); err != nil {
					t.Errorf("%s, %q: %v", name, how, err)
				} else if v.Body != want || v.Metadata != "map[keep:me]" {
					t.Errorf("%s, %q: %q is %+v now", name, how, key, v)
				}
			}
		}
	}
}
