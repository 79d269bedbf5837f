package terminal

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFold(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"short", "a b\nc", "a b\nc"},
		{"sentence", "note: one two three four five six seven\n", "note: one two three\n  four five six\n  seven\n"},
		{"indented", "  one two three four five six\n", "  one two three four\n    five six\n"},
		{"table", "Key   aaa bbb ccc ddd eee\n", "Key   aaa bbb ccc\n      ddd eee\n"},
		{"long word", "at https://example.org/long/address here\n", "at\n  https://example.org/long/address\n  here\n"},
		{"no line end", "one two three four five", "one two three four\n  five"},
		{"command", "next: reseal run job --yes\n", "next: reseal run \\\n        job --yes\n"},
		{"other command", "→ aws kms get-key --key-id k\n", "→ aws kms get-key \\\n    --key-id k\n"},
		{"prompt", "$ reseal run job --yes -q\n", "$ reseal run job \\\n    --yes -q\n"},
		{"prose", "hint: reseal preflight names it, reseal permissions prints it\n", "hint: reseal\n  preflight names\n  it, reseal\n  permissions prints\n  it\n"},
	} {
		if got := Fold(test.text, 20); got != test.want {
			t.Errorf("%s:\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
}

// Whatever a line holds, none of its words is lost, and only words that are too long are
// wider than the line.
func FuzzFold(f *testing.F) {
	f.Add("warning  default encryption  objects that are written from now on\n", 40)
	f.Add("→ reseal enforce --bucket b --sse-kms-key-id k", 40)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		if columns < narrowest || columns > widest || len(text) > 2000 {
			return
		}
		out := Fold(text, columns)
		words := func(s string) string { return strings.Join(strings.Fields(strings.ReplaceAll(s, "\\", " ")), " ") }
		if words(out) != words(text) {
			t.Fatalf("%q becomes %q", text, out)
		}
		if strings.Contains(text, "reseal ") || strings.Contains(text, "aws ") {
			return
		}
		for line := range strings.Lines(out) {
			fields := strings.Fields(line)
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > columns && len(fields) > 2 && utf8.RuneCountInString(fields[len(fields)-1]) < columns/2 {
				t.Errorf("%d columns of %d: %q", n, columns, line)
			}
		}
	})
}

func TestASCIILocale(t *testing.T) {
	for _, test := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, false},
		{map[string]string{"LANG": "en_US.UTF-8"}, false},
		{map[string]string{"LANG": "de_DE.utf8"}, false},
		{map[string]string{"LANG": "C"}, true},
		{map[string]string{"LANG": "C.UTF-8", "LC_ALL": "POSIX"}, true},
		{map[string]string{"LANG": "en_US.ISO-8859-1", "LC_CTYPE": "en_US.UTF-8"}, false},
		{map[string]string{"LC_ALL": "", "LANG": "C"}, true},
	} {
		lookup := func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }
		if got := ASCIILocale(lookup); got != test.want {
			t.Errorf("%v: %v, want %v", test.env, got, test.want)
		}
	}
	if got := InASCII("→ 5 µs … ü"); got != "-> 5 us ... ü" {
		t.Errorf("%q", got)
	}
}
