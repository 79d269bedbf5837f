package main

import (
	"errors"
	"strings"
	"testing"

	"reseal/s3api"
)

// A service that was not reached, or that refused the credentials, has refused no
// run: that is a fatal ending, whoever wraps it.
func TestNotReachedIsFatal(t *testing.T) {
	for kind, want := range map[s3api.SetupKind]int{
		s3api.Unreachable: exitFatal, s3api.UnknownHost: exitFatal, s3api.Proxy: exitFatal, s3api.Middlebox: exitFatal, s3api.NotTLS: exitFatal,
		s3api.OldTLS: exitFatal, s3api.Certificate: exitFatal, s3api.BadCredential: exitFatal, s3api.NoCredentials: exitFatal, s3api.Clock: exitFatal,
		s3api.OpenFiles: exitFatal, s3api.BadBundle: exitFatal,
		s3api.AccessDenied: exitRefused, s3api.NoBucket: exitRefused, s3api.KeyDisabled: exitRefused, s3api.KeyRegion: exitRefused,
	} {
		err := &refusedError{&s3api.SetupError{Kind: kind, Op: "HeadBucket", Err: errors.New("x")}}
		if got := exitCode(err); got != want {
			t.Errorf("%s: exit code %d, want %d", kind, got, want)
		}
	}
}

// The hint about a key in another Region names the Region of the bucket, where a key is
// needed, and does not say that --region would help: the bucket stays where it is.
func TestHintOfAKeyElsewhere(t *testing.T) {
	h := hint(&s3api.SetupError{Kind: s3api.KeyRegion, Op: "DescribeKey", Region: "eu-west-1", Err: errors.New("x")})
	if strings.Contains(h, "it is in") || !strings.Contains(h, "aws kms list-aliases --region eu-west-1") {
		t.Errorf("hint %q", h)
	}
	h = hint(&s3api.SetupError{Kind: s3api.BadBundle, Op: "read CA bundle", Err: errors.New("x")})
	if strings.Contains(h, "PROFILE") || !strings.Contains(h, "--ca-bundle") {
		t.Errorf("hint %q", h)
	}
	if h = hint(&s3api.SetupError{Kind: s3api.OldTLS, Op: "HeadBucket", Err: errors.New("x")}); !strings.Contains(h, "TLS 1.2") {
		t.Errorf("hint %q", h)
	}
}
