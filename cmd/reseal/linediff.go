package main

import (
	"fmt"
	"io"
	"strings"
)

// writeDiff shows the lines of two texts with -, + or a space before each. Its
// time and memory are the product of the numbers of lines.
func writeDiff(w io.Writer, before, after string) {
	a, b := linesOf(before), linesOf(after)
	// common[i][j] is the number of lines that a[i:] and b[j:] have in common, in order.
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			fmt.Fprintf(w, "  %s\n", a[i])
			i++
			j++
		case i < len(a) && (j == len(b) || common[i+1][j] >= common[i][j+1]):
			fmt.Fprintf(w, "- %s\n", a[i])
			i++
		default:
			fmt.Fprintf(w, "+ %s\n", b[j])
			j++
		}
	}
}

func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
