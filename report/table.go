package report

import (
	"slices"
	"strings"
	"unicode/utf8"

	"reseal/internal/plain"
	"reseal/internal/terminal"
)

// table is rows of cells in columns of equal width. Columns are aligned left
// unless a letter r stands at their place in align.
//
// Where the lines are too long for the page, the columns of spare are left out, one
// after the other; then the cells of the columns of wrap are broken at words.
type table struct {
	align string
	spare []int
	wrap  []int
	rows  []tableRow
}

type tableRow struct {
	cells []string
	whole bool // the last cell is written as it is, however long
}

// narrowCell is how narrow a column may get whose cells are broken at words.
const narrowCell = 24

// between separates two columns.
const between = "  "

func (t *table) row(cells ...string) { t.add(cells, false) }

// whole is a row whose last cell is to be pasted, so that it is never broken.
func (t *table) whole(cells ...string) {
	t.add(cells, true)
}

// add adds a row, whose cells are each one line.
func (t *table) add(cells []string, whole bool) {
	clean := make([]string, len(cells))
	for i, c := range cells {
		clean[i] = plain.Text(c)
	}
	t.rows = append(t.rows, tableRow{cells: clean, whole: whole})
}

func (t *table) write(p *page, indent string) {
	width, left := t.fit(p.columns - len(indent))
	for _, r := range t.rows {
		for _, line := range t.lines(r, width, left) {
			p.printf("%s%s\n", indent, strings.TrimRight(line, " "))
		}
	}
}

// fit works out how wide each column is, and which ones are left out.
func (t *table) fit(columns int) (width []int, out []int) {
	for _, r := range t.rows {
		for i, c := range r.cells {
			if i == len(width) {
				width = append(width, 0)
			}
			if r.whole && i == len(r.cells)-1 {
				continue
			}
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	over := func() int {
		sum := -len(between)
		for i, w := range width {
			if !slices.Contains(out, i) {
				sum += w + len(between)
			}
		}
		return sum - columns
	}
	for _, i := range t.spare {
		if over() <= 0 {
			break
		}
		out = append(out, i)
	}
	for over() > 0 {
		widest := -1
		for _, i := range t.wrap {
			if i < len(width) && width[i] > narrowCell && (widest < 0 || width[i] > width[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		width[widest] = max(width[widest]-over(), narrowCell)
	}
	return width, out
}

// lines writes a row in as many lines as its longest cell needs.
func (t *table) lines(r tableRow, width, out []int) []string {
	row := r.cells
	cells := make([][]string, len(row))
	most := 1
	for i, c := range row {
		cells[i] = []string{c}
		if last := r.whole && i == len(row)-1; !last && slices.Contains(t.wrap, i) && utf8.RuneCountInString(c) > width[i] {
			cells[i] = terminal.Folded(c, width[i], width[i])
		}
		if !slices.Contains(out, i) {
			most = max(most, len(cells[i]))
		}
	}
	lines := make([]string, most)
	for n := range lines {
		var b strings.Builder
		for i := range row {
			if slices.Contains(out, i) {
				continue
			}
			c := ""
			if n < len(cells[i]) {
				c = cells[i][n]
			}
			if b.Len() > 0 || i > 0 {
				b.WriteString(between)
			}
			pad := strings.Repeat(" ", max(width[i]-utf8.RuneCountInString(c), 0))
			if i < len(t.align) && t.align[i] == 'r' && len(cells[i]) == 1 { // a sentence is none
				c, pad = pad, c
			}
			b.WriteString(c + pad)
		}
		lines[n] = b.String()
	}
	return lines
}

// visible makes a name from outside safe and unambiguous on a terminal: what is
// not printable is written as an escape. It is cut after most bytes.
func visible(s string, most int) string { return plain.Name(s, most) }
