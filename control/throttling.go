package control

import (
	"log/slog"
	"time"
)

// calmAfter is how long no answer says that a quota is exceeded before the throttling
// counts as over: longer than the steps in which the pace rises again.
const calmAfter = 30 * time.Second

// throttling notices when a quota begins to be exceeded, and when that is over. It is
// for one goroutine.
type throttling struct {
	quota string

	count  int64 // answers so far
	before int64 // of them when it began
	began  time.Time
	last   time.Time // zero: nothing is throttled
}

// see takes the number of answers that said so as of now.
func (t *throttling) see(log *slog.Logger, count int64, now time.Time) {
	switch grown := count > t.count; {
	case grown && t.last.IsZero():
		t.began, t.last, t.before = now, now, t.count
		log.Warn("throttling began", "quota", t.quota)
	case grown:
		t.last = now
	case !t.last.IsZero() && now.Sub(t.last) >= calmAfter:
		log.Info("throttling ended", "quota", t.quota, "took_s", t.last.Sub(t.began).Seconds(), "answers", count-t.before)
		t.last = time.Time{}
	}
	t.count = count
}
