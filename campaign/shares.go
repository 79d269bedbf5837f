package campaign

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"reseal/ratelimit"
)

// Quota is what KMS counts requests against: an account, as who asks S3, in the Region
// of the key. A custom key store has one of its own.
type Quota struct {
	Account  string // "" off AWS
	Region   string
	KeyStore string // "" for KMS's own
}

// Compare orders quotas by account, Region and key store.
func (q Quota) Compare(o Quota) int {
	return cmp.Or(cmp.Compare(q.Account, o.Account), cmp.Compare(q.Region, o.Region), cmp.Compare(q.KeyStore, o.KeyStore))
}

// Shares has a cap on KMS requests for each quota, which all runs that go on draw from.
// It is safe for concurrent use.
type Shares struct {
	mu    sync.Mutex
	of    map[Quota]*share
	begin func(*ratelimit.Shared) (stop func())
}

type share struct {
	cap    float64
	shared *ratelimit.Shared
	stop   func()
}

// NewShares makes caps that hold until Close. Requests fail once ctx has ended.
func NewShares(ctx context.Context) *Shares {
	return &Shares{of: map[Quota]*share{}, begin: func(s *ratelimit.Shared) func() { return s.Start(ctx) }}
}

// Of is the cap of a quota for a run that may send so many requests a second by itself.
// The lowest that any run says holds for all.
func (s *Shares) Of(q Quota, kms float64) *ratelimit.Shared {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.of[q]
	switch {
	case at == nil:
		at = &share{cap: kms, shared: ratelimit.NewShared(kms)}
		at.stop = s.begin(at.shared)
		s.of[q] = at
	case kms < at.cap:
		at.cap = kms
		at.shared.SetCap(kms)
	}
	return at.shared
}

// Caps are the caps so far, in requests a second.
func (s *Shares) Caps() map[Quota]float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	caps := map[Quota]float64{}
	for q, at := range s.of {
		caps[q] = at.cap
	}
	return caps
}

// Close ends all caps. No run goes on any more.
func (s *Shares) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range slices.Collect(maps.Values(s.of)) {
		at.stop()
	}
}
