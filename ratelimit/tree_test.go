package ratelimit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"reseal/plan"
)

func newTree() *tree {
	return &tree{root: newScope(plan.QuotaWrites, "", newControl(inf, 3500, -1, 1, 0.01))}
}

// randomKey returns a short key of few different bytes, so that prefixes nest.
func randomKey(rnd *rand.Rand) string {
	b := make([]byte, rnd.IntN(6))
	for i := range b {
		b[i] = "ab\xff/"[rnd.IntN(4)]
	}
	return string(b)
}

func TestTreeLeafIsTheLongestPrefix(t *testing.T) {
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		tr := newTree()
		for range 40 {
			if rnd.IntN(4) == 0 && len(tr.below) > 0 {
				tr.drop(tr.below[rnd.IntN(len(tr.below))])
			} else {
				tr.split(randomKey(rnd), 10, 0)
			}
			for range 20 {
				key := randomKey(rnd)
				want := ""
				for _, s := range tr.below {
					if strings.HasPrefix(key, s.prefix) && len(s.prefix) > len(want) {
						want = s.prefix
					}
				}
				if got := tr.leaf(key); got.prefix != want {
					t.Fatalf("seed %d: leaf(%q) = %q, want %q", seed, key, got.prefix, want)
				} else if got.root() != tr.root {
					t.Fatalf("seed %d: the root of %q is not the bucket", seed, got.prefix)
				}
			}
		}
	}
}

func TestTreeIsBounded(t *testing.T) {
	tr := newTree()
	for i := range 2 * maxScopes {
		tr.split(fmt.Sprintf("%d/", i), 10, 0)
	}
	if got := 1 + len(tr.below); got != maxScopes {
		t.Errorf("%d scopes, want %d", got, maxScopes)
	}
	if tr.split(tr.below[0].prefix, 10, 0) != nil || tr.split("", 10, 0) != nil {
		t.Error("a scope was made twice")
	}
}
