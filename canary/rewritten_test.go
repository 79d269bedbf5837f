package canary

import (
	"context"
	"testing"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// dated is a store whose answers state when an object was written, as S3's do.
type dated struct {
	*store
	md5 bool // ETags are made of the data, whatever the encryption
}

func (s *dated) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	at := s.objects[t.Record.Key].Head.ETag
	e, err := s.store.Rewrite(ctx, t, g)
	e.Modified = time.Unix(100, 0)
	if o := s.objects[t.Record.Key]; s.md5 && err == nil {
		if o.Head.ETag == e.ETag {
			o.Head.ETag = at
		}
		e.ETag = at
	}
	return e, err
}

// A client that writes an object within the second of this job's copy is no loss, be it
// with other bytes or with the same, before the copy or after: one such object is
// another's, or a doubt. Two that differ in the same way are a loss.
func TestWritesOfTheSameSecond(t *testing.T) {
	t.Parallel()
	plain := func(o *plan.Snapshot) { o.Head.Encryption, o.Head.KMSKeyID = inventory.SSES3, "" }
	other := func(o *plan.Snapshot) { o.Head.ContentType = "application/json" }
	at := func(sec int64, etag string, as func(o *plan.Snapshot)) func(o *plan.Snapshot) {
		return func(o *plan.Snapshot) {
			as(o)
			o.Head.LastModified = time.Unix(sec, 0)
			if etag != "" {
				o.Head.ETag = etag
			}
		}
	}
	for _, tt := range []struct {
		name    string
		md5     bool
		after   bool
		touch   func(o *plan.Snapshot)
		doubted bool
	}{
		{"another ETag, SSE-S3", false, true, at(100, "of theirs", plain), false},
		{"another ETag, under the key", false, true, at(100, "of theirs", other), false},
		{"another ETag, the next second", false, true, at(101, "of theirs", plain), false},
		{"the same ETag, SSE-S3", true, true, at(100, "", plain), true},
		{"the same ETag, under the key", true, true, at(100, "", other), true},
		{"the same bytes before the copy", false, false, other, true},
		{"the same bytes without metadata before the copy", false, false, func(o *plan.Snapshot) { o.Head.Metadata = nil }, true},
	} {
		for _, n := range []int{1, 2} {
			s := newStore(30, func(_ int, o *plan.Snapshot) {
				o.Head.ContentType, o.Head.Metadata = "text/plain", map[string]string{"a": "b"}
			})
			s.between = func(key string, o *plan.Snapshot, after bool) {
				if (key == name(0) || n > 1 && key == name(1)) && after == tt.after {
					tt.touch(o)
				}
			}
			trials := s.trials(nil)
			failed := 0
			for i := range 30 {
				if _, err := trials.Rewrite(t.Context(), t.Context(), s.task(i), open{}, &dated{s, tt.md5}); isClass(err, engine.Permanent) {
					failed++
				}
			}
			k := trials.Table(true).Kinds[0]
			switch {
			case !tt.doubted && (failed > 0 || trials.Loss() != nil || k.Verdict != Proven || len(s.notes) > 0):
				t.Errorf("%s, %d times: %d failed, loss %v, %+v", tt.name, n, failed, trials.Loss(), k)
			case tt.doubted && n == 1 && (failed != 1 || trials.Loss() != nil || s.stopped != nil || k.Verdict != InDoubt):
				t.Errorf("%s, once: %d failed, loss %v, %+v", tt.name, failed, trials.Loss(), k)
			case tt.doubted && n == 2 && trials.Loss() == nil:
				t.Errorf("%s, twice: %d failed, no loss, %+v", tt.name, failed, k)
			}
		}
	}
}
