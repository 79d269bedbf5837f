// Package shell writes words so that a person can paste them into a shell, whatever is
// in them.
package shell

import (
	"fmt"
	"strings"
	"unicode"
)

// Word writes a word as a shell takes it, in quotes where it needs them, and as Visible
// does where it has bytes that no terminal shows.
func Word(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, odd) < 0 {
		return s
	}
	return Visible(s)
}

// Path is Word for a path, which no command then takes for an option.
func Path(path string) string {
	if strings.HasPrefix(path, "-") {
		path = "./" + path
	}
	return Word(path)
}

// Quoted writes a word so that a shell takes every character as it is.
func Quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Visible writes a key as one word in quotes. A key with bytes that no terminal shows is
// written as bash, zsh and ksh read it.
func Visible(key string) string {
	hidden := func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }
	if !strings.ContainsFunc(key, hidden) {
		return Quoted(key)
	}
	var b strings.Builder
	for _, r := range []byte(key) {
		switch {
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(r)
		case r < ' ' || r > '~':
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			b.WriteByte(r)
		}
	}
	return "$'" + b.String() + "'"
}
