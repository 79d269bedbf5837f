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

// String names the quota.
func (q Quota) String() string {
	text := "KMS"
	if q.Account != "" {
		text += " of account " + q.Account
	}
	if text += " in " + q.Region; q.KeyStore != "" {
		text += ", key store " + q.KeyStore
	}
	return text
}

// compare orders quotas by account, Region and key store.
func (q Quota) compare(o Quota) int {
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

// Use is what all runs made of a cap together.
type Use struct {
	Quota
	Cap     float64 // requests a second
	Sent    int64   // requests, by the upper end
	Fullest int64   // in any one second
}

// Uses are those of all caps, in order.
func (s *Shares) Uses() (all []Use) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, q := range slices.SortedFunc(maps.Keys(s.of), Quota.compare) {
		at := s.of[q]
		k := at.shared.Status().KMS
		all = append(all, Use{q, at.cap, k.Released, k.FullestSecond})
	}
	return all
}

// Close ends all caps. No run goes on any more.
func (s *Shares) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, at := range slices.Collect(maps.Values(s.of)) {
		at.stop()
	}
}
