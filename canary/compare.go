package canary

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// result is what a comparison showed.
type result uint8

const (
	differs    result = iota // and nothing shows that another client wrote it
	same                     // all as it was before, but for what was accepted
	others                   // another client wrote it, so that there is nothing to compare
	notWritten               // it is still what it was
	unseen                   // the look was refused
	stopping                 // the run ends
)

// comparison is what a look at an object after it was written showed.
type comparison struct {
	result        result
	before, after *plan.Snapshot
	lost          []plan.Difference // differs
	accepted      []plan.Attribute  // that differ, as was accepted
	unchecked     []plan.Attribute
	own           bool   // what was looked at is what this job wrote, and nothing else can be
	sourced       bool   // the version that it was made from, as the answer said, is as it was before
	why           string // others
	err           error  // unseen
}

// compare looks at an object that was written, and compares it with what it was.
func (t *Trials) compare(ctx context.Context, task *plan.Task, n *Note, g engine.Gate) comparison {
	c := comparison{before: n.Before}
	now := t.cfg.Policy.ByNow(*task)
	if n.ETag != "" {
		now.Wrote = n.is
	}
	var err error
	if c.after, err = t.cfg.Snapshotter.Snapshot(ctx, &now, g); err != nil {
		return c.failed(err)
	}
	head := &c.after.Head
	other := n.ETag != "" && n.ETag != head.ETag
	if other && !n.earlier(head) || n.VersionID != "" && n.VersionID != head.VersionID {
		return c.by(whyLater)
	}
	all := t.cfg.Policy.Options.Compare(c.before, c.after, time.Now())
	if other && all.OtherData() {
		return c.by(whyLater) // other data is a client's, whatever the clocks say
	}
	c.own = other || t.identifies(n, head)
	switch wrong := t.wrongKey(&now, c.before, head); {
	case n.ETag != "" && !wrong:
	case n.ETag == "" && !wrong && t.cfg.Policy.Reached(head) && !t.otherData(&all):
	case n.ETag == "" && task.Action != plan.Update && n.still(head):
		c.result = notWritten
		return c
	case n.ETag == "":
		return c.by(whyMeanwhile)
	default:
		c.lost = []plan.Difference{{Attribute: plan.Encryption, Change: plan.WasLost, Before: t.cfg.Policy.Options.SSE, After: string(head.Encryption)}}
		return c
	}
	c.unchecked = all.Unchecked
	for _, d := range all.Differences {
		if slices.Contains(t.cfg.Accepted, d.Attribute) {
			c.accepted = append(c.accepted, d.Attribute)
		} else {
			c.lost = append(c.lost, d)
		}
	}
	if len(c.lost) == 0 {
		c.result = same
		return c
	}
	return t.again(ctx, &now, n, c, g)
}

// otherData tells whether a comparison shows the data of another client: on AWS a copy
// is whole or nothing. Elsewhere one may have been cut off.
func (t *Trials) otherData(all *plan.Comparison) bool {
	return t.cfg.Policy.Facts.AWS == plan.Yes && all.OtherData()
}

// still tells whether the object is as it was before, encryption included.
func (n *Note) still(h *plan.Head) bool {
	was := &n.Before.Head
	return h.ETag == was.ETag && h.VersionID == was.VersionID && h.LastModified.Equal(was.LastModified) && h.KMSKeyID == was.KMSKeyID && h.BucketKey == was.BucketKey
}

// earlier tells whether the object was written before this job wrote it. It goes by
// the time that the answer stated, or else by when the answer came. HTTP dates are in
// whole seconds, so a client's write in the same second may be a later one.
func (n *Note) earlier(h *plan.Head) bool {
	wrote := n.Modified
	if wrote.IsZero() {
		wrote = n.Answered
	}
	return !wrote.IsZero() && !h.LastModified.IsZero() && h.LastModified.Before(wrote.Truncate(time.Second))
}

// identifies tells whether an object with the ETag of the answer can be nothing but
// what this job wrote. Where ETags are made of the data, a client's write of the same
// bytes has the same one.
func (t *Trials) identifies(n *Note, h *plan.Head) bool {
	was := n.Before.Head.ETag
	switch {
	case n.ETag == "" || n.ETag != h.ETag:
		return false
	case n.VersionID != "" && n.VersionID != "null":
		return true // and the look shows that version
	case t.cfg.Policy.Facts.AWS == plan.Yes && t.cfg.Policy.Options.SSE == plan.TargetKMS:
		return true // no two have the same
	}
	return n.ETag != was && !strings.Contains(was, "-")
}

