package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

func TestVerify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(100)
		for i := range 100 {
			s.objects[key(i)].encrypted = i != 17 // one was left behind
		}
		delete(s.objects, key(23))
		s.before = func(op, k string, n int) error {
			switch {
			case k == key(31):
				return failure(op, k, Denied)
			case k == key(32) && n == 1:
				return failure(op, k, Throttled)
			}
			return nil
		}
		c := config(s, newLog())
		count := map[plan.Verdict]int{}
		err := Verify(t.Context(), VerifyConfig{
			Rewriter: s, Gate: open{}, Policy: c.Policy, Sample: 1, Written: time.Now(),
			Expected: func(p inventory.Position) bool { return p.Row != 5 },
		}, batches(100, 30, nil), func(c Check) error { count[c.Verdict]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		want := map[plan.Verdict]int{plan.Proven: 96, plan.NotUnderKMS: 1, plan.VanishedSince: 1, plan.VerdictUnknown: 1}
		for v, n := range want {
			if count[v] != n {
				t.Errorf("%s: %d objects, want %d (all: %v)", v, count[v], n, count)
			}
		}
		if len(s.copies) != 0 {
			t.Errorf("verification wrote %d objects", len(s.copies))
		}
	})
}

// bodies answers with the MD5 of every object but one.
type bodies struct{}

func (bodies) BodyMD5(_ context.Context, t *plan.Task, _ *plan.Head, _ Gate) (string, error) {
	if t.Record.Key == key(3) {
		return strings.Repeat("b", 32), nil
	}
	return strings.Repeat("a", 32), nil
}

// Data is proven, seen to differ, or neither, and never two of these.
func TestVerifyBodies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(10)
		for i := range 10 {
			s.objects[key(i)].encrypted = true
		}
		c := config(s, newLog())
		verdicts, proofs := map[plan.Verdict]int{}, map[plan.BodyProof]int{}
		err := Verify(t.Context(), VerifyConfig{
			Rewriter: s, Gate: open{}, Policy: c.Policy, Sample: 1, Written: time.Now(), Bodies: 1, BodyReader: bodies{},
			Expected: func(inventory.Position) bool { return true },
		}, batches(10, 10, func(i int, r *inventory.Record) {
			if i < 8 { // of the others the report has no MD5
				r.ETag = strings.Repeat("a", 32)
			}
		}), func(c Check) error { verdicts[c.Verdict]++; proofs[c.Body]++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if verdicts[plan.BodyDiffers] != 1 || verdicts[plan.Proven] != 9 || proofs[plan.BodyProven] != 7 || proofs[plan.BodyUnproven] != 2 || proofs[""] != 1 {
			t.Errorf("verdicts %v, bodies %v; want 1 that differs, 7 proven, 2 unproven", verdicts, proofs)
		}
	})
}

func TestVerifyStopsWhenFoundFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, full := newStore(1000), errors.New("disk full")
		c := config(s, newLog())
		n := 0
		err := Verify(t.Context(), VerifyConfig{Rewriter: s, Gate: open{}, Policy: c.Policy, Sample: 1,
			Expected: func(inventory.Position) bool { return true }},
			batches(1000, 100, nil), func(Check) error { n++; return full })
		if !errors.Is(err, full) || n != 1 {
			t.Errorf("Verify = %v after %d checks, want %v after 1", err, n, full)
		}
	})
}

// A file that cannot be read does not keep the rest from being verified, where the
// caller takes note of it.
func TestVerifyGoesOnPastUnreadFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		torn := errors.New("file 0 is damaged")
		read := func(yield func(inventory.Batch, error) bool) {
			first := true
			for b, err := range batches(100, 50, nil) {
				if first {
					first, b.End, b.Err = false, false, torn
				}
				if !yield(b, err) {
					return
				}
			}
		}
		for _, noted := range []bool{true, false} {
			s := newStore(100)
			c := config(s, newLog())
			n := 0
			var unread []error
			cfg := VerifyConfig{Rewriter: s, Gate: open{}, Policy: c.Policy, Sample: 1, Expected: func(inventory.Position) bool { return true }}
			if noted {
				cfg.Unread = func(err error) { unread = append(unread, err) }
			}
			err := Verify(t.Context(), cfg, read, func(Check) error { n++; return nil })
			if noted && (err != nil || n != 100 || len(unread) != 1 || unread[0] != torn) {
				t.Errorf("Verify = %v after %d objects, told of %v", err, n, unread)
			}
			if !noted && !errors.Is(err, torn) {
				t.Errorf("Verify = %v, want %v", err, torn)
			}
		}
	})
}

func TestSampleIsEvenAndRepeatable(t *testing.T) {
	const rows = 100_000
	for _, share := range []float64{0.001, 0.01, 0.5} {
		n, both := 0, 0
		for row := range int64(rows) {
			p := inventory.Position{File: 3, Row: row}
			if plan.Sampled(p, share, 1) {
				n++
				if plan.Sampled(p, share, 1) {
					both++
				}
			}
		}
		if want := share * rows; float64(n) < 0.8*want || float64(n) > 1.2*want || both != n {
			t.Errorf("a share of %v selects %d of %d rows, %d of them again; want about %.0f, all again", share, n, rows, both, want)
		}
	}
}

// While credentials have run out a verification waits, and nothing counts as
// not looked at.
func TestVerifyWaitsForCredentials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStore(50)
		for _, o := range s.objects {
			o.encrypted = true
		}
		c := config(s, newLog())
		count := map[plan.Verdict]int{}
		err := Verify(t.Context(), VerifyConfig{
			Rewriter: s, Gate: open{}, Policy: c.Policy, Sample: 1, Written: time.Now(), Workers: 8,
			Alive:    gone(s, Expired, 2*time.Minute, 40*time.Minute),
			Expected: func(inventory.Position) bool { return true },
		}, batches(50, 10, nil), func(c Check) error { count[c.Verdict]++; return nil })
		if err != nil || count[plan.Proven] != 50 {
			t.Errorf("Verify = %v, verdicts %v, want all 50 proven", err, count)
		}
	})
}
