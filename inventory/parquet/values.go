package parquet

import (
	"encoding/binary"
	"math"

	"reseal/inventory/vector"
)

// dictionary holds the values that pages refer to by number.
type dictionary struct {
	strings [][]byte
	numbers []int64
	charged int // of the budget
}

// dictionaryEntry is what an entry takes beside its bytes, at most.
const dictionaryEntry = 24

func (d *dictionary) reset(b *budget) {
	b.left += int64(d.charged)
	*d = dictionary{strings: d.strings[:0], numbers: d.numbers[:0]}
}

// openDictionary reads a dictionary page.
func (c *column) openDictionary(h pageHeader) error {
	if h.encoding != plain && h.encoding != plainDictionary {
		return unsupported("a dictionary in encoding %v is", h.encoding)
	}
	before := len(c.inUse)
	page, _, err := c.openPage(h)
	if err != nil {
		return err
	}
	c.dict.reset(c.budget)
	// The dictionary outlives the pages, so it keeps their memory for itself.
	c.taken(before)
	// Each value has a byte at least, so this is bounded by the page.
	if h.values > len(page) {
		return corrupt("dictionary of %d values in %d bytes", h.values, len(page))
	}
	if err := c.budget.take(dictionaryEntry * h.values); err != nil {
		return err
	}
	c.dict.charged = cap(page) + dictionaryEntry*h.values
	if c.field.stringy() {
		c.dict.strings = vector.Resize(c.dict.strings, h.values)
		_, err = c.field.plainStrings(c.dict.strings, page)
		return err
	}
	c.dict.numbers = vector.Resize(c.dict.numbers, h.values)
	_, err = plainNumbers(c.dict.numbers, page, c.field.Kind)
	return err
}

// lookUp returns the indices of the next n values, which are all in the dictionary.
func (c *column) lookUp(n, size int) ([]uint32, error) {
	c.indices = vector.Resize(c.indices, n)
	if err := c.index.next(c.indices); err != nil {
		return nil, err
	}
	for _, i := range c.indices {
		if i >= uint32(size) {
			return nil, corrupt("value %d of a dictionary of %d", i, size)
		}
	}
	return c.indices, nil
}

// unsplit returns the next n values of BYTE_STREAM_SPLIT as PLAIN has them.
func (c *column) unsplit(n int) ([]byte, error) {
	text, err := c.memory(n * c.split.width)
	if err != nil {
		return nil, err
	}
	return text, c.split.next(text)
}

func (c *column) readStrings(dst [][]byte) (err error) {
	switch c.encoding {
	case plain:
		c.data, err = c.field.plainStrings(dst, c.data)
		return err
	case byteStreamSplit:
		text, err := c.unsplit(len(dst))
		if err != nil {
			return err
		}
		_, err = c.field.plainStrings(dst, text)
		return err
	case rleDictionary:
		indices, err := c.lookUp(len(dst), len(c.dict.strings))
		for k, i := range indices {
			dst[k] = c.dict.strings[i]
		}
		return err
	}
	lengths, err := c.lengths.take(len(dst))
	if err != nil {
		return err
	}
	for k, n := range lengths {
		if n < 0 || n > int64(len(c.data)) {
			return corrupt("string of %d bytes: %v", n, errShort)
		}
		dst[k], c.data = c.data[:n:n], c.data[n:]
	}
	if c.encoding == deltaStrings {
		return c.joinPrefixes(dst)
	}
	return nil
}

// joinPrefixes puts before each string what it shares with the one before it.
func (c *column) joinPrefixes(dst [][]byte) error {
	prefixes, err := c.prefixes.take(len(dst))
	if err != nil {
		return err
	}
	last := c.last
	size := 0
	before := len(last)
	for k, p := range prefixes {
		if p < 0 || p > int64(before) {
			return corrupt("string that shares %d bytes with one of %d", p, before)
		}
		before = int(p) + len(dst[k])
		if size += before; size > maxBatchText {
			return ErrLimit
		}
	}
	text, err := c.memory(size)
	if err != nil {
		return err
	}
	for k, p := range prefixes {
		n := copy(text, last[:p])
		n += copy(text[n:], dst[k])
		dst[k], text = text[:n:n], text[n:]
		last = dst[k]
	}
	c.last = append(c.last[:0:0], last...)
	return nil
}

