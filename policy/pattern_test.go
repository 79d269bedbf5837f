package policy

import (
	"regexp"
	"strings"
	"testing"
)

// words returns all words of up to n of the letters.
func words(letters string, n int) []string {
	out := []string{""}
	for last := out; n > 0; n-- {
		var next []string
		for _, w := range last {
			for _, l := range letters {
				next = append(next, w+string(l))
			}
		}
		out, last = append(out, next...), next
	}
	return out
}

// TestMatch compares all short patterns on all short texts with regexp.
func TestMatch(t *testing.T) {
	texts := words("ab", 4)
	for _, text := range words("ab*?", 4) {
		p := compile(text, nil)
		re := regexp.MustCompile("^" + strings.NewReplacer("*", ".*", "?", ".").Replace(text) + "$")
		for _, s := range texts {
			if got, want := p.match(s), re.MatchString(s); got != want {
				t.Fatalf("%q with %q: %t, want %t", text, s, got, want)
			}
		}
	}
}

// TestOverlap compares all short pairs of patterns with a search for a text that
// both match. Two patterns of three have one of six letters, if any.
func TestOverlap(t *testing.T) {
	texts, all := words("ab", 6), words("ab*?", 3)
	matched := make([]map[string]bool, len(all))
	for i, text := range all {
		matched[i] = map[string]bool{}
		for _, s := range texts {
			if compile(text, nil).match(s) {
				matched[i][s] = true
			}
		}
	}
	for i, p := range all {
		for j, q := range all {
			want := false
			for s := range matched[i] {
				want = want || matched[j][s]
			}
			if got := overlap(compile(p, nil), compile(q, nil)); got != want {
				t.Fatalf("%q and %q: %t, want %t", p, q, got, want)
			}
		}
	}
}
