package plain

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"photos/é 文.jpg":        "photos/é 文.jpg",
		"a\x1b[31mb":            `a\x1b[31mb`,
		"a\nb\tc\rd":            `a\nb\tc\rd`,
		"pay\u202egpj.exe":      `pay\u202egpj.exe`,
		"\u200f\u061c\u2066x":   `\u200f\u061c\u2066x`,
		"\x9b31m\u009bx\xff":    `\x9b31m\u009bx\xff`,
		"a\u2028b\u00a0c\ufeff": "a\\u2028b\u00a0c\\ufeff",
		`c:\n`:                  `c:\n`,
		"\ufffd":                "\ufffd",
		"":                      "",
	} {
		if got := Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
	if got := Lines("a\n\x1bb"); got != "a\n\\x1bb" {
		t.Errorf("Lines: %q", got)
	}
	if got := Name("a\\\nb", 9); got != `a\\\nb` {
		t.Errorf("Name: %q", got)
	}
	if got := Name("ééé", 3); got != "é..." {
		t.Errorf("a name that is cut in a character: %q", got)
	}
}

// A character may come in two calls; what is none is written at the end.
func TestWriterJoinsCharacters(t *testing.T) {
	var out bytes.Buffer
	w := &Writer{Out: &out}
	for _, part := range []string{"a\xe2", "\x80", "\xaeb文"[:2], "b\xe6", "\x96\x87", "\xf0\x9f"} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := `a\u202ebb文\xf0\x9f`; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
}

// FuzzPlain: nothing that is not shown is left, what is escaped once stays as it is, and
// a JSON document means the same.
func FuzzPlain(f *testing.F) {
	f.Add("a\x1b[31m\u202e\xff\n\U000e0041\u0085")
	f.Fuzz(func(t *testing.T, s string) {
		text := Text(s)
		for _, r := range text {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) {
				t.Fatalf("%q is in %q", r, text)
			}
		}
		if !utf8.ValidString(text) || Text(text) != text {
			t.Fatalf("%q is not what is shown", text)
		}
		doc, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var was, is string
		clean := JSON(doc)
		if err := json.Unmarshal(doc, &was); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(clean, &is); err != nil || is != was || Text(string(clean)) != string(clean) {
			t.Fatalf("%s means %q, %v; want %q", clean, is, err, was)
		}
	})
}
