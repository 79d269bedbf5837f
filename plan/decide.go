package plan

import (
	"strings"
	"time"

	"reseal/inventory"
)

// Policy decides. It is immutable once made and may be used by several
// goroutines at once.
type Policy struct {
	Options Options
	Facts   Facts
	Now     time.Time // the evaluation instant of the job, for retention dates
	Weights Weights

	// NoCopies has MethodAuto leave alone what an update does not take. The report had
	// no such object, so nobody was asked about what copies bring with them. One that
	// turned up since is not in the plan.
	NoCopies bool

	// NoParts are the hazards of copies in parts that were not accepted, as the plan
	// has no such copies: what turns out to need one is not begun.
	NoParts []string

	// NoTrials: no object is compared before others of its kind are begun.
	NoTrials bool

	// AnyBucketKey has the bucket key of an object decide nothing: the endpoint does
	// not keep it, as was accepted.
	AnyBucketKey bool

	// Snapshots is the share of the objects, 0 to 1, that all is read of before
	// they are re-encrypted, for a comparison afterwards. Remember are rows of which
	// that is so whatever the share.
	Snapshots float64
	Remember  Rows
}

// Decide says what is to be done to the object version that a report row
// names, going by the report alone. A task whose NeedHead is set is to be
// decided again by DecideHead once the object was looked at.
func (p *Policy) Decide(r *inventory.Record) Task {
	var t Task
	p.decide(&t, r, nil)
	return t
}

// decide sets t to what Decide returns.
func (p *Policy) decide(t *Task, r *inventory.Record, before *demands) {
	*t = Task{Record: *r, weights: &p.Weights}
	if t.Record.VersionID == "" && r.Known.Has(inventory.ColVersionID) {
		t.Record.VersionID = "null"
	}
	t.FromKMS = UnderKMS(r.Encryption) // of a row that is left alone, too: looks at it are paced
	if reason := p.skip(r); reason != "" {
		t.Reason = reason
		return
	}
	p.actAs(t, before)
}

// UnderKMS tells whether S3 asks KMS to read an object in this state of encryption.
func UnderKMS(e inventory.Encryption) bool { return e == inventory.SSEKMS || e == inventory.DSSEKMS }

// ByNow returns t for looks at an object that may have been re-encrypted since it was
// decided on: reading it may take KMS requests that it did not take before.
func (p *Policy) ByNow(t Task) Task {
	t.FromKMS = t.FromKMS || p.Options.SSE == TargetKMS
	return t
}

// DecideHead decides t again, by what HeadObject said of the object: the report
// is days old, and what it does not have a column for is seen only here. A row
// that names a version and does not call it the current one is about that
// version and no other: where h is of another, the row is left alone.
func (p *Policy) DecideHead(t Task, h *Head) Task {
	if isAbout(&t.Record) && nameOf(h.VersionID) != t.Record.VersionID && !p.ownWork(h) {
		t.Action, t.Reason, t.NeedHead, t.Demand = Skip, Noncurrent, false, p.Weights.Of(StepHead, false)
		return t
	}
	t.Head, t.Reason = h, ""
	r := &t.Record
	unsure := p.Options.Unsure(r) != nil
	r.ETag, r.Size, r.StorageClass = h.ETag, h.Size, h.StorageClass
	r.Encryption, r.LastModified, r.KMSKeyARN = h.Encryption, h.LastModified, h.KMSKeyID
	if h.VersionID != "" {
		r.VersionID = h.VersionID
	}
	t.FromKMS = UnderKMS(h.Encryption)
	t.NeedHead = false
	reason := p.byState(h.Encryption, h)
	if reason == "" && (p.Options.leftByTags(h) || p.Options.leftByKey(h) || unsure && !p.selected(r)) {
		reason = Filtered
	}
	if reason != "" {
		t.Action, t.Reason, t.Demand = Skip, reason, p.Weights.Of(StepHead, false)
		if h.TagsRead != nil {
			t.Demand = t.Demand.Add(p.Weights.Of(StepGetTags, false))
		}
		return t
	}
	p.act(&t)
	return t
}

