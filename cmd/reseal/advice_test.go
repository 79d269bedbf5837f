package main

import (
	"errors"
	"strings"
	"testing"

	"reseal/verify"
)

// A command that is printed names the very object, at the place where it is.
func TestHeadFirst(t *testing.T) {
	v := &verify.Verification{Bucket: "photos", Endpoint: "http://127.0.0.1:9000", Differences: []verify.Difference{{Key: "it's 1", VersionID: "v+1"}}}
	want := `aws s3api head-object --bucket photos --endpoint-url http://127.0.0.1:9000 --key 'it'\''s 1' --version-id v+1`
	if got := headFirst(v); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// Objects that a snapshot has looked at say nothing of a share.
func TestSampleOfNothing(t *testing.T) {
	v := &verify.Verification{Tally: verify.Tally{Looked: 20, Sampled: 0, Unsampled: 280}}
	if f := (*finding)(nil); !errors.As(verifiedEnding(v), &f) || f.code != exitDifferent || !strings.Contains(provesText(v), "nothing is proven") {
		t.Errorf("%v, %q; want exit %d and that nothing is proven", verifiedEnding(v), provesText(v), exitDifferent)
	}
}

// The sample is of all objects that it was drawn from, those with a snapshot included.
func TestSampleIsOfAllThatItWasDrawnFrom(t *testing.T) {
	bound := 0.015
	v := &verify.Verification{Tally: verify.Tally{Looked: 1098, Sampled: 199, Unsampled: 902}, Bound: &bound}
	if got, want := provesText(v), "The sample is 199 of 2,000 objects. 0 of them not as promised: with 95 % confidence at most 1.5 % of all are."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
