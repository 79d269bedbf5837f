package parquet

import (
	"encoding/binary"
	"io"
	"math"
)

// Limits of a footer. One of a file of 100 columns and 1,000 row groups has
// some megabytes.
const (
	maxFooter  = 32 << 20
	maxColumns = 1 << 12
	maxChunks  = 1 << 20 // columns times row groups
)

// Kind is the physical type of a column.
type Kind uint8

// The physical types, numbered as in the file, and that of columns that have
// others below them.
const (
	Boolean Kind = iota
	Int32
	Int64
	Int96
	Float
	Double
	ByteArray
	FixedLenByteArray
	Group
)

// String returns the name that Parquet schemas use.
func (k Kind) String() string {
	names := [...]string{"boolean", "int32", "int64", "int96", "float", "double", "binary", "fixed_len_byte_array", "group"}
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown"
}

// Field is a top-level column of a file.
type Field struct {
	Name     string
	ID       int // that a table format gives the column, the same whatever it is called; 0 for none
	Kind     Kind
	Logical  Logical // what its values stand for
	Optional bool    // may be null
	Repeated bool    // a list

	width int // bytes of a value of FixedLenByteArray
	leaf  int // number of its leaf among all of the file
}

// RowGroup is one of the independent parts of a file.
type RowGroup struct {
	First int64 // its first row, counted from 0 through the file
	Rows  int64

	chunks []chunk // by leaf
}

// chunk is one column of one row group.
type chunk struct {
	kind   Kind
	codec  codec
	start  int64 // byte of the file
	length int64
	values int64
}

// File is an open Parquet file. It does not change after Open: several Rows may
// read from it at once, if its io.ReaderAt allows that.
type File struct {
	r      io.ReaderAt
	size   int64
	fields []Field
	groups []RowGroup
	rows   int64
}

// Open reads the footer of the file of size bytes in r. Errors are *Error.
func Open(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: size}
	if err := f.open(); err != nil {
		return nil, &Error{Row: -1, Err: err}
	}
	return f, nil
}

// NumRows returns the number of rows of the file.
func (f *File) NumRows() int64 { return f.rows }

// Schema returns the top-level columns in the order of the file. They must not be changed.
func (f *File) Schema() []Field { return f.fields }

// RowGroups returns the row groups in the order of their rows. They must not be changed.
func (f *File) RowGroups() []RowGroup { return f.groups }

func (f *File) open() error {
	const magic = "PAR1"
	var tail [8]byte
	if f.size < 12 {
		return corrupt("a file of %d bytes", f.size)
	}
	if err := readFull(f.r, tail[:], f.size-8); err != nil {
		return err
	}
	// The mark at the beginning says nothing more, and looking at it would cost
	// a request where the file is behind a network.
	switch string(tail[4:]) {
	case magic:
	case "PARE":
		return unsupported("an encrypted footer is")
	default:
		return corrupt("no Parquet mark at the end")
	}
	n := int64(binary.LittleEndian.Uint32(tail[:]))
	if n > f.size-12 {
		return corrupt("footer of %d bytes in a file of %d", n, f.size)
	}
	if n > maxFooter {
		return corrupt("footer of %d bytes, more than %d", n, maxFooter)
	}
	footer := make([]byte, n)
	if err := readFull(f.r, footer, f.size-8-n); err != nil {
		return err
	}
	return f.parse(footer, f.size-8-n)
}

func readFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// parse reads the FileMetaData structure; data pages end at byte end.
func (f *File) parse(footer []byte, end int64) error {
	t := &thriftReader{b: footer}
	var schema []schemaElement
	total := 0
	rows := int64(-1)
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 2 && typ == tList:
			t.list(func(typ thriftType) {
				if len(schema) == maxColumns {
					t.fail(corrupt("more than %d columns", maxColumns))
					return
				}
				schema = append(schema, t.schemaElement(typ))
			})
		case id == 3 && typ == tI64:
			rows = t.int()
		case id == 4 && typ == tList:
			t.list(func(typ thriftType) {
				g := t.rowGroup(typ)
				if total += len(g.chunks) + 1; total > maxChunks {
					t.fail(corrupt("more than %d column chunks", maxChunks))
					return
				}
				f.groups = append(f.groups, g)
			})
		case id == 8:
			t.fail(unsupported("encryption is"))
		default:
			return false
		}
		return true
	})
	if t.err == errShort {
		return corrupt("footer ends too early")
	} else if t.err != nil {
		return t.err
	}
	leaves, err := f.layOut(schema)
	if err != nil {
		return err
	}
	return f.check(rows, leaves, end)
}

