package parquet

import (
	"encoding/binary"
	"io"

	"reseal/inventory/vector"
)

// column reads one column, row group after row group.
type column struct {
	field  Field
	budget *budget
	expand *expander
	codec  codec
	win    window
	rows   int64 // of the row group, not yet in a page

	page  [][]byte // memory of the page under way
	inUse [][]byte // memory of others that the batch refers to
	spare [][]byte // memory for pages to come

	// The page under way.
	left     int // values
	levels   hybrid
	nullable bool
	encoding encoding
	data     []byte // of plain values
	index    hybrid // into the dictionary; truth values in encoding RLE
	ints     delta
	lengths  lengths // of strings
	prefixes lengths // bytes that strings share with the one before
	last     []byte  // the string before
	bit      uint    // in data, of plain truth values
	split    split   // of values whose bytes are apart

	dict    dictionary
	indices []uint32 // of the values being read

	// The vectors of the batch; which of them there are depends on the type.
	null    []bool
	bytes   BytesColumn
	numbers vector.Int64
	bools   vector.Bool
	times   vector.Timestamp
}

// begin moves to a row group.
func (c *column) begin(g *RowGroup) error {
	ch := g.chunks[c.field.leaf]
	if ch.kind != c.field.Kind {
		return corrupt("it is %v in a row group and %v in the schema", ch.kind, c.field.Kind)
	}
	if err := ch.codec.check(); err != nil {
		return err
	}
	c.codec = ch.codec
	c.rows = g.Rows
	c.left = 0
	c.retirePage()
	c.dict.reset(c.budget)
	c.win.reset(ch.start, ch.start+ch.length)
	return nil
}

// nextPage moves to the next page with values. Pages within the next skip rows
// are passed over unread; it returns how many rows were.
func (c *column) nextPage(skip int64) (passed int64, err error) {
	for {
		if c.rows == 0 || c.win.empty() {
			return passed, corrupt("%d rows are missing: %v", c.rows, errShort)
		}
		h, err := c.win.readHeader()
		if err != nil {
			return passed, err
		}
		switch h.kind {
		case dataPage, dataPageV2:
			if int64(h.values) > c.rows {
				return passed, corrupt("page of %d values where %d rows are left", h.values, c.rows)
			}
			c.rows -= int64(h.values)
			if int64(h.values) <= skip-passed {
				if !c.win.advance(h.compressed) {
					return passed, corrupt("page of %d bytes: %v", h.compressed, errShort)
				}
				passed += int64(h.values)
				if passed == skip {
					return passed, nil
				}
				continue
			}
			return passed, c.openData(h)
		case dictionaryPage:
			if err := c.openDictionary(h); err != nil {
				return passed, err
			}
		default: // index pages and what may come
			if !c.win.advance(h.compressed) {
				return passed, corrupt("page of %d bytes: %v", h.compressed, errShort)
			}
		}
	}
}

// retirePage gives up the page under way, to which the batch may still refer.
func (c *column) retirePage() {
	c.inUse = append(c.inUse, c.page...)
	c.page = c.page[:0]
}

// openData sets up the decoding of a data page.
func (c *column) openData(h pageHeader) error {
	c.retirePage()
	before := len(c.inUse)
	values, levels, err := c.openPage(h)
	if err != nil {
		return err
	}
	c.page = append(c.page, c.taken(before)...)
	c.left = h.values
	c.encoding = h.encoding
	c.data, c.bit, c.last = values, 0, nil
	c.nullable = c.field.Optional && len(levels) > 0
	if c.field.Optional && len(levels) == 0 && h.values > 0 && h.kind == dataPage {
		return corrupt("levels: %v", errShort)
	}
	if c.nullable {
		c.levels = newHybrid(levels, 1)
	}
	switch h.encoding {
	case plain:
		return nil
	case plainDictionary, rleDictionary:
		c.encoding = rleDictionary
		return c.openIndices(values)
	case rle:
		if c.field.Kind == Boolean {
			return c.openBools(values)
		}
	case deltaBinary:
		if c.field.Kind == Int32 || c.field.Kind == Int64 {
			c.ints, err = newDelta(values, h.values)
			return err
		}
	case deltaLength, deltaStrings:
		if c.field.Kind == ByteArray || c.field.Kind == FixedLenByteArray && h.encoding == deltaStrings {
			return c.openStrings(values, h)
		}
	case byteStreamSplit:
		if width := c.field.bytes(); width > 0 {
			c.split, err = newSplit(values, width)
			return err
		}
	}
	return unsupported("%v in encoding %v is", c.field.Kind, h.encoding)
}

