package checkpoint

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// Result lines are kept in two streams, so that who asks for the failures need
// not read the others.
const (
	streamSettled = iota // of rows that were done, left alone or put off
	streamFailed
	numStreams
)

// maxRaw is how many bytes of lines a file has at most, beside those of one
// flush: readers hold some files at once.
const maxRaw = 8 << 20

var streamSuffix = [numStreams]string{"", "-failed"}

// stream is the result lines of one kind of a segment: files, and behind them a
// tail that is part of the state, and so counts with it or not at all. Both are
// members of gzip, one a flush, one after the other.
type stream struct {
	files []resultRef
	tail  []byte
	raw   int64 // bytes of the tail's lines
}

// resultRef names a file of result lines. It is written once, before the first
// state that names it, by the holder of its epoch and by nobody else.
type resultRef struct {
	epoch  uint64
	number uint32 // within epoch and segment
	bytes  int64  // of the file
	raw    int64  // bytes of its lines
}

func resultName(index int, kind int, ref resultRef) string {
	return fmt.Sprintf("%s/%06d-%06d-%06d%s.jsonl.gz", resultFolder, index, ref.epoch, ref.number, streamSuffix[kind])
}

// parseResultName returns the segment of a result file, and how a state names it.
func parseResultName(name string) (index int, ref resultRef, ok bool) {
	base, ok1 := strings.CutPrefix(name, resultFolder+"/")
	base, ok2 := strings.CutSuffix(base, ".jsonl.gz")
	base, failed := strings.CutSuffix(base, streamSuffix[streamFailed])
	parts := strings.Split(base, "-")
	if !ok1 || !ok2 || len(parts) != 3 {
		return 0, resultRef{}, false
	}
	index, err1 := strconv.Atoi(parts[0])
	epoch, err2 := strconv.ParseUint(parts[1], 10, 64)
	number, err3 := strconv.ParseUint(parts[2], 10, 32)
	ref = resultRef{epoch: epoch, number: uint32(number)}
	kind := streamSettled
	if failed {
		kind = streamFailed
	}
	if errors.Join(err1, err2, err3) != nil || index < 0 || name != resultName(index, kind, ref) {
		return 0, resultRef{}, false
	}
	return index, ref, true
}

// plainName is the name of a result file of format 1: plain lines, appended to.
func plainName(index int, number uint32) string {
	return fmt.Sprintf("%s/%06d-%06d.jsonl", resultFolder, index, number)
}

// add packs lines onto the tail.
func (t *stream) add(z *gzip.Writer, lines []byte) error {
	b := bytes.NewBuffer(t.tail)
	z.Reset(b)
	_, err := z.Write(lines)
	if err := errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("pack result lines: %w", err)
	}
	t.tail, t.raw = b.Bytes(), t.raw+int64(len(lines))
	return nil
}

// empty tells whether there are no lines at all.
func (t *stream) empty() bool { return len(t.files) == 0 && len(t.tail) == 0 }

// next is the number of the next file in an epoch.
func (t *stream) next(epoch uint64) uint32 {
	n := uint32(1)
	for _, f := range t.files {
		if f.epoch == epoch {
			n = max(n, f.number+1)
		}
	}
	return n
}

func (t *stream) check() error {
	if len(t.files) > maxFiles || len(t.tail) > maxTail || t.raw < 0 || (t.raw == 0) != (len(t.tail) == 0) {
		return fmt.Errorf("%d result files and a tail of %d bytes with lines of %d", len(t.files), len(t.tail), t.raw)
	}
	for i, f := range t.files {
		if f.epoch == 0 || f.number == 0 || f.bytes <= 0 || f.raw <= 0 || slices.ContainsFunc(t.files[max(0, i-1):i], func(o resultRef) bool { return o == f }) {
			return fmt.Errorf("result file %d of epoch %d has %d bytes with lines of %d", f.number, f.epoch, f.bytes, f.raw)
		}
	}
	return nil
}

func (t *stream) append(b []byte) []byte {
	le := binary.LittleEndian
	b = le.AppendUint32(b, uint32(len(t.files)))
	for _, f := range t.files {
		b = le.AppendUint64(b, f.epoch)
		b = le.AppendUint32(b, f.number)
		b = le.AppendUint64(b, uint64(f.bytes))
		b = le.AppendUint64(b, uint64(f.raw))
	}
	b = le.AppendUint64(b, uint64(t.raw))
	return appendBytes(b, t.tail)
}

func (r *reader) stream() (t stream) {
	for n := r.count(maxFiles); n > 0 && r.err == nil; n-- {
		t.files = append(t.files, resultRef{r.uint64(), r.uint32(), int64(r.uint64()), int64(r.uint64())})
	}
	t.raw = int64(r.uint64())
	if tail := r.bytes(maxTail); len(tail) > 0 {
		t.tail = bytes.Clone(tail)
	}
	return t
}
