package inventory

import (
	"context"
	"fmt"
	"time"

	"reseal/inventory/vector"
)

// columnar turns batches of column values, as ORC and Parquet files have them,
// into records.
type columnar struct {
	ctx   context.Context
	step  func(context.Context) (int, error) // fills the vectors behind the columns
	fill  []filler
	first int64 // row of the file that the vectors begin with
	have  int   // rows in the vectors
	used  int   // of which were handed out
	err   error // of step, once it had one
	done  func()
	arena arena

	mapped  bool // values may be written otherwise than in reports: see Mapping
	encoded bool // keys are URL-encoded
	scratch []byte
}

// filler sets one field of the records from the values of a vector from row
// from on. Where a value cannot be used, the error comes with the index of its record.
type filler func(recs []Record, from int) (int, error)

func (c *columnar) row() int64 { return c.first + int64(c.used) }

func (c *columnar) close() {
	if c.done != nil {
		c.done()
	}
}

func (c *columnar) read(recs []Record) (int, error) {
	if c.used == c.have {
		if c.err != nil {
			return 0, c.err
		}
		c.first += int64(c.have)
		c.have, c.used = 0, 0
		n, err := c.step(c.ctx)
		if err != nil {
			c.err = err
			return 0, err
		}
		c.have = n
	}
	n := min(len(recs), c.have-c.used)
	recs = recs[:n]
	at := c.row()
	for i := range recs {
		recs[i] = Record{Pos: Position{Row: at + int64(i)}, Size: -1, ByHand: c.mapped}
	}
	var err error
	for _, fill := range c.fill {
		// Records before a value that cannot be used still get all their fields.
		if i, e := fill(recs, c.used); e != nil {
			recs, err = recs[:i], e
		}
	}
	c.used += len(recs)
	return len(recs), err
}

// fillText fills a text column; at returns the value of a row, nothing for null.
func (c *columnar) fillText(col Column, at func(int) []byte) filler {
	if c.mapped {
		at = statedText(col, at)
	}
	a := &c.arena
	known := ColumnsOf(col)
	switch col {
	case ColKey:
		return func(recs []Record, from int) (int, error) {
			for i := range recs {
				b := at(from + i)
				if len(b) == 0 {
					continue // the row cannot be done, and those after it can
				}
				if c.encoded {
					var err error
					if c.scratch, err = appendKey(c.scratch[:0], b); err != nil {
						return i, fmt.Errorf("Key %.200q: %w", b, err)
					}
					b = c.scratch
				}
				if len(b) > maxKey {
					return i, keyTooLong(b)
				}
				recs[i].Key = a.string(b)
				recs[i].Known |= known
			}
			return 0, nil
		}
	case ColVersionID:
		return func(recs []Record, from int) (int, error) {
			for i := range recs {
				switch b := at(from + i); {
				case len(b) > 0:
					recs[i].VersionID = a.string(b)
				case c.mapped: // a query that has none, and not S3, wrote it
					recs[i].Unnamed = true
					continue
				default:
					recs[i].VersionID = nullVersion
				}
				recs[i].Known |= known
			}
			return 0, nil
		}
	case ColETag:
		return func(recs []Record, from int) (int, error) {
			for i := range recs {
				if b := at(from + i); len(b) > 0 {
					recs[i].ETag = a.string(unquoteETag(b))
					recs[i].Known |= known
				}
			}
			return 0, nil
		}
	}
	in := &interner{col: col}
	return func(recs []Record, from int) (int, error) {
		for i := range recs {
			b := at(from + i)
			if len(b) == 0 {
				if col == ColBucket {
					return i, fmt.Errorf("%s: %w", col, errEmpty)
				}
				continue
			}
			*recs[i].text(col) = in.string(b, a)
			recs[i].Known |= known
		}
		return 0, nil
	}
}

// fillBool fills a column of truth values.
func fillBool(col Column, v *vector.Bool) filler {
	field := func(r *Record) *bool { return &r.IsLatest }
	switch col {
	case ColIsDeleteMarker:
		field = func(r *Record) *bool { return &r.IsDeleteMarker }
	case ColIsMultipart:
		field = func(r *Record) *bool { return &r.IsMultipart }
	}
	known := ColumnsOf(col)
	return func(recs []Record, from int) (int, error) {
		null, values := v.Null[from:], v.Values[from:]
		for i := range recs {
			if !null[i] {
				*field(&recs[i]) = values[i]
				recs[i].Known |= known
			}
		}
		return 0, nil
	}
}

// fillSize fills the size.
func fillSize(v *vector.Int64) filler {
	known := ColumnsOf(ColSize)
	return func(recs []Record, from int) (int, error) {
		null, values := v.Null[from:], v.Values[from:]
		for i := range recs {
			if null[i] {
				continue
			}
			size := values[i]
			if size < 0 {
				return i, fmt.Errorf("%s: %d is not a size in bytes", ColSize, size)
			}
			recs[i].Size = size
			recs[i].Known |= known
		}
		return 0, nil
	}
}

// fillTime fills a column of instants.
func fillTime(col Column, v *vector.Timestamp) filler {
	field := func(r *Record) *time.Time { return &r.LastModified }
	switch col {
	case ColLockRetainUntil:
		field = func(r *Record) *time.Time { return &r.LockRetainUntil }
	case ColLifecycleExpiration:
		field = func(r *Record) *time.Time { return &r.LifecycleExpiration }
	}
	known := ColumnsOf(col)
	return func(recs []Record, from int) (int, error) {
		for i := range recs {
			if !v.Null[from+i] {
				*field(&recs[i]) = v.Time(from + i)
				recs[i].Known |= known
			}
		}
		return 0, nil
	}
}

// fillDays fills a column of instants from days since 1970-01-01.
func fillDays(col Column, v *vector.Int64) filler {
	var times vector.Timestamp
	fill := fillTime(col, &times)
	return func(recs []Record, from int) (int, error) {
		times.Null = v.Null
		times.Seconds, times.Nanos = vector.Resize(times.Seconds, len(v.Values)), vector.Resize(times.Nanos, len(v.Values))
		for i := from; i < from+len(recs); i++ {
			if v.Null[i] {
				continue
			}
			const day, most = 24 * 60 * 60, vector.MaxSecond / (24 * 60 * 60)
			if v.Values[i] < vector.MinSecond/day || v.Values[i] > most {
				return i - from, fmt.Errorf("%s: day %d since 1970 is none of the years 1 to 9999", col, v.Values[i])
			}
			times.Seconds[i], times.Nanos[i] = v.Values[i]*day, 0
		}
		return fill(recs, from)
	}
}

// valueKind is the kind of value that a column of a report holds.
type valueKind uint8

const (
	textValue valueKind = iota
	boolValue
	sizeValue
	timeValue
)

// String names the kind for people.
func (k valueKind) String() string {
	return [...]string{"text", "a truth value", "a whole number", "a timestamp"}[k]
}

// cast is how a query makes a column of the kind.
func (k valueKind) cast(column string) string {
	return fmt.Sprintf("CAST(%s AS %s)", column, [...]string{"VARCHAR", "BOOLEAN", "BIGINT", "TIMESTAMP"}[k])
}

func (c Column) kind() valueKind {
	switch c {
	case ColIsLatest, ColIsDeleteMarker, ColIsMultipart:
		return boolValue
	case ColSize:
		return sizeValue
	case ColLastModified, ColLockRetainUntil, ColLifecycleExpiration:
		return timeValue
	}
	return textValue
}
