package resources

import "testing"

// Garbage takes four times what lives at most, and never more than the room for
// it, unless more than that lives.
func TestCollectAt(t *testing.T) {
	for _, tt := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {20 << 20, 400}, {40 << 20, 200}, {80 << 20, 100}, {500 << 20, 100}, {1 << 40, 100}} {
		if got := collectAt(tt.live); got != tt.want {
			t.Errorf("GOGC at %d MiB = %d, want %d", tt.live>>20, got, tt.want)
		}
	}
}
