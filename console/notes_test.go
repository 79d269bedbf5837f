package console

import (
	"fmt"
	"strings"
	"testing"
)

func TestTellFew(t *testing.T) {
	for _, tt := range []struct {
		texts, lines int
		last         string
	}{{0, 0, ""}, {1, 1, "x: 0\n"}, {10, 10, "x: 9\n"}, {11, 11, "x: and 1 more\n"}, {2000, 11, "x: and 1,990 more\n"}} {
		var texts []string
		for i := range tt.texts {
			texts = append(texts, fmt.Sprint(i))
		}
		var b strings.Builder
		Few(&b, "x: ", texts)
		if got := b.String(); strings.Count(got, "\n") != tt.lines || !strings.HasSuffix(got, tt.last) {
			t.Errorf("%d texts: %q", tt.texts, got)
		}
	}
}
