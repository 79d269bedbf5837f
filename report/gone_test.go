package report

import (
	"math"
	"testing"
)

func TestNearlyAllGone(t *testing.T) {
	for _, tt := range []struct {
		gone, lookedAt int64
		want           string
	}{
		{0, 0, ""}, {99, 99, ""}, {90, 100, ""}, {0, 1000, ""}, {1, 1000, ""}, {98, 109, ""}, {900, 1000, ""},
		{99, 109, "90.8 % of what was looked at is gone: wrong bucket, report or endpoint?"},
		{91, 100, "91.0 % of what was looked at is gone: wrong bucket, report or endpoint?"},
		{100, 100, "100 % of what was looked at is gone: wrong bucket, report or endpoint?"},
		{math.MaxInt64 - 1, math.MaxInt64, "99.9 % of what was looked at is gone: wrong bucket, report or endpoint?"},
	} {
		if got := NearlyAllGone(tt.gone, tt.lookedAt); got != tt.want {
			t.Errorf("NearlyAllGone(%d, %d) = %q, want %q", tt.gone, tt.lookedAt, got, tt.want)
		}
	}
}