// DecideInParts decides t again after a copy in one request turned out not to do it:
// by what HeadObject said of the object, or else a look comes first.
func (p *Policy) DecideInParts(t Task) Task {
	t.InParts = true
	if t.Head != nil {
		return p.DecideHead(t, t.Head)
	}
	t.NeedHead = true
	return t
}

// isAbout tells whether the row names one version without saying whether that
// is the current one, as lists and reports of S3 Batch Operations do.
func isAbout(r *inventory.Record) bool {
	return r.Known.Has(inventory.ColVersionID) && !r.Known.Has(inventory.ColIsLatest)
}

// nameOf returns the name of a version: where HeadObject names none, the bucket
// never kept versions and the object is what S3 calls the null version.
func nameOf(version string) string {
	if version == "" {
		return "null"
	}
	return version
}

// ownWork tells whether what h is of may be this job's own copy of what the row
// names: made since the job began, and as the job makes it.
func (p *Policy) ownWork(h *Head) bool {
	return p.madeSince(h) && p.byState(h.Encryption, h) == AlreadyEncrypted && p.Reached(h)
}

// Reached tells whether an object is as this job's requests leave objects: under the
// encryption that they ask for, with the bucket key that each of them names. One with
// another bucket key got that from the bucket's default, so a client wrote it.
func (p *Policy) Reached(h *Head) bool {
	o := &p.Options
	if o.SSE == TargetAES256 {
		return h.Encryption == inventory.SSES3
	}
	return h.Encryption == inventory.SSEKMS && SameKey(h.KMSKeyID, o.KMSKeyID) && (p.AnyBucketKey || !o.WrongBucketKey(h))
}

// madeSince tells whether an object was written after the job began, or in the
// same second: HTTP dates have no finer one.
func (p *Policy) madeSince(h *Head) bool {
	return !h.LastModified.Before(p.Now.Truncate(time.Second))
}

// skip returns why the row is left alone, "" where it is not.
func (p *Policy) skip(r *inventory.Record) Reason {
	o := &p.Options
	switch {
	case r.Removed:
		return RemovedRow
	case r.Bucket != o.Bucket && o.OnlyBucket:
		return Filtered
	case r.Bucket != o.Bucket:
		return OtherBucket
	case r.Key == "" && !r.Known.Has(inventory.ColKey): // a request for it would go to the bucket. A stated workload has no keys either
		return NoKey
	case r.IsDeleteMarker:
		return DeleteMarker
	case !r.Current() && !o.AllVersions:
		return Noncurrent
	case !r.Current() && !r.Known.Has(inventory.ColVersionID): // a request would go to the current one
		return NoVersion
	case o.AllVersions && r.Unnamed && !r.Known.Has(inventory.ColIsLatest): // so it might
		return NoVersion
	case !p.selected(r):
		return Filtered
	}
	if under, _ := p.underByRow(r); under && o.SSE == TargetKMS {
		return AlreadyEncrypted
	}
	return p.byState(r.Encryption, nil)
}

// byState returns why an object in this state of encryption is left alone.
// With head nil it goes by the report, without the key that the row may name.
func (p *Policy) byState(e inventory.Encryption, head *Head) Reason {
	return p.Options.leaves(e, head, p.AnyBucketKey)
}

// leaves is byState by the options alone.
func (o *Options) leaves(e inventory.Encryption, head *Head, anyBucketKey bool) Reason {
	toS3 := o.SSE == TargetAES256
	switch e {
	case inventory.SSEKMS:
		switch {
		case toS3:
			return ""
		case !o.Rekey:
			return AlreadyEncrypted
		case head != nil && SameKey(head.KMSKeyID, o.KMSKeyID) && (anyBucketKey || head.BucketKey == o.BucketKey):
			return AlreadyEncrypted
		}
	case inventory.SSES3:
		if toS3 {
			return AlreadyEncrypted
		}
	case inventory.DSSEKMS:
		return DualLayer
	case inventory.SSEC:
		return SSECustomer
	}
	return ""
}

