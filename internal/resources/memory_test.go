package resources

import "testing"

// Garbage takes four times what lives at most, and never more than the room for
// it, unless more than that lives.
func TestCollectAt(t *testing.T) {
	for _, tt := range []struct {
		live uint64
		want int
	}{{0, 400}, {1 << 20, 400}, {20 << 20, 400}, {40 << 20, 200}, {80 << 20, 100}, {500 << 20, 100}, {1 << 40, 100}} {
		if got := collectAt(tt.live, tidyPercent, garbageRoom); got != tt.want {
			t.Errorf("GOGC at %d MiB = %d, want %d", tt.live>>20, got, tt.want)
		}
	}
}

// A plan is kept small: with 60 MiB that live, what is garbage takes 24.
func TestPlanCollectsMore(t *testing.T) {
	for _, tt := range []struct {
		live uint64
		want int
	}{{0, 400}, {6 << 20, 400}, {24 << 20, 100}, {60 << 20, 40}, {500 << 20, 40}} {
		if got := collectAt(tt.live, planPercent, planRoom); got != tt.want {
			t.Errorf("GOGC at %d MiB = %d, want %d", tt.live>>20, got, tt.want)
		}
	}
}
