package plan

import "reseal/inventory"

// choose returns how the task's object is to be re-encrypted, or why it is left
// alone. It goes by the object's head where that was read, else by the report.
func (p *Policy) choose(t *Task) (Action, Reason) {
	refused := p.notUpdatable(t)
	switch {
	case p.Options.Method != MethodUpdate && p.Options.Method != MethodAuto:
		return p.chooseCopy(t)
	case refused == "":
		return Update, ""
	case p.Options.Method == MethodUpdate, p.NoCopies:
		return Skip, refused
	case !t.Record.Current(), p.Options.AllVersions && isAbout(&t.Record):
		return Skip, refused // a copy of what may be an old version would become the current one
	}
	return p.chooseCopy(t)
}

// notUpdatable returns why UpdateObjectEncryption does not do the task's object,
// "" where it does. It takes every size and storage class, and archived objects
// without a restore. It takes no object that was written without encryption, and none
// that is locked (Amazon S3 User Guide, update-sse-encryption, read 2026-11-21).
// DSSE-KMS and SSE-C, which it does not take either, were left alone before.
func (p *Policy) notUpdatable(t *Task) Reason {
	switch {
	case t.Record.Encryption == inventory.NotSSE:
		return Unencrypted
	case p.locked(t):
		return Locked
	case p.Options.Method == MethodAuto && p.Facts.ForeignKey == Yes: // who asks for updates alone may have been allowed them
		return ForeignKey
	}
	return ""
}

// locked tells whether retention or a hold protects the object. A report is days
// old, and holds and governance retention can be lifted, so without a look only
// compliance retention counts, which nobody can shorten.
func (p *Policy) locked(t *Task) bool {
	r, h := &t.Record, t.Head
	if h == nil {
		return r.LockMode == "COMPLIANCE" && r.LockRetainUntil.After(p.Now)
	}
	return h.LegalHold == "ON" || h.EventHold == "ON" || h.LockMode != "" && h.LockRetainUntil.After(p.Now)
}

// chooseCopy returns the kind of copy, or why the object cannot be copied.
func (p *Policy) chooseCopy(t *Task) (Action, Reason) {
	r, h := &t.Record, t.Head
	switch class := r.StorageClass; {
	case h != nil && h.Archived && !h.Restored,
		h == nil && (class == inventory.Glacier || class == inventory.DeepArchive || archiveTier(r.Tier)):
		return Skip, Archived
	case class != "" && !class.Known():
		return Skip, UnknownClass
	case p.Options.CopyVia == ViaMultipart, t.InParts, r.Size > p.threshold(): // of a size that is not known, the head tells
		return MultipartCopy, ""
	}
	return Copy, ""
}

// WhyParts says why only a copy in parts does the task's object, and what else would.
func (p *Policy) WhyParts(t *Task) string {
	switch {
	case t.Record.Size > SingleCopyLimit:
		return "the object is above 5 GiB, which one request does not copy"
	case t.Record.Size > p.threshold():
		return "the object is above --multipart-threshold (a new job with a larger one copies it in one request)"
	}
	return "the endpoint, or the object's ACL, does not let one request copy it"
}

// looks are why an object is looked at before it is decided on.
type looks struct {
	needed  bool // the row is not enough to do the task's action by: it lacks something, or the bucket's facts do not rule out that it changed
	certain bool // it will be needed, whatever a run finds out about what is not known of the bucket yet
	oddKey  bool // requests may meet another object
}

// looks says why the task's object is looked at.
func (p *Policy) looks(t *Task) (l looks) {
	if t.Action == Skip {
		return l
	}
	l.oddKey = p.Facts.AWS != Yes && OddKey(t.Record.Key)
	byRow := p.headByRow(t, l.oddKey)
	l.needed = t.Head == nil && (byRow || p.headByFacts(t, p.Facts.ObjectLock != No, p.Facts.HeadNeeded()))
	l.certain = byRow || p.headByFacts(t, p.Facts.ObjectLock == Yes, p.Facts.HeadCertain())
	return l
}

// headByRow tells whether the row lacks something.
func (p *Policy) headByRow(t *Task, oddKey bool) bool {
	r, o := &t.Record, &p.Options
	switch {
	case t.Action == MultipartCopy: // nothing comes along by itself
		return true
	case o.InspectAll, len(o.Tags) > 0: // no report has tags
		return true
	case o.Rekey && r.Encryption == inventory.SSEKMS && !p.keyIsEnough(r):
		return true
	case !knownEncryption(r):
		return true
	case oddKey:
		return true
	case isAbout(r) && !o.AllVersions: // it may not be the current one
		return true
	case o.Unsure(r) != nil:
		return true
	case t.Action == Update:
		return false
	}
	return tierUnknown(r) || inventory.UsefulColumns.Without(r.Known) != 0
}

// headByFacts tells whether the bucket's facts ask for a HEAD: of an update where
// objects may be locked, of a copy where stale says that the report may be.
func (p *Policy) headByFacts(t *Task, locks, stale bool) bool {
	switch {
	case p.Options.TrustInventory:
		return false
	case t.Action == Update:
		return locks || !p.pinned(&t.Record)
	}
	return stale
}

// pinned tells whether the row names a version that no write can replace. What
// it does not pin needs a look right before an update, which has no condition.
func (p *Policy) pinned(r *inventory.Record) bool {
	switch r.VersionID {
	case "":
		return false
	case "null": // replaced by every write but those of a bucket that keeps versions
		return p.Facts.Versioning == VersioningEnabled
	}
	return true
}

// confirmed tells whether the effect of an update is to be proven by a
// HeadObject: always, or for the share of rows that the user wants proven.
func (p *Policy) confirmed(pos inventory.Position) bool {
	return Sampled(pos, 1-float64(p.Options.Unconfirmed)/1e6, 0)
}

// Sampled tells whether a row belongs to the share, 0 to 1, of rows that seed
// selects: always the same ones, spread evenly whatever the order of rows.
func Sampled(pos inventory.Position, share float64, seed uint64) bool {
	if share >= 1 {
		return true
	}
	return float64(rankOf(pos, seed)>>11)/(1<<53) < share
}

// rankOf puts rows into an order that seed makes, which has nothing to do with
// that of the report: splitmix64 over the position.
func rankOf(pos inventory.Position, seed uint64) uint64 {
	x := seed + uint64(pos.File)*0x9e3779b97f4a7c15 + uint64(pos.Row)*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
