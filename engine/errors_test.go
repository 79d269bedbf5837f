package engine

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct {
		name string
		err  ObjectError
		want string
	}{
		{"nothing", ObjectError{}, ""},
		{"of the service", ObjectError{Said: "Access Denied", Err: errors.New("operation error S3: CopyObject, api error AccessDenied: Access Denied")}, "Access Denied"},
		{"our own", ObjectError{Err: errors.New("the object has annotations")}, "the object has annotations"},
		{"no answer", ObjectError{Err: fmt.Errorf("send: %w", &url.Error{Op: "Put", URL: "https://b.s3.amazonaws.com/k?X-Amz-Signature=abc", Err: errors.New("connection reset")})}, "connection reset"},
		{"several lines", ObjectError{Said: "one\r\n\ttwo\x00\u2028three\x7f"}, "one two three"},
		{"not UTF-8", ObjectError{Said: "a\xffb"}, "a\uFFFDb"},
		{"the id of a key", ObjectError{Said: "The key AKIAIOSFODNN7EXAMPLE is not known"}, "The key [left out] is not known"},
		{"signed parameters", ObjectError{Said: "GET /k?X-Amz-Credential=ASIAIOSFODNN7EXAMPLE/20261121&x-amz-security-token=FwoG%2F, Authorization: AWS4-HMAC-SHA256"},
			"GET /k?[left out]&[left out], [left out]"},
	} {
		if got := tt.err.Words(); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, long := range []string{strings.Repeat("x", 10_000), strings.Repeat("日本", 5000), strings.Repeat("a\n", 9000)} {
		e := ObjectError{Said: long}
		if got := e.Words(); len(got) > maxWords || len(got) < maxWords-8 || !utf8.ValidString(got) || strings.ContainsAny(got, "\n\r") {
			t.Errorf("%.8q...: %d bytes: %q", long, len(got), got)
		}
	}
}
