package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// A shell makes of a key that was quoted the key again.
func TestQuotedKeysComeBack(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: this needs bash. To install it and run this: apt-get install bash; go test -run TestQuotedKeysComeBack ./internal/shell")
	}
	for _, key := range []string{"a", "", "it's", "$(x) `y` \\n", "nl\nx", "\x00"[:0] + "tab\tand'quote\\", "\xff\xfe", "日本語", "\u202Egpj.exe", "-n", "%s\r"} {
		out, err := exec.Command(bash, "-c", "printf %s "+Visible(key)).Output()
		if err != nil || string(out) != key {
			t.Errorf("%q: %s gives %q, %v", key, Visible(key), out, err)
		}
		if strings.ContainsAny(Visible(key), "\n\t\r\u202e") {
			t.Errorf("%q: a terminal does not show %q", key, Visible(key))
		}
	}
}

// A word that needs no quotes has none.
func TestWord(t *testing.T) {
	for in, want := range map[string]string{"": "''", "s3://b/j-1_a.B": "s3://b/j-1_a.B", "my job": "'my job'", "a;b": "'a;b'", "it's": `'it'\''s'`, "é": "'é'", "~": "'~'"} {
		if got := Word(in); got != want {
			t.Errorf("%q: %s, want %s", in, got, want)
		}
	}
}
