package plan

import (
	"strings"
	"testing"
)

// Tags that no object can have would select nothing.
func TestTagErrors(t *testing.T) {
	for _, tt := range []struct {
		tags []string
		want string
	}{
		{[]string{"a=b", "a", "c="}, ""},
		{[]string{"a=b", "a=b"}, ""},
		{[]string{"=b"}, "want KEY=VALUE"},
		{[]string{strings.Repeat("k", 128) + "=" + strings.Repeat("v", 256)}, ""},
		{[]string{strings.Repeat("k", 129)}, "no object has such a tag"},
		{[]string{"k=" + strings.Repeat("\U0001F600", 129)}, "no object has such a tag"}, // two units each
		{[]string{"a=b", "a=c"}, "exclude each other"},
	} {
		errs := TagErrors(tt.tags)
		if (len(errs) == 0) != (tt.want == "") || len(errs) > 0 && !strings.Contains(errs[0].Error(), tt.want) {
			t.Errorf("%q: %v, want %q", tt.tags, errs, tt.want)
		}
	}
}
