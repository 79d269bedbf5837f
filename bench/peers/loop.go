package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// job is what the two loops are told, as JSON in a file: the least that a
// program has to know to copy objects in place.
type job struct {
	Endpoint, Bundle, Access, Secret, Region string
	Bucket, KMSKey                           string
	Keys                                     []string
	InFlight                                 int
}

// loop copies all objects of a job and does nothing else: with net/http, the
// practical limit of a Go program, or over bare connections, the hard one.
func loop(kind, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	u, err := url.Parse(j.Endpoint)
	if err != nil {
		return err
	}
	var config *tls.Config // nil without TLS
	if j.Bundle != "" {
		if config, err = trust(j.Bundle); err != nil {
			return err
		}
	}
	s := &signer{access: j.Access, secret: j.Secret, region: j.Region}
	s.prepare(time.Now())
	transport := &http.Transport{TLSClientConfig: config, MaxIdleConnsPerHost: j.InFlight, DisableCompression: true}
	var next, failed atomic.Int64
	var workers sync.WaitGroup
	for range j.InFlight {
		workers.Go(func() {
			var c *bare
			for {
				i := next.Add(1) - 1
				if i >= int64(len(j.Keys)) {
					return
				}
				path := "/" + j.Bucket + "/" + escape(j.Keys[i])
				headers := s.sign(http.MethodPut, path, "", []pair{
					{"host", u.Host}, {"x-amz-copy-source", path}, {"x-amz-metadata-directive", "COPY"}, {"x-amz-tagging-directive", "COPY"},
					{"x-amz-server-side-encryption", "aws:kms"}, {"x-amz-server-side-encryption-aws-kms-key-id", j.KMSKey},
					{"x-amz-server-side-encryption-bucket-key-enabled", "true"},
				})
				var status int
				var err error
				if kind == "net/http" {
					status, err = viaHTTP(transport, u, path, headers)
				} else {
					if c == nil {
						c, err = dial(u.Host, config)
					}
					if err == nil {
						status, err = c.send(path, headers)
					}
					if err != nil {
						c = nil
					}
				}
				if err != nil || status != http.StatusOK {
					failed.Add(1)
				}
			}
		})
	}
	workers.Wait()
	if n := failed.Load(); n > 0 {
		fmt.Fprintf(os.Stderr, "%d of %d copies were refused\n", n, len(j.Keys))
	}
	return nil
}

// trust returns a TLS configuration that trusts a bundle.
func trust(bundle string) (*tls.Config, error) {
	pem, err := os.ReadFile(bundle)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s: no certificates", bundle)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

func viaHTTP(t *http.Transport, u *url.URL, path string, headers []pair) (int, error) {
	h := make(http.Header, len(headers))
	for _, p := range headers {
		if p.name != "host" {
			h[http.CanonicalHeaderKey(p.name)] = []string{p.value}
		}
	}
	plain, err := url.PathUnescape(path)
	if err != nil {
		return 0, err
	}
	r := &http.Request{Method: http.MethodPut, URL: &url.URL{Scheme: u.Scheme, Host: u.Host, Path: plain, RawPath: path}, Header: h}
	response, err := t.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode, err
}

// bare is a connection without an HTTP client.
type bare struct {
	net.Conn
	in  *bufio.Reader
	out []byte
}

func dial(host string, config *tls.Config) (*bare, error) {
	var c net.Conn
	var err error
	if config == nil {
		c, err = net.Dial("tcp", host)
	} else {
		c, err = tls.Dial("tcp", host, config)
	}
	if err != nil {
		return nil, err
	}
	return &bare{Conn: c, in: bufio.NewReader(c)}, nil
}

// send writes a request and reads an answer that has a Content-Length.
func (c *bare) send(path string, headers []pair) (status int, err error) {
	b := append(c.out[:0], "PUT "+path+" HTTP/1.1\r\n"...)
	for _, p := range headers {
		b = append(append(append(append(b, p.name...), ": "...), p.value...), "\r\n"...)
	}
	b = append(b, "content-length: 0\r\n\r\n"...)
	c.out = b
	if _, err := c.Write(b); err != nil {
		return 0, err
	}
	length := -1
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if first {
			if len(line) < 12 {
				return 0, fmt.Errorf("answer %q", line)
			}
			status, _ = strconv.Atoi(string(line[9:12]))
			continue
		}
		text := strings.TrimSpace(string(line))
		if text == "" {
			break
		}
		if name, value, _ := strings.Cut(text, ":"); strings.EqualFold(name, "content-length") {
			length, _ = strconv.Atoi(strings.TrimSpace(value))
		}
	}
	if length < 0 {
		return 0, fmt.Errorf("an answer without Content-Length")
	}
	_, err = c.in.Discard(length)
	return status, err
}
