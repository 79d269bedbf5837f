package main

import (
	"errors"
	"testing"

	"reseal/verify"
)

// Objects that a snapshot has looked at say nothing of a share.
func TestSampleOfNothing(t *testing.T) {
	v := &verify.Verification{Tally: verify.Tally{Looked: 20, Sampled: 0, Unsampled: 280}}
	if f := (*finding)(nil); !errors.As(verifiedEnding(v.Result()), &f) || f.code != exitDifferent {
		t.Errorf("%v; want exit %d", verifiedEnding(v.Result()), exitDifferent)
	}
}
