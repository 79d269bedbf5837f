package job

import (
	"testing"

	"reseal/inventory"
)

// Shares are even, whole, and the same whoever computes them.
func TestShareOfSegments(t *testing.T) {
	var segments []inventory.Segment
	var files []inventory.File
	var total int64
	for i := range 100 {
		size := int64(1 + i*i*1000)
		files = append(files, inventory.File{Size: size})
		total += size
		segments = append(segments, inventory.Segment{File: i, Last: inventory.OpenEnd})
	}
	for _, n := range []int{1, 2, 7, 8, 99, 100, 101} {
		owners := make([]int, len(segments))
		for shard := range n {
			own := Share{shard, n}.Owns(segments, SizesOf(files))
			var load int64
			for i := range segments {
				if own(i) {
					owners[i]++
					load += files[i].Size
				}
			}
			if most := total/int64(n) + files[99].Size; load > most {
				t.Errorf("share %d of %d has %d of %d bytes, want at most %d", shard, n, load, total, most)
			}
		}
		for i, o := range owners {
			if o != 1 {
				t.Errorf("%d shares: segment %d belongs to %d of them, want 1", n, i, o)
			}
		}
	}
	if (Share{}).Owns(segments, SizesOf(files)) != nil {
		t.Error("the whole job has a share")
	}
}
