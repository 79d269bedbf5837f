package plan

import "unicode/utf8"

// OddKey tells whether a key is one that servers and what lies before them are known to
// take for another: with empty or dot segments, with what is escaped or trimmed.
func OddKey(key string) bool {
	before := byte('/') // the byte before, as if the key stood behind a slash
	ascii := true
	for i := range len(key) {
		c := key[i]
		switch oddness[c] {
		case oddByte:
			return true
		case oddAtEnds: // of a segment, and "/" itself
			if before == '/' && c != '.' || c == '/' && oddness[before] == oddAtEnds {
				return true
			}
		case oddIfBroken:
			ascii = false
		}
		before = c
	}
	return oddness[before] == oddAtEnds || !ascii && !utf8.ValidString(key)
}

// What a byte makes of a key.
const (
	oddNowhere  = iota
	oddByte     // an odd one, wherever it is
	oddAtEnds   // one where it ends a segment; a space where it begins one, too
	oddIfBroken // part of a character that may not be whole
)

var oddness = func() (t [256]uint8) {
	for c := range t {
		switch {
		case c < ' ', c == 0x7f, c == '%', c == '+', c == '\\':
			t[c] = oddByte
		case c == ' ', c == '.', c == '/':
			t[c] = oddAtEnds
		case c >= utf8.RuneSelf:
			t[c] = oddIfBroken
		}
	}
	return t
}()
