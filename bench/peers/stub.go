package main

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// stub answers copies and heads of ordinary objects out of its pocket, for a few
// microseconds each, so that it is the client that is measured. Everything else
// (listings, the bucket's configuration, the first copies, which are a canary's)
// it hands on to a simulator. It checks no signature.
type stub struct {
	transport *http.Transport
	target    *url.URL
	latency   time.Duration
	answers   atomic.Pointer[answers]
	key       string

	real   int64 // copies that the simulator carries out
	passed atomic.Int64
	mu     sync.RWMutex
	seen   map[string]bool // paths of objects that the simulator has copied

	connections, copies, heads, others atomic.Int64

	pastMu sync.Mutex
	past   []int64 // copies answered so far, every pastEvery
}

// pastEvery is how often a stub notes how far it is.
const pastEvery = 100 * time.Millisecond

// answers are the canned ones; they bear the date, so they are made every second.
type answers struct{ copied, head []byte }

const (
	objectETag     = "9e107d9d372bb6826bd81d3542a419d6" // of every object of the report
	objectSize     = 20480
	objectModified = "Fri, 20 Nov 2026 01:00:00 GMT"
	countersPath   = "/_stub/counters"
)

// counts is what a stub has done.
type counts struct {
	Connections int64 `json:"connections"`
	Copies      int64 `json:"copies"`
	Heads       int64 `json:"heads"`
	Others      int64 `json:"others"`

	Past []int64 `json:"past"` // copies, every pastEvery
}

// steady returns how many copies a second were answered while a run was well
// under way: from the half of n to 95 %. It is 0 for runs too short to tell.
func (c *counts) steady(before, n int64) float64 {
	from, _ := slices.BinarySearch(c.Past, before+n/2)
	to, _ := slices.BinarySearch(c.Past, before+n*95/100)
	if to >= len(c.Past) || to-from < 10 {
		return 0
	}
	return float64(c.Past[to]-c.Past[from]) / (time.Duration(to-from) * pastEvery).Seconds()
}

// runStub serves until it is killed. It prints its address.
func runStub(args []string) error {
	fs := flag.NewFlagSet("stub", flag.ContinueOnError)
	upstream := fs.String("upstream", "", "address of the simulator")
	secure := fs.Bool("tls", false, "serve TLS")
	bundle := fs.String("bundle", "", "file for the certificate")
	latency := fs.Duration("latency", 0, "time that each request takes at least")
	key := fs.String("key", "", "KMS key that copies are under")
	real := fs.Int64("real", 64, "copies that the simulator carries out")
	if err := fs.Parse(args); err != nil {
		return err
	}
	debug.SetGCPercent(1000) // it is not to be what is measured
	target, err := url.Parse(*upstream)
	if err != nil {
		return err
	}
	s := &stub{target: target, latency: *latency, key: *key, real: *real, seen: map[string]bool{},
		transport: &http.Transport{MaxIdleConnsPerHost: 4096, DisableCompression: true}}
	s.answers.Store(s.can(time.Now()))
	go func() {
		for now := range time.Tick(time.Second) {
			s.answers.Store(s.can(now))
		}
	}()
	go func() {
		for range time.Tick(pastEvery) {
			s.pastMu.Lock()
			s.past = append(s.past, s.copies.Load())
			s.pastMu.Unlock()
		}
	}()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	scheme := "http"
	if *secure {
		config, err := certify(*bundle)
		if err != nil {
			return err
		}
		ln, scheme = tls.NewListener(ln, config), "https"
	}
	fmt.Printf("%s://%s\n", scheme, ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		s.connections.Add(1)
		go s.serve(c)
	}
}

// certify makes a certificate for loopback and writes it to a file.
func certify(bundle string) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		os.WriteFile(bundle, text, 0o600)
}

