package orc

import (
	"context"

	"reseal/inventory/vector"
)

// column reads one wanted column through all stripes.
type column struct {
	field    Field
	id       uint32 // of its type in the file
	presence presence
	null     *[]bool // of the vector
	vector   any     // the BytesColumn, vector.Int64, vector.Bool or vector.Timestamp
	decoder  decoder // fills the vector
}

// decoder turns the streams of a column that hold its values into its vector.
type decoder interface {
	// open starts on the column of another stripe.
	open(ctx context.Context, part *part) error
	// fill decodes the next present values into the rows that are not null.
	fill(null []bool, present int) error
	// skip passes over the next present values.
	skip(present int) error
	// finished fails unless the streams have been used up.
	finished() error
}

func newColumn(f *File, dec decompressor, field Field, id uint32) (*column, error) {
	c := &column{field: field, id: id}
	source := func(name string) stream { return stream{file: f, dec: dec, name: name + " stream"} }
	switch field.Kind {
	case String, Char, Varchar, Binary:
		d := &stringDecoder{data: source("data"), length: source("length"), dictionary: source("dictionary")}
		c.decoder, c.vector, c.null = d, &d.out, &d.out.Null
	case Short, Int, Long, Date:
		d := &intDecoder{data: source("data")}
		c.decoder, c.vector, c.null = d, &d.out, &d.out.Null
	case Byte:
		d := &byteDecoder{data: source("data")}
		c.decoder, c.vector, c.null = d, &d.out, &d.out.Null
	case Boolean:
		d := &boolDecoder{data: source("data")}
		c.decoder, c.vector, c.null = d, &d.out, &d.out.Null
	case Timestamp, TimestampInstant:
		d := &timestampDecoder{data: source("data"), nanos: source("nanoseconds"), utc: field.Kind == TimestampInstant}
		c.decoder, c.vector, c.null = d, &d.out, &d.out.Null
	default:
		return nil, unsupported("reading a column of type %s is", field.Kind)
	}
	c.presence.s = source("present")
	return c, nil
}

func (c *column) open(ctx context.Context, part *part) error {
	c.presence.reset(part.spans[streamPresent])
	return c.decoder.open(ctx, part)
}

// fill decodes the next n rows; parent tells which of them are null as a whole, if not nil.
func (c *column) fill(n int, parent []bool) error {
	present, err := c.present(n, parent)
	if err != nil {
		return err
	}
	return c.decoder.fill(*c.null, present)
}

// skip passes over the next n rows.
func (c *column) skip(n int, parent []bool) error {
	present, err := c.present(n, parent)
	if err != nil {
		return err
	}
	return c.decoder.skip(present)
}

func (c *column) present(n int, parent []bool) (int, error) {
	*c.null = vector.Resize(*c.null, n)
	return c.presence.read(*c.null, parent)
}

func (c *column) finished() error {
	if err := c.presence.finished(); err != nil {
		return err
	}
	return c.decoder.finished()
}

type intDecoder struct {
	data stream
	rle  intRLE
	out  vector.Int64
}

func (d *intDecoder) open(_ context.Context, part *part) error {
	if part.dictionary() {
		return corrupt("numbers in encoding %d", part.encoding)
	}
	d.data.reset(part.spans[streamData])
	d.rle.s, d.rle.signed = &d.data, true
	d.rle.reset(part.v2())
	return nil
}

func (d *intDecoder) fill(null []bool, present int) error {
	d.out.Values = vector.Resize(d.out.Values, len(null))
	if err := d.rle.read(d.out.Values[:present]); err != nil {
		return err
	}
	vector.Spread(d.out.Values, null, present)
	return nil
}

func (d *intDecoder) skip(present int) error { return d.rle.skip(present) }

func (d *intDecoder) finished() error { return d.rle.finished() }

type boolDecoder struct {
	data stream
	bits boolRLE
	out  vector.Bool
}

func (d *boolDecoder) open(_ context.Context, part *part) error {
	if part.dictionary() {
		return corrupt("booleans in encoding %d", part.encoding)
	}
	d.data.reset(part.spans[streamData])
	d.bits.bytes.s = &d.data
	d.bits.reset()
	return nil
}

func (d *boolDecoder) fill(null []bool, present int) error {
	d.out.Values = vector.Resize(d.out.Values, len(null))
	if _, err := d.bits.read(d.out.Values[:present], 0); err != nil {
		return err
	}
	vector.Spread(d.out.Values, null, present)
	return nil
}

func (d *boolDecoder) skip(present int) error {
	d.out.Values = vector.Resize(d.out.Values, present)
	_, err := d.bits.read(d.out.Values, 0)
	return err
}

func (d *boolDecoder) finished() error { return d.bits.finished() }

// byteDecoder reads one-byte numbers, which have a run length code of their own.
type byteDecoder struct {
	data  stream
	rle   byteRLE
	bytes []byte
	out   vector.Int64
}

func (d *byteDecoder) open(_ context.Context, part *part) error {
	if part.dictionary() {
		return corrupt("bytes in encoding %d", part.encoding)
	}
	d.data.reset(part.spans[streamData])
	d.rle.s = &d.data
	d.rle.reset()
	return nil
}

func (d *byteDecoder) fill(null []bool, present int) error {
	if err := d.skip(present); err != nil {
		return err
	}
	d.out.Values = vector.Resize(d.out.Values, len(null))
	for i, b := range d.bytes {
		d.out.Values[i] = int64(int8(b))
	}
	vector.Spread(d.out.Values, null, present)
	return nil
}

func (d *byteDecoder) skip(present int) error {
	d.bytes = vector.Resize(d.bytes, present)
	return d.rle.read(d.bytes)
}

func (d *byteDecoder) finished() error { return d.rle.finished() }
