package canary

import (
	"errors"
	"testing"

	"reseal/engine"
)

// Only an object's own failure is called one.
func TestWhyUntouched(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&engine.ObjectError{Class: engine.Changed}, whyOthers},
		{&engine.ObjectError{Class: engine.Gone}, whyGone},
		{&engine.ObjectError{Class: engine.Permanent}, whyFailed},
		{errors.New("else"), whyFailed},
	} {
		if got := whyUntouched(tt.err); got != tt.want {
			t.Errorf("%v: %q, want %q", tt.err, got, tt.want)
		}
	}
}
