package orc

import (
	"context"

	"reseal/inventory/vector"
)

// stringDecoder reads strings: direct ones as lengths and one run of bytes, others as places in a dictionary that is loaded
// whole when a stripe is opened.
type stringDecoder struct {
	data, length, dictionary stream
	numbers                  intRLE // lengths of direct strings, places of others
	coded                    bool   // by dictionary
	scratch                  []int64

	// The values of the batch or of the dictionary, in the order of the file.
	arena []byte
	place []uint32 // entry i of the dictionary is arena[place[i]:place[i+1]]

	out BytesColumn
}

func (d *stringDecoder) open(ctx context.Context, part *part) error {
	d.data.reset(part.spans[streamData])
	d.length.reset(part.spans[streamLength])
	d.dictionary.reset(part.spans[streamDictionary])
	d.coded = part.dictionary()
	if !d.coded {
		d.numbers.s = &d.length
		d.numbers.reset(part.v2())
		return nil
	}
	if err := d.loadDictionary(ctx, part); err != nil {
		return err
	}
	d.numbers.s = &d.data
	d.numbers.reset(part.v2())
	return nil
}

func (d *stringDecoder) fill(null []bool, present int) error {
	d.out.start = vector.Resize(d.out.start, len(null))
	d.out.end = vector.Resize(d.out.end, len(null))
	d.scratch = vector.Resize(d.scratch, present)
	if err := d.numbers.read(d.scratch); err != nil {
		return err
	}
	resolve := d.direct
	if d.coded {
		resolve = d.lookUp
	}
	if err := resolve(d.out.start[:present], d.out.end[:present]); err != nil {
		return err
	}
	d.out.data = d.arena
	vector.Spread(d.out.start, null, present)
	vector.Spread(d.out.end, null, present)
	return nil
}

// direct reads the strings whose lengths are in scratch, one behind the other.
func (d *stringDecoder) direct(start, end []uint32) error {
	total, err := d.total()
	if err != nil {
		return err
	}
	if limit := int64(d.data.file.opts.Limits.BatchBytes); total > limit {
		return d.length.fail("decode", overLimit("strings of %d bytes in one batch", total))
	}
	at := uint32(0)
	for i, n := range d.scratch {
		start[i] = at
		at += uint32(n)
		end[i] = at
	}
	d.arena, err = d.data.take(d.arena[:0], int(total))
	return err
}

// total adds up the lengths in scratch.
func (d *stringDecoder) total() (int64, error) {
	limit := int64(d.data.file.opts.Limits.ValueBytes)
	total := int64(0)
	for _, n := range d.scratch {
		if n < 0 {
			return 0, d.length.corrupt("string of %d bytes", n)
		}
		if n > limit {
			return 0, d.length.fail("decode", overLimit("string of %d bytes", n))
		}
		total += n
	}
	return total, nil
}

// lookUp finds the strings whose places in the dictionary are in scratch.
func (d *stringDecoder) lookUp(start, end []uint32) error {
	entries := uint64(len(d.place)) - 1
	for i, k := range d.scratch {
		if uint64(k) >= entries {
			return d.data.corrupt("entry %d of a dictionary of %d", uint64(k), entries)
		}
		start[i], end[i] = d.place[k], d.place[k+1]
	}
	return nil
}

func (d *stringDecoder) skip(present int) error {
	if d.coded {
		return d.numbers.skip(present)
	}
	d.scratch = vector.Resize(d.scratch, present)
	if err := d.numbers.read(d.scratch); err != nil {
		return err
	}
	total, err := d.total()
	if err != nil {
		return err
	}
	return d.data.discard(total)
}

func (d *stringDecoder) finished() error {
	if err := d.numbers.finished(); err != nil {
		return err
	}
	return finished(&d.data, 0)
}

// dictionaryStep is how much of a dictionary is loaded between two looks at the context: as many entries, and as many bytes
// times 256.
const dictionaryStep = 4096

func (d *stringDecoder) loadDictionary(ctx context.Context, part *part) error {
	if int64(part.entries) > part.rows {
		return corrupt("dictionary of %d strings for %d rows", part.entries, part.rows)
	}
	d.numbers.s = &d.length
	d.numbers.reset(part.v2())
	d.place = append(d.place[:0], 0)
	end := int64(0)
	for left := int(part.entries); left > 0; left -= len(d.scratch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		d.scratch = vector.Resize(d.scratch, min(left, dictionaryStep))
		if err := d.numbers.read(d.scratch); err != nil {
			return err
		}
		total, err := d.total()
		if err != nil {
			return err
		}
		if *part.budget -= total + 4*int64(len(d.scratch)); *part.budget < 0 {
			return d.length.fail("decode", overLimit("dictionaries of more than %d bytes",
				d.data.file.opts.Limits.DictionaryBytes))
		}
		for _, n := range d.scratch {
			end += n
			d.place = append(d.place, uint32(end))
		}
	}
	d.arena = d.arena[:0]
	for int64(len(d.arena)) < end {
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if d.arena, err = d.dictionary.take(d.arena, min(int(end)-len(d.arena), 256*dictionaryStep)); err != nil {
			return err
		}
	}
	if err := d.numbers.finished(); err != nil {
		return err
	}
	return finished(&d.dictionary, 0)
}
