package checkpoint

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"strconv"
	"strings"
)

func resultName(index int, number uint32) string {
	return fmt.Sprintf("%s/%06d-%06d.jsonl", resultFolder, index, number)
}

// parseResultName returns the segment of a result segment, and its number.
func parseResultName(name string) (index int, number uint32, ok bool) {
	a, b, _ := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(name, resultFolder+"/"), ".jsonl"), "-")
	index, err1 := strconv.Atoi(a)
	n, err2 := strconv.ParseUint(b, 10, 32)
	if err1 != nil || err2 != nil || index < 0 || name != resultName(index, uint32(n)) {
		return 0, 0, false
	}
	return index, uint32(n), true
}

// Line is one result line.
type Line struct {
	Segment int    // index
	Data    []byte // without line end; valid until the next line is asked for
}

// Results returns the result lines that the snapshot knows of, and none of
// rows that are not settled: by segment, in the order in which they were
// logged. Where lines are lost it returns an error for that result segment
// and goes on with the next one if asked to.
func (s *Snapshot) Results(ctx context.Context) iter.Seq2[Line, error] {
	return func(yield func(Line, error) bool) {
		var buf []byte
		for i := range s.parts {
			p := &s.parts[i]
			for number := uint32(1); number <= p.results && number != 0; number++ {
				length := int64(math.MaxInt64) // only the last one is still written to
				if number == p.results {
					length = p.length
				}
				if buf == nil {
					buf = make([]byte, 64<<10)
				}
				if !s.lines(ctx, p.index, number, length, buf, yield) {
					return
				}
			}
		}
	}
}

// lines yields the lines of one result segment up to length and returns
// whether more are wanted.
func (s *Snapshot) lines(ctx context.Context, index int, number uint32, length int64, buf []byte, yield func(Line, error) bool) bool {
	name := resultName(index, number)
	body, err := s.store.Open(ctx, name)
	if err != nil {
		return yield(Line{Segment: index}, fmt.Errorf("read result lines: %w", err))
	}
	defer body.Close()
	counted := &countingReader{r: io.LimitReader(body, length)}
	scanner := bufio.NewScanner(counted)
	scanner.Buffer(buf, maxLine+1)
	scanner.Split(wholeLines)
	for scanner.Scan() {
		if err := ctx.Err(); err != nil {
			return yield(Line{Segment: index}, err)
		}
		if !yield(Line{Segment: index, Data: scanner.Bytes()}, nil) {
			return false
		}
	}
	if err := scanner.Err(); err != nil {
		return yield(Line{Segment: index}, fmt.Errorf("read result lines of %s: %w", name, err))
	}
	if length != math.MaxInt64 && counted.n < length {
		return yield(Line{Segment: index}, &ShortError{Name: name, Size: counted.n, Want: length})
	}
	return true
}

var errCutLine = errors.New("the last line is cut off")

// wholeLines splits at line ends and accepts nothing behind the last one.
func wholeLines(data []byte, atEOF bool) (advance int, token []byte, err error) {
	advance, token, err = bufio.ScanLines(data, false)
	if atEOF && advance == 0 && len(data) > 0 && err == nil {
		return 0, nil, errCutLine
	}
	return advance, token, err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
