package joblog

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"reseal/internal/explain"
)

// patience is how long a reader of a log that is a FIFO may take to make room for a line.
const patience = 5 * time.Second

// writer writes a log, and says once where that fails: the run goes on without the lines
// that could not be written. It is for one writer at a time, as slog's handlers are.
type writer struct {
	file     *os.File
	messages io.Writer // where the failure is said
	name     string
	said     bool
	gone     bool // nobody takes what is written
}

// Write always says that all was written.
func (l *writer) Write(line []byte) (int, error) {
	if l.gone {
		return len(line), nil
	}
	_ = l.file.SetWriteDeadline(time.Now().Add(patience)) // regular files have none
	_, err := l.file.Write(line)
	if err == nil {
		return len(line), nil
	}
	l.gone = errors.Is(err, os.ErrDeadlineExceeded)
	if !l.said {
		l.said = true
		why := explain.Words(err)
		if path := (*os.PathError)(nil); errors.As(err, &path) {
			why = path.Err.Error()
		}
		fmt.Fprintf(l.messages, "\nnote: the log %s cannot be written: %s;\nthe run goes on, and the log is not whole\n", l.name, why)
	}
	return len(line), nil
}
