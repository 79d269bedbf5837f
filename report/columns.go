package report

import (
	"io"
	"math"

	"reseal/internal/terminal"
)

// WriteTable writes rows of cells in columns, for people. Columns are aligned left unless
// a letter r stands at their place in align. Where a terminal is too narrow, those of
// spare are left out, one after the other; then the cells of the last
// column are broken at words.
func WriteTable(w io.Writer, align string, spare []int, rows [][]string) error {
	p := &page{w: w, columns: math.MaxInt32}
	folded := terminal.Folding(w)
	if _, fits := folded.(interface{ Columns() int }); fits {
		p.w, p.columns = folded, terminal.Columns(folded)
	}
	t := &table{align: align, spare: spare}
	if len(rows) > 0 {
		t.wrap = []int{len(rows[0]) - 1}
	}
	for _, r := range rows {
		t.row(r...)
	}
	t.write(p, "")
	return p.err
}
