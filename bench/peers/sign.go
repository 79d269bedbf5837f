package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// signer signs as AWS Signature Version 4 asks, with a key kept for the day.
type signer struct {
	access, region string
	day            string
	key            []byte
	secret         string
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func mac(key []byte, s string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(s))
	return h.Sum(nil)
}

// prepare derives the key; after it, sign may be called concurrently that day.
func (s *signer) prepare(now time.Time) {
	s.day = now.UTC().Format("20060102")
	k := []byte("AWS4" + s.secret)
	for _, part := range []string{s.day, s.region, "s3", "aws4_request"} {
		k = mac(k, part)
	}
	s.key = k
}

// pair is a header, its name in lower case.
type pair struct{ name, value string }

// sign returns headers completed by those of the signature.
func (s *signer) sign(method, path, query string, headers []pair) []pair {
	at := time.Now().UTC().Format("20060102T150405Z")
	headers = append(headers, pair{"x-amz-content-sha256", emptyHash}, pair{"x-amz-date", at})
	slices.SortFunc(headers, func(a, b pair) int { return strings.Compare(a.name, b.name) })
	var canonical, names strings.Builder
	fmt.Fprintf(&canonical, "%s\n%s\n%s\n", method, path, query)
	for i, h := range headers {
		canonical.WriteString(h.name)
		canonical.WriteByte(':')
		canonical.WriteString(h.value)
		canonical.WriteByte('\n')
		if i > 0 {
			names.WriteByte(';')
		}
		names.WriteString(h.name)
	}
	canonical.WriteString("\n" + names.String() + "\n" + emptyHash)
	digest := sha256.Sum256([]byte(canonical.String()))
	scope := s.day + "/" + s.region + "/s3/aws4_request"
	signature := hex.EncodeToString(mac(s.key, "AWS4-HMAC-SHA256\n"+at+"\n"+scope+"\n"+hex.EncodeToString(digest[:])))
	return append(headers, pair{"authorization", "AWS4-HMAC-SHA256 Credential=" + s.access + "/" + scope +
		", SignedHeaders=" + names.String() + ", Signature=" + signature})
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
