package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// job is what the loops are told, as JSON in a file: the least that a program
// has to know to copy objects in place.
type job struct {
	Endpoint, Bundle, Access, Secret, Region string
	Bucket, KMSKey                           string
	Keys                                     []string
	InFlight                                 int
}

// spent is what the loop itself counted of all copies, as JSON beside its job.
type spent struct{ Mallocs, Bytes uint64 }

// copier copies one object in place and returns the answer's status.
type copier func(key string) (status int, err error)

// loop copies all objects of a job and does nothing else: with the SDK's client
// on a transport that keeps its connections, what a plain program costs; with
// net/http, the practical limit of a Go program; or over bare connections, the hard one.
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
	one, err := copiers(kind, &j, u, config)
	if err != nil {
		return err
	}
	var next, failed atomic.Int64
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var workers sync.WaitGroup
	for range j.InFlight {
		workers.Go(func() {
			copyOne := one()
			for {
				i := next.Add(1) - 1
				if i >= int64(len(j.Keys)) {
					return
				}
				if status, err := copyOne(j.Keys[i]); err != nil || status != http.StatusOK {
					failed.Add(1)
				}
			}
		})
	}
	workers.Wait()
	runtime.ReadMemStats(&after)
	if text, err = json.Marshal(spent{after.Mallocs - before.Mallocs, after.TotalAlloc - before.TotalAlloc}); err != nil {
		return err
	}
	if err := os.WriteFile(spentFile(file), text, 0o600); err != nil {
		return err
	}
	if n := failed.Load(); n > 0 {
		fmt.Fprintf(os.Stderr, "%d of %d copies were refused\n", n, len(j.Keys))
	}
	return nil
}

// spentFile is where a loop writes what it spent.
func spentFile(job string) string { return job + ".spent" }

// copiers returns what makes the copier of one worker. config is nil without TLS.
func copiers(kind string, j *job, u *url.URL, config *tls.Config) (func() copier, error) {
	transport := tuned(config, j.InFlight)
	s := &signer{access: j.Access, secret: j.Secret, region: j.Region}
	s.prepare(time.Now())
	switch kind {
	case "sdk":
		all := viaSDK(j, transport)
		return func() copier { return all }, nil
	case "net/http":
		return func() copier {
			return func(key string) (int, error) {
				path, headers := s.copyOf(j, u.Host, key)
				return viaHTTP(transport, u, path, headers)
			}
		}, nil
	case "fasthttp":
		return viaFastHTTP(j, s, u, config), nil
	case "http1":
		return viaHTTP1(j, s, u, transport), nil
	case "bare":
		return func() copier {
			var c *bare
			return func(key string) (status int, err error) {
				if c == nil {
					if c, err = dial(u.Host, config); err != nil {
						return 0, err
					}
				}
				if status, err = c.send(s.copyOf(j, u.Host, key)); err != nil {
					c = nil
				}
				return status, err
			}
		}, nil
	}
	return nil, fmt.Errorf("no loop is called %q", kind)
}

// copyOf returns path and signed headers of a copy of an object onto itself.
func (s *signer) copyOf(j *job, host, key string) (path string, headers []pair) {
	path = "/" + j.Bucket + "/" + escape(key)
	return path, s.sign(http.MethodPut, path, "", []pair{
		{"host", host}, {"x-amz-copy-source", path}, {"x-amz-metadata-directive", "COPY"}, {"x-amz-tagging-directive", "COPY"},
		{"x-amz-server-side-encryption", "aws:kms"}, {"x-amz-server-side-encryption-aws-kms-key-id", j.KMSKey},
		{"x-amz-server-side-encryption-bucket-key-enabled", "true"},
	})
}

// viaSDK copies with the SDK's client as it comes.
func viaSDK(j *job, transport *http.Transport) copier {
	client := s3.New(s3.Options{
		Region: j.Region, BaseEndpoint: &j.Endpoint, UsePathStyle: true, HTTPClient: &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: j.Access, SecretAccessKey: j.Secret}, nil
		}),
	})
	return func(key string) (int, error) {
		_, err := client.CopyObject(context.Background(), &s3.CopyObjectInput{
			Bucket: &j.Bucket, Key: &key, CopySource: aws.String(j.Bucket + "/" + escape(key)),
			MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy,
			ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &j.KMSKey, BucketKeyEnabled: aws.Bool(true),
		})
		if err != nil {
			return 0, err
		}
		return http.StatusOK, nil
	}
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