// act chooses the action for an object that is to be re-encrypted, and sums up
// its demand.
func (p *Policy) act(t *Task) { p.actAs(t, nil) }

// actAs is act with demands that were summed up before, nil for none.
func (p *Policy) actAs(t *Task, before *demands) {
	t.Action, t.Reason = p.choose(t)
	look := p.looks(t)
	t.NeedHead = look.needed
	t.Unconfirmed = t.Action == Update && !p.confirmed(t.Record.Pos)
	t.Doubts = p.doubts(t)
	t.Snapshot = t.Action != Skip && (Sampled(t.Record.Pos, p.Snapshots, snapshotSeed) || p.Remember.Has(t.Record.Pos))
	t.Demand = before.of(p, t, look)
}

// demandOf sums up what t asks for once it is decided on.
func (p *Policy) demandOf(t *Task, look looks) Demand {
	todo := p.demand(t)
	if t.Snapshot {
		todo = todo.Add(p.SnapshotDemand(t, t.FromKMS))
	}
	if t.Doubts != 0 { // the look may show that nothing is to be done
		todo = todo.UpTo()
	}
	return p.demandFirst(t, look).Add(todo)
}

// snapshotSeed makes other rows be remembered than those that are confirmed or
// looked at by a sample.
const snapshotSeed = 0x5eed

// SnapshotBody is the size, in bytes, up to which a snapshot has a hash of the
// body: reading that takes well under a second.
const SnapshotBody = 8 << 20

// SnapshotDemand is what reading all of the task's object asks for; fromKMS says
// that it is under SSE-KMS then.
func (p *Policy) SnapshotDemand(t *Task, fromKMS bool) Demand {
	d := p.Weights.Of(StepHeadChecksum, fromKMS).Add(p.Weights.Of(StepGetTags, fromKMS))
	d = d.Add(ifSo(p.Facts.ACLs, p.Weights.Of(StepGetACL, fromKMS)))
	d = d.Add(ifSo(p.Facts.AWS, p.Weights.Of(StepListAnnotations, fromKMS)))
	r, body := &t.Record, p.Weights.Of(StepGetBody, fromKMS)
	switch {
	case r.Size > SnapshotBody, r.StorageClass == inventory.Glacier, r.StorageClass == inventory.DeepArchive, archiveTier(r.Tier):
		body = Demand{}
	case r.Size < 0:
		body.Reads.Min, body.KMS.Min = 0, 0
	}
	return d.Add(body)
}

// TrialDemand is what trying the task's object asks for beyond re-encrypting it: all
// of it is read before and after.
func (p *Policy) TrialDemand(t *Task) Demand {
	return p.SnapshotDemand(t, t.FromKMS).Add(p.SnapshotDemand(t, p.Options.SSE == TargetKMS))
}

// ifSo returns the demand of steps that are left out where a is no. Where that is
// not known they are not, but a run may know.
func ifSo(a Answer, d Demand) Demand {
	switch a {
	case No:
		return Demand{}
	case Unknown:
		d.Writes.Min, d.Reads.Min, d.KMS.Min = 0, 0, 0
	}
	return d
}

// demandFirst sums up the looks that come before the decision on t.
func (p *Policy) demandFirst(t *Task, look looks) (d Demand) {
	if t.NeedHead || t.Head != nil {
		d = p.look(t)
	}
	if t.NeedHead && !look.certain {
		d.Reads.Min, d.KMS.Min = 0, 0
	}
	if len(p.Options.Tags) > 0 {
		d = d.Add(p.Weights.Of(StepGetTags, t.FromKMS))
	}
	if decoded, plus := OtherSpellings(&t.Record); t.NeedHead && decoded+plus != "" { // where it is not there
		looks := p.look(t)
		if decoded != "" && plus != "" {
			looks = looks.Add(looks)
		}
		d = d.Add(looks.UpTo())
	}
	if t.NeedHead && look.oddKey { // the first of a kind is held against its twin
		d = d.Add(p.look(t).Add(p.Weights.Of(StepList, false)).UpTo())
	}
	return d
}

