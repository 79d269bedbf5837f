package ledger

import (
	"context"
	"time"

	"reseal/cost"
)

// makeRoom waits until a may come to amount; ours tells whether it is open already.
// It returns false where no account is left to wait for, as all the others wait
// themselves. The caller holds the lock.
func (l *Ledger) makeRoom(ctx context.Context, a *account, ours bool, amount cost.Money) bool {
	for !l.fits(a, amount) {
		if ours {
			l.waiting++
		}
		ok := l.waiting < len(l.accounts) && l.awaitSettled(ctx)
		if ours {
			l.waiting--
		}
		if !ok {
			return false
		}
	}
	return true
}

// fits tells whether a may come to amount. The caller holds the lock.
func (l *Ledger) fits(a *account, amount cost.Money) bool {
	limit := l.limit.Amount
	return limit == 0 || amount <= a.claim() || l.settled.Add(l.reserved).Add(amount-a.claim()) <= limit
}

// awaitSettled waits until an account is settled. It returns false if ctx ends before,
// or where requests are under way and none is answered. The caller holds the lock,
// which is given up meanwhile.
func (l *Ledger) awaitSettled(ctx context.Context) bool {
	changed, since := l.changed, time.Now()
	for !l.stalled {
		if l.pending == 0 { // paused, or an outage
			since = time.Now()
		} else if l.answered.After(since) {
			since = l.answered
		}
		left := l.limit.StallTimeout - time.Since(since)
		if l.stalled = left <= 0; l.stalled {
			break
		}
		l.mu.Unlock()
		settled, ended := false, false
		timer := time.NewTimer(left)
		select {
		case <-changed:
			settled = true
		case <-ctx.Done():
			ended = true
		case <-timer.C:
		}
		timer.Stop()
		l.mu.Lock()
		if settled || ended {
			return settled
		}
	}
	return false
}

// sending takes note of a request that is being sent. ended is called once it has
// ended, with whether it was answered.
func (l *Ledger) sending() (ended func(answered bool)) {
	if l.limit.Amount == 0 {
		return func(bool) {}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending++; l.pending == 1 {
		l.answered = time.Now()
	}
	return func(answered bool) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pending--
		if answered {
			l.answered = time.Now()
		}
	}
}
