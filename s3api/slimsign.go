package s3api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Fixed parts of AWS Signature Version 4 (AWS General Reference, "Create a
// signed AWS API request", read 2026-11-21).
const (
	signingAlgorithm = "AWS4-HMAC-SHA256"
	scopeEnd         = "aws4_request"
	noPayload        = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" // SHA-256 of nothing
	signingTime      = "20060102T150405Z"
	signingDay       = len("20060102")
)

// signer makes signatures of Version 4. Its zero value with region and service
// is ready, and safe for concurrent use.
type signer struct {
	region, service string
	key             atomic.Pointer[signingKey]
}

// signingKey is what a secret signs with on one day. It is the same for every
// request, and takes four times the hashing of a signature to derive.
type signingKey struct {
	day, access, secret string
	scope               string // day/region/service/aws4_request
	macs                sync.Pool
}

// keyFor returns the key for a day, 20060102.
func (s *signer) keyFor(c *aws.Credentials, day string) *signingKey {
	if k := s.key.Load(); k != nil && k.day == day && k.access == c.AccessKeyID && k.secret == c.SecretAccessKey {
		return k
	}
	derived := []byte("AWS4" + c.SecretAccessKey)
	for _, part := range [...]string{day, s.region, s.service, scopeEnd} {
		mac := hmac.New(sha256.New, derived)
		mac.Write([]byte(part))
		derived = mac.Sum(nil)
	}
	k := &signingKey{day: strings.Clone(day), access: c.AccessKeyID, secret: c.SecretAccessKey,
		scope: day + "/" + s.region + "/" + s.service + "/" + scopeEnd}
	k.macs.New = func() any { return hmac.New(sha256.New, derived) }
	s.key.Store(k)
	return k
}

// authorize returns the Authorization header of a request, in m's scratch. path
// and query are as they go over the wire, and in canonical form; m's fields are
// in the order of their lower-case names and hold all headers that are signed.
func (s *signer) authorize(m *message, c *aws.Credentials, at, method, path, query string) []byte {
	k := s.keyFor(c, at[:signingDay])
	b := m.scratch[:0]
	b = append(b, method...)
	b = append(b, '\n')
	b = append(b, path...)
	b = append(b, '\n')
	b = append(b, query...)
	b = append(b, '\n')
	for i := range m.fields {
		f := &m.fields[i]
		b = append(b, f.lower...)
		b = append(b, ':')
		b = appendCanonical(b, f.value)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = m.appendNames(b)
	b = append(b, '\n')
	b = append(b, m.hash...)
	digest := sha256.Sum256(b)

	b = append(b[:0], signingAlgorithm...)
	b = append(b, '\n')
	b = append(b, at...)
	b = append(b, '\n')
	b = append(b, k.scope...)
	b = append(b, '\n')
	b = hex.AppendEncode(b, digest[:])
	mac := k.macs.Get().(hash.Hash)
	mac.Reset()
	mac.Write(b)
	sum := mac.Sum(m.sum[:0])
	k.macs.Put(mac)

	b = append(b[:0], signingAlgorithm...)
	b = append(b, " Credential="...)
	b = append(b, c.AccessKeyID...)
	b = append(b, '/')
	b = append(b, k.scope...)
	b = append(b, ", SignedHeaders="...)
	b = m.appendNames(b)
	b = append(b, ", Signature="...)
	b = hex.AppendEncode(b, sum)
	m.scratch = b
	return b
}

// appendNames appends the names of the signed headers.
func (m *message) appendNames(b []byte) []byte {
	for i := range m.fields {
		if i > 0 {
			b = append(b, ';')
		}
		b = append(b, m.fields[i].lower...)
	}
	return b
}

// appendCanonical appends a header's value as it is signed: without white space
// round it, and with one space where there are several.
func appendCanonical(b []byte, v string) []byte {
	v = strings.TrimSpace(v)
	for {
		i := strings.Index(v, "  ")
		if i < 0 {
			return append(b, v...)
		}
		b = append(b, v[:i+1]...)
		v = strings.TrimLeft(v[i:], " ")
	}
}

// stamp returns t as signatures have it. t is in UTC.
func stamp(t time.Time) string {
	var b [len(signingTime)]byte
	return string(t.AppendFormat(b[:0], signingTime))
}

// atomicDuration is a duration that may be read while it is set.
type atomicDuration struct{ n atomic.Int64 }

func (d *atomicDuration) load() time.Duration   { return time.Duration(d.n.Load()) }
func (d *atomicDuration) store(v time.Duration) { d.n.Store(int64(v)) }
