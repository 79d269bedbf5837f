package minio

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Key is the name of the only KMS key that the server has.
const Key = "test-key-1"

// The credentials of the server's root user, who may do everything.
const (
	AccessKey = "reseal-test"
	SecretKey = "reseal-test-secret"
)

// Server is a running MinIO with an empty folder of its own.
type Server struct {
	URL string // on loopback, without TLS
}

// startLimit is how long a server may take to say that it is healthy; it was
// seen to take half a second.
const startLimit = time.Minute

// Start starts a server that ends with the test. It skips the test where no
// program is named, and fails it where the one that is named does not start.
func Start(t testing.TB) *Server {
	t.Helper()
	var secret [32]byte
	if _, err := rand.Read(secret[:]); err != nil {
		t.Fatal(err)
	}
	return StartWith(t, "MINIO_KMS_SECRET_KEY="+Key+":"+base64.StdEncoding.EncodeToString(secret[:]))
}

// StartWith is Start with a key service of the caller's, as variables of the
// environment (MINIO_KMS_...).
func StartWith(t testing.TB, keys ...string) *Server {
	t.Helper()
	program := os.Getenv("RESEAL_MINIO_BIN")
	if program == "" {
		t.Skip("SKIPPED, NOT PASSED: this needs a MinIO, which RESEAL_MINIO_BIN does not name. To install one and run this: make minio")
	}
	// Between choosing a free port and the server's taking it, another program can.
	var err error
	for range 3 {
		var s *Server
		if s, err = start(t, program, keys); err == nil {
			return s
		}
	}
	t.Fatalf("start MinIO: %v", err)
	return nil
}

func start(t testing.TB, program string, keys []string) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	dir := t.TempDir()
	cmd := exec.Command(program, "server", "--quiet", "--address", address, "--certs-dir", filepath.Join(dir, "certs"), filepath.Join(dir, "data"))
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir,
		"MINIO_ROOT_USER=" + AccessKey, "MINIO_ROOT_PASSWORD=" + SecretKey,
		"MINIO_BROWSER=off", "MINIO_UPDATE=off",
	}
	cmd.Env = append(cmd.Env, keys...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop := func() {
		_ = cmd.Process.Kill()
		<-ended
	}
	s := &Server{URL: "http://" + address}
	if err := s.wait(t.Context(), ended); err != nil {
		stop()
		return nil, fmt.Errorf("%w; it said:\n%s", err, said.Bytes())
	}
	t.Cleanup(stop)
	return s, nil
}

// wait waits until the server is healthy, or has ended.
func (s *Server) wait(ctx context.Context, ended <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/minio/health/live", nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ended:
			return fmt.Errorf("%s ended", s.URL)
		case <-ctx.Done():
			return fmt.Errorf("%s is not healthy: %w", s.URL, ctx.Err())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// freeAddress returns an address on loopback that nobody listened on just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
