package inventory

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// byteOrderMark is U+FEFF in UTF-8, which some programs begin a text with. It is no
// part of the text.
var byteOrderMark = []byte("\xef\xbb\xbf")

var (
	errUTF16 = errors.New("is not whole UTF-16, as which its first two bytes mark it")
	errUTF32 = errors.New("is text in UTF-32: save it as UTF-8")
	errWide  = errors.New("has zero bytes as text in UTF-16 has, and no mark that says so: save it as UTF-8")
	errMark  = errors.New("begins with a byte order mark (U+FEFF), as only a file may: files were put together with their marks")
)

// plainText returns the text of r in UTF-8 and without a byte order mark. Spreadsheets
// write both the mark and UTF-16.
func plainText(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 4<<10)
	head, err := b.Peek(4)
	if err != nil && err != io.EOF {
		return b, nil // who reads it meets the error
	}
	switch {
	case bytes.HasPrefix(head, byteOrderMark):
		_, err := b.Discard(len(byteOrderMark))
		return b, unexpectedEOF(err)
	case bytes.HasPrefix(head, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(head, []byte("\x00\x00\xfe\xff")):
		return nil, errUTF32
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		return &utf16Reader{r: b, low: 0}, nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		return &utf16Reader{r: b, low: 1}, nil
	case len(head) == 4 && (head[0] == 0 && head[2] == 0 || head[1] == 0 && head[3] == 0):
		return nil, errWide
	}
	return b, nil
}

// utf16Reader turns UTF-16 into UTF-8 and leaves out the mark at the beginning.
type utf16Reader struct {
	r     *bufio.Reader
	low   int // index of the lower byte of a unit
	begun bool
	out   []byte // not yet handed out
	err   error
	space [2 * utf8.UTFMax << 10]byte
}

func (u *utf16Reader) Read(p []byte) (int, error) {
	if len(u.out) == 0 && u.err == nil {
		u.fill()
	}
	if len(u.out) == 0 {
		return 0, u.err
	}
	n := copy(p, u.out)
	u.out = u.out[n:]
	return n, nil
}

// fill decodes as much as there is space for.
func (u *utf16Reader) fill() {
	u.out = u.space[:0]
	for len(u.out)+utf8.UTFMax <= len(u.space) {
		r, err := u.rune()
		if err != nil {
			u.err = err
			return
		}
		if first := !u.begun; first {
			u.begun = true
			if r == '\ufeff' {
				continue
			}
		}
		u.out = utf8.AppendRune(u.out, r)
	}
}

func (u *utf16Reader) rune() (rune, error) {
	first, err := u.unit()
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	second, err := u.unit()
	if err == io.EOF {
		err = errUTF16
	}
	r := utf16.DecodeRune(first, second)
	if err == nil && r == utf8.RuneError {
		err = errUTF16
	}
	return r, err
}

// unit reads two bytes.
func (u *utf16Reader) unit() (rune, error) {
	var b [2]byte
	switch _, err := io.ReadFull(u.r, b[:]); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return 0, errUTF16
	case err != nil:
		return 0, err
	}
	return rune(b[u.low]) | rune(b[1-u.low])<<8, nil
}
