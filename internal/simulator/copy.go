package simulator

import "time"

// PendingCopy is a CopyObject between its read phase and its commit phase. Either Commit or Cancel must be called
// once. Requests of other clients may come between.
type PendingCopy struct {
	c    call
	in   *CopyObjectInput
	src  version // as it was read
	from *bucket
	enc  Encryption
	seen sighting // of the destination
}

// BeginCopy is the read phase: it checks everything, reads the source with all that is copied along, and makes the KMS
// calls. in must stay as it is until the commit.
func (w *World) BeginCopy(now time.Time, in *CopyObjectInput) (*PendingCopy, *Error) {
	p := &PendingCopy{in: in}
	var err *Error
	p.c, err = w.enter(now, OpCopyObject, &in.Request, in.Key)
	if err == nil {
		p.c.sent = sent{in.Source.Sent, in.MetadataDirective, in.Conditions}
		err = p.read()
	}
	if err != nil {
		return nil, p.c.leave(err)
	}
	return p, nil
}

// Size is the number of bytes that the copy moves.
func (p *PendingCopy) Size() int64 { return p.src.size }

// Cancel gives the copy up, as when the client closes its connection. S3 may do that or finish the copy all the same.
func (p *PendingCopy) Cancel() { p.c.cancel() }

func (c *call) cancel() {
	c.counted(c.w.counters.add(c.op, 0, &Error{Code: "ClientClosedRequest", Directive: ResetConn}))
}

// openSource finds what a copy or part copy reads and applies the rules that both share (S3 API Reference, CopyObject
// and UploadPartCopy, read 2026-11-21).
func (c *call) openSource(s *CopySource) (*bucket, *version, *Error) {
	b, err := c.openBucket(s.Bucket, s.ExpectedOwner)
	if err != nil {
		return nil, nil, err
	}
	action := "s3:GetObject"
	if s.VersionID != "" {
		action = "s3:GetObjectVersion"
	}
	if err := c.allowOn(action, b, s.Key, s.VersionID, nil); err != nil {
		return nil, nil, err
	}
	if err := c.payer(b); err != nil {
		return nil, nil, err
	}
	if err := c.takeRequest(b, s.Key, reading); err != nil {
		return nil, nil, err
	}
	v, _, err := c.lookup(b, s.Key, s.VersionID)
	if err != nil {
		if err.Code == "MethodNotAllowed" {
			err = invalidRequest("The source of a copy request may not specifically refer to a delete marker by version id.")
		}
		err.Bucket, err.Key = s.Bucket, s.Key
		return nil, nil, err
	}
	if err := s.Conditions.check(v, "x-amz-copy-source-", 412); err != nil {
		return nil, nil, err
	}
	if err := c.customerKey(&v.enc, s.CustomerKeyMD5); err != nil {
		return nil, nil, err
	}
	if v.archived(c.now) {
		return nil, nil, c.notActive(v)
	}
	return b, v, nil
}

// notActive is the error for a source in an archive. CopyObject has a documented code of its own for it; both it and
// InvalidObjectState have been seen in the field.
func (c *call) notActive(v *version) *Error {
	if c.op == OpCopyObject && !c.w.knobs.ArchivedCopyInvalidState {
		return fail(403, "ObjectNotInActiveTierError",
			"The source object of the COPY operation is not in the active tier and is only stored in Amazon Glacier.")
	}
	e := fail(403, "InvalidObjectState", "Operation is not valid for the source object's storage class")
	e.StorageClass, e.AccessTier = string(v.class), v.more().tier
	return e
}

