package front

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
)

// storedBody is a body that was read: bytes in memory, or a file.
type storedBody struct {
	data []byte
	file *os.File
}

// store reads p to its end. A body above what the core keeps in memory goes to a
// file of the folder for bodies, which has no name any more once it is written: it
// is gone with the last object that is made of it.
func (f *Front) store(p *payload) (*storedBody, error) {
	most := f.keep
	if f.config.BodyFolder != "" {
		most = max(most, f.config.MaxBody)
	}
	if p.declare > most {
		return nil, errNotStored(most)
	}
	var head bytes.Buffer
	if p.declare > 0 {
		head.Grow(int(min(p.declare, 64<<10))) // not more, as the promise may be a lie
	}
	n, err := io.Copy(&head, io.LimitReader(p, f.keep+1))
	switch {
	case err != nil:
		return nil, asWireError(err)
	case n <= f.keep: // a reader that ended early said so, any other has checked what it read
		if _, err := p.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			return nil, asWireError(err)
		}
		return &storedBody{data: head.Bytes()}, nil
	case most <= f.keep:
		return nil, errNotStored(most)
	}
	file, err := os.CreateTemp(f.config.BodyFolder, "body-")
	if err != nil {
		return nil, errNoRoom(err)
	}
	_ = os.Remove(file.Name()) // some systems do it only once the file is closed
	n, err = io.Copy(file, io.LimitReader(io.MultiReader(&head, p), most+1))
	switch {
	case err != nil:
	case n > most:
		err = errNotStored(most)
	default:
		return &storedBody{file: file}, nil
	}
	_ = file.Close()
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return nil, errNoRoom(err)
	}
	return nil, asWireError(err)
}

// errNoRoom is the answer where the folder for bodies takes none.
func errNoRoom(err error) *wireError {
	return newError(http.StatusInsufficientStorage, "InternalError", "the simulator cannot store the body: "+err.Error())
}

// errNotStored refuses a body instead of answering other bytes later.
func errNotStored(most int64) *wireError {
	return newError(http.StatusBadRequest, "EntityTooLarge",
		fmt.Sprintf("this simulator stores bodies of up to %d bytes; S3 takes 5 GiB in one request", most))
}
