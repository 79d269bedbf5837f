package plan

import (
	"strings"
	"unicode/utf8"
)

// OddKey tells whether a key is one that servers and what lies before them are known to
// take for another: with empty or dot segments, with what is escaped or trimmed.
func OddKey(key string) bool {
	if strings.ContainsAny(key, "%+\\") || !utf8.ValidString(key) || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return true
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ") || strings.HasPrefix(segment, " ") {
			return true
		}
	}
	return false
}