// check compares the row groups with each other, with the schema and with the
// size of the file.
func (f *File) check(rows int64, leaves int, end int64) error {
	for i := range f.groups {
		g := &f.groups[i]
		if g.Rows < 0 || g.Rows > math.MaxInt64-f.rows {
			return corrupt("row group %d has %d rows", i, g.Rows)
		}
		g.First = f.rows
		f.rows += g.Rows
		if len(g.chunks) != leaves {
			return corrupt("row group %d has %d columns, the schema %d", i, len(g.chunks), leaves)
		}
		for _, c := range g.chunks {
			if c.start < 0 || c.length < 0 || c.start > end || c.length > end-c.start {
				return corrupt("a column of row group %d lies outside of the file", i)
			}
		}
	}
	if rows != f.rows {
		return corrupt("%d rows in all, but %d in the row groups", rows, f.rows)
	}
	return nil
}

// schemaElement is a node of the schema, which is written depth first.
type schemaElement struct {
	Field
	children int64
}

func (t *thriftReader) schemaElement(typ thriftType) (e schemaElement) {
	if typ != tStruct {
		t.fail(corrupt("schema of unknown shape"))
		return e
	}
	e.Kind = Group
	var said annotation
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tI32:
			k := t.i32()
			if k < 0 || k > int32(FixedLenByteArray) {
				t.fail(corrupt("column of unknown physical type %d", k))
			}
			e.Kind = Kind(k)
		case id == 2 && typ == tI32:
			e.width = t.count()
		case id == 3 && typ == tI32:
			r := t.i32() // 0 required, 1 optional, 2 repeated
			e.Optional, e.Repeated = r == 1, r == 2
		case id == 4 && typ == tBinary:
			e.Name = string(t.bytes())
		case id == 5 && typ == tI32:
			e.children = int64(t.i32())
		case id == 6 && typ == tI32:
			said.converted, said.isConverted = t.i32(), true
		case id == 7 && typ == tI32:
			said.scale = t.i32()
		case id == 9 && typ == tI32:
			e.ID = int(max(t.i32(), 0)) // some writers have -1 for none
		case id == 10 && typ == tStruct:
			t.logicalType(&said)
		default:
			return false
		}
		return true
	})
	if e.children != 0 {
		e.Kind = Group
	}
	e.Logical = said.meaning()
	return e
}

// layOut finds the top-level columns in the schema and numbers the leaves.
func (f *File) layOut(schema []schemaElement) (leaves int, err error) {
	if len(schema) == 0 {
		return 0, corrupt("no schema")
	}
	rest := schema[1:]
	for range schema[0].children {
		if len(rest) == 0 {
			return 0, corrupt("the schema ends too early")
		}
		field := rest[0].Field
		field.leaf = leaves
		if field.Kind == Group {
			field.leaf = -1
		}
		f.fields = append(f.fields, field)
		for open := int64(1); open > 0; open-- { // subtrees still to be read
			if len(rest) == 0 {
				return 0, corrupt("the schema ends too early")
			}
			n := rest[0].children
			if n < 0 || n > int64(len(rest)) {
				return 0, corrupt("a column with %d columns below it", n)
			}
			if n == 0 && rest[0].Kind != Group {
				leaves++
			}
			open += n
			rest = rest[1:]
		}
	}
	if len(rest) > 0 {
		return 0, corrupt("the schema goes on after its end")
	}
	return leaves, nil
}

func (t *thriftReader) rowGroup(typ thriftType) (g RowGroup) {
	if typ != tStruct {
		t.fail(corrupt("row group of unknown shape"))
		return g
	}
	g.Rows = -1
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tList:
			t.list(func(typ thriftType) {
				if len(g.chunks) == maxColumns {
					t.fail(corrupt("more than %d columns", maxColumns))
					return
				}
				g.chunks = append(g.chunks, t.columnChunk(typ))
			})
		case id == 3 && typ == tI64:
			g.Rows = t.int()
		default:
			return false
		}
		return true
	})
	return g
}

func (t *thriftReader) columnChunk(typ thriftType) (c chunk) {
	if typ != tStruct {
		t.fail(corrupt("column chunk of unknown shape"))
		return c
	}
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tBinary:
			if len(t.bytes()) > 0 {
				t.fail(unsupported("a column in another file is"))
			}
		case id == 3 && typ == tStruct:
			t.columnMetaData(&c)
		case id == 8:
			t.fail(unsupported("encryption is"))
		default:
			return false
		}
		return true
	})
	return c
}

func (t *thriftReader) columnMetaData(c *chunk) {
	var data, dict int64
	t.fields(func(id int16, typ thriftType) bool {
		switch {
		case id == 1 && typ == tI32:
			c.kind = Kind(min(uint32(t.i32()), uint32(Group)))
		case id == 4 && typ == tI32:
			c.codec = codec(t.i32())
		case id == 5 && typ == tI64:
			c.values = t.int()
		case id == 7 && typ == tI64:
			c.length = t.int()
		case id == 9 && typ == tI64:
			data = t.int()
		case id == 11 && typ == tI64:
			dict = t.int()
		default:
			return false
		}
		return true
	})
	c.start = data
	if dict > 0 && dict < data {
		c.start = dict
	}
}