// is tells whether a look shows the write whose answer the note has.
func (n *Note) is(h *plan.Head) bool {
	return h.ETag == n.ETag && (n.VersionID == "" || h.VersionID == n.VersionID)
}

// wrongKey tells whether the object is not encrypted as was asked for.
func (t *Trials) wrongKey(task *plan.Task, before *plan.Snapshot, head *plan.Head) bool {
	like := *task
	like.Record.Size, like.Record.StorageClass = before.Head.Size, before.Head.StorageClass
	switch v, _ := t.cfg.Policy.Compare(&like, head, time.Now()); v {
	case plan.Proven, plan.SizeDiffers, plan.ClassDiffers:
		return false
	}
	return true
}

// again looks once more at an object that differs, and at the version that it was
// made from, where that is kept. If either shows that another client wrote, that
// explains the difference.
func (t *Trials) again(ctx context.Context, now *plan.Task, n *Note, c comparison, g engine.Gate) comparison {
	second, err := t.cfg.Snapshotter.Snapshot(ctx, now, g)
	if err != nil {
		return c.failed(err)
	}
	if !unchanged(c.after, second) {
		return c.by("changed by another client while it was looked at")
	}
	before := c.before.Head.VersionID
	source := cmp.Or(n.Source, before)
	if source == "" || source == c.after.Head.VersionID || source == "null" && t.cfg.Policy.Facts.Versioning != plan.VersioningEnabled {
		return c
	}
	was, err := t.cfg.Snapshotter.Snapshot(ctx, ofVersion(now, source), g)
	switch {
	case err != nil:
		return c // as far as is known nobody touched it
	case source != before: // a client wrote the same bytes since, and the copy took its metadata along
		if t.kept(was, c.after) {
			return c.by(whyBetween)
		}
		return c
	case !unchanged(c.before, was):
		return c.by(whyBetween)
	}
	c.sourced = n.Source == source
	return c
}

// ofVersion is the task for an old version of its object.
func ofVersion(t *plan.Task, version string) *plan.Task {
	old := *t
	old.Record.VersionID, old.Record.IsLatest, old.Head = version, false, nil
	old.Record.Known |= inventory.ColumnsOf(inventory.ColVersionID, inventory.ColIsLatest)
	return &old
}

// kept tells whether an object has all that the version before it had, but for what
// may be lost.
func (t *Trials) kept(was, is *plan.Snapshot) bool {
	all := was.Compare(is, time.Now())
	return !slices.ContainsFunc(all.Attributes(), func(a plan.Attribute) bool { return !slices.Contains(t.cfg.Accepted, a) })
}

// unchanged tells whether two looks at one version show the same.
func unchanged(a, b *plan.Snapshot) bool {
	c := a.Compare(b, time.Now())
	return a.Head.ETag == b.Head.ETag && a.Head.VersionID == b.Head.VersionID && a.Head.LastModified.Equal(b.Head.LastModified) && len(c.Differences) == 0
}

// grave tells whether one object is enough for a loss: the object is what this job
// wrote, and something differs that nothing but that write changes. A client that
// wrote the same bytes right before has its metadata copied, unless the version that
// the object was made from shows that nobody did.
func (c *comparison) grave(task *plan.Task) bool {
	return c.own && slices.ContainsFunc(c.lost, func(d plan.Difference) bool {
		switch d.Attribute {
		case plan.Body, plan.Length, plan.Encryption:
			return true
		}
		return d.ByWrite() && (c.sourced || !d.ComesAlong(task.Action))
	})
}

// failed is the comparison of an object that could not be looked at.
func (c comparison) failed(err error) comparison {
	var oe *engine.ObjectError
	switch {
	case !errors.As(err, &oe) || oe.Class == engine.Fatal:
		c.result, c.err = stopping, err
	case oe.Class == engine.Gone:
		return c.by("deleted by another client meanwhile")
	case oe.Class == engine.Changed:
		return c.by("changed by another client while it was looked at")
	default:
		c.result, c.err = unseen, err
	}
	return c
}

// by is the comparison of an object that another client wrote.
func (c comparison) by(why string) comparison {
	c.result, c.why = others, why
	return c
}