func (p *PendingCopy) read() *Error {
	c, in := &p.c, p.in
	if in.Principal.Anonymous {
		return fail(403, "AccessDenied", "Anonymous users cannot copy objects.  Please authenticate.")
	}
	if err := checkDirectives(in); err != nil {
		return err
	}
	if err := c.checkAttributes(c.b, &in.WriteAttributes, in.MetadataDirective == "REPLACE", in.TaggingDirective == "REPLACE"); err != nil {
		return err
	}
	if err := c.allow("s3:PutObject", c.b, in.Key, &in.WriteAttributes); err != nil {
		return err
	}
	from, v, err := c.openSource(&in.Source)
	if err != nil {
		return err
	}
	if v.size > maxWholeObject {
		return invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
	}
	if err := c.allowTags(from, v, in); err != nil {
		return err
	}
	if err := c.allowAnnotations(from, v, in); err != nil {
		return err
	}
	if p.enc, err = c.encryptionFor(c.b, &in.Encryption); err != nil {
		return err
	}
	if in.changesNothing(c.b, v) {
		return invalidRequest("This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
	}
	current := c.b.current(in.Key)
	if err := c.checkWrite(&in.Conditions, current); err != nil {
		return err
	}
	if err := c.unwrap(from, in.Source.Key, &v.enc, in.Source.CustomerKeyMD5); err != nil {
		return err
	}
	if err := c.wrap(c.b, &p.enc); err != nil {
		return err
	}
	p.src, p.from, p.seen = *v, from, sight(current)
	return nil
}

func checkDirectives(in *CopyObjectInput) *Error {
	switch in.MetadataDirective {
	case "", "COPY", "REPLACE":
	default:
		return invalidArgument("Unknown metadata directive.")
	}
	switch in.TaggingDirective {
	case "", "COPY", "REPLACE":
	default:
		return invalidArgument("Unknown tagging directive.")
	}
	switch in.AnnotationDirective {
	case "", "COPY", "EXCLUDE":
	default:
		return invalidArgument("Unknown annotation directive.")
	}
	return nil
}

// allowTags asks for the permissions that copying tags takes.
func (c *call) allowTags(from *bucket, v *version, in *CopyObjectInput) *Error {
	if c.w.cfg.Authorize == nil || in.TaggingDirective == "REPLACE" || len(v.tags) == 0 {
		return nil
	}
	action := "s3:GetObjectTagging"
	if in.Source.VersionID != "" {
		action = "s3:GetObjectVersionTagging"
	}
	if err := c.allow(action, from, in.Source.Key, nil); err != nil {
		return err
	}
	return c.allow("s3:PutObjectTagging", c.b, in.Key, nil)
}

// allowAnnotations asks for the permissions that copying annotations takes (S3 API Reference, CopyObject, read
// 2026-11-21). Whether S3 asks for them where there are none is not stated.
func (c *call) allowAnnotations(from *bucket, v *version, in *CopyObjectInput) *Error {
	if c.w.cfg.Authorize == nil || in.AnnotationDirective == "EXCLUDE" || len(v.more().annotations) == 0 {
		return nil
	}
	if err := c.allow("s3:GetObjectAnnotation", from, in.Source.Key, nil); err != nil {
		return err
	}
	return c.allow("s3:PutObjectAnnotation", c.b, in.Key, nil)
}

// changesNothing tells a copy of an object onto itself that S3 refuses. A storage class or encryption counts as a change
// when it is sent, whatever its value. With a default encryption that was put on the bucket, S3 was seen to accept the
// copy (github.com/getmoto/moto issues 6300 and 6303).
func (in *CopyObjectInput) changesNothing(b *bucket, v *version) bool {
	current := b.current(in.Key)
	return in.Source.Bucket == in.Bucket && in.Source.Key == in.Key && current != nil && current.id == v.id &&
		in.MetadataDirective != "REPLACE" && in.StorageClass == "" && in.WebsiteRedirect == "" &&
		!in.Encryption.sent() && b.encryption == nil
}

// Commit is the commit phase: it applies the destination's conditions again and makes the new object.
func (p *PendingCopy) Commit(now time.Time) (*CopyObjectOutput, *Error) {
	return committed(&p.c, now, p.commit)
}

// committed is the second half of a call: commit, at now.
func committed[T any](c *call, now time.Time, commit func() (*T, *Error)) (*T, *Error) {
	c.now = c.w.clock(now)
	out, err := commit()
	if err = c.leave(err); err != nil {
		return nil, err
	}
	return out, nil
}

func (p *PendingCopy) commit() (*CopyObjectOutput, *Error) {
	c, in := &p.c, p.in
	if c.w.buckets[c.b.name] != c.b {
		return nil, fail(404, "NoSuchBucket", "The specified bucket does not exist")
	}
	if err := c.checkAgain(&in.Conditions, p.seen, c.b.current(in.Key)); err != nil {
		return nil, err
	}
	if err := p.annotationsChanged(); err != nil {
		return nil, err
	}
	v := p.build()
	c.w.install(c.b, in.Key, v, &p.src)
	out := &CopyObjectOutput{WriteOutput: *c.written(v), SourceVersionID: p.from.visibleID(&p.src)}
	if v.size <= statedLimit {
		out.Checksum = v.stated(&c.w.sums)
	}
	return out, nil
}

// annotationsChanged refuses a copy whose source got other annotations since it was read (S3 API Reference, CopyObject).
func (p *PendingCopy) annotationsChanged() *Error {
	if p.in.AnnotationDirective == "EXCLUDE" {
		return nil
	}
	v := find(p.from.objects.get(p.in.Source.Key), p.src.id)
	if v == nil || v.seq != p.src.seq || sameAnnotations(v, &p.src) {
		return nil
	}
	return fail(409, "OperationAborted", "A conflicting conditional operation is currently in progress against this resource. Please try again.")
}

// statedLimit is the size, in bytes, up to which the answer to a copy states the checksum. S3 does so of any size (S3 API
// Reference, CopyObject); here that would have each copy of a large object computed while others wait.
const statedLimit = 1 << 20

// build makes the new version: what the source had and copies carry, and for the rest what the request says.
func (p *PendingCopy) build() *version {
	c, in := &p.c, p.in
	v := &version{size: p.src.size, body: p.src.body, enc: p.enc, modified: whole(c.now), meta: p.src.meta, tags: p.src.tags,
		checksum: p.src.checksum}
	if in.MetadataDirective == "REPLACE" {
		v.meta = in.Metadata
	}
	if in.TaggingDirective == "REPLACE" {
		v.tags = in.Tags
	}
	if v.checksum.Type == "COMPOSITE" {
		v.checksum.Type, v.checksum.Value = "FULL_OBJECT", ""
	}
	if in.Checksum.Algorithm != "" && in.Checksum.Algorithm != v.checksum.Algorithm {
		v.checksum = Checksum{Algorithm: in.Checksum.Algorithm}
	}
	v.checksum = checksumOf(v.checksum, &v.body)
	c.dress(v, c.b, &in.WriteAttributes, c.now)
	if notes := p.src.more().annotations; len(notes) > 0 && in.AnnotationDirective != "EXCLUDE" {
		v.edit().annotations = notes // shared: edit clones before each change
	}
	c.w.knobs.spoil(v, in.Key, ByCopy, c.now)
	return v
}
