package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// sized is a writer that says how wide its lines may be.
type sized struct {
	bytes.Buffer
	columns int
}

func (s *sized) Columns() int { return s.columns }

// texts are all that the package writes for a terminal.
var texts = map[string]func(io.Writer) error{
	"plan":     func(w io.Writer) error { return WritePlan(w, samplePlan()) },
	"brief":    func(w io.Writer) error { return WritePlanBrief(w, samplePlan(), "reseal plan, with the same options") },
	"run":      func(w io.Writer) error { return WriteRun(w, sampleRun()) },
	"workload": func(w io.Writer) error { return WriteWorkload(w, sampleWorkload()) },
}

// TestText compares each text at three widths with what was agreed on by eye, and
// makes sure that no line is too long but for a name that is longer than a line.
func TestText(t *testing.T) {
	for name, write := range texts {
		for _, columns := range []int{80, 100, 140} {
			got := &sized{columns: columns}
			if err := write(got); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", fmt.Sprintf("%s-%d.txt", name, columns))
			if *update {
				if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got.String() != string(want) {
				t.Errorf("%s differs; go test ./report -run TestText -update, then look at the difference. Got:\n%s", file, got.String())
			}
			for i, line := range strings.Split(got.String(), "\n") {
				if strings.HasSuffix(line, " ") {
					t.Errorf("%s, line %d ends in a space: %q", file, i+1, line)
				}
				if n := utf8.RuneCountInString(line); n > columns && longestWord(line) < columns-narrowCell {
					t.Errorf("%s, line %d has %d columns: %q", file, i+1, n, line)
				}
			}
		}
	}
}

func longestWord(line string) (n int) {
	for word := range strings.FieldsSeq(line) {
		n = max(n, utf8.RuneCountInString(word))
	}
	return n
}

func TestTableFits(t *testing.T) {
	long := strings.Repeat("word ", 12) + "end"
	table := table{align: "lrl", spare: []int{1}, wrap: []int{2}}
	table.row("name", "1,000", long)
	for _, tt := range []struct {
		columns int
		want    string
	}{
		{100, "  name  1,000  " + long + "\n"},
		{72, "  name  " + long + "\n"},
		{40, "  name  word word word word word word\n        word word word word word word\n        end\n"},
	} {
		w := &sized{columns: tt.columns}
		table.write(newPage(w), indent)
		if w.String() != tt.want {
			t.Errorf("%d columns:\n%swant\n%s", tt.columns, w.String(), tt.want)
		}
	}
}
