package orc

import (
	"context"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // a report must read the same on a machine without a time zone database: +450 KB of binary

	"reseal/inventory/vector"
)

// timestampDecoder reads seconds since 2015-01-01T00:00 on the writer's clock, and nanoseconds with their last zeros taken
// off.
type timestampDecoder struct {
	data, nanos stream
	utc         bool // the kind that is stored in UTC, wherever the writer was
	seconds     intRLE
	fractions   intRLE
	base        int64 // seconds from 1970 UTC to 2015 on the writer's clock
	scratch     []int64
	out         vector.Timestamp
}

func (d *timestampDecoder) open(_ context.Context, part *part) error {
	if part.dictionary() {
		return corrupt("timestamps in encoding %d", part.encoding)
	}
	zone := time.UTC
	if !d.utc {
		var err error
		if zone, err = parseZone(part.zone); err != nil {
			return err
		}
	}
	d.base = time.Date(2015, 1, 1, 0, 0, 0, 0, zone).Unix()
	d.data.reset(part.spans[streamData])
	d.nanos.reset(part.spans[streamSecondary])
	d.seconds.s, d.seconds.signed = &d.data, true
	d.fractions.s = &d.nanos
	d.seconds.reset(part.v2())
	d.fractions.reset(part.v2())
	return nil
}

func (d *timestampDecoder) fill(null []bool, present int) error {
	d.out.Seconds = vector.Resize(d.out.Seconds, len(null))
	d.out.Nanos = vector.Resize(d.out.Nanos, len(null))
	d.scratch = vector.Resize(d.scratch, present)
	seconds, nanos := d.out.Seconds[:present], d.out.Nanos[:present]
	if err := d.seconds.read(seconds); err != nil {
		return err
	}
	if err := d.fractions.read(d.scratch); err != nil {
		return err
	}
	for i, coded := range d.scratch {
		n, ok := fraction(uint64(coded))
		if !ok {
			return d.nanos.corrupt("%d as nanoseconds", uint64(coded))
		}
		s := seconds[i] + d.base // where this overflows, it falls out of the range below
		// Writers round towards 1970, so before 1970 a fraction leads back by a second. That they do so only from a full
		// millisecond on, and not in the second before 1970 itself, is an old slip which readers have to share.
		if s < 0 && n >= 1e6 {
			s--
		}
		if s < vector.MinSecond || s > vector.MaxSecond {
			return d.data.corrupt("timestamp %d seconds from 2015", seconds[i])
		}
		seconds[i], nanos[i] = s, n
	}
	vector.Spread(d.out.Seconds, null, present)
	vector.Spread(d.out.Nanos, null, present)
	return nil
}

func (d *timestampDecoder) skip(present int) error {
	if err := d.seconds.skip(present); err != nil {
		return err
	}
	return d.fractions.skip(present)
}

func (d *timestampDecoder) finished() error {
	if err := d.seconds.finished(); err != nil {
		return err
	}
	return d.fractions.finished()
}

// fraction decodes nanoseconds: the lowest three bits, if not 0, are one less than the number of zeros to put behind the
// number in the other bits.
func fraction(coded uint64) (int32, bool) {
	n := coded >> 3
	if n >= 1e9 {
		return 0, false
	}
	if zeros := coded & 7; zeros > 0 {
		for range zeros + 1 {
			n *= 10
		}
	}
	return int32(n), n < 1e9
}

// parseZone finds the time zone of a writer. Files from before there was a name in them (Hive 0.11) count as UTC. Java
// names fixed offsets GMT+08:00; no name may depend on the machine that reads.
func parseZone(name string) (*time.Location, error) {
	switch name {
	case "", "UTC", "GMT", "Z", "Etc/UTC", "Etc/GMT":
		return time.UTC, nil
	case "Local":
		return nil, unsupported("writer time zone %q is", name)
	}
	if offset, ok := strings.CutPrefix(name, "GMT"); ok {
		if t, err := time.Parse("-07:00", offset); err == nil {
			return t.Location(), nil
		}
	}
	if len(name) > 64 {
		return nil, corrupt("writer time zone of %d bytes", len(name))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, unsupported("writer time zone %s is", strconv.Quote(name))
	}
	return zone, nil
}
