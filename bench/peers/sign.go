package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"
)

// signer signs as AWS Signature Version 4 asks, with a key kept for the day.
type signer struct {
	access, region string
	scope          string // day/region/s3/aws4_request
	secret         string
	macs           sync.Pool
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

// prepare derives the key; after it, sign may be called concurrently that day.
func (s *signer) prepare(now time.Time) {
	day := now.UTC().Format("20060102")
	k := []byte("AWS4" + s.secret)
	for _, part := range []string{day, s.region, "s3", "aws4_request"} {
		k = mac(k, part)
	}
	s.scope = day + "/" + s.region + "/s3/aws4_request"
	s.macs.New = func() any { return hmac.New(sha256.New, k) }
}

// pair is a header, its name in lower case.
type pair struct{ name, value string }

// sign returns headers completed by those of the signature.
func (s *signer) sign(method, path, query string, headers []pair) []pair {
	at := time.Now().UTC().Format("20060102T150405Z")
	headers = append(headers, pair{"x-amz-content-sha256", emptyHash}, pair{"x-amz-date", at})
	slices.SortFunc(headers, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	join := func(b []byte, parts ...string) []byte {
		for _, p := range parts {
			b = append(b, p...)
		}
		return b
	}
	names := func(b []byte) []byte {
		for i, h := range headers {
			if i > 0 {
				b = append(b, ';')
			}
			b = append(b, h.name...)
		}
		return b
	}
	b := join(make([]byte, 0, 2<<10), method, "\n", path, "\n", query, "\n")
	for _, h := range headers {
		b = join(b, h.name, ":", h.value, "\n")
	}
	b = join(names(append(b, '\n')), "\n", emptyHash)
	digest := sha256.Sum256(b)
	b = hex.AppendEncode(join(b[:0], "AWS4-HMAC-SHA256\n", at, "\n", s.scope, "\n"), digest[:])
	m := s.macs.Get().(hash.Hash)
	m.Reset()
	m.Write(b)
	sum := m.Sum(digest[:0])
	s.macs.Put(m)
	b = names(join(b[:0], "AWS4-HMAC-SHA256 Credential=", s.access, "/", s.scope, ", SignedHeaders="))
	return append(headers, pair{"authorization", string(hex.AppendEncode(join(b, ", Signature="), sum))})
}

// escape percent-encodes all but unreserved bytes and slashes.
func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
