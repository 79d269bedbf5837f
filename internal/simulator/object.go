package simulator

import (
	"strconv"
	"strings"
	"time"
)

// lookup returns the named version of a key, or its current one, and whether it is the current one. A delete marker is
// an error: 404 where it is current, 405 where it was named (S3 API Reference, GetObject, read 2026-11-21).
func (c *call) lookup(b *bucket, key, versionID string) (v *version, latest bool, err *Error) {
	versions := b.objects.get(key)
	if versionID == "" {
		if len(versions) == 0 {
			return nil, false, c.missing(b, key)
		}
		if versions[0].marker {
			e := noSuchKey()
			e.DeleteMarker, e.VersionID = true, versions[0].id
			return nil, false, e
		}
		return versions[0], true, nil
	}
	v = find(versions, versionID)
	switch {
	case v == nil:
		return nil, false, noSuchVersion(versionID)
	case v.marker:
		e := fail(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
		e.DeleteMarker, e.VersionID = true, versionID
		return nil, false, e
	}
	return v, v == versions[0], nil
}

// missing is the answer for a key that is not there: 403 for those who may not list the bucket.
func (c *call) missing(b *bucket, key string) *Error {
	if err := c.allow("s3:ListBucket", b, "", nil); err != nil {
		return accessDenied()
	}
	return noSuchKey()
}

// edit changes one stored version in place.
func (c *call) edit(in *ObjectInput, change func(*version) *Error) *Error {
	v, _, err := c.lookup(c.b, in.Key, in.VersionID)
	if err != nil {
		return err
	}
	e := c.b.objects.own(in.Key)
	defer c.b.objects.release(e)
	return change(find(e.versions, v.id))
}

// current returns the newest version of a key, which may be a delete marker, or nil.
func (b *bucket) current(key string) *version {
	if versions := b.objects.get(key); len(versions) > 0 {
		return versions[0]
	}
	return nil
}

// PutObject stores an object.
func (w *World) PutObject(now time.Time, in *PutObjectInput) (*WriteOutput, *Error) {
	return run(w, now, OpPutObject, &in.Request, in.Key, func(c *call) (*WriteOutput, *Error) { return c.put(in) })
}

func (c *call) put(in *PutObjectInput) (*WriteOutput, *Error) {
	if in.Body.Size() > maxWholeObject {
		e := fail(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
		e.Size, e.MaxSize = in.Body.Size(), maxWholeObject
		return nil, e
	}
	if err := c.checkAttributes(c.b, &in.WriteAttributes, true, true); err != nil {
		return nil, err
	}
	if in.Unchecked && c.b.lockFor(&in.Lock, c.now) != (Lock{}) {
		return nil, invalidRequest("Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters")
	}
	c.sent.conditions = in.Conditions
	if err := c.allow("s3:PutObject", c.b, in.Key, &in.WriteAttributes); err != nil {
		return nil, err
	}
	enc, err := c.encryptionFor(c.b, &in.Encryption)
	if err == nil {
		err = c.checkWrite(&in.Conditions, c.b.current(in.Key))
	}
	if err == nil {
		err = c.wrap(c.b, &enc)
	}
	if err != nil {
		return nil, err
	}
	v := &version{size: in.Body.Size(), body: in.Body, enc: enc, meta: in.Metadata, tags: in.Tags, modified: whole(c.now)}
	if in.MD5 != "" {
		v.body = v.body.WithMD5(in.MD5)
	}
	v.checksum = checksumOf(in.Checksum, &v.body)
	c.dress(v, c.b, &in.WriteAttributes, c.now)
	c.w.install(c.b, in.Key, v, nil)
	return c.written(v), nil
}

// whole cuts an instant to S3's resolution.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// written is the answer to a write that made v.
func (c *call) written(v *version) *WriteOutput {
	return &WriteOutput{ETag: v.etag, VersionID: c.b.visibleID(v), LastModified: v.modified, Size: v.size,
		Encryption: c.shown(v.enc), Checksum: v.checksum, RequestCharged: c.charged()}
}

// GetObject reads an object version. Reading SSE-KMS asks KMS; archived objects must be restored before.
func (w *World) GetObject(now time.Time, in *GetObjectInput) (*GetObjectOutput, *Error) {
	return run(w, now, OpGetObject, &in.Request, in.Key, func(c *call) (*GetObjectOutput, *Error) {
		out, v, err := c.head(in)
		if err != nil {
			return nil, err
		}
		if v.archived(c.now) {
			e := fail(403, "InvalidObjectState", "The operation is not valid for the object's storage class")
			e.StorageClass, e.AccessTier = string(v.class), v.more().tier
			return nil, e
		}
		if err := c.unwrap(c.b, in.Key, &v.enc, in.CustomerKeyMD5); err != nil {
			return nil, err
		}
		out.Body = v.body
		return out, nil
	})
}

// HeadObject reads what GetObject would state about an object version, without its content. It needs KMS only for a
// checksum (S3 API Reference, HeadObject, read 2026-11-21).
func (w *World) HeadObject(now time.Time, in *GetObjectInput) (*GetObjectOutput, *Error) {
	return run(w, now, OpHeadObject, &in.Request, in.Key, func(c *call) (*GetObjectOutput, *Error) {
		out, v, err := c.head(in)
		if err != nil {
			return nil, err
		}
		if in.ChecksumMode && v.enc.Type != SSEC {
			err = c.unwrap(c.b, in.Key, &v.enc, "")
		}
		return out, err
	})
}

// GetObjectAttributes reads checksum, parts, class and size of an object version. It needs a permission of its own besides
// that to read the object, and KMS (S3 API Reference, GetObjectAttributes, read 2026-11-21).
func (w *World) GetObjectAttributes(now time.Time, in *GetObjectInput) (*GetObjectOutput, *Error) {
	return run(w, now, OpGetObjectAttributes, &in.Request, in.Key, func(c *call) (*GetObjectOutput, *Error) {
		action := "s3:GetObjectAttributes"
		if in.VersionID != "" {
			action = "s3:GetObjectVersionAttributes"
		}
		if err := c.allow(action, c.b, in.Key, nil); err != nil {
			return nil, err
		}
		in.ChecksumMode = true
		out, v, err := c.head(in)
		if err != nil {
			return nil, err
		}
		out.PartChecksums = v.more().partSums
		return out, c.unwrap(c.b, in.Key, &v.enc, in.CustomerKeyMD5)
	})
}

// head does what GET and HEAD have in common.
func (c *call) head(in *GetObjectInput) (*GetObjectOutput, *version, *Error) {
	if err := c.allowVersion(in.VersionID); err != nil {
		return nil, nil, err
	}
	v, latest, err := c.lookup(c.b, in.Key, in.VersionID)
	if err != nil {
		return nil, nil, err
	}
	if in.Encryption.sent() {
		return nil, nil, invalidArgument("x-amz-server-side-encryption header is not supported for this operation.")
	}
	if err := c.customerKey(&v.enc, in.CustomerKeyMD5); err != nil {
		return nil, nil, err
	}
	if err := in.Conditions.check(v, "", 304); err != nil {
		return nil, nil, err
	}
	out := &GetObjectOutput{Length: v.size, RequestCharged: c.charged()}
	v.info(in.Key, latest, CanonicalID(c.b.owner), c.now, &out.ObjectInfo)
	out.VersionID = c.b.visibleID(v)
	if in.ChecksumMode {
		out.Checksum = v.stated(&c.w.sums)
	} else {
		out.Checksum.Value = ""
	}
	seeTags := "s3:GetObjectTagging"
	if in.VersionID != "" {
		seeTags = "s3:GetObjectVersionTagging"
	}
	if len(out.Tags) > 0 && c.allow(seeTags, c.b, in.Key, nil) != nil {
		out.Tags = nil // and so no x-amz-tagging-count (S3 API Reference, GetObject)
	}
	if c.w.cfg.Authorize != nil {
		c.hideLock(in.Key, &out.Lock)
	}
	if in.PartNumber != 0 {
		err = out.part(in.PartNumber)
	} else {
		err = out.cut(in.Range)
	}
	if out.Partial {
		c.status = 206
	}
	return out, v, err
}

// hideLock leaves out what the requester has no permission to see (S3 API Reference, HeadObject).
func (c *call) hideLock(key string, l *Lock) {
	if l.Mode != "" && c.allow("s3:GetObjectRetention", c.b, key, nil) != nil {
		l.Mode, l.RetainUntil = "", time.Time{}
	}
	if l.LegalHold != "" && c.allow("s3:GetObjectLegalHold", c.b, key, nil) != nil {
		l.LegalHold = ""
	}
}

// cut applies a Range header. Several ranges, and headers that make no sense, mean the whole object.
func (o *GetObjectOutput) cut(header string) *Error {
	first, last, ok := parseRange(header, o.Size)
	if !ok {
		return nil
	}
	if first >= o.Size || first > last {
		e := fail(416, "InvalidRange", "The requested range is not satisfiable")
		e.Size = o.Size
		return e
	}
	o.Offset, o.Length, o.Partial = first, min(last, o.Size-1)-first+1, true
	return nil
}

func parseRange(header string, size int64) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	if !ok {
		return 0, 0, false
	}
	a, z, ok := strings.Cut(spec, "-")
	if !ok || a == "" && z == "" {
		return 0, 0, false
	}
	if a == "" {
		n, err := strconv.ParseInt(z, 10, 64)
		if err != nil || n < 0 {
			return 0, 0, false
		}
		if n == 0 {
			return size, size, true // not satisfiable
		}
		return max(size-n, 0), size - 1, true
	}
	first, err := strconv.ParseInt(a, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	last = size - 1
	if z != "" {
		if last, err = strconv.ParseInt(z, 10, 64); err != nil || last < first {
			return 0, 0, false
		}
	} else if first >= size {
		last = first
	}
	return first, last, first >= 0
}

// part applies a partNumber parameter.
func (o *GetObjectOutput) part(number int) *Error {
	if number < 1 || number > maxParts {
		return invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	sizes := o.PartSizes
	if len(sizes) == 0 {
		sizes = []int64{o.Size}
	}
	if number > len(sizes) {
		return fail(416, "InvalidPartNumber", "The requested partnumber is not satisfiable")
	}
	for _, n := range sizes[:number-1] {
		o.Offset += n
	}
	o.Length, o.Partial = sizes[number-1], true
	return nil
}

// DeleteObject removes a version, or the current object. With versioning, the latter only puts a delete marker on top
// (S3 User Guide, DeletingObjectVersions, read 2026-11-21). That nothing is there is no error.
func (w *World) DeleteObject(now time.Time, in *DeleteObjectInput) (*DeleteObjectOutput, *Error) {
	return run(w, now, OpDeleteObject, &in.Request, in.Key, func(c *call) (*DeleteObjectOutput, *Error) {
		c.status = 204
		return c.remove(in)
	})
}

func (c *call) remove(in *DeleteObjectInput) (*DeleteObjectOutput, *Error) {
	b, out := c.b, &DeleteObjectOutput{VersionID: in.VersionID, RequestCharged: c.charged()}
	if err := c.allowVersion(in.VersionID); err != nil {
		return nil, err
	}
	target := b.current(in.Key)
	if in.VersionID != "" {
		target = find(b.objects.get(in.Key), in.VersionID)
	}
	if in.IfMatch != "" {
		if err := c.checkWrite(&WriteConditions{IfMatch: in.IfMatch}, target); err != nil {
			return nil, err
		}
	}
	permanent := in.VersionID != "" || b.versioning == ""
	if in.VersionID != "" && b.mfaDelete {
		return nil, fail(403, "AccessDenied", "Mfa Authentication must be used for this request")
	}
	if permanent && target == nil {
		return out, nil
	}
	if permanent {
		if err := target.more().lock.checkRemoval(c.now, in.BypassGovernance); err != nil {
			return nil, err
		}
		out.DeleteMarker = target.marker
		e := b.objects.own(in.Key)
		e.remove(target.id)
		b.objects.release(e)
		return out, nil
	}
	e := b.objects.own(in.Key)
	marker := &version{id: nullVersion, marker: true, modified: whole(c.now), seq: c.w.nextSeq()}
	if b.versioning == Enabled {
		marker.id = versionIDOf(mix(c.w.cfg.Seed, c.w.nextSeq()), marker.seq)
	} else {
		e.remove(nullVersion)
	}
	e.insert(marker)
	b.objects.release(e)
	out.DeleteMarker, out.VersionID = true, marker.id
	return out, nil
}
