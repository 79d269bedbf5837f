package certify

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/plain"
	"reseal/report"
)

// Results is what the result lines of a bundle come to.
type Results struct {
	Segments int    `json:"segments"`
	Lines    int64  `json:"lines"` // of several of a row all are there
	Done     int64  `json:"done"`
	Skipped  int64  `json:"skipped"`
	Failed   int64  `json:"failed"`                // tries that failed, those that a later one made good included
	Earlier  int64  `json:"earlier_versions_left"` // lines of copies that left the version before behind
	Chain    string `json:"chain"`                 // the last link, in hex
}

// add counts a line.
func (r *Results) add(l *report.Line) {
	r.Lines++
	switch l.Status {
	case engine.Done.String():
		r.Done++
		if l.NewVersionID != "" && l.NewVersionID != "null" {
			r.Earlier++
		}
	case engine.Skipped.String():
		r.Skipped++
	case engine.Failed.String():
		r.Failed++
	}
}

// resultFile is the name of the file with the lines of a segment.
func resultFile(index int) string { return fmt.Sprintf("results-%06d.jsonl", index) }

// resultName is such a name.
var resultName = regexp.MustCompile(`^results-[0-9]{6,}\.jsonl$`)

// chain links the result files: a link is the SHA-256 of the link before and of the file's
// sum, both in hex, with one space between and a line end. The first link before is 64
// zeros. So the last link tells all files, and their order.
type chain struct {
	last string
	text strings.Builder
}

func newChain() *chain { return &chain{last: strings.Repeat("0", 2*sha256.Size)} }

// add links a file with this sum.
func (c *chain) add(name, sum string) {
	link := sha256.Sum256([]byte(c.last + " " + sum + "\n"))
	c.last = hex.EncodeToString(link[:])
	fmt.Fprintf(&c.text, "%s  %s  %s\n", sum, c.last, name)
}

// writeResults writes the lines of one segment as they are, apart from characters that
// could steer a terminal, which are escaped. A line that cannot be read is an error: the
// evidence would not be whole.
func writeResults(ctx context.Context, w io.Writer, at *checkpoint.Snapshot, index int, r *Results) error {
	out := bufio.NewWriter(w)
	for raw, err := range at.ResultsOf(ctx, index) {
		var line report.Line
		if err == nil {
			line, err = report.ParseLine(raw.Data)
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fmt.Errorf("read the result lines of segment %d, so the evidence is not whole: %w", index, err)
		}
		r.add(&line)
		_, _ = out.Write(plain.JSON(raw.Data)) // Flush tells of an error
		_ = out.WriteByte('\n')
	}
	return out.Flush()
}

// maxLine is how long a result line may be, in bytes: one has a key, and a snapshot of an
// object at most.
const maxLine = 16 << 20

// countResults counts the lines of a file of a bundle.
func countResults(in io.Reader, r *Results) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		line, err := report.ParseLine(lines.Bytes())
		if err != nil {
			return errors.New("has a line that is no result line")
		}
		r.add(&line)
	}
	return lines.Err()
}
