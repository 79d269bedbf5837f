package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"syscall"
	"time"
)

// ErrNotRunning says that nobody answers on the socket of a job.
var ErrNotRunning = errors.New("no run is in progress")

// statusTimeout is how long LiveStatus waits for the run.
const statusTimeout = 2 * time.Second

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 1 << 20

// Ask sends one request to the run that has its socket there. The error wraps
// ErrNotRunning where no run answers.
func Ask(ctx context.Context, at Socket, r Request) (*Answer, error) {
	var conn net.Conn
	err := at.reach(func(path string) error {
		d := net.Dialer{Timeout: clientTimeout}
		var err error
		conn, err = d.DialContext(ctx, "unix", path)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return nil, fmt.Errorf("%s: %w", at.job, ErrNotRunning)
	case err != nil:
		return nil, fmt.Errorf("reach the run of %s: %w", at.job, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	a := new(Answer)
	if err = conn.SetDeadline(time.Now().Add(clientTimeout)); err == nil {
		if err = json.NewEncoder(conn).Encode(r); err == nil {
			err = json.NewDecoder(io.LimitReader(conn, maxAnswer)).Decode(a)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("ask the run of %s: %w", at.job, err)
	}
	return a, nil
}

// LiveStatus is how the run that has its socket there is doing, nil where none
// answers within two seconds.
func LiveStatus(ctx context.Context, at Socket) *Status {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	a, err := Ask(ctx, at, Request{Command: "status"})
	if err != nil {
		return nil
	}
	return a.Status
}
