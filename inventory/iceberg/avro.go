package iceberg

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/twmb/avro"
	"github.com/twmb/avro/ocf"
)

// maxBlock is how many bytes a block of an Avro file may have, as stored and as
// expanded. Writers make blocks of 64 KiB to 16 MiB.
const maxBlock = 32 << 20

// wanted is a field that is read from the records of an Avro file: where it is
// there, it must have this id. Names alone may have been given to anything.
type wanted struct {
	name      string
	id        int
	required  bool
	inFormat2 bool // required there
}

// node is a part of the schema that an Avro file was written with.
type node = avro.SchemaNode

// readAvro has each called for one record of an Avro file after the other, once fields
// has taken its schema. each decodes the record, and returns ended of what that returns.
func (t *Table) readAvro(ctx context.Context, name string, fields func(root *node) error, each func(decode func(any) error) error) error {
	body, err := t.open(ctx, name)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	defer body.Close()
	if err := readRecords(ctx, body, fields, each); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func readRecords(ctx context.Context, body io.Reader, fields func(*node) error, each func(func(any) error) error) (err error) {
	defer func() {
		if v := recover(); v != nil { // a decoder of others: damage must not end the program
			err = fmt.Errorf("the Avro decoder failed: %v", v)
		}
	}()
	r, err := ocf.NewReader(&bounded{ctx, body, maxAvro}, ocf.WithMaxBlockBytes(maxBlock), ocf.WithMaxDecompressedBlockBytes(maxBlock),
		ocf.WithDecodeOpts(avro.SkipUnknown()))
	if err != nil {
		return err
	}
	defer r.Close()
	root := r.Schema().Root()
	if err := fields(root); err != nil {
		return err
	}
	for {
		err := each(r.Decode)
		if errors.Is(err, errEnd) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// errEnd says that an Avro file has no more records.
var errEnd = errors.New("no more records")

// ended tells a clean end of a file apart.
func ended(err error) error {
	if err == io.EOF {
		return errEnd
	}
	return err
}

// check compares the fields of a record with those that are read of it.
func check(node *node, want []wanted) error {
	for _, w := range want {
		f := field(node, w.name)
		if f == nil {
			if w.required {
				return fmt.Errorf("its records have no field %s", w.name)
			}
			continue
		}
		if id, ok := number(f.Props["field-id"]); !ok || id != int64(w.id) {
			return fmt.Errorf("its field %s has the id %v, want %d", w.name, f.Props["field-id"], w.id)
		}
	}
	return nil
}

func field(node *node, name string) *avro.SchemaField {
	for i := range node.Fields {
		if node.Fields[i].Name == name {
			return &node.Fields[i]
		}
	}
	return nil
}

// number is the value of a property of a schema.
func number(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case int64:
		return n, true
	case float64:
		return int64(n), n == float64(int64(n))
	case interface{ Int64() (int64, error) }:
		i, err := n.Int64()
		return i, err == nil
	}
	return 0, false
}