// can makes the canned answers. They have the headers and the length of S3's.
func (s *stub) can(now time.Time) *answers {
	head := "HTTP/1.1 200 OK\r\n" +
		"x-amz-id-2: " + strings.Repeat("Kq3", 25) + "=\r\nx-amz-request-id: 4A9C2E7B5D1F8036\r\n" +
		"Date: " + now.UTC().Format(http.TimeFormat) + "\r\n"
	body := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<CopyObjectResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LastModified>` +
		now.UTC().Format("2006-01-02T15:04:05.000Z") + `</LastModified><ETag>&quot;3858f62230ac3c915f300c664312c63f&quot;</ETag>` +
		`<ChecksumCRC64NVME>AAAAAAAAAAA=</ChecksumCRC64NVME><ChecksumType>FULL_OBJECT</ChecksumType></CopyObjectResult>`
	return &answers{
		copied: []byte(head + "x-amz-server-side-encryption: aws:kms\r\nx-amz-server-side-encryption-aws-kms-key-id: " + s.key +
			"\r\nx-amz-server-side-encryption-bucket-key-enabled: true\r\nContent-Type: application/xml\r\nServer: AmazonS3\r\nContent-Length: " +
			strconv.Itoa(len(body)) + "\r\n\r\n" + body),
		head: []byte(head + "Last-Modified: " + objectModified + "\r\nETag: \"" + objectETag + "\"\r\nx-amz-server-side-encryption: AES256\r\n" +
			"Accept-Ranges: bytes\r\nContent-Type: binary/octet-stream\r\nContent-Length: " + strconv.Itoa(objectSize) + "\r\nServer: AmazonS3\r\n\r\n"),
	}
}

// serve answers the requests of one connection.
func (s *stub) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewReaderSize(c, 8<<10)
	for {
		head, err := peekHead(in)
		if err != nil {
			return
		}
		answer, canned := s.pocket(head)
		if s.latency > 0 {
			time.Sleep(s.latency)
		}
		if canned {
			if _, err := in.Discard(len(head)); err != nil {
				return
			}
			if _, err := c.Write(answer); err != nil {
				return
			}
			continue
		}
		if s.forward(in, c) != nil {
			return
		}
	}
}

// peekHead returns the head of the next request, up to the empty line.
func peekHead(in *bufio.Reader) ([]byte, error) {
	for n := 1; ; {
		if _, err := in.Peek(n); err != nil {
			return nil, err
		}
		b, _ := in.Peek(in.Buffered())
		if i := bytes.Index(b, []byte("\r\n\r\n")); i >= 0 {
			return b[:i+4], nil
		}
		if n = len(b) + 1; n > in.Size() {
			return nil, fmt.Errorf("a head of more than %d bytes", in.Size())
		}
	}
}

// pocket returns the canned answer to a request, where there is one.
func (s *stub) pocket(head []byte) ([]byte, bool) {
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	path, isCopy := bytes.CutPrefix(line, []byte("PUT /"+bucket+"/"))
	isHead := false
	if !isCopy {
		path, isHead = bytes.CutPrefix(line, []byte("HEAD /"+bucket+"/"))
	}
	path, _, _ = bytes.Cut(path, []byte(" "))
	path, query, _ := bytes.Cut(path, []byte("?"))
	switch {
	case isCopy && bytes.HasPrefix(path, []byte(keyPrefix)) && !bytes.Contains(query, []byte("partNumber")) &&
		(bytes.Contains(head, []byte("X-Amz-Copy-Source:")) || bytes.Contains(head, []byte("x-amz-copy-source:"))):
		s.copies.Add(1)
		if s.passed.Load() < s.real && s.passed.Add(1) <= s.real {
			s.mu.Lock()
			s.seen[string(path)] = true
			s.mu.Unlock()
			return nil, false
		}
		return s.answers.Load().copied, true
	case isHead && bytes.HasPrefix(path, []byte(keyPrefix)):
		s.heads.Add(1)
		s.mu.RLock()
		known := s.seen[string(path)]
		s.mu.RUnlock()
		return s.answers.Load().head, !known
	}
	if !bytes.Contains(line, []byte(countersPath)) {
		s.others.Add(1)
	}
	return nil, false
}

// forward has the simulator answer the next request.
func (s *stub) forward(in *bufio.Reader, c net.Conn) error {
	r, err := http.ReadRequest(in)
	if err != nil {
		return err
	}
	if r.URL.Path == countersPath {
		s.pastMu.Lock()
		text, err := json.Marshal(counts{s.connections.Load(), s.copies.Load(), s.heads.Load(), s.others.Load(), s.past})
		s.pastMu.Unlock()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
		return err
	}
	r.URL.Scheme, r.URL.Host, r.RequestURI = s.target.Scheme, s.target.Host, ""
	if r.Header.Get("Expect") != "" {
		if _, err := io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n"); err != nil {
			return err
		}
		r.Header.Del("Expect")
	}
	response, err := s.transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if err := response.Write(c); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}
