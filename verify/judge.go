package verify

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// Judge gives verdicts. It is pure and does not change.
type Judge struct {
	Policy   *plan.Policy
	Accepted []plan.Attribute // whose loss is accepted

	HiddenLocks bool // from the caller, so that a look which shows none says nothing

	// Superseded says that a later generation of the job may have done what this one did
	// not. Whether it did, a look says: its report need not have had the row.
	Superseded bool
}

// Unlooked gives the verdict of a row that needs no look: of what the job did
// not do, and of what is left alone for something that no write changes. ok is
// false where the object must be looked at.
func (j *Judge) Unlooked(t *plan.Task, p *Promise) (f Finding, ok bool) {
	f = Finding{Task: *t}
	switch {
	case t.Reason == plan.OtherBucket:
		f.Verdict, f.Reason, f.Why = NotDone, plan.OtherBucket, "the row names another bucket"
	case t.Reason == plan.NoKey:
		f.Verdict, f.Reason, f.Why = NotDone, plan.NoKey, fmt.Sprintf("row %d of file %d of the report names no key", t.Record.Pos.Row+1, t.Record.Pos.File+1)
	case t.Reason == plan.NoVersion:
		f.Verdict, f.Reason, f.Why = NotDone, plan.NoVersion, "the row may be about a noncurrent version and does not name it"
	case j.left(t, p): // what became of it since, a look says
		return f, false
	case p.State == Failed && p.Reason != plan.Unfaithful: // of those some were re-encrypted
		f.Verdict, f.Reason, f.Why = NotDone, p.Reason, "the run tried it and failed"
	case t.Action == plan.Skip && (t.Reason == plan.Filtered || t.Reason == plan.RemovedRow || oldMarker(t)):
		f.Verdict, f.Reason = LeftAlone, t.Reason
	case p.Line && p.Skipped && p.Reason == plan.Filtered: // by the tags that the run read
		f.Verdict, f.Reason = LeftAlone, plan.Filtered
	case p.State == Unsettled && t.Action != plan.Skip:
		f.Verdict, f.Why = NotDone, "the job has not come to it, or has no record of how it ended"
	default:
		return f, false
	}
	return f, true
}

// left tells whether a row names an object that this generation tried and failed, or did
// not come to, and that a later one may have done.
func (j *Judge) left(t *plan.Task, p *Promise) bool {
	return j.Superseded && (p.State == Failed && p.Reason != plan.Unfaithful || p.State == Unsettled && t.Action != plan.Skip)
}

// oldMarker tells whether a row is about a delete marker that need not be the current
// version: it says so, or names the marker and does not say whether it is the current one.
func oldMarker(t *plan.Task) bool {
	r := &t.Record
	return t.Reason == plan.DeleteMarker && (!r.Current() || r.Known.Has(inventory.ColVersionID) && !r.Known.Has(inventory.ColIsLatest))
}

// Look gives the verdict of a row by h, the state its object is in now.
func (j *Judge) Look(t *plan.Task, p *Promise, h *plan.Head) Finding {
	f := Finding{Task: *t, Looked: true}
	switch {
	case j.left(t, p):
		j.sinceThen(&f, p, h)
	case p.State == Failed:
		j.unfaithful(&f, p, h)
	case p.Line && p.Skipped:
		j.leftAlone(&f, p.Reason, p, h)
	case t.Action == plan.Skip && !p.repeat():
		j.leftAlone(&f, t.Reason, p, h)
	default:
		j.done(&f, p, h)
	}
	return f
}

// Absent gives the verdict of a row whose object is not there.
func (j *Judge) Absent(t *plan.Task) Finding {
	f := Finding{Task: *t, Looked: true, Verdict: Gone}
	if t.Action == plan.Skip && t.Reason == plan.DeleteMarker {
		f.Verdict, f.Reason = LeftAlone, plan.DeleteMarker
	}
	return f
}

