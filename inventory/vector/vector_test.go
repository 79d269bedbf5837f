package vector

import (
	"slices"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, tt := range []struct {
		null []bool
		want []int
	}{
		{nil, nil},
		{[]bool{false, false, false}, []int{1, 2, 3}},
		{[]bool{true, true}, []int{0, 0}},
		{[]bool{true, false, true, false, false}, []int{0, 1, 0, 2, 3}},
		{[]bool{false, false, true}, []int{1, 2, 0}},
	} {
		got, present := make([]int, len(tt.null)), 0
		for i := range got { // what was there before does not shine through
			got[i] = -1
		}
		for _, null := range tt.null {
			if !null {
				got[present] = present + 1
				present++
			}
		}
		Spread(got, tt.null, present)
		if !slices.Equal(got, tt.want) {
			t.Errorf("null %v: %v, want %v", tt.null, got, tt.want)
		}
	}
}

func TestResize(t *testing.T) {
	s := make([]int, 2, 5)
	if got := Resize(s, 5); len(got) != 5 || &got[0] != &s[0] {
		t.Errorf("5 of 5: length %d, in other memory %t", len(got), &got[0] != &s[0])
	}
	if got := Resize(s, 6); len(got) != 6 {
		t.Errorf("6 of 5: length %d", len(got))
	}
}

func TestTimestamp(t *testing.T) {
	v := Timestamp{Seconds: []int64{MinSecond, -1, 0, MaxSecond}, Nanos: []int32{0, 999_999_999, 1e6, 999_999_999}}
	for i, want := range []string{"0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999999Z", "1970-01-01T00:00:00.001Z", "9999-12-31T23:59:59.999999999Z"} {
		if got := v.Time(i).Format(time.RFC3339Nano); got != want {
			t.Errorf("row %d: %s, want %s", i, got, want)
		}
		if got, want := v.UnixMilli(i), v.Time(i).UnixMilli(); got != want {
			t.Errorf("row %d: %d ms, want %d", i, got, want)
		}
	}
}
