package orc

import (
	"bytes"
	"encoding/binary"
	"sort"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// written describes an ORC file for the writer of the tests. Columns are parallel; a nil value is a null, strings are
// string, numbers int64, booleans bool, instants time.Time.
type written struct {
	codec   compression
	block   int    // of compression; 0 means 64 KiB
	rows    int    // in a stripe; 0 means all in one
	v1      bool   // run lengths of version 1
	zone    string // of the writer
	columns []writtenColumn
	absent  []bool // rows that are null as a whole; not nil writes the stream even if all are there

	deflate *flate.Writer // kept between chunks
	zstd    *zstd.Encoder
}

type writtenColumn struct {
	name       string
	kind       Kind
	dictionary bool
	values     []any
	children   []writtenColumn // of a nested kind: types only, their streams are filled with noise
}

// stream of a stripe that is being written.
type writtenStream struct {
	kind, id int
	data     []byte
}

func (w *written) numRows() int {
	if len(w.columns) == 0 {
		return len(w.absent)
	}
	return len(w.columns[0].values)
}

// write makes the file.
func (w *written) write(tb testing.TB) []byte {
	tb.Helper()
	if w.block == 0 {
		w.block = 64 << 10
	}
	file := []byte("ORC")
	var footer []byte
	all := w.numRows()
	step := w.rows
	if step == 0 {
		step = max(all, 1)
	}
	for first := 0; first < all; first += step {
		last := min(first+step, all)
		offset := len(file)
		index, data, stripeFooter := w.stripe(tb, first, last)
		packed := w.compress(tb, stripeFooter)
		file = append(file, index...)
		file = append(file, data...)
		file = append(file, packed...)
		var info []byte
		for i, v := range []int{offset, len(index), len(data), len(packed), last - first} {
			info = appendUintField(info, i+1, uint64(v))
		}
		footer = appendBytesField(footer, 3, info)
	}
	root := writtenColumn{kind: Struct, children: w.columns}
	next := uint64(0)
	footer = appendTypes(footer, root, &next)
	footer = appendUintField(footer, 6, uint64(all))
	packed := w.compress(tb, footer)
	file = append(file, packed...)
	return appendPostscript(file, uint64(len(packed)), uint64(w.codec), uint64(w.block), []byte{0, 12}, "ORC")
}

func appendPostscript(file []byte, footer, codec, block uint64, version []byte, magic string) []byte {
	var ps []byte
	ps = appendUintField(ps, 1, footer)
	ps = appendUintField(ps, 2, codec)
	ps = appendUintField(ps, 3, block)
	ps = appendBytesField(ps, 4, version)
	ps = appendUintField(ps, 5, 0)
	ps = appendBytesField(ps, 8000, []byte(magic))
	file = append(file, ps...)
	return append(file, byte(len(ps)))
}

// appendTypes writes the type tree below c in pre-order.
func appendTypes(footer []byte, c writtenColumn, next *uint64) []byte {
	*next++
	var typ, ids []byte
	typ = appendUintField(typ, 1, uint64(c.kind))
	id := *next
	for _, child := range c.children {
		ids = binary.AppendUvarint(ids, id)
		id += uint64(countTypes(child))
	}
	if len(ids) > 0 {
		typ = appendBytesField(typ, 2, ids)
	}
	if c.kind == Struct {
		for _, child := range c.children {
			typ = appendBytesField(typ, 3, []byte(child.name))
		}
	}
	footer = appendBytesField(footer, 4, typ)
	for _, child := range c.children {
		footer = appendTypes(footer, child, next)
	}
	return footer
}

func countTypes(c writtenColumn) int {
	n := 1
	for _, child := range c.children {
		n += countTypes(child)
	}
	return n
}

// stripe makes the index, the data and the plain footer of a stripe.
func (w *written) stripe(tb testing.TB, first, last int) (index, data, footer []byte) {
	var streams []writtenStream
	var encodings [][]byte
	add := func(kind, id int, plain []byte) {
		if len(plain) > 0 {
			streams = append(streams, writtenStream{kind, id, w.compress(tb, plain)})
		}
	}
	encodings = append(encodings, nil)
	if w.absent != nil {
		present := make([]bool, last-first)
		for i := range present {
			present[i] = !w.absent[first+i]
		}
		add(streamPresent, 0, encodeBools(present))
	}
	id := 1
	for _, c := range w.columns {
		encoding := w.column(c, first, last, func(kind int, plain []byte) { add(kind, id, plain) })
		encodings = append(encodings, encoding)
		for range countTypes(c) - 1 {
			id++
			add(streamData, id, []byte("noise"))
			encodings = append(encodings, nil)
		}
		id++
	}
	// A row index, which readers have to pass over, comes first.
	index = w.compress(tb, []byte("row index"))
	footer = appendStream(footer, writtenStream{6, 1, index})
	for _, s := range streams {
		footer = appendStream(footer, s)
		data = append(data, s.data...)
	}
	for _, e := range encodings {
		footer = appendBytesField(footer, 2, e)
	}
	if w.zone != "" {
		footer = appendBytesField(footer, 3, []byte(w.zone))
	}
	return index, data, footer
}

func appendStream(footer []byte, s writtenStream) []byte {
	var m []byte
	m = appendUintField(m, 1, uint64(s.kind))
	m = appendUintField(m, 2, uint64(s.id))
	m = appendUintField(m, 3, uint64(len(s.data)))
	return appendBytesField(footer, 1, m)
}

// column writes the streams of one column and returns its encoding.
func (w *written) column(c writtenColumn, first, last int, add func(kind int, plain []byte)) []byte {
	var values []any
	var present []bool
	for i := first; i < last; i++ {
		if w.absent != nil && w.absent[i] {
			continue
		}
		present = append(present, c.values[i] != nil)
		if c.values[i] != nil {
			values = append(values, c.values[i])
		}
	}
	if len(values) < len(present) {
		add(streamPresent, encodeBools(present))
	}
	encoding := encodingDirectV2
	if w.v1 {
		encoding = encodingDirect
	}
	switch c.kind {
	case String, Char, Varchar, Binary:
		if c.dictionary {
			return w.dictionary(values, add)
		}
		var blob []byte
		var lengths []int64
		for _, v := range values {
			blob = append(blob, v.(string)...)
			lengths = append(lengths, int64(len(v.(string))))
		}
		add(streamData, blob)
		add(streamLength, encodeInts(lengths, false, !w.v1))
	case Short, Int, Long, Date:
		ints := make([]int64, len(values))
		for i, v := range values {
			ints[i] = v.(int64)
		}
		add(streamData, encodeInts(ints, true, !w.v1))
	case Byte:
		encoding = encodingDirect
		raw := make([]byte, len(values))
		for i, v := range values {
			raw[i] = byte(v.(int64))
		}
		add(streamData, encodeBytes(raw))
	case Boolean:
		encoding = encodingDirect
		bools := make([]bool, len(values))
		for i, v := range values {
			bools[i] = v.(bool)
		}
		add(streamData, encodeBools(bools))
	case Timestamp, TimestampInstant:
		zone := time.UTC
		if c.kind == Timestamp {
			zone, _ = parseZone(w.zone)
		}
		base := time.Date(2015, 1, 1, 0, 0, 0, 0, zone).Unix()
		seconds, nanos := make([]int64, len(values)), make([]int64, len(values))
		for i, v := range values {
			seconds[i], nanos[i] = encodeInstant(v.(time.Time), base)
		}
		add(streamData, encodeInts(seconds, true, !w.v1))
		add(streamSecondary, encodeInts(nanos, false, !w.v1))
	default:
		encoding = encodingDirect
		add(streamData, []byte("noise"))
	}
	return appendUintField(nil, 1, uint64(encoding))
}

func (w *written) dictionary(values []any, add func(kind int, plain []byte)) []byte {
	places := map[string]int64{}
	for _, v := range values {
		places[v.(string)] = 0
	}
	var words []string
	for s := range places {
		words = append(words, s)
	}
	sort.Strings(words)
	var blob []byte
	var lengths, codes []int64
	for i, s := range words {
		places[s] = int64(i)
		blob = append(blob, s...)
		lengths = append(lengths, int64(len(s)))
	}
	for _, v := range values {
		codes = append(codes, places[v.(string)])
	}
	add(streamData, encodeInts(codes, false, !w.v1))
	add(streamLength, encodeInts(lengths, false, !w.v1))
	add(streamDictionary, blob)
	encoding := encodingDictionaryV2
	if w.v1 {
		encoding = encodingDictionary
	}
	return appendUintField(appendUintField(nil, 1, uint64(encoding)), 2, uint64(len(words)))
}

// encodeInstant gives seconds from base and coded nanoseconds, rounding towards 1970 as writers do.
func encodeInstant(t time.Time, base int64) (seconds, nanos int64) {
	seconds, nanos = t.Unix(), int64(t.Nanosecond())
	if seconds < 0 && nanos >= 1e6 {
		seconds++
	}
	zeros := 0
	for nanos != 0 && nanos%10 == 0 && zeros < 9 {
		nanos /= 10
		zeros++
	}
	switch {
	case zeros < 2:
		for range zeros {
			nanos *= 10
		}
		nanos <<= 3
	default:
		if zeros > 8 {
			zeros = 8
		}
		nanos = nanos<<3 | int64(zeros-1)
	}
	return seconds - base, nanos
}

// compress cuts plain into chunks of the block size.
func (w *written) compress(tb testing.TB, plain []byte) []byte {
	if w.codec == none {
		return plain
	}
	var out []byte
	for len(plain) > 0 {
		n := min(len(plain), w.block)
		body, original := w.compressChunk(tb, plain[:n]), 0
		if len(body) >= n {
			body, original = plain[:n], 1
		}
		header := len(body)<<1 | original
		out = append(out, byte(header), byte(header>>8), byte(header>>16))
		out = append(out, body...)
		plain = plain[n:]
	}
	return out
}

func (w *written) compressChunk(tb testing.TB, plain []byte) []byte {
	var err error
	switch w.codec {
	case zlib:
		var b bytes.Buffer
		if w.deflate == nil {
			if w.deflate, err = flate.NewWriter(&b, 6); err != nil {
				tb.Fatal(err)
			}
		}
		w.deflate.Reset(&b)
		if _, err = w.deflate.Write(plain); err == nil {
			err = w.deflate.Close()
		}
		if err != nil {
			tb.Fatal(err)
		}
		return b.Bytes()
	case snap:
		return snappy.Encode(nil, plain)
	case lz4Block:
		out := make([]byte, lz4.CompressBlockBound(len(plain)))
		n, err := lz4.CompressBlock(plain, out, nil)
		if err != nil {
			tb.Fatal(err)
		}
		if n == 0 {
			return plain // cannot be made smaller
		}
		return out[:n]
	case zstandard:
		if w.zstd == nil {
			if w.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1)); err != nil {
				tb.Fatal(err)
			}
		}
		return w.zstd.EncodeAll(plain, nil)
	default:
		return plain
	}
}

func appendUintField(m []byte, num int, v uint64) []byte {
	m = binary.AppendUvarint(m, uint64(num)<<3|wireVarint)
	return binary.AppendUvarint(m, v)
}

func appendBytesField(m []byte, num int, body []byte) []byte {
	m = binary.AppendUvarint(m, uint64(num)<<3|wireBytes)
	m = binary.AppendUvarint(m, uint64(len(body)))
	return append(m, body...)
}