// leftAlone judges an object that the job leaves alone for reason.
func (j *Judge) leftAlone(f *Finding, reason plan.Reason, p *Promise, h *plan.Head) {
	t := &f.Task
	again := j.Policy.DecideHead(*t, h)
	under, state := j.underKey(h)
	written := j.written(t, p, h)
	holds := false
	switch reason {
	case plan.Gone, plan.DeleteMarker: // there is an object now
	case plan.Noncurrent:
		holds = !t.Record.Current() || again.Reason == plan.Noncurrent
	case plan.TooLarge: // by S3's own answer
		holds = j.sameAsBefore(t, p, h)
	default:
		holds = again.Action == plan.Skip && again.Reason == reason
	}
	f.Reason = reason
	switch {
	case holds:
		f.Verdict = LeftAlone
		if reason == plan.AlreadyEncrypted && h.Encryption == inventory.SSEKMS {
			f.Key = h.KMSKeyID
		}
	case under:
		f.Verdict, f.Why = ChangedUnderKey, "was left alone: "+string(reason)
	case written, reason == plan.Gone, p.Write.known() && slices.Contains([]plan.Reason{plan.AlreadyEncrypted, plan.DualLayer, plan.SSECustomer}, reason): // nothing but a change ends these
		f.Verdict, f.Why = ChangedNotUnderKey, fmt.Sprintf("was left alone (%s), and changed since: %s", reason, state)
	case !p.Write.known(): // nobody looked then
		f.Verdict, f.Why = NotDone, fmt.Sprintf("was left alone (%s) without a look, by what its row says, which is not so: %s; nothing shows that it was written since", reason, state)
	default:
		f.Verdict, f.Why = NotDone, fmt.Sprintf("was left alone (%s), for which there is no reason any more: %s", reason, state)
	}
}

// sinceThen judges an object that this generation did not do.
func (j *Judge) sinceThen(f *Finding, p *Promise, h *plan.Head) {
	under, state := j.underKey(h)
	f.Reason = p.Reason
	if under {
		f.Verdict, f.Why = ChangedUnderKey, "a later generation or a client did what this one did not"
		return
	}
	f.Verdict, f.Why = NotDone, "neither this generation nor a later one did it: "+state
}

// unfaithful judges an object that failed because something of it could not be
// carried over, before it was re-encrypted or after.
func (j *Judge) unfaithful(f *Finding, p *Promise, h *plan.Head) {
	lost, after := plan.LostIn(p.Error)
	under, state := j.underKey(h)
	f.Reason, f.Why = p.Reason, p.Error
	switch {
	case under && slices.Equal(lost, []plan.Attribute{plan.Encryption}): // nothing else was lost
		f.Verdict = ChangedUnderKey
	case under: // what was accepted later does not bring it back
		f.Verdict = LostAttribute
	case after && p.untouched(h) && j.unencrypted(h):
		f.Verdict, f.Why = NeverUnderKey, j.pretended(state)
	case after:
		f.Verdict, f.Why = ChangedNotUnderKey, state+"; before that, "+p.Error
	default:
		f.Verdict = NotDone
	}
}

// unencrypted tells whether h is in a state that nothing but a write makes of an
// object under SSE-KMS: encryption is changed in place to SSE-KMS only.
func (j *Judge) unencrypted(h *plan.Head) bool {
	return j.Policy.Options.SSE == plan.TargetKMS && (h.Encryption == inventory.SSES3 || h.Encryption == inventory.NotSSE)
}

// pretended says that the endpoint did not do what it said.
func (j *Judge) pretended(state string) string {
	return "the endpoint said " + j.Policy.Options.SSE + " and did not encrypt: nobody wrote the object since, and its " + state
}

