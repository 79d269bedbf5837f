package parquet

import (
	"encoding/binary"
	"hash/crc32"
	"math"
)

// encoding is how values are written, numbered as in the file.
type encoding int32

const (
	plain           encoding = 0
	plainDictionary encoding = 2
	rle             encoding = 3
	deltaBinary     encoding = 5
	deltaLength     encoding = 6
	deltaStrings    encoding = 7
	rleDictionary   encoding = 8
	byteStreamSplit encoding = 9
)

func (e encoding) String() string {
	names := [...]string{"PLAIN", "GROUP_VAR_INT", "PLAIN_DICTIONARY", "RLE", "BIT_PACKED", "DELTA_BINARY_PACKED",
		"DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY", "RLE_DICTIONARY", "BYTE_STREAM_SPLIT"}
	if e >= 0 && int(e) < len(names) {
		return names[e]
	}
	return "unknown"
}

// The kinds of pages.
const (
	dataPage       = 0
	dictionaryPage = 2
	dataPageV2     = 3
)

// pageHeader precedes a page.
type pageHeader struct {
	kind       int32
	size       int // of the page when decompressed
	compressed int // of the page as it is
	crc        uint32
	hasCRC     bool

	values   int
	encoding encoding
	levels   encoding // of definition levels, version 1

	defLength, repLength int  // bytes of levels, version 2
	stored               bool // version 2: values are not compressed
}

// maxHeader bounds a page header, which can hold the least and the greatest
// value of the page.
const maxHeader = 1 << 20

// readHeader reads the header of the next page, and passes over it.
func (w *window) readHeader() (pageHeader, error) {
	for try := 4 << 10; ; try *= 8 {
		b, err := w.peek(try)
		if err != nil {
			return pageHeader{}, err
		}
		t := &thriftReader{b: b}
		h := t.pageHeader()
		if t.err == errShort {
			if w.off < w.end && try < maxHeader {
				continue
			}
			return h, corrupt("page header: %v", errShort)
		} else if t.err != nil {
			return h, t.err
		}
		w.advance(t.pos)
		return h, nil
	}
}

func (t *thriftReader) pageHeader() (h pageHeader) {
	h.kind = -1
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tI32:
			h.kind = t.i32()
		case id == 2 && typ == tI32:
			h.size = t.count()
		case id == 3 && typ == tI32:
			h.compressed = t.count()
		case id == 4 && typ == tI32:
			h.crc, h.hasCRC = uint32(t.i32()), true
		case (id == 5 || id == 7 || id == 8) && typ == tStruct:
			t.pageDetails(&h, id == 8)
		default:
			return false
		}
		return true
	})
	return h
}

// pageDetails reads DataPageHeader, DictionaryPageHeader, which begin alike, or
// DataPageHeaderV2.
func (t *thriftReader) pageDetails(h *pageHeader, v2 bool) {
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tI32:
			h.values = t.count()
		case id == 2 && typ == tI32 && !v2, id == 4 && typ == tI32 && v2:
			h.encoding = encoding(t.i32())
		case id == 3 && typ == tI32 && !v2:
			h.levels = encoding(t.i32())
		case id == 5 && typ == tI32 && v2:
			h.defLength = t.count()
		case id == 6 && typ == tI32 && v2:
			h.repLength = t.count()
		case id == 7 && v2:
			h.stored = typ == tFalse
			return false // the value is in the type
		default:
			return false
		}
		return true
	})
}

// count reads a number that cannot be negative.
func (t *thriftReader) count() int {
	n := t.i32()
	if n < 0 {
		t.fail(corrupt("a page with a count of %d", n))
		return 0
	}
	return int(n)
}

