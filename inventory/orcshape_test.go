package inventory

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"reseal/inventory/orc"
)

// message is a protobuf message of an ORC file (Apache ORC specification v1).
type message []byte

func (m message) number(field int, v uint64) message {
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3), v)
}

func (m message) bytes(field int, v []byte) message {
	return append(binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3|2), uint64(len(v))), v...)
}

// orcColumn is a column of a file that the tests write: text, value, in each row, or of
// another kind and without rows.
type orcColumn struct {
	name, value string
	kind        orc.Kind
}

// deflated is a chunk of an ORC file that is compressed with zlib.
func deflated(t *testing.T, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	out.Write([]byte{0, 0, 0})
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	chunk, n := out.Bytes(), (out.Len()-3)<<1
	chunk[0], chunk[1], chunk[2] = byte(n), byte(n>>8), byte(n>>16)
	return chunk
}

// orcOf writes a file of equal rows, 512 times runs.
func orcOf(t *testing.T, runs int, columns ...orcColumn) []byte {
	t.Helper()
	file := []byte("ORC")
	var data []byte
	stripe := message{}
	encodings := message{}.bytes(2, nil)
	stream := func(kind, column int, plain []byte) {
		chunk := deflated(t, plain)
		data = append(data, chunk...)
		stripe = stripe.bytes(1, message{}.number(1, uint64(kind)).number(2, uint64(column)).number(3, uint64(len(chunk))))
	}
	root := message{}.number(1, uint64(orc.Struct))
	var ids []byte
	var types message
	for i, c := range columns {
		ids = binary.AppendUvarint(ids, uint64(i+1))
		types = types.bytes(4, message{}.number(1, uint64(c.kind)))
		if runs > 0 {
			stream(1, i+1, bytes.Repeat([]byte{0xc1, 0xff, 0, 0}, runs)) // a delta run: 512 times the first word of the dictionary
			stream(3, i+1, []byte(c.value))
			stream(2, i+1, []byte{0xc0, 0x00, byte(len(c.value)), 0}) // one length
			encodings = encodings.bytes(2, message{}.number(1, 3).number(2, 1))
		}
	}
	root = root.bytes(2, ids)
	for _, c := range columns {
		root = root.bytes(3, []byte(c.name))
	}
	rows := uint64(runs) * 512
	footer := message{}
	if runs > 0 {
		packed := deflated(t, append(stripe, encodings...))
		footer = footer.bytes(3, message{}.number(1, uint64(len(file))).number(2, 0).number(3, uint64(len(data))).number(4, uint64(len(packed))).number(5, rows))
		file = append(append(file, data...), packed...)
	}
	footer = append(footer.bytes(4, root), types...).number(6, rows)
	packed := deflated(t, footer)
	script := message{}.number(1, uint64(len(packed))).number(2, 1).number(3, 256<<10).bytes(4, []byte{0, 12}).number(5, 0).bytes(8000, []byte("ORC"))
	file = append(append(file, packed...), script...)
	return append(file, byte(len(script)))
}

func openORC(t *testing.T, file []byte) (rowReader, error) {
	return newColumnarReader(t.Context(), bytes.NewReader(file), columnarRead{format: ORC, size: int64(len(file)), segment: Segment{Last: OpenEnd}}, Options{}.withDefaults())
}

// Runs of equal rows take next to nothing in an ORC file. More rows than its bytes can
// hold of a report are refused before the first; fewer are read.
func TestMoreRowsThanORCBytesCanHold(t *testing.T) {
	columns := []orcColumn{{"bucket", "acme-media", orc.String}, {"key", "a", orc.String}}
	few := orcOf(t, 2, columns...)
	c, err := openORC(t, few)
	if err != nil {
		t.Fatal(err)
	}
	recs, rows := make([]Record, 100), 0
	for {
		n, err := c.read(recs)
		for _, r := range recs[:n] {
			if r.Bucket != "acme-media" || r.Key != "a" {
				t.Fatalf("%+v", r)
			}
		}
		rows += n
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if rows != 1024 {
		t.Errorf("%d rows, want 1,024", rows)
	}
	many := orcOf(t, 8192, columns...)
	if most := mostRows(int64(len(many))); most >= 8192*512 || len(many) > 2000 {
		t.Fatalf("%d bytes, for which %d rows are believed: this is no bomb", len(many), most)
	}
	_, err = openORC(t, many)
	var re *RowsError
	if !errors.As(err, &re) || re.Rows != 8192*512 || re.Size != int64(len(many)) {
		t.Errorf("%v", err)
	}
}

// ORC columns whose values stand for something else than the report's are refused by
// name: days as a size, text that is filled up with spaces.
func TestORCOtherKinds(t *testing.T) {
	for want, column := range map[string]orcColumn{
		"column size is ":          {name: "size", kind: orc.Date},
		"column storage_class is ": {name: "storage_class", kind: orc.Char},
		"column version_id is ":    {name: "version_id", kind: orc.Char},
	} {
		_, err := openORC(t, orcOf(t, 0, orcColumn{"bucket", "", orc.String}, orcColumn{"key", "", orc.String}, column))
		var se *SchemaError
		if !errors.As(err, &se) || !strings.Contains(err.Error(), want+column.kind.String()) {
			t.Errorf("%v, want %q", err, want+column.kind.String())
		}
	}
	for _, kind := range []orc.Kind{orc.String, orc.Varchar} {
		if _, err := openORC(t, orcOf(t, 0, orcColumn{"bucket", "", kind}, orcColumn{"key", "", kind}, orcColumn{"size", "", orc.Long})); err != nil {
			t.Errorf("%v: %v", kind, err)
		}
	}
}
