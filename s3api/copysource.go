package s3api

import "strings"

// copySource returns the value of x-amz-copy-source for an object: bucket and
// key, percent-encoded but for unreserved bytes and slashes. S3 decodes it, so
// a literal '+', '%' or '?' in a key must not arrive as it is; the SDK puts the
// value into the header unchanged.
func copySource(bucket, key, versionID string) string {
	var b strings.Builder
	b.Grow(len(bucket) + 1 + len(key) + len(key)/8 + len(versionID))
	escapeTo(&b, bucket, "/")
	b.WriteByte('/')
	escapeTo(&b, key, "/")
	if versionID != "" {
		b.WriteString("?versionId=")
		escapeTo(&b, versionID, "")
	}
	return b.String()
}

// escaped returns s percent-encoded, but for unreserved bytes and those of safe.
func escaped(s, safe string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !unreserved(c) && strings.IndexByte(safe, c) < 0 {
			var b strings.Builder
			b.Grow(len(s) + len(s)/8 + 8)
			b.WriteString(s[:i])
			escapeTo(&b, s[i:], safe)
			return b.String()
		}
	}
	return s
}

const upperHex = "0123456789ABCDEF"

// escapeTo writes s to b percent-encoded, but for unreserved bytes and those of
// safe.
func escapeTo(b *strings.Builder, s, safe string) {
	for i := 0; i < len(s); i++ {
		if c := s[i]; unreserved(c) || strings.IndexByte(safe, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
}

// unreserved tells whether c is an unreserved character of RFC 3986.
func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return c == '-' || c == '.' || c == '_' || c == '~'
}
