package ratelimit

import (
	"math/rand/v2"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestWindowCountsForASecondAndTheSlack(t *testing.T) {
	type add struct {
		at time.Duration
		n  int64
	}
	for _, tt := range []struct {
		name                   string
		adds                   []add
		at                     time.Duration
		count, second, fullest int64
	}{
		{"nothing", nil, 5 * time.Second, 0, 0, 0},
		{"now", []add{{0, 3}}, 0, 3, 3, 3},
		{"a second later, both ends belong to it", []add{{0, 3}}, time.Second, 3, 3, 3},
		{"just after", []add{{0, 3}}, time.Second + 1, 3, 0, 3},
		{"end of the slack", []add{{0, 3}}, span, 3, 0, 3},
		{"after the slack", []add{{0, 3}}, span + 1, 0, 0, 3},
		{"two slots, one gone", []add{{0, 3}, {5 * ms, 4}}, span + 1, 4, 4, 7},
		{"one slot counts until its last instant", []add{{0, 3}, {4 * ms, 4}}, span + 4*ms, 7, 0, 7},
		{"and not longer", []add{{0, 3}, {4 * ms, 4}}, span + 4*ms + 1, 0, 0, 7},
		{"fullest of two bursts", []add{{0, 3}, {2 * time.Second, 4}}, 3 * time.Second, 4, 4, 4},
		{"nothing and less than nothing do not count", []add{{0, 0}, {0, -5}}, 0, 0, 0, 0},
		{"a clock that goes back", []add{{2 * time.Second, 3}, {0, 4}}, time.Second, 7, 7, 7},
		{"hours later", []add{{0, 3}}, 5 * time.Hour, 0, 0, 3},
	} {
		var w window
		for _, a := range tt.adds {
			w.add(a.at, a.n)
		}
		// The second first: count forgets.
		if got := w.second(tt.at); got != tt.second {
			t.Errorf("%s: second(%v) = %d, want %d", tt.name, tt.at, got, tt.second)
		}
		if got := w.count(tt.at); got != tt.count {
			t.Errorf("%s: count(%v) = %d, want %d", tt.name, tt.at, got, tt.count)
		}
		if w.fullest != tt.fullest {
			t.Errorf("%s: fullest = %d, want %d", tt.name, w.fullest, tt.fullest)
		}
	}
}

// Against a list of all additions: never less than was released in the last
// closed second, and nothing from before the span and a slot.
func TestWindowAgainstAList(t *testing.T) {
	for seed := range uint64(50) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		var w window
		var all []release
		now := time.Duration(0)
		for range 3000 {
			switch rnd.IntN(20) {
			case 0:
				now += time.Duration(rnd.Int64N(int64(1500 * ms)))
			case 1: // same instant
			default:
				now += time.Duration(rnd.Int64N(int64(2 * tick)))
			}
			n := rnd.Int64N(10)
			w.add(now, n)
			all = append(all, release{at: now, n: n})
			least, most := int64(0), int64(0)
			for _, r := range all {
				if now-r.at <= span {
					least += r.n
				}
				if now-r.at <= span+tick {
					most += r.n
				}
			}
			if got := w.count(now); got < least || got > most {
				t.Fatalf("seed %d at %v: count = %d, want %d to %d", seed, now, got, least, most)
			}
			if w.n > slotCount-4 {
				t.Fatalf("seed %d at %v: %d slots of %d in use", seed, now, w.n, slotCount)
			}
		}
	}
}

func TestWindowFrees(t *testing.T) {
	var w window
	if got := w.frees(7); got != 0 {
		t.Errorf("frees of an empty window = %v, want 0", got)
	}
	w.add(100*ms, 5)
	w.add(900*ms, 5)
	d := w.frees(time.Second)
	if before, after := w.count(time.Second+d-1), w.count(time.Second+d); before != 10 || after != 5 {
		t.Errorf("frees(1s) = %v: count before and after that = %d, %d, want 10, 5", d, before, after)
	}
}
