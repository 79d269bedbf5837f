package s3api

import "unicode/utf8"

// letters are the ASCII characters that keys were seen to be made of. Guesses at
// keys are made of them: digits alone halve better than all bytes do.
type letters [utf8.RuneSelf]bool

// add notes the characters of a key.
func (l *letters) add(key string) {
	for i := range len(key) {
		if c := key[i]; c < utf8.RuneSelf {
			l[c] = true
		}
	}
}

// between guesses a key that cuts what is left of s in two, of which both halves
// may hold keys; "" where there is none. Guesses that had nothing behind them, and
// those that are not known to have, make it try another kind:
//
//   - the middle letter of those that may follow, which halves even ranges;
//   - the end of what the last page had in common, which leaves a folder with
//     very many keys, or finds that there is nothing else;
//   - half of that, which finds how much of it there is nothing else beside.
func (l *lister) between(s *span) string {
	fixed := len(l.prefix)
	if s.to != "" {
		fixed = common(s.at, s.to)
	}
	shared := max(s.shared, min(fixed+1, len(s.at)))
	guesses := [maxGuesses]func() string{
		func() string { return l.middle(s, fixed) },
		func() string { return next(s.at[:max(shared-s.leap, min(fixed+1, len(s.at)))]) },
		func() string { return next(s.at[:min(shared, (fixed+2+shared)/2)]) },
	}
	for i := range guesses {
		g := guesses[(s.misses+s.guesses+i)%len(guesses)]()
		if g > s.at && (s.to == "" || g < s.to) && utf8.ValidString(g) {
			return g
		}
	}
	return ""
}

// middle returns the last key up to the first place, from fixed on, where a
// greater letter is possible, and the middle one of those letters.
func (l *lister) middle(s *span, fixed int) string {
	for i := fixed; i <= len(s.at); i++ {
		low, high := 0, utf8.RuneSelf
		if i < len(s.at) {
			if s.at[i] >= utf8.RuneSelf {
				continue
			}
			low = int(s.at[i]) + 1
		}
		if i == fixed && i < len(s.to) {
			high = min(high, int(s.to[i]))
		}
		known := &l.letters
		if i >= s.shared {
			known = &s.near
		}
		var n int
		var possible [utf8.RuneSelf]byte
		for c := low; c < high; c++ {
			if known[c] {
				possible[n] = byte(c)
				n++
			}
		}
		if n > 0 {
			return s.at[:i] + string(rune(possible[n/2]))
		}
	}
	return ""
}

// common returns the length of what a and b begin with.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// next returns the least string above all that begin with s, cut to whole
// characters; "" where there is none.
func next(s string) string {
	for s != "" {
		r, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
		switch {
		case r == utf8.RuneError && size <= 1, r == utf8.MaxRune:
			continue
		case r == 0xd7ff: // what follows is no character
			r = 0xe000 - 1
		}
		return s + string(r+1)
	}
	return ""
}
