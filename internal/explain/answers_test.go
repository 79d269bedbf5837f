package explain

import (
	"strings"
	"testing"
)

// What is looked up by an answer goes from the first line to one of its own.
func TestReferencesHaveALineOfTheirOwn(t *testing.T) {
	for text, want := range map[string][2]string{
		"CopyObject s3://b/\"k\": AccessDenied (403, request id R1): no":   {"CopyObject s3://b/\"k\": AccessDenied: no", "AccessDenied (403, request id R1)"},
		"bucket b does not exist (404 NotFound, request id 16Q4)":          {"bucket b does not exist", "404 NotFound, request id 16Q4"},
		"KMS.NotFoundException (400, request id R2): Invalid keyId":        {"KMS.NotFoundException: Invalid keyId", "KMS.NotFoundException (400, request id R2)"},
		"bucket b does not exist (404 NotFound)":                           {"bucket b does not exist", "404 NotFound"},
		"30 objects (12 done): nothing of that is an answer, nor (4 days)": {"30 objects (12 done): nothing of that is an answer, nor (4 days)", ""},
	} {
		rest, refs := withoutReferences(text)
		if rest != want[0] || strings.Join(refs, "|") != want[1] {
			t.Errorf("%q: %q, %q; want %q", text, rest, refs, want)
		}
	}
}
