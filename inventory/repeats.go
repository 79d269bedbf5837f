package inventory

import (
	"context"
	"fmt"
	"hash/maphash"
	"io"

	"reseal/inventory/inflate"
)

// RepeatError says that a data file has the content of another one of the report, so
// that each of its rows would count twice.
type RepeatError struct{ Of string } // key of the other file

func (e *RepeatError) Error() string {
	return fmt.Sprintf("has the same rows as %s, which is in the report, too: each would count twice. The manifest is wrong, or a file was copied over another", e.Of)
}

// repeats returns, for each file, the index of the first one with the same content; -1
// for those that are the first. Files without rows are alike, which does no harm: only
// who reads rows has to ask.
func repeats(files []File) []int {
	type content struct {
		md5  string
		size int64
	}
	first := make(map[content]int, len(files))
	out := make([]int, len(files))
	for i, f := range files {
		c := content{f.MD5, f.Size}
		out[i] = -1
		if f.MD5 == "" {
			continue
		}
		if k, seen := first[c]; seen {
			out[i] = k
		} else {
			first[c] = i
		}
	}
	return out
}

// repeated is an error where file i of a report has the content of one before it.
func (r *Report) repeated(i int) error {
	r.repeatsOnce.Do(func() { r.repeats = repeats(r.manifest.Files) })
	if k := r.repeats[i]; k >= 0 && len(r.given[i]) == 0 { // the same rows may be in the folders of two buckets
		return &RepeatError{Of: r.manifest.Files[k].Key}
	}
	return nil
}

// repeatedRows looks for rows of a list that are in it before.
type repeatedRows struct {
	most  int  // rows that are remembered
	full  bool // a row came when so many were: what follows was not looked at
	seen  map[uint64]struct{}
	seed  maphash.Seed
	rows  int64
	twice int64
	first string // the first one that is there again, and its line
	key   []byte
}

// bytesPerSeen is what remembering a row takes, rounded up.
const bytesPerSeen = 40

func newRepeatedRows(memory int64) *repeatedRows {
	return &repeatedRows{most: int(max(1<<16, memory/2/bytesPerSeen)), seen: map[uint64]struct{}{}, seed: maphash.MakeSeed()}
}

// read looks through the rows of r up to what is no row, which it leaves for the reader
// of the list to say.
func (d *repeatedRows) read(ctx context.Context, r io.Reader, plain bool) {
	if !plain {
		gz, err := inflate.NewGzip(r)
		if err != nil {
			return
		}
		r = gz
	}
	text, err := plainText(r)
	if err != nil {
		return
	}
	for split := newCSVSplitter(ctx, text); ; {
		fields, err := split.next()
		if err != nil {
			return
		}
		if d.full = len(d.seen) >= d.most; d.full {
			return
		}
		d.add(fields)
	}
}

func (d *repeatedRows) add(fields []csvField) {
	var h maphash.Hash
	h.SetSeed(d.seed)
	d.rows++
	for i, f := range fields {
		b := f.raw
		if i == 1 {
			if key, err := appendKey(d.key[:0], b); err == nil {
				d.key, b = key, key
			}
		}
		h.Write(b)
		h.WriteByte(0xff) // is in no UTF-8
	}
	sum := h.Sum64()
	if _, again := d.seen[sum]; !again {
		d.seen[sum] = struct{}{}
		return
	}
	if d.twice++; d.twice == 1 && len(fields) > 1 {
		d.first = fmt.Sprintf("row %d, %.200q", d.rows, fields[1].raw)
	}
}

// warnings say what was found, and from where on nothing was looked for.
func (d *repeatedRows) warnings() (out []error) {
	switch {
	case d.twice == 1:
		out = append(out, fmt.Errorf("a row of the list is in it before (%s): plan and price count it twice", d.first))
	case d.twice > 0:
		out = append(out, fmt.Errorf("%d rows of the list are in it before, the first one is %s: plan and price count each of them", d.twice, d.first))
	}
	if d.full {
		out = append(out, fmt.Errorf("the list was looked through for rows that are in it twice up to row %d; a larger --memory reaches further", d.rows))
	}
	return out
}