// payload returns the bytes of the page after its header, as they are in the
// file, and passes over them.
func (w *window) payload(h pageHeader) ([]byte, error) {
	if int64(h.compressed) > int64(len(w.buf)-w.pos)+w.end-w.off {
		return nil, corrupt("page of %d bytes: %v", h.compressed, errShort)
	}
	b, err := w.take(h.compressed)
	if err != nil {
		return nil, err
	}
	if h.hasCRC && crc32.ChecksumIEEE(b) != h.crc {
		return nil, corrupt("the page's CRC does not match")
	}
	return b, nil
}

// openPage decompresses a page into memory of the column's, and takes its levels off.
// It returns the values, and the definition levels where the column has some.
func (c *column) openPage(h pageHeader) (values, levels []byte, err error) {
	src, err := c.win.payload(h)
	if err != nil {
		return nil, nil, err
	}
	if h.kind == dataPageV2 {
		return c.openV2(h, src)
	}
	page, err := c.decompress(src, h.size, c.codec)
	if err != nil || h.kind == dictionaryPage || !c.field.Optional {
		return page, nil, err
	}
	if h.levels != rle {
		return nil, nil, unsupported("levels in encoding %v are", h.levels)
	}
	if len(page) < 4 {
		return nil, nil, corrupt("levels: %v", errShort)
	}
	n := binary.LittleEndian.Uint32(page)
	if n > math.MaxInt32 || int(n) > len(page)-4 {
		return nil, nil, corrupt("levels: %v", errShort)
	}
	return page[4+n:], page[4 : 4+n], nil
}

// openV2 opens a page of version 2, whose levels are never compressed.
func (c *column) openV2(h pageHeader, src []byte) (values, levels []byte, err error) {
	n := h.repLength + h.defLength
	if n > len(src) || n > h.size {
		return nil, nil, corrupt("levels: %v", errShort)
	}
	codec := c.codec
	if h.stored {
		codec = codecNone
	}
	if c.field.Optional {
		if levels, err = c.decompress(src[h.repLength:n], h.defLength, codecNone); err != nil {
			return nil, nil, err
		}
	}
	if h.size == n { // nothing but nulls: some writers write no values at all
		return nil, levels, nil
	}
	values, err = c.decompress(src[n:], h.size-n, codec)
	return values, levels, err
}

// decompress returns the size bytes that src holds, in memory of the column's.
func (c *column) decompress(src []byte, size int, codec codec) ([]byte, error) {
	if int64(size) > int64(len(src))*codec.maxRatio()+64 {
		return nil, corrupt("page of %d bytes claims to hold %d", len(src), size)
	}
	dst, err := c.memory(size)
	if err != nil {
		return nil, err
	}
	return dst, c.expand.expand(codec, dst, src)
}

// maxSpare is how many pages' memory a column keeps for later pages.
const maxSpare = 2

// memory returns n bytes that stay as they are until reclaim.
func (c *column) memory(n int) ([]byte, error) {
	for i, s := range c.spare {
		if cap(s) >= n {
			c.spare = append(c.spare[:i], c.spare[i+1:]...)
			c.inUse = append(c.inUse, s)
			return s[:n], nil
		}
	}
	// Some more, as pages differ a little in size.
	size := n + n/8 + 64
	if err := c.budget.take(size); err != nil {
		return nil, err
	}
	b := make([]byte, size)
	c.inUse = append(c.inUse, b)
	return b[:n], nil
}

// taken removes from inUse what was added to it since it had n elements.
func (c *column) taken(n int) [][]byte {
	b := c.inUse[n:]
	c.inUse = c.inUse[:n]
	return b
}

// reclaim makes the memory that the last batch referred to free for others.
func (c *column) reclaim() {
	for _, b := range c.inUse {
		if len(c.spare) < maxSpare {
			c.spare = append(c.spare, b)
			continue
		}
		// The smallest goes.
		least := 0
		for i, s := range c.spare {
			if cap(s) < cap(c.spare[least]) {
				least = i
			}
		}
		if cap(b) > cap(c.spare[least]) {
			b, c.spare[least] = c.spare[least], b
		}
		c.budget.left += int64(cap(b))
	}
	c.inUse = c.inUse[:0]
}
