package ui

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Bounds of what is shown of a log.
const (
	logLines    = 40
	logTail     = 64 << 10 // bytes
	longestLine = 600      // bytes
)

// LogTail returns the last lines of a log file, at most 40 lines of 600 bytes. What is
// no regular file is not read: a pipe would have its reader wait. Nor is what a link leads
// to out of its folder: a job's folder may be somebody else's.
func LogTail(name string) ([]string, error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.OpenFile(filepath.Base(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New(name + " is no regular file")
	}
	from := max(info.Size()-logTail, 0)
	data := make([]byte, info.Size()-from)
	n, err := f.ReadAt(data, from)
	if err != nil && err != io.EOF {
		return nil, err
	}
	data = data[:n]
	if from > 0 { // begin with a whole line
		_, data, _ = bytes.Cut(data, []byte("\n"))
	}
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	if lines[0] == "" && len(lines) == 1 {
		return nil, nil
	}
	lines = lines[max(len(lines)-logLines, 0):]
	for i, l := range lines {
		if len(l) > longestLine {
			l = l[:longestLine] + "…"
		}
		lines[i] = strings.ToValidUTF8(l, "\uFFFD")
	}
	return lines, nil
}
