package console

import (
	"fmt"
	"io"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
)

// Diff shows the lines of two texts with -, + or a space before each. Texts are
// taken to end in one line feed.
func Diff(w io.Writer, before, after string) {
	const headers = 3 // lines with the names of the texts
	before, after = ended(before), ended(after)
	left := linesOf(before)
	changes := linesOf(string(diff.Diff("before", []byte(before), "after", []byte(after))))
	shown := 0 // lines of before
	upTo := func(n int) {
		for ; shown < n; shown++ {
			fmt.Fprintf(w, "  %s\n", left[shown])
		}
	}
	for _, line := range changes[min(headers, len(changes)):] {
		var from, lines int
		switch _, err := fmt.Sscanf(line, "@@ -%d,%d", &from, &lines); {
		case err == nil:
			upTo(min(from-min(lines, 1), len(left))) // what is between two changes
			continue
		case line[0] != '+':
			shown++
		}
		fmt.Fprintf(w, "%s %s\n", line[:1], line[1:])
	}
	upTo(len(left))
}

// ended is text with one line feed at its end, if there is any text.
func ended(text string) string {
	if text = strings.TrimRight(text, "\n"); text == "" {
		return ""
	}
	return text + "\n"
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
