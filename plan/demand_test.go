package plan

import (
	"math"
	"testing"
)

func TestRangesSaturate(t *testing.T) {
	for _, tt := range []struct {
		what      string
		got, want Range
	}{
		{"sum", Range{1, math.MaxInt64 - 1}.Add(Range{1, 2}), Range{2, math.MaxInt64}},
		{"less", Range{5, 5}.Add(Range{-7, 0}), Range{-2, 5}},
		{"times", Range{3, math.MaxInt64/2 + 1}.Times(2), Range{6, math.MaxInt64}},
		{"not at all", Range{3, math.MaxInt64}.Times(0), Range{}},
		{"once", Range{-3, math.MaxInt64}.Times(1), Range{-3, math.MaxInt64}},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.what, tt.got, tt.want)
		}
	}
	if n := PartCount(math.MaxInt64); n < math.MaxInt64/MaxPartSize {
		t.Errorf("the largest size has %d parts", n)
	}
}
