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
	Unproven  Proof = iota - 2 // something was not verified as it is now
	Disproven                  // something is not as promised, or work is left
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
		n.Superseded = chain.Supersedes(g.Number)
		if (&verify.Verification{Tally: n.Tally}).Result() != verify.Fine {
			worst = Disproven
		}
	}
	return worst
}
