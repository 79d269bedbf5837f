package front

import (
	"strconv"

	"reseal/internal/simulator"
)

// objectParts is what GetObjectAttributes tells about parts: a page of them
// where they have checksums of their own, else only how many there are (S3 API
// Reference, GetObjectAttributes; from memory, the page was not read again).
func (x *exchange) objectParts(d *xmlDoc, out *simulator.GetObjectOutput) error {
	limit, err := x.intHeader("X-Amz-Max-Parts", 1000)
	if err != nil {
		return err
	}
	marker, err := x.intHeader("X-Amz-Part-Number-Marker", 0)
	if err != nil {
		return err
	}
	d.open("ObjectParts")
	defer d.close("ObjectParts")
	d.int("PartsCount", int64(out.PartsCount))
	if len(out.PartChecksums) == 0 || len(out.PartChecksums) != len(out.PartSizes) {
		return nil
	}
	first := min(marker, len(out.PartSizes))
	end := min(first+min(limit, 1000), len(out.PartSizes))
	d.int("PartNumberMarker", int64(marker))
	d.int("NextPartNumberMarker", int64(end))
	d.int("MaxParts", int64(limit))
	d.bool("IsTruncated", end < len(out.PartSizes))
	for i := first; i < end; i++ {
		d.open("Part")
		d.int("PartNumber", int64(i+1))
		d.int("Size", out.PartSizes[i])
		checksumElements(d, simulator.Checksum{Algorithm: out.Checksum.Algorithm, Value: out.PartChecksums[i]})
		d.close("Part")
	}
	return nil
}

// intHeader reads a number of a header within 0 and 2^31-1; absent is absent.
func (x *exchange) intHeader(canonical string, absent int) (int, error) {
	s := x.header(canonical)
	if s == "" {
		return absent, nil
	}
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0, errInvalidArgument("Provided "+canonical+" not an integer or within integer range", canonical, s)
	}
	return int(n), nil
}
