package canary

import (
	"context"
	"errors"
	"testing"

	"reseal/engine"
	"reseal/plan"
)

// versions is a store that keeps the version that an object was made from, and says
// which one that was. Each version has the ETag of its data, as under SSE-S3.
type versions struct {
	*store
	from   string                              // of the copies; "" where the answer does not say
	to     string                              // likewise
	old    map[string]map[string]plan.Snapshot // by key and version
	refuse error                               // of a look at an old version
	asked  int                                 // looks at old versions
}

func newVersions(s *store, from, to string) *versions {
	v := &versions{store: s, from: from, to: to, old: map[string]map[string]plan.Snapshot{}}
	for key, o := range s.objects {
		o.Head.VersionID = from
		v.old[key] = map[string]plan.Snapshot{from: *o}
	}
	return v
}

func (v *versions) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	if t.Record.Current() {
		return v.store.Snapshot(ctx, t, g)
	}
	v.asked++
	if v.refuse != nil {
		return nil, v.refuse
	}
	o, there := v.old[t.Record.Key][t.Record.VersionID]
	if !there {
		o = *v.objects[t.Record.Key] // as an endpoint without versions answers
	}
	return &o, nil
}

func (v *versions) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	e, err := v.store.Rewrite(ctx, t, g)
	e.VersionID, e.Source = v.to, v.from
	return e, err
}

func (v *versions) trials(policy func(*plan.Policy)) *Trials {
	trials := v.store.trials(nil)
	trials.cfg.Snapshotter = v
	if policy != nil {
		policy(trials.cfg.Policy)
	}
	return trials
}

// Where the version is kept that an object was made from, it tells whether a client
// changed the metadata before the copy, or the endpoint lost it. Then one object is
// enough. Where it cannot tell, a second one is needed.
func TestTheVersionThatAnObjectWasMadeFrom(t *testing.T) {
	t.Parallel()
	const doubted, lost, others = "doubted", "lost", "others"
	bare := func(o *plan.Snapshot) { o.Head.Metadata = nil }
	enabled, unknown := plan.VersioningEnabled, plan.VersioningUnknown
	for _, tt := range []struct {
		name       string
		from, to   string
		versioning plan.Versioning
		arrange    func(*versions)
		want       string
		asked      int
	}{
		{"as it was", "v1", "v2", enabled, nil, lost, 1},
		{"as it was, in a bucket that may not be asked", "v1", "v2", unknown, nil, lost, 1},
		{"as it was, from before versions were kept", "null", "v2", enabled, nil, lost, 1},
		{"changed by a client", "v1", "v2", enabled, func(v *versions) {
			o := v.old[name(0)]["v1"]
			o.Tags = plan.Saw([]plan.Tag{{Key: "by", Value: "client"}})
			v.old[name(0)]["v1"] = o
		}, others, 1},
		{"a newer one of the same bytes, without metadata", "v1", "v2", enabled, func(v *versions) {
			o := v.old[name(0)]["v1"]
			o.Head.Metadata, o.Head.VersionID = nil, "v1b"
			v.old[name(0)]["v1b"], v.from = o, "v1b"
		}, others, 1},
		{"a newer one of the same bytes, of which something got lost", "v1", "v2", enabled, func(v *versions) {
			o := v.old[name(0)]["v1"]
			o.Head.Metadata, o.Head.VersionID = map[string]string{"c": "d"}, "v1b"
			v.old[name(0)]["v1b"], v.from = o, "v1b"
		}, doubted, 1},
		{"the answer does not say which", "v1", "v2", enabled, func(v *versions) { v.from = "" }, doubted, 1},
		{"it may not be looked at", "v1", "v2", enabled, func(v *versions) {
			v.refuse = refusal("HeadObject", "AccessDenied", engine.Denied)
		}, doubted, 1},
		{"no versions", "", "", plan.Unversioned, nil, doubted, 0},
		{"written over", "null", "null", plan.VersioningSuspended, nil, doubted, 0},
		{"null where no versions may be kept", "null", "", unknown, nil, doubted, 0},
	} {
		s := newStore(1, func(_ int, o *plan.Snapshot) { o.Head.Metadata = map[string]string{"a": "b"} })
		s.write = func(_ string, o *plan.Snapshot) error { bare(o); o.Head.VersionID = tt.to; return nil }
		v := newVersions(s, tt.from, tt.to)
		if tt.arrange != nil {
			tt.arrange(v)
		}
		trials := v.trials(func(p *plan.Policy) { p.Facts.Versioning = tt.versioning })
		_, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), open{}, v)
		var oe *engine.ObjectError
		got := others
		switch {
		case errors.As(err, &oe) && oe.InDoubt && trials.Loss() == nil:
			got = doubted
		case errors.As(err, &oe) && trials.Loss() != nil && s.stopped != nil:
			got = lost
		case err != nil || trials.Loss() != nil || trials.Compared() > 0 || len(s.notes) > 0:
			t.Errorf("%s: %v, loss %v, %d compared, notes %v", tt.name, err, trials.Loss(), trials.Compared(), s.notes)
		}
		if got != tt.want || v.asked != tt.asked {
			t.Errorf("%s: %s (%v), %d looks at an old version; want %s, %d", tt.name, got, err, v.asked, tt.want, tt.asked)
		}
	}
}
