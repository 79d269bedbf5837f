package control

import (
	"sync"
	"time"
)

// OwnCalls counts, by the minute, the KMS requests that this run caused for
// certain. It remembers the last 16 minutes. The zero value is ready; safe for
// concurrent use.
type OwnCalls struct {
	mu      sync.Mutex
	minutes [16]struct{ minute, calls int64 } // ring by minute, longer than what is asked about
}

func (o *OwnCalls) add(now time.Time, n int64) {
	minute := now.Unix() / 60
	o.mu.Lock()
	defer o.mu.Unlock()
	m := &o.minutes[minute%int64(len(o.minutes))]
	if m.minute != minute {
		m.minute, m.calls = minute, 0
	}
	m.calls += n
}

// in returns the calls of the minute that begins at t.
func (o *OwnCalls) in(t time.Time) int64 {
	minute := t.Unix() / 60
	o.mu.Lock()
	defer o.mu.Unlock()
	if m := o.minutes[((minute%16)+16)%16]; m.minute == minute {
		return m.calls
	}
	return 0
}
