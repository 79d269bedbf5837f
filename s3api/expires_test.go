package s3api

import (
	"testing"

	"reseal/internal/simulator"
)

// TestMultipartCopyKeepsTheFormOfExpires: all three forms of a date that HTTP
// has (RFC 9110, 5.6.7) come through as they are.
func TestMultipartCopyKeepsTheFormOfExpires(t *testing.T) {
	s := simulate(t, simulator.Config{})
	for _, form := range []string{"Sun, 06 Nov 2039 08:49:37 GMT", "Sunday, 06-Nov-39 08:49:37 GMT", "Sun Nov  6 08:49:37 2039"} {
		seedLarge(t, s, "film", func(o *simulator.ObjectInfo) { o.Metadata.Expires, o.Grants = form, nil })
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
		if _, err := r.Rewrite(t.Context(), inspected(t, r, "film"), &gate{}); err != nil {
			t.Errorf("Expires %q: %v", form, err)
		}
		if is := s.now(t, "film").Metadata.Expires; is != form {
			t.Errorf("Expires %q, was %q", is, form)
		}
	}
}
