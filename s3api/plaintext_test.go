package s3api

import (
	"errors"
	"testing"
)

// What the SDK says around an answer goes; status, code and request id stay.
func TestPlainText(t *testing.T) {
	for text, want := range map[string]string{
		"DescribeKey k: operation error KMS: DescribeKey, https response error StatusCode: 400, RequestID: R2, NotFoundException: Key 'k' does not exist":                                                            "DescribeKey k: NotFoundException (400, request id R2): Key 'k' does not exist",
		"operation error S3: HeadBucket, https response error StatusCode: 404, RequestID: 16Q4, HostID: uNXA/fJ1+AA, NotFound: ; and more":                                                                           "NotFound (404, request id 16Q4); and more",
		`read: operation error S3: GetObject, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , HostID: , request send failed, Get "http://127.0.0.1:1/x": dial tcp: refused`: "read: no answer: dial tcp: refused",
		"x: operation error S3: GetObject, https response error StatusCode: 502, RequestID: , HostID: , deserialization failed, EOF":                                                                                 "x: status 502: the answer cannot be read: it breaks off",
		"words of our own": "words of our own",
	} {
		if got := PlainText(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestReference(t *testing.T) {
	for text, want := range map[string]string{
		"operation error S3: HeadBucket, https response error StatusCode: 404, RequestID: 16Q4, HostID: u+A, NotFound: ":   " (404 NotFound, request id 16Q4)",
		"operation error S3: GetObject, https response error StatusCode: 502, RequestID: , HostID: , deserialization, EOF": " (502)",
		"words of our own": "",
	} {
		if got := Reference(errors.New(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
