// Package plain writes text from outside so that it cannot steer what shows it: a
// terminal by escape sequences, a reader by marks that turn the direction of writing, or
// a log by line feeds. What a person could not see is written as an escape, \x1b or
// \u202e. It is the one place where that is decided.
package plain

import (
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// shown tells whether a rune may reach a screen as it is: letters, marks, numbers,
// punctuation, symbols and spaces. Control characters, format characters such as
// U+202E and U+200D, line separators and what has no meaning yet are not.
func shown(r rune) bool { return unicode.IsPrint(r) || unicode.Is(unicode.Zs, r) }

// Text is s in one line: each rune that is not shown, line feeds among them, and each
// byte that is not UTF-8 is an escape as Go writes it. It does not tell \n from a line
// feed; Name does.
func Text(s string) string { return escape(s, -1, "") }

// Lines is Text, but line feeds stay.
func Lines(s string) string { return escape(s, -1, "\n") }

// Name is Text for a name that must be unambiguous: a backslash is written as two. It
// is cut after most bytes, and has then three dots at its end.
func Name(s string, most int) string {
	if len(s) > most {
		cut := most
		for cut > 0 && cut > most-utf8.UTFMax+1 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		return Name(s[:cut], cut) + "..."
	}
	return escape(s, '\\', "")
}

// escape writes s; also is a rune that is escaped beyond those that are not shown, and
// stays are the others that are not.
func escape(s string, also rune, stays string) string {
	clean := func(r rune, size int) bool {
		return r != also && (r != utf8.RuneError || size > 1) && (shown(r) || strings.ContainsRune(stays, r))
	}
	from := 0
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if clean(r, size) {
			i += size
			continue
		}
		b.WriteString(s[from:i])
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&b, `\x%02x`, s[i])
		} else {
			q := fmt.Sprintf("%q", r)
			b.WriteString(q[1 : len(q)-1])
		}
		i += size
		from = i
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// JSON writes the runes of a JSON document that are not shown as \u escapes, which mean
// the same. White space between values stays.
func JSON(data []byte) []byte {
	from := 0
	var out []byte
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r < 0x7f || shown(r) {
			i += size
			continue
		}
		out = AppendJSONEscape(append(out, data[from:i]...), r)
		i += size
		from = i
	}
	if from == 0 {
		return data
	}
	return append(out, data[from:]...)
}

// Hidden tells whether a rune is one that JSON writes as an escape.
func Hidden(r rune) bool { return r >= 0x7f && !shown(r) }

// AppendJSONEscape appends a rune as JSON escapes it.
func AppendJSONEscape(dst []byte, r rune) []byte {
	if r < 0x10000 {
		return fmt.Appendf(dst, `\u%04x`, r)
	}
	high, low := utf16.EncodeRune(r)
	return fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
}

// JSONWriter is a writer of JSON documents, each with one call.
type JSONWriter struct{ Out io.Writer }

// Write implements io.Writer.
func (w JSONWriter) Write(p []byte) (int, error) { return whole(w.Out.Write, JSON(p), len(p)) }

// Writer is a writer of text in lines, in which tabs stay as well. A rune may come in
// several calls: the beginning of one at the end of a call is held until the next.
type Writer struct {
	Out io.Writer

	held []byte
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	data := p
	if len(w.held) > 0 {
		data = append(w.held, p...)
		w.held = nil
	}
	end := len(data)
	for back := 1; back < utf8.UTFMax && back <= len(data); back++ {
		if tail := data[len(data)-back:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRune(tail) {
				end = len(data) - back
			}
			break
		}
	}
	if end < len(data) {
		w.held = append(w.held, data[end:]...)
	}
	return whole(w.Out.Write, []byte(escape(string(data[:end]), -1, "\n\t")), len(p))
}

// Flush writes what is held, which is no rune.
func (w *Writer) Flush() error {
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := io.WriteString(w.Out, Text(string(held)))
	return err
}

// whole writes text, which stands for n bytes.
func whole(write func([]byte) (int, error), text []byte, n int) (int, error) {
	if len(text) == 0 {
		return n, nil
	}
	if _, err := write(text); err != nil {
		return 0, err
	}
	return n, nil
}