// demand sums up the expected steps of t once it is decided on.
func (p *Policy) demand(t *Task) (d Demand) {
	of := func(k StepKind) Demand { return p.Weights.Of(k, t.FromKMS) }
	acl := func() {
		d = d.Add(ifSo(p.Facts.ACLs, of(StepGetACL)))
	}
	if copies := t.Action == Copy || t.Action == MultipartCopy; copies && p.Facts.ObjectLock != No && (t.NeedHead || t.Head != nil) {
		locks := of(StepGetRetention).Add(of(StepGetLegalHold)) // where HeadObject may have hidden one
		locks.Reads.Min = 0
		d = d.Add(locks)
	}
	switch t.Action {
	case Copy:
		acl()
		d = d.Add(of(StepCopy)).Add(p.untried(t))
		if p.Facts.AWS != Yes { // answers of other endpoints may say nothing of the encryption
			d = d.Add(p.confirm(t).UpTo())
		}
	case MultipartCopy:
		// Nothing comes along by itself: all is read, and read again before Complete.
		acl()
		acl()
		again := ifSo(p.Facts.ACLs, of(StepGetACL)) // after it, where there were grants
		again.Reads.Min = 0
		d = d.Add(again)
		put := ifSo(p.Facts.ACLs, of(StepGetACL).Add(of(StepPutACL))) // what no header holds
		put.Reads.Min, put.Writes.Min = 0, 0
		d = d.Add(put)
		tags := p.readsOfTags(t)
		switch {
		case t.Head == nil:
			tags.Reads.Min = 0 // it will tell whether there are any
		case t.Head.TagCount == 0:
			tags = Demand{}
		}
		if p.Facts.AWS != Yes && tags.Reads.Max > 0 { // they are compared after it, and read once more before they are put back
			tags = tags.Add(of(StepGetTags).Times(2).UpTo())
		}
		if p.Facts.AWS != No { // other servers have no annotations
			d = d.Add(of(StepListAnnotations).Times(2))
		}
		d = d.Add(of(StepHeadChecksum)) // on every endpoint: it is to have one of the same kind again
		parts := PartCount(t.Record.Size)
		d = d.Add(tags).Add(of(StepCreate)).Add(of(StepPart).Times(parts)).Add(of(StepHead)).Add(of(StepComplete)).Add(p.owed(t)).Add(p.confirm(t))
	case Update:
		d = d.Add(of(StepUpdate))
		if !t.Unconfirmed {
			d = d.Add(p.confirm(t))
		}
	}
	return d
}

// untried is what a single copy may ask for until objects were seen to keep what a
// HeadObject does not show: the tags, and the ACL once more after a wait.
func (p *Policy) untried(t *Task) Demand {
	if p.NoTrials || !t.NeedHead && t.Head == nil {
		return Demand{}
	}
	d := ifSo(p.Facts.ACLs, p.Weights.Of(StepGetACL, t.FromKMS))
	if p.HidesTags(t.Head) {
		d = d.Add(p.Weights.Of(StepGetTags, t.FromKMS))
	}
	return d.UpTo()
}

// HidesTags tells whether an object may have tags that its look does not show: the
// endpoint is not known to count them in each answer.
func (p *Policy) HidesTags(h *Head) bool {
	return p.Facts.AWS != Yes && p.Facts.CountsTags != Yes && (h == nil || h.TagCount < 0)
}

// look is what a HeadObject before the decision asks for. Elsewhere than on AWS it
// asks for the checksum, for which the endpoint may ask a key service. Once it was
// sent only the request itself counts.
func (p *Policy) look(t *Task) Demand {
	unknown := !knownEncryption(&t.Record)
	if p.Facts.AWS != No || t.Head != nil || !t.FromKMS && !unknown {
		return p.Weights.Of(StepHead, t.FromKMS)
	}
	d := p.Weights.Of(StepHeadChecksum, true)
	if unknown {
		d.KMS.Min = 0
	}
	return d
}

