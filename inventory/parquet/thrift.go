package parquet

import "encoding/binary"

// thriftType is a type of Thrift's compact protocol, in which Parquet writes
// its metadata.
type thriftType byte

const (
	tStop   thriftType = 0
	tTrue   thriftType = 1
	tFalse  thriftType = 2
	tByte   thriftType = 3
	tI16    thriftType = 4
	tI32    thriftType = 5
	tI64    thriftType = 6
	tDouble thriftType = 7
	tBinary thriftType = 8
	tList   thriftType = 9
	tSet    thriftType = 10
	tMap    thriftType = 11
	tStruct thriftType = 12
)

// maxDepth bounds how deep structures are nested: metadata has seven levels.
const maxDepth = 32

// thriftReader takes structures apart. It holds nothing but the bytes: what is
// kept of them is up to the caller. After an error everything reads as empty.
type thriftReader struct {
	b     []byte
	pos   int
	depth int
	err   error
}

func (t *thriftReader) fail(err error) {
	if t.err == nil {
		t.err = err
	}
	t.pos = len(t.b)
}

func (t *thriftReader) byte() byte {
	if t.pos >= len(t.b) {
		t.fail(errShort)
		return 0
	}
	t.pos++
	return t.b[t.pos-1]
}

func (t *thriftReader) uvarint() uint64 {
	v, n := binary.Uvarint(t.b[t.pos:])
	switch {
	case n == 0:
		t.fail(errShort)
		return 0
	case n < 0:
		t.fail(corrupt("number longer than 64 bits"))
		return 0
	}
	t.pos += n
	return v
}

// int reads a number of any width.
func (t *thriftReader) int() int64 {
	u := t.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

// i32 reads a number that must fit 32 bits.
func (t *thriftReader) i32() int32 {
	v := t.int()
	if v != int64(int32(v)) {
		t.fail(corrupt("number %d in a field of 32 bits", v))
		return 0
	}
	return int32(v)
}

func (t *thriftReader) bytes() []byte {
	n := t.uvarint()
	if n > uint64(len(t.b)-t.pos) {
		t.fail(errShort)
		return nil
	}
	t.pos += int(n)
	return t.b[t.pos-int(n) : t.pos]
}

// fields calls f for each field of a structure. Fields that f does not know it
// returns false for, without having read any of them.
func (t *thriftReader) fields(f func(id int16, typ thriftType) bool) {
	if t.depth++; t.depth > maxDepth {
		t.fail(corrupt("metadata nested more than %d levels", maxDepth))
	}
	var id int16
	for t.err == nil {
		head := t.byte()
		typ := thriftType(head & 15)
		if typ == tStop {
			break
		}
		if delta := head >> 4; delta != 0 {
			id += int16(delta)
		} else {
			id = int16(t.int())
		}
		if t.err == nil && !f(id, typ) {
			t.skip(typ)
		}
	}
	t.depth--
}

// list calls f for each element of a list.
func (t *thriftReader) list(f func(typ thriftType)) {
	head := t.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = t.uvarint()
	}
	typ := thriftType(head & 15)
	// Every element takes a byte at least, so a claim beyond the bytes ends
	// with them.
	for ; n > 0 && t.err == nil; n-- {
		f(typ)
	}
}

// skip passes over a value. Truth values of fields have no bytes; those of
// lists do, and are read by skipElement.
func (t *thriftReader) skip(typ thriftType) {
	switch typ {
	case tTrue, tFalse:
	case tByte:
		t.byte()
	case tI16, tI32, tI64:
		t.uvarint()
	case tDouble:
		t.advance(8)
	case tBinary:
		t.bytes()
	case tList, tSet:
		t.nested(func() { t.list(t.skipElement) })
	case tMap:
		t.nested(t.skipMap)
	case tStruct:
		t.fields(func(int16, thriftType) bool { return false })
	default:
		t.fail(corrupt("metadata of unknown type %d", typ))
	}
}

func (t *thriftReader) skipElement(typ thriftType) {
	if typ == tTrue || typ == tFalse {
		typ = tByte
	}
	t.skip(typ)
}

func (t *thriftReader) skipMap() {
	n := t.uvarint()
	if n == 0 {
		return
	}
	types := t.byte()
	for ; n > 0 && t.err == nil; n-- {
		t.skipElement(thriftType(types >> 4))
		t.skipElement(thriftType(types & 15))
	}
}

func (t *thriftReader) nested(f func()) {
	if t.depth++; t.depth > maxDepth {
		t.fail(corrupt("metadata nested more than %d levels", maxDepth))
		return
	}
	f()
	t.depth--
}

func (t *thriftReader) advance(n int) {
	if n > len(t.b)-t.pos {
		t.fail(errShort)
		return
	}
	t.pos += n
}
