package policy

import (
	"strings"
	"unicode/utf8"
)

// pattern is text in which some places match anything. Values of variables go
// in as they are: a * in a user's name matches a * only.
type pattern []rune

const (
	anyRun rune = -1 // *
	anyOne rune = -2 // ?
)

// compile reads * and ? as wildcards, and ${name} as variable says, where it is
// not nil and knows the name.
func compile(text string, variable func(name string) (string, bool)) pattern {
	var out pattern
	for text != "" {
		if rest, ok := strings.CutPrefix(text, "${"); ok && variable != nil {
			if name, after, ok := strings.Cut(rest, "}"); ok {
				if value, ok := variable(name); ok {
					out = append(out, []rune(value)...)
					text = after
					continue
				}
			}
		}
		r, n := utf8.DecodeRuneInString(text)
		text = text[n:]
		switch r {
		case '*':
			r = anyRun
		case '?':
			r = anyOne
		}
		out = append(out, r)
	}
	return out
}

// match takes time of at most the product of both lengths.
func (p pattern) match(text string) bool {
	s := []rune(text)
	i, j, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case j < len(p) && p[j] == anyRun:
			star, mark = j, i
			j++
		case j < len(p) && (p[j] == anyOne || p[j] == s[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	for j < len(p) && p[j] == anyRun {
		j++
	}
	return j == len(p)
}

// overlap tells whether some text matches both patterns. It takes time of the
// product of both lengths.
func overlap(p, q pattern) bool {
	// meets[j]: the rest of p from i on, and that of q from j on, have a text in common.
	var meets []bool
	for i := len(p); i >= 0; i-- {
		row := make([]bool, len(q)+1)
		for j := len(q); j >= 0; j-- {
			switch {
			case i < len(p) && p[i] == anyRun:
				row[j] = meets[j] || j < len(q) && row[j+1]
			case j < len(q) && q[j] == anyRun:
				row[j] = row[j+1] || i < len(p) && meets[j]
			case i == len(p) || j == len(q):
				row[j] = i == len(p) && j == len(q)
			default:
				row[j] = (p[i] == q[j] || p[i] == anyOne || q[j] == anyOne) && meets[j+1]
			}
		}
		meets = row
	}
	return meets[0]
}