// confirm is what the HeadObject that proves a write asks for. The object is under
// the key by then.
func (p *Policy) confirm(t *Task) Demand {
	d := p.Weights.Of(StepConfirm, t.FromKMS)
	if p.Facts.AWS == No && (t.FromKMS || p.Options.SSE == TargetKMS) {
		d.KMS = d.KMS.Add(p.Weights.Source)
	}
	return d
}

// owed is what may must be seen to after the completion of a multipart copy.
// Where the version that it was made from stays, what others changed of that in
// the moment of the completion is brought over; tags that no header holds are put
// in any bucket. Annotations, of which no report tells, are not counted here: two
// requests each, when they are sent.
func (p *Policy) owed(t *Task) Demand {
	get, put := p.Weights.Of(StepGetTags, t.FromKMS), p.Weights.Of(StepPutTags, t.FromKMS)
	once, maybe := get, get.Add(put)
	if p.Facts.AWS != No {
		list := p.Weights.Of(StepListAnnotations, t.FromKMS)
		once, maybe = once.Add(list), maybe.Add(list)
	}
	switch {
	case p.Facts.Versioning == Unversioned && t.Head != nil && t.Head.TagCount == 0:
		return Demand{}
	case p.Facts.Versioning == Unversioned:
		once, maybe = Demand{}, get.Add(put)
	case p.Facts.Versioning != VersioningEnabled: // the null version does not stay
		once.Reads.Min = 0
	}
	maybe.Reads.Min, maybe.Writes.Min = 0, 0
	return once.Add(maybe)
}

func (p *Policy) threshold() int64 {
	if m := p.Options.Multipart; m > 0 && m < SingleCopyLimit {
		return m
	}
	return SingleCopyLimit
}

func archiveTier(tier string) bool { return tier == "ARCHIVE" || tier == "DEEP_ARCHIVE" }

// Limits of multipart copies (Amazon S3 User Guide, qfacts, read 2026-11-21).
const (
	MaxParts    = 10_000
	MaxPartSize = 5 << 30
	MinPartSize = 5 << 20 // but for the last part

	MaxObjectSize = MaxParts * MaxPartSize // 48.8 TiB: what S3 calls 50 TB
)

// copyPart is the part size for objects that leave the choice: small enough
// that a part is copied in seconds, large enough that a 5 TiB object stays
// below MaxParts with room to spare.
const copyPart = 1 << 30

// PartSize returns the size of the parts, in bytes, in which an object of size
// bytes is copied.
func PartSize(size int64) int64 {
	part := int64(copyPart)
	for part*MaxParts < size && part < MaxPartSize {
		part += 256 << 20
	}
	return min(part, MaxPartSize)
}

// PartCount returns the number of parts in which an object of size bytes is copied.
func PartCount(size int64) int64 {
	if size <= 0 {
		return 1
	}
	return (size-1)/PartSize(size) + 1
}

// SameKey tells whether two spellings name the same KMS key: a full ARN, a key
// ARN of a server that has only names, or the bare id.
func SameKey(a, b string) bool { return a != "" && bareKey(a) == bareKey(b) && sameOwner(a, b) }

// bareKey strips what precedes the key's id or name.
func bareKey(s string) string {
	if i := strings.LastIndex(s, ":key/"); i >= 0 {
		return s[i+len(":key/"):]
	}
	return strings.TrimPrefix(s, "arn:aws:kms:")
}

// sameOwner is false only where both are full ARNs of another Region or account.
func sameOwner(a, b string) bool {
	i, j := strings.LastIndex(a, ":key/"), strings.LastIndex(b, ":key/")
	return i < 0 || j < 0 || a[:i] == b[:j]
}