// maxBatchText bounds the bytes of joined strings in one batch.
const maxBatchText = 64 << 20

// plainStrings takes strings off b: four bytes of length, then the bytes; only the
// bytes where all have the same length.
func (f *Field) plainStrings(dst [][]byte, b []byte) ([]byte, error) {
	if f.Kind == FixedLenByteArray {
		if len(b)/f.width < len(dst) {
			return nil, corrupt("strings of %d bytes: %v", f.width, errShort)
		}
		for k := range dst {
			dst[k], b = b[:f.width:f.width], b[f.width:]
		}
		return b, nil
	}
	for k := range dst {
		if len(b) < 4 {
			return nil, corrupt("strings: %v", errShort)
		}
		n := binary.LittleEndian.Uint32(b)
		if uint64(n) > uint64(len(b)-4) {
			return nil, corrupt("string of %d bytes: %v", n, errShort)
		}
		dst[k], b = b[4:4+n:4+n], b[4+n:]
	}
	return b, nil
}

func (c *column) readNumbers(dst []int64) (err error) {
	switch c.encoding {
	case plain:
		c.data, err = plainNumbers(dst, c.data, c.field.Kind)
		return err
	case byteStreamSplit:
		text, err := c.unsplit(len(dst))
		if err != nil {
			return err
		}
		_, err = plainNumbers(dst, text, c.field.Kind)
		return err
	case rleDictionary:
		indices, err := c.lookUp(len(dst), len(c.dict.numbers))
		for k, i := range indices {
			dst[k] = c.dict.numbers[i]
		}
		return err
	}
	if err := c.ints.next(dst); err != nil {
		return err
	}
	if c.field.Kind == Int32 { // differences wrap around at 32 bits
		for k, v := range dst {
			dst[k] = int64(int32(v))
		}
	}
	return nil
}

// plainNumbers takes numbers off b. INT96 become microseconds since 1970.
func plainNumbers(dst []int64, b []byte, kind Kind) ([]byte, error) {
	size := 8
	switch kind {
	case Int32:
		size = 4
	case Int96:
		size = 12
	}
	if len(b)/size < len(dst) {
		return nil, corrupt("numbers: %v", errShort)
	}
	for k := range dst {
		switch kind {
		case Int32:
			dst[k] = int64(int32(binary.LittleEndian.Uint32(b[4*k:])))
		case Int96:
			// Nanoseconds of a day, and the day as Julian day number.
			nanos, day := binary.LittleEndian.Uint64(b[12*k:]), binary.LittleEndian.Uint32(b[12*k+8:])
			const unixDay = 2440588 // 1970-01-01
			if day > 2*unixDay || nanos >= 86400e9 {
				dst[k] = math.MaxInt64 // some time after the year 9999, or no time of a day
				continue
			}
			dst[k] = (int64(day)-unixDay)*86400e6 + int64(nanos/1e3)
		default:
			dst[k] = int64(binary.LittleEndian.Uint64(b[8*k:]))
		}
	}
	return b[size*len(dst):], nil
}

func (c *column) readBools(dst []bool) error {
	switch c.encoding {
	case plain:
		if uint64(c.bit)+uint64(len(dst)) > 8*uint64(len(c.data)) {
			return corrupt("truth values: %v", errShort)
		}
		for k := range dst {
			dst[k] = c.data[c.bit>>3]>>(c.bit&7)&1 != 0
			c.bit++
		}
		return nil
	case rle:
		_, err := c.index.flags(dst, 1)
		return err
	}
	return unsupported("truth values in encoding %v are", c.encoding)
}