// done judges an object that the job says it re-encrypted.
func (j *Judge) done(f *Finding, p *Promise, h *plan.Head) {
	t := &f.Task
	write := p.Write
	if !write.known() && t.Action == plan.Update && p.Reason != report.Batch {
		write = WriteOf(t.Record.ETag, t.Record.VersionID) // which an update leaves as they are
	}
	own := write.known() && write.is(h)
	since := write.known() && !own && !(p.Line && write.sameVersion(h) && p.settledAfter(h) && (p.Size < 0 || h.Size == p.Size))
	under, state := j.underKey(h)
	switch {
	case under && !p.Line && t.Action != plan.Update && h.LastModified.Before(j.Policy.Now.Truncate(time.Second)):
		// Older than the job, so none of its copies: a look of the run that finds
		// SSE-KMS has no line where only failures are kept.
		f.Verdict, f.Reason, f.Key = LeftAlone, plan.AlreadyEncrypted, h.KMSKeyID
		return
	case !under:
		j.notUnder(f, p, h, state)
		switch {
		case f.Verdict != "":
		case write.known() && !since && !p.repeat() && (own && p.untouched(h) || p.begunAfter(h)) && j.unencrypted(h):
			f.Verdict, f.Why = NeverUnderKey, j.pretended(state)
		case own:
			f.Verdict, f.Why = ChangedNotUnderKey, "the encryption of what the job wrote was changed in place: "+state
		case write.known():
			f.Verdict, f.Why = ChangedNotUnderKey, "written after it was re-encrypted: "+state
		default:
			f.Verdict, f.Why = ChangedNotUnderKey, state+" (written since, or changed in place: there is no result line to tell)"
		}
		return
	}
	if since || j.anothersBucketKey(t, p, h) {
		f.Verdict = ChangedUnderKey
		return
	}
	f.Verdict, f.Uncompared, f.Contradicted = Proven, p.repeat(), write.known() && !own
	size, r := t.Record.Size, &t.Record
	if p.Line && p.Size >= 0 {
		size = p.Size
	}
	lost := func(a plan.Attribute, why string) {
		switch {
		case j.accepts(a):
			f.accept(a)
		case f.Verdict == Proven:
			f.Verdict, f.Why = LostAttribute, why+unsure(write)+f.contradiction()
		}
	}
	if earlier, ok := plan.LostIn(p.Error); ok { // a try before this one lost it
		for _, a := range earlier {
			lost(a, p.Error)
		}
	}
	if j.Policy.Options.WrongBucketKey(h) {
		lost(plan.BucketKey, fmt.Sprintf("bucket key is %t, not %t", h.BucketKey, j.Policy.Options.BucketKey))
	}
	if size >= 0 && h.Size != size {
		lost(plan.Length, fmt.Sprintf("size is %d bytes, not %d", h.Size, size))
	}
	if r.StorageClass != "" && h.StorageClass != r.StorageClass && j.Policy.Facts.Transitions == plan.No {
		lost(plan.Class, fmt.Sprintf("storage class is %s, not %s", h.StorageClass, r.StorageClass))
	}
	j.locks(f, p, h, lost)
}

// anothersBucketKey tells whether the bucket key shows that another client wrote the
// object: each request of the job names the one that it asks for, and a client that
// names none gets the bucket's. It is asked of objects of which nobody knows what the
// job's write was. Without a line that is taken for shown on AWS only: another endpoint
// may not keep bucket keys.
func (j *Judge) anothersBucketKey(t *plan.Task, p *Promise, h *plan.Head) bool {
	if !j.Policy.Options.WrongBucketKey(h) || j.accepts(plan.BucketKey) {
		return false
	}
	return p.repeat() || !p.Line && t.Action != plan.Update && j.Policy.Facts.AWS == plan.Yes
}

// Compare gives the verdict of an object that a snapshot was taken of before it
// was re-encrypted, by what it is now.
func (j *Judge) Compare(t *plan.Task, p *Promise, before, after *plan.Snapshot, now time.Time) Finding {
	if under, _ := j.underKey(&before.Head); under && p.repeat() { // taken after, by a run that found the object done
		return j.Look(t, p, &after.Head)
	}
	compared := *t                                                            // against the state before, not the report: that is days old
	compared.Record.Size, compared.Record.StorageClass = before.Head.Size, "" // the class and locks are told with all else that differs
	compared.Record.LockMode, compared.Record.LegalHold, compared.Record.EventHold = "", "", ""
	q := *p
	q.Size = before.Head.Size
	f := j.Look(&compared, &q, &after.Head)
	f.Task = *t
	if f.Verdict == NeverUnderKey && slices.Contains(before.Lost(after, now), plan.Body) {
		return Finding{Task: *t, Looked: true, Verdict: ChangedNotUnderKey, Why: "its data is another than before: somebody wrote it"}
	}
	if f.Verdict != Proven && f.Verdict != LostAttribute {
		return f
	}
	f.Compared, f.Uncompared, f.Body = true, false, plan.BodyUnproven
	if before.BodyProven(after) {
		f.Body = plan.BodyProven
	}
	c := j.Policy.Options.Compare(before, after, now)
	// That a body was not checked is told as body-unproven.
	f.Unchecked = plan.Without(c.Unchecked, []plan.Attribute{plan.Body})
	for _, a := range c.Attributes() {
		if j.accepts(a) {
			f.accept(a)
		}
	}
	if f.Contradicted && slices.Contains(c.Attributes(), plan.Body) { // other data is a client's, of the same second
		return Finding{Task: *t, Looked: true, Verdict: ChangedUnderKey}
	}
	if lost := plan.Without(c.Attributes(), j.Accepted); len(lost) > 0 {
		f.Verdict, f.Why = LostAttribute, notAsBefore(lost)+f.contradiction()
		f.Lost = slices.DeleteFunc(c.Differences, func(d plan.Difference) bool { return !slices.Contains(lost, d.Attribute) })
		if slices.Contains(lost, plan.Body) {
			f.Body = "" // seen to differ, not unproven
		}
	}
	return f
}

