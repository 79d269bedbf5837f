package front

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// BenchmarkCopyObject measures the CPU time of one CopyObject over loopback
// TCP: signature, core, answer, net/http, and the client's own two system
// calls. Budget: 80 us a copy for the server. BenchmarkCopyFloor is the same
// with a handler that does nothing; what lies between is this package and the
// core.
func BenchmarkCopyObject(b *testing.B) {
	w := simulator.New(simulator.Config{Region: "eu-west-1"})
	if err := w.CreateKey(simulator.Key{ARN: testKey}); err != nil {
		b.Fatal(err)
	}
	if err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: simulator.Request{Bucket: "bucket"}}); err != nil {
		b.Fatal(err)
	}
	if err := w.Populate("bucket", simulator.Population{N: 4096, Seed: 1, Plain: true}); err != nil {
		b.Fatal(err)
	}
	f, err := New(w, Config{Identities: []Identity{longLived}, PlainIsSecure: true})
	if err != nil {
		b.Fatal(err)
	}
	var requests [][]byte
	for o := range w.Walk("bucket") {
		requests = append(requests, signedCopy(b, o.Key))
	}
	measureCopies(b, f.Serve, requests)
	if n := w.Counters().OK(simulator.OpCopyObject); n < int64(b.N) {
		b.Errorf("%d copies of %d succeeded", n, b.N)
	}
}

func BenchmarkCopyFloor(b *testing.B) {
	answer := []byte(strings.Repeat("x", 200) + "</CopyObjectResult>")
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) })}
	serve := func(ctx context.Context, l net.Listener) error {
		context.AfterFunc(ctx, func() { _ = srv.Close() })
		if err := srv.Serve(l); err != http.ErrServerClosed {
			return err
		}
		return nil
	}
	measureCopies(b, serve, [][]byte{signedCopy(b, "a/key")})
}

// measureCopies sends requests, signed beforehand, over 64 connections, and
// looks of each answer only for its end.
func measureCopies(b *testing.B, serve func(context.Context, net.Listener) error, requests [][]byte) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l) }()
	conns := make([]net.Conn, 64)
	for i := range conns {
		if conns[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			b.Fatal(err)
		}
	}
	var next, failed atomic.Int64
	runtime.GC()
	cpu := cpuTime()
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for _, c := range conns {
		wg.Go(func() {
			buf := make([]byte, 4096)
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if _, err := c.Write(requests[n%int64(len(requests))]); err != nil {
					failed.Add(1)
					return
				}
				got := 0
				for !bytes.HasSuffix(buf[:got], []byte("</CopyObjectResult>")) {
					n, err := c.Read(buf[got:])
					if err != nil || got+n == len(buf) {
						failed.Add(1)
						return
					}
					got += n
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/float64(b.N), "cpu-us/op")
	if n := failed.Load(); n > 0 {
		b.Errorf("%d connections failed", n)
	}
	for _, c := range conns {
		c.Close()
	}
	cancel()
	if err := <-served; err != nil {
		b.Error(err)
	}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// signedCopy is the wire form of the request the project sends most.
func signedCopy(b *testing.B, key string) []byte {
	r, err := http.NewRequest("PUT", "http://127.0.0.1:9000/", nil)
	if err != nil {
		b.Fatal(err)
	}
	r.URL.Path = "/bucket/" + key
	r.URL.RawPath = "/bucket/" + string(appendEscaped(nil, key, true))
	r.URL.RawQuery = "x-id=CopyObject"
	for name, value := range map[string]string{
		"X-Amz-Copy-Source": "bucket/" + string(appendEscaped(nil, key, true)), "X-Amz-Server-Side-Encryption": "aws:kms",
		"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": testKey, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": "true",
		"X-Amz-Expected-Bucket-Owner": "111122223333", "Amz-Sdk-Request": "attempt=1; max=1", "Accept-Encoding": "identity",
		"X-Amz-Content-Sha256": emptyHash,
	} {
		r.Header.Set(name, value)
	}
	if err := s3Signer().SignHTTP(context.Background(), credentialsOf(longLived), r, emptyHash, "s3", "eu-west-1", time.Now()); err != nil {
		b.Fatal(err)
	}
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		b.Fatal(err)
	}
	return wire.Bytes()
}
