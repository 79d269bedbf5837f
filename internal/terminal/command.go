package terminal

import (
	"unicode/utf8"
)

// Command breaks a command line before its options, where it is too long, so that
// it can be pasted as it stands: each line but the last ends in a backslash.
func Command(line string, columns int) []string {
	if utf8.RuneCountInString(line) <= columns {
		return []string{line}
	}
	var parts []string
	for _, part := range words(line, true) {
		if utf8.RuneCountInString(part) > columns-4 {
			parts = append(parts, words(part, false)...)
			continue
		}
		parts = append(parts, part)
	}
	var lines []string
	current := ""
	for i, part := range parts {
		if i > 0 && utf8.RuneCountInString(current)+1+utf8.RuneCountInString(part) > columns-2 {
			lines = append(lines, current+" \\")
			current = "  " + part
			continue
		}
		if i > 0 {
			current += " "
		}
		current += part
	}
	return append(lines, current)
}

// words cuts a command line at spaces that are not in quotes: at all of them, or only
// before words that begin with a dash.
func words(line string, options bool) (parts []string) {
	quote, start := byte(0), 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote == 0 && c == '\\', quote == '"' && c == '\\':
			i++
		case quote == c:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case quote == 0 && c == ' ' && (!options || i+1 < len(line) && line[i+1] == '-'):
			parts = append(parts, line[start:i])
			start = i + 1
		}
	}
	return append(parts, line[start:])
}