func (c *column) openIndices(values []byte) error {
	if len(values) == 0 { // nothing but nulls
		c.index = hybrid{}
		return nil
	}
	if values[0] > 32 {
		return corrupt("dictionary indices of %d bits", values[0])
	}
	c.index = newHybrid(values[1:], uint(values[0]))
	return nil
}

func (c *column) openBools(values []byte) error {
	if len(values) < 4 || uint64(binary.LittleEndian.Uint32(values)) > uint64(len(values)-4) {
		return corrupt("truth values: %v", errShort)
	}
	c.index = newHybrid(values[4:4+binary.LittleEndian.Uint32(values)], 1)
	return nil
}

// openStrings reads the lengths that precede the bytes of strings, and for
// deltaStrings also how much each shares with the one before.
func (c *column) openStrings(values []byte, h pageHeader) (err error) {
	c.lengths.rest, c.prefixes.rest = nil, nil
	if len(values) == 0 {
		return nil
	}
	if h.encoding == deltaStrings {
		if values, err = c.prefixes.read(values, h.values, c.budget); err != nil {
			return err
		}
	}
	if values, err = c.lengths.read(values, h.values, c.budget); err != nil {
		return err
	}
	if h.encoding == deltaStrings && len(c.prefixes.rest) != len(c.lengths.rest) {
		return corrupt("%d shared lengths for %d strings", len(c.prefixes.rest), len(c.lengths.rest))
	}
	c.data = values
	return nil
}

// lengths are the lengths of the strings of a page.
type lengths struct {
	all  []int64
	rest []int64 // not yet used
}

// read decodes at most limit lengths, and returns what follows them.
func (l *lengths) read(values []byte, limit int, b *budget) (rest []byte, err error) {
	d, err := newDelta(values, limit)
	if err != nil {
		return nil, err
	}
	if more := d.left - cap(l.all); more > 0 {
		if err := b.take(8 * more); err != nil {
			return nil, err
		}
	}
	l.all = vector.Resize(l.all, d.left)
	if err := d.next(l.all); err != nil {
		return nil, err
	}
	l.rest = l.all
	return d.rest(), nil
}

// take returns the next n.
func (l *lengths) take(n int) ([]int64, error) {
	if n > len(l.rest) {
		return nil, corrupt("lengths of strings: %v", errShort)
	}
	taken := l.rest[:n]
	l.rest = l.rest[n:]
	return taken, nil
}

// skip passes over n rows.
func (c *column) skip(n int64) error {
	for n > 0 {
		if c.left == 0 {
			passed, err := c.nextPage(n)
			if err != nil {
				return err
			}
			n -= passed
			continue
		}
		k := int(min(n, int64(c.left), scratchRows))
		c.startBatch(k)
		if err := c.decode(0, k); err != nil {
			return err
		}
		n -= int64(k)
	}
	return nil
}

// scratchRows is how many rows are decoded at once to be thrown away.
const scratchRows = 1024

// read fills the vectors with n rows.
func (c *column) read(n int) error {
	c.startBatch(n)
	for at := 0; at < n; {
		if c.left == 0 {
			if _, err := c.nextPage(0); err != nil {
				return err
			}
			continue
		}
		k := min(n-at, c.left)
		if err := c.decode(at, k); err != nil {
			return err
		}
		at += k
	}
	return c.finish(n)
}

// startBatch makes room for n rows in the vectors, whose old values are void.
func (c *column) startBatch(n int) {
	c.reclaim()
	c.null = vector.Resize(c.null, n)
	switch {
	case c.field.stringy():
		c.bytes.values = vector.Resize(c.bytes.values, n)
		c.bytes.Null = c.null
	case c.field.Kind == Boolean:
		c.bools.Values = vector.Resize(c.bools.Values, n)
		c.bools.Null = c.null
	}
	c.numbers.Null = c.null
	if c.field.values() == integers || c.field.values() == instants {
		c.numbers.Values = vector.Resize(c.numbers.Values, n)
	}
}

// decode sets rows at to at+n of the vectors, all of them in the page under way.
func (c *column) decode(at, n int) error {
	null := c.null[at : at+n]
	present := n
	if c.nullable {
		var err error
		if present, err = c.levels.flags(null, 0); err != nil {
			return err
		}
	} else {
		clear(null)
	}
	c.left -= n
	var err error
	switch {
	case c.field.stringy():
		v := c.bytes.values[at : at+n]
		err = c.readStrings(v[:present])
		vector.Spread(v, null, present)
	case c.field.Kind == Boolean:
		v := c.bools.Values[at : at+n]
		err = c.readBools(v[:present])
		vector.Spread(v, null, present)
	default:
		v := c.numbers.Values[at : at+n]
		err = c.readNumbers(v[:present])
		vector.Spread(v, null, present)
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}
