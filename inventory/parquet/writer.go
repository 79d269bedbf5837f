package parquet

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/bits"

	"github.com/klauspost/compress/snappy"
)

// Sizes of what a Writer holds and writes.
const (
	groupRows     = 100_000 // rows of a row group: some 25 MB of S3 Inventory in memory
	pageRows      = 20_000
	maxDictionary = 1 << 12 // different values of a column that is written by dictionary
)

// Writer writes flat columns of the kinds Boolean, Int64 and ByteArray, with
// snappy: the shape in which S3 Inventory writes them. Rows are given value by
// value, each column once, and ended with EndRow.
type Writer struct {
	w      io.Writer
	schema string
	offset int64
	cols   []*columnWriter
	rows   int // of the row group
	total  int64
	groups []writtenGroup
	err    error
}

// writtenGroup is a row group in the file.
type writtenGroup struct {
	rows   int64
	chunks []writtenChunk
}

type writtenChunk struct {
	data, dict   int64 // where their pages begin; dict is 0 where there is none
	length       int64
	uncompressed int64
}

// columnWriter collects a column of a row group.
type columnWriter struct {
	field   Field
	present []bool
	starts  []int // in plain, of the values that are present
	plain   []byte
	bools   []bool
	dict    map[string]uint32 // nil once there are too many values
	entries []byte            // of the dictionary, in order
	indices []uint32
}

// NewWriter starts a file with the given columns. schema is the name of its root.
func NewWriter(w io.Writer, schema string, fields []Field) (*Writer, error) {
	wr := &Writer{w: w, schema: schema}
	for _, f := range fields {
		switch f.Kind {
		case Boolean, Int64, ByteArray:
		default:
			return nil, unsupported("writing a column of type %v is", f.Kind)
		}
		c := &columnWriter{field: f}
		c.reset()
		wr.cols = append(wr.cols, c)
	}
	wr.write([]byte("PAR1"))
	return wr, wr.err
}

func (c *columnWriter) reset() {
	c.present, c.starts, c.plain, c.bools = c.present[:0], c.starts[:0], c.plain[:0], c.bools[:0]
	c.entries, c.indices = c.entries[:0], c.indices[:0]
	if c.field.Kind != Boolean {
		c.dict = make(map[string]uint32)
	}
}

// Null puts nothing in column i of the row.
func (w *Writer) Null(i int) {
	c := w.cols[i]
	if !c.field.Optional {
		w.err = fmt.Errorf("parquet: null in required column %q", c.field.Name)
	}
	c.present = append(c.present, false)
}

// Text puts a string in column i of the row.
func (w *Writer) Text(i int, s string) {
	c := w.cols[i]
	c.begin()
	c.plain = binary.LittleEndian.AppendUint32(c.plain, uint32(len(s)))
	c.plain = append(c.plain, s...)
	c.remember()
}

// Int64 puts a number in column i of the row.
func (w *Writer) Int64(i int, v int64) {
	c := w.cols[i]
	c.begin()
	c.plain = binary.LittleEndian.AppendUint64(c.plain, uint64(v))
	c.remember()
}

// Bool puts a truth value in column i of the row.
func (w *Writer) Bool(i int, v bool) {
	c := w.cols[i]
	c.present = append(c.present, true)
	c.bools = append(c.bools, v)
}

func (c *columnWriter) begin() {
	c.present = append(c.present, true)
	c.starts = append(c.starts, len(c.plain))
}

// remember gives the value just written its place in the dictionary.
func (c *columnWriter) remember() {
	if c.dict == nil {
		return
	}
	v := c.plain[c.starts[len(c.starts)-1]:]
	i, ok := c.dict[string(v)]
	if !ok {
		if len(c.dict) == maxDictionary {
			c.dict = nil
			return
		}
		i = uint32(len(c.dict))
		c.dict[string(v)] = i
		c.entries = append(c.entries, v...)
	}
	c.indices = append(c.indices, i)
}

// EndRow ends the row. The error is that of the file written to.
func (w *Writer) EndRow() error {
	w.rows++
	w.total++
	for _, c := range w.cols {
		if len(c.present) != w.rows && w.err == nil {
			w.err = fmt.Errorf("parquet: row without column %q", c.field.Name)
		}
	}
	if w.rows == groupRows && w.err == nil {
		w.flush()
	}
	return w.err
}

// Close writes what is left and the footer. It does not close the file.
func (w *Writer) Close() error {
	if w.rows > 0 && w.err == nil {
		w.flush()
	}
	footer := w.footer()
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(footer)))
	w.write(append(footer, "PAR1"...))
	return w.err
}

func (w *Writer) write(b []byte) {
	if w.err != nil {
		return
	}
	n, err := w.w.Write(b)
	w.offset += int64(n)
	w.err = err
}

// flush writes a row group.
func (w *Writer) flush() {
	g := writtenGroup{rows: int64(w.rows)}
	for _, c := range w.cols {
		start := w.offset
		var ch writtenChunk
		if c.dict != nil && c.field.Kind != Boolean {
			ch.dict = w.offset
			ch.uncompressed += w.page(c.entries, func(t *thriftWriter) {
				t.structure(7, func() { t.i32(1, int32(len(c.dict))); t.i32(2, int32(plain)) })
			}, dictionaryPage)
		}
		ch.data = w.offset
		used := 0
		for from := 0; from < w.rows; from += pageRows {
			rows := c.present[from:min(from+pageRows, w.rows)]
			body, enc, n := c.encode(rows, used)
			used += n
			ch.uncompressed += w.page(body, func(t *thriftWriter) {
				t.structure(5, func() {
					t.i32(1, int32(len(rows)))
					t.i32(2, int32(enc))
					t.i32(3, int32(rle))
					t.i32(4, int32(rle))
				})
			}, dataPage)
		}
		ch.length = w.offset - start
		g.chunks = append(g.chunks, ch)
		c.reset()
	}
	w.groups = append(w.groups, g)
	w.rows = 0
}