// notAsBefore says what of an object is not as it was, or was to be.
func notAsBefore(lost []plan.Attribute) string {
	const asked = "not as asked for: " + string(plan.BucketKey)
	switch before := plan.Without(lost, []plan.Attribute{plan.BucketKey}); {
	case len(before) == 0:
		return asked
	case len(before) < len(lost):
		return "not as before: " + plan.Words(before) + "; " + asked
	}
	return "not as before: " + plan.Words(lost)
}

// notUnder gives the verdict of an object that is not under the key, where that
// may be no change: it was left alone without a line to say so, or another engine
// never did it.
func (j *Judge) notUnder(f *Finding, p *Promise, h *plan.Head, state string) {
	t := &f.Task
	if t.Record.ETag == "" || h.ETag != t.Record.ETag {
		return
	}
	switch {
	case p.Reason == report.Batch:
		f.Verdict, f.Reason, f.Why = NotDone, p.Reason, "the completion report says that it was done, but it is as in the report: "+state
	case !p.Line && !t.Record.Known.Has(inventory.ColEncryption):
		// Such a look that finds SSE-KMS is no surprise, and has no line.
		if again := j.Policy.DecideHead(*t, h); again.Action == plan.Skip && again.Reason == plan.AlreadyEncrypted {
			f.Verdict, f.Reason, f.Key = LeftAlone, again.Reason, h.KMSKeyID
		}
	}
}

// unsure is what is to be said of a difference where a later write of another
// client cannot be told from what the job wrote.
func unsure(w Write) string {
	if w.known() {
		return ""
	}
	return " (or written since: there is no result line to tell)"
}

// sameAsBefore tells whether the object is the write that the job left alone.
func (j *Judge) sameAsBefore(t *plan.Task, p *Promise, h *plan.Head) bool {
	w := p.Write
	if !w.known() {
		w = WriteOf(t.Record.ETag, "")
	}
	return w.known() && w.is(h)
}

// written tells whether something shows that the object was written since the job, or
// the report, knew it. That a look differs from a row that names no write is no sign.
func (j *Judge) written(t *plan.Task, p *Promise, h *plan.Head) bool {
	known, row := p.Write.known() || t.Record.ETag != "", t.Record.LastModified
	switch {
	case known:
		return !j.sameAsBefore(t, p, h)
	case row.IsZero():
		row = j.Policy.Now
	}
	return h.LastModified.After(row.Add(time.Second))
}

// underKey tells whether h is as the job's target says, and in which state it is.
func (j *Judge) underKey(h *plan.Head) (bool, string) {
	o := &j.Policy.Options
	switch {
	case o.SSE == plan.TargetAES256 && h.Encryption != inventory.SSES3, o.SSE == plan.TargetKMS && h.Encryption != inventory.SSEKMS:
		return false, "encryption is " + cmp.Or(string(h.Encryption), "none")
	case o.SSE == plan.TargetKMS && !plan.SameKey(h.KMSKeyID, o.KMSKeyID):
		return false, "under " + cmp.Or(h.KMSKeyID, "a key that is not stated")
	}
	return true, "under the key"
}

// contradiction is what is to be said of a difference where the endpoint
// contradicts itself.
func (f *Finding) contradiction() string {
	if !f.Contradicted {
		return ""
	}
	return "; its ETag is not the one that the answer to the job's request said, and by Last-Modified nobody wrote it since, unless a clock is wrong"
}

// accept notes that a was lost, as somebody accepted.
func (f *Finding) accept(a plan.Attribute) {
	if !slices.Contains(f.Accepted, a) {
		f.Accepted = append(f.Accepted, a)
	}
}

// accepts tells whether the loss of a was accepted.
func (j *Judge) accepts(a plan.Attribute) bool {
	return len(plan.Without([]plan.Attribute{a}, j.Accepted)) == 0
}
