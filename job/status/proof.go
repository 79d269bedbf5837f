package status

import (
	"context"

	"reseal/checkpoint"
	"reseal/job/generations"
	"reseal/verify"
)

// Proof is what verifications come to, the worst first. The zero value is that of a job
// that has nothing to be verified.
type Proof int

// The proofs.
const (
	Unproven  Proof = iota - 3 // something was not verified as it is now
	Disproven                  // something is not as promised, or work is left
	Untold                     // nobody compared some objects that were found done
	Proven
)

// proofOf is what the last verifications of the later generations of a job come to. Each
// ended, so that nothing but a verification writes there.
func proofOf(ctx context.Context, store checkpoint.Reader, chain *generations.Chain) Proof {
	worst := Proven
	for i := range chain.Generations {
		g := &chain.Generations[i]
		if !g.HasJob() {
			continue
		}
		n := verify.ReadNote(ctx, generations.Within(store, g.Number))
		if n == nil || g.Ended.After(n.At) {
			return Unproven
		}
		worst = min(worst, ofNote(n))
	}
	return worst
}

// ofNote is what one verification comes to.
func ofNote(n *verify.Note) Proof {
	v := n.Verification()
	switch {
	case v.Result() == verify.Fine:
		return Proven
	case v.OnlyUntold():
		return Untold
	}
	return Disproven
}
