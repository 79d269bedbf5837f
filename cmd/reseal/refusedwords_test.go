package main

import (
	"errors"
	"testing"

	"reseal/preflight"
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
		err := &preflight.RefusedError{Err: &s3api.SetupError{Kind: kind, Op: "HeadBucket", Err: errors.New("x")}}
		if got := exitCode(err); got != want {
			t.Errorf("%s: exit code %d, want %d", kind, got, want)
		}
	}
}
