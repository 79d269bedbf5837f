package canary

import (
	"slices"
	"testing"

	"reseal/plan"
)

// What no HeadObject shows is proven before the first object that has it is begun: the
// ACL everywhere, and tags where the endpoint does not count them.
func TestWhatNoHeadShowsIsProvenFirst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		give  func(o *plan.Snapshot)
		lose  func(o *plan.Snapshot)
		facts plan.Facts
	}{
		{"ACL", func(o *plan.Snapshot) { o.ACL = plan.Saw("everyone reads") }, func(o *plan.Snapshot) { o.ACL = plan.Saw("") },
			plan.Facts{AWS: plan.Yes, ACLs: plan.Yes}},
		{"tags", func(o *plan.Snapshot) { tagged(0, o); o.Head.TagCount = -1 }, func(o *plan.Snapshot) { o.Tags = plan.Saw([]plan.Tag{}) },
			plan.Facts{AWS: plan.No, ACLs: plan.No}},
	} {
		for _, keeps := range []bool{true, false} {
			s := newStore(60, func(i int, o *plan.Snapshot) {
				o.Head.TagCount = -1
				if i >= 20 && i%10 == 0 {
					tt.give(o)
				}
			})
			if !keeps {
				s.write = func(_ string, o *plan.Snapshot) error { tt.lose(o); return nil }
			}
			trials := s.trials(nil)
			trials.cfg.Policy.Facts = tt.facts
			ends := s.all(t, trials, 60)
			k := trials.Table(true).Kinds[0]
			switch proven := slices.ContainsFunc(k.Proven, func(p Proof) bool { return p.Attribute == tt.name }); {
			case keeps && (!proven || ends["done"] != 60 || k.Compared != 2):
				t.Errorf("%s kept: %v, %+v", tt.name, ends, k)
			case !keeps && (proven || trials.Loss() == nil || slices.Contains(s.written, name(40)) || ends["permanent"] != 2):
				t.Errorf("%s lost: %v, %+v, written %v", tt.name, ends, k, s.written)
			}
		}
	}
}
