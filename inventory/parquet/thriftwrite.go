package parquet

import "encoding/binary"

// thriftWriter puts structures together in Thrift's compact protocol.
type thriftWriter struct {
	b    []byte
	last []int16 // the field before, of each structure that is open
}

func (t *thriftWriter) open()  { t.last = append(t.last, 0) }
func (t *thriftWriter) close() { t.b = append(t.b, byte(tStop)); t.last = t.last[:len(t.last)-1] }

func (t *thriftWriter) field(id int16, typ thriftType) {
	last := &t.last[len(t.last)-1]
	t.b = append(t.b, byte(id-*last)<<4|byte(typ)) // fields are written in order, less than 16 apart
	*last = id
}

func (t *thriftWriter) zigzag(v int64) { t.b = binary.AppendUvarint(t.b, uint64(v<<1)^uint64(v>>63)) }

func (t *thriftWriter) i32(id int16, v int32) { t.field(id, tI32); t.zigzag(int64(v)) }
func (t *thriftWriter) i64(id int16, v int64) { t.field(id, tI64); t.zigzag(v) }

func (t *thriftWriter) text(s string) {
	t.b = binary.AppendUvarint(t.b, uint64(len(s)))
	t.b = append(t.b, s...)
}

func (t *thriftWriter) string(id int16, s string) { t.field(id, tBinary); t.text(s) }

func (t *thriftWriter) bool(id int16, v bool) {
	typ := tFalse
	if v {
		typ = tTrue
	}
	t.field(id, typ)
}

func (t *thriftWriter) list(id int16, typ thriftType, n int) {
	t.field(id, tList)
	if n < 15 {
		t.b = append(t.b, byte(n)<<4|byte(typ))
		return
	}
	t.b = append(t.b, 15<<4|byte(typ))
	t.b = binary.AppendUvarint(t.b, uint64(n))
}

// structure writes field id, the fields of which f writes.
func (t *thriftWriter) structure(id int16, f func()) {
	t.field(id, tStruct)
	t.element(f)
}

// element writes a structure that is an element of a list, or stands alone.
func (t *thriftWriter) element(f func()) {
	t.open()
	f()
	t.close()
}
