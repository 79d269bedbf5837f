package console

import (
	"fmt"
	"strings"
	"testing"
)

// All lines are shown, those that change with a sign before them.
func TestWriteDiff(t *testing.T) {
	for _, tt := range []struct{ name, before, after, want string }{
		{"equal", "a\nb", "a\nb\n", "  a\n  b\n"},
		{"nothing before", "", "a\nb\n", "+ a\n+ b\n"},
		{"nothing after", "a\n", "", "- a\n"},
		{"one line", "algorithm AES256\n", "algorithm aws:kms\n", "- algorithm AES256\n+ algorithm aws:kms\n"},
		{"no line feed at the end", "a\nb", "a\nc", "  a\n- b\n+ c\n"},
		{"line feeds at the end", "a\n\n", "a\n", "  a\n"},
		{"an empty line", "a\n\nb\n", "a\nb\n", "  a\n- \n  b\n"},
		{"what looks like a header", "a\n@@ -9,9 +9,9 @@\n", "@@ -9,9 +9,9 @@\n", "- a\n  @@ -9,9 +9,9 @@\n"},
	} {
		var out strings.Builder
		Diff(&out, tt.before, tt.after)
		if out.String() != tt.want {
			t.Errorf("%s:\n%swant\n%s", tt.name, out.String(), tt.want)
		}
	}
}

// Changes that are far apart are two pieces of the library's, and one text here.
func TestWriteDiffShowsWhatIsBetween(t *testing.T) {
	var before, after, want string
	for i := range 40 {
		line := fmt.Sprintf("line %d\n", i)
		before += line
		if i == 5 || i == 30 {
			after += "new " + line
			want += "- " + line + "+ new " + line
			continue
		}
		after += line
		want += "  " + line
	}
	var out strings.Builder
	if Diff(&out, before, after); out.String() != want {
		t.Errorf("%swant\n%s", out.String(), want)
	}
}

// Two large texts without a line in common, which a policy of many values can be, take
// little memory.
func TestWriteDiffOfLargeTexts(t *testing.T) {
	before, after := strings.Repeat("\"1\",\n", 5000), strings.Repeat("\"2\",\n", 5000)
	r := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			Diff(new(strings.Builder), before, after)
		}
	})
	if n := r.AllocedBytesPerOp(); n > 8<<20 {
		t.Errorf("%d bytes were taken", n)
	}
}
