// Package smallfile turns a small file that a user names, of options, prices or
// certificates, into its text. What could hold a command up, or fill its memory, is
// refused with a word: a FIFO, a device, a folder, a file above its limit.
package smallfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"unicode/utf8"
)

// Error is a file that is there and is not read.
type Error struct {
	Name string
	Why  string
}

// Error names the file and says what is wrong with it.
func (e *Error) Error() string { return e.Name + " " + e.Why }

// Read returns the text of the regular file called name, of at most limit bytes, as
// UTF-8 without a byte order mark. It never waits for anybody. A file that is not
// text of that size is a *Error; what the system says of it, a *fs.PathError.
func Read(name string, limit int64) ([]byte, error) {
	if name == "" {
		return nil, &Error{"the name", "is empty"}
	}
	// Without O_NONBLOCK the system would wait for the writer of a FIFO.
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, opened(name, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{name, "is " + what(info.Mode()) + "; want a regular file"}
	}
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(text)) > limit:
		return nil, &Error{name, "is larger than " + size(limit)}
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return nil, &Error{name, "is in UTF-16; save it as UTF-8"}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, &Error{name, "is no text in UTF-8"}
	}
	return text, nil
}

// opened says why a file could not be opened.
func opened(name string, err error) error {
	switch {
	case errors.Is(err, syscall.ELOOP):
		return &Error{name, "cannot be opened: its symbolic links lead in a circle"}
	case errors.Is(err, syscall.ENXIO):
		return &Error{name, "is a socket, or a device that is not there; want a regular file"}
	}
	return err
}

// what names what is no regular file.
func what(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "no regular file"
}

// size is a limit in words.
func size(limit int64) string {
	if limit >= 1<<20 && limit%(1<<20) == 0 {
		return fmt.Sprintf("%d MiB", limit>>20)
	}
	return fmt.Sprintf("%d bytes", limit)
}