// page writes a page with its header, and returns how long both are before
// compression.
func (w *Writer) page(body []byte, details func(*thriftWriter), kind int32) int64 {
	packed := snappy.Encode(nil, body)
	t := &thriftWriter{}
	t.element(func() {
		t.i32(1, kind)
		t.i32(2, int32(len(body)))
		t.i32(3, int32(len(packed)))
		t.i32(4, int32(crc32.ChecksumIEEE(packed)))
		details(t)
	})
	w.write(t.b)
	w.write(packed)
	return int64(len(t.b) + len(body))
}

// encode returns the page of the given rows, whose values begin with number
// used of the row group, and how many values it has.
func (c *columnWriter) encode(rows []bool, used int) (body []byte, enc encoding, values int) {
	for _, p := range rows {
		if p {
			values++
		}
	}
	if c.field.Optional {
		levels := appendBits(nil, len(rows), 1, func(i int) uint32 {
			if rows[i] {
				return 1
			}
			return 0
		})
		body = binary.LittleEndian.AppendUint32(body, uint32(len(levels)))
		body = append(body, levels...)
	}
	switch {
	case c.field.Kind == Boolean:
		packed := make([]byte, (values+7)/8)
		for i, v := range c.bools[used : used+values] {
			if v {
				packed[i/8] |= 1 << (i % 8)
			}
		}
		return append(body, packed...), plain, values
	case c.dict != nil:
		width := max(1, bits.Len(uint(max(len(c.dict)-1, 0))))
		body = append(body, byte(width))
		body = appendBits(body, values, width, func(i int) uint32 { return c.indices[used+i] })
		return body, rleDictionary, values
	}
	from, to := len(c.plain), len(c.plain)
	if used < len(c.starts) {
		from = c.starts[used]
	}
	if used+values < len(c.starts) {
		to = c.starts[used+values]
	}
	return append(body, c.plain[from:to]...), plain, values
}

// appendBits appends n values of width bits in the encoding RLE: one run where
// they are all the same, packed bits otherwise.
func appendBits(b []byte, n, width int, at func(int) uint32) []byte {
	if n == 0 {
		return b
	}
	first, same := at(0), true
	for i := 1; i < n && same; i++ {
		same = at(i) == first
	}
	if same {
		b = binary.AppendUvarint(b, uint64(n)<<1)
		for i := 0; i < width; i += 8 {
			b = append(b, byte(first>>i))
		}
		return b
	}
	groups := (n + 7) / 8
	b = binary.AppendUvarint(b, uint64(groups)<<1|1)
	var acc uint64
	have := 0
	for i := range groups * 8 {
		var v uint32
		if i < n {
			v = at(i)
		}
		acc |= uint64(v) << have
		for have += width; have >= 8; have -= 8 {
			b = append(b, byte(acc))
			acc >>= 8
		}
	}
	return b
}

// footer returns the FileMetaData structure.
func (w *Writer) footer() []byte {
	t := &thriftWriter{}
	t.element(func() {
		t.i32(1, 1)
		t.list(2, tStruct, len(w.cols)+1)
		t.element(func() { t.string(4, w.schema); t.i32(5, int32(len(w.cols))) })
		for _, c := range w.cols {
			t.element(func() { t.schemaField(c.field) })
		}
		t.i64(3, w.total)
		t.list(4, tStruct, len(w.groups))
		for _, g := range w.groups {
			t.element(func() { w.rowGroup(t, g) })
		}
		t.string(6, "reseal")
	})
	return t.b
}

func (t *thriftWriter) schemaField(f Field) {
	t.i32(1, int32(f.Kind))
	repetition := int32(0)
	if f.Optional {
		repetition = 1
	}
	t.i32(3, repetition)
	t.string(4, f.Name)
	id := func() {
		if f.ID > 0 {
			t.i32(9, int32(f.ID))
		}
	}
	switch {
	case f.Kind == ByteArray:
		t.i32(6, 0) // UTF8
		id()
		t.structure(10, func() { t.structure(1, func() {}) })
	case f.Logical.Unit == Millis:
		t.i32(6, 9) // TIMESTAMP_MILLIS
		id()
		t.structure(10, func() {
			t.structure(8, func() {
				t.bool(1, true) // adjusted to UTC
				t.structure(2, func() { t.structure(1, func() {}) })
			})
		})
	default:
		id()
	}
}

func (w *Writer) rowGroup(t *thriftWriter, g writtenGroup) {
	var size int64
	t.list(1, tStruct, len(g.chunks))
	for i, ch := range g.chunks {
		size += ch.uncompressed
		t.element(func() {
			t.i64(2, ch.data)
			t.structure(3, func() {
				t.i32(1, int32(w.cols[i].field.Kind))
				t.list(2, tI32, 3)
				for _, e := range []encoding{plain, rle, rleDictionary} {
					t.zigzag(int64(e))
				}
				t.list(3, tBinary, 1)
				t.text(w.cols[i].field.Name)
				t.i32(4, int32(codecSnappy))
				t.i64(5, g.rows)
				t.i64(6, ch.uncompressed)
				t.i64(7, ch.length)
				t.i64(9, ch.data)
				if ch.dict > 0 {
					t.i64(11, ch.dict)
				}
			})
		})
	}
	t.i64(2, size)
	t.i64(3, g.rows)
}
