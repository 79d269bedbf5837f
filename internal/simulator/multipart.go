package simulator

import (
	"cmp"
	"crypto/md5"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of multipart uploads (S3 User Guide, qfacts, read 2026-11-21).
const (
	maxParts    = 10000
	minPartSize = 5 << 20 // all but the last
)

// An upload is a multipart upload in progress.
type upload struct {
	key, id   string
	seq       uint64 // the object's place among its versions is that of the upload's beginning
	initiated time.Time
	initiator Principal
	attrs     WriteAttributes
	enc       Encryption
	parts     map[int]*part
}

type part struct {
	number   int
	etag     string
	body     Body
	modified time.Time
	checksum Checksum
}

// CreateMultipartUpload begins an upload. The object gets its attributes from this request alone.
func (w *World) CreateMultipartUpload(now time.Time, in *CreateMultipartUploadInput) (*CreateMultipartUploadOutput, *Error) {
	return run(w, now, OpCreateMultipartUpload, &in.Request, in.Key, func(c *call) (*CreateMultipartUploadOutput, *Error) {
		if in.Principal.Anonymous {
			return nil, fail(403, "AccessDenied", "Anonymous users cannot initiate multipart uploads.  Please authenticate.")
		}
		if err := c.checkAttributes(c.b, &in.WriteAttributes, true, true); err != nil {
			return nil, err
		}
		if err := c.allow("s3:PutObject", c.b, in.Key, &in.WriteAttributes); err != nil {
			return nil, err
		}
		enc, err := c.encryptionFor(c.b, &in.Encryption)
		if err != nil {
			return nil, err
		}
		if err := c.multipartKMS("GenerateDataKey", &enc, w.cfg.MultipartKMS.Create); err != nil {
			return nil, err
		}
		if err := checkUploadChecksum(in.Checksum); err != nil {
			return nil, err
		}
		u := &upload{key: in.Key, seq: w.nextSeq(), initiated: c.now, initiator: in.Principal, attrs: in.WriteAttributes, enc: enc, parts: map[int]*part{}}
		u.id = versionIDOf(mix(w.cfg.Seed^3, u.seq), u.seq)
		c.b.uploads[u.id] = u
		return &CreateMultipartUploadOutput{UploadID: u.id, Encryption: c.shown(enc), RequestCharged: c.charged()}, nil
	})
}

func (c *call) multipartKMS(action string, e *Encryption, n int) *Error {
	if e.Type != SSEKMS && e.Type != DSSEKMS {
		return nil
	}
	if err := c.secure(); err != nil {
		return err
	}
	for range n {
		if err := c.useKey(action, e, c.b, c.key); err != nil {
			return err
		}
	}
	return nil
}

// upload finds an upload.
func (c *call) upload(in *UploadInput) (*upload, *Error) {
	u := c.b.uploads[in.UploadID]
	if u == nil || u.key != in.Key {
		e := fail(404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.")
		e.UploadID = in.UploadID
		return nil, e
	}
	if c.op.writesObject() {
		if err := c.allow("s3:PutObject", c.b, in.Key, &u.attrs); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// UploadPart stores a part, in place of an earlier one of the same number.
func (w *World) UploadPart(now time.Time, in *UploadPartInput) (*PartOutput, *Error) {
	return run(w, now, OpUploadPart, &in.Request, in.Key, func(c *call) (*PartOutput, *Error) {
		u, err := c.upload(&in.UploadInput)
		if err != nil {
			return nil, err
		}
		if err := checkPart(in.PartNumber, in.Body.Size()); err != nil {
			return nil, err
		}
		if err := c.multipartKMS("Decrypt", &u.enc, w.cfg.MultipartKMS.Part); err != nil {
			return nil, err
		}
		body := in.Body
		if in.MD5 != "" {
			body = body.WithMD5(in.MD5)
		}
		return c.addPart(u, in.PartNumber, body, in.Checksum), nil
	})
}

func checkPart(number int, size int64) *Error {
	if number < 1 || number > maxParts {
		return invalidArgument("Part number must be an integer between 1 and 10000, inclusive")
	}
	if size > maxWholeObject {
		e := fail(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
		e.Size, e.MaxSize = size, maxWholeObject
		return e
	}
	return nil
}

func (c *call) addPart(u *upload, number int, body Body, sum Checksum) *PartOutput {
	p := &part{number: number, body: body, modified: whole(c.now), checksum: sum}
	if sum.Algorithm == "" && u.attrs.Checksum.Algorithm != "" {
		p.checksum = Checksum{Algorithm: u.attrs.Checksum.Algorithm}
	}
	if p.checksum.Value == "" && p.checksum.Algorithm != "" {
		p.checksum = checksumOf(p.checksum, &p.body)
	}
	v := version{seq: c.w.nextSeq(), enc: u.enc, body: body}
	p.etag = strings.TrimSuffix(c.w.etagOf(&v), onePart) // a part has none of its own
	u.parts[number] = p
	return &PartOutput{ETag: p.etag, LastModified: p.modified, Size: body.Size(), Encryption: c.shown(u.enc), Checksum: p.checksum,
		RequestCharged: c.charged()}
}

// CompleteMultipartUpload makes the object of the listed parts. Its LastModified, and its place among the versions, are
// those of the upload's beginning (S3 User Guide, mpuoverview, read 2026-11-21).
func (w *World) CompleteMultipartUpload(now time.Time, in *CompleteMultipartUploadInput) (*WriteOutput, *Error) {
	return run(w, now, OpCompleteMultipartUpload, &in.Request, in.Key, func(c *call) (*WriteOutput, *Error) {
		c.sent.conditions = in.Conditions
		u, err := c.upload(&in.UploadInput)
		if err != nil {
			return nil, err
		}
		parts, err := u.assemble(in)
		if err != nil {
			return nil, err
		}
		if err := c.checkComplete(u, in); err != nil {
			return nil, err
		}
		if err := c.multipartKMS("Decrypt", &u.enc, w.cfg.MultipartKMS.Complete); err != nil {
			return nil, err
		}
		v := c.completed(u, parts)
		if err := v.checkDigest(in.Checksum, &w.sums); err != nil {
			return nil, err
		}
		w.knobs.spoil(v, u.key, ByParts, c.now)
		w.install(c.b, in.Key, v, nil)
		delete(c.b.uploads, u.id)
		return c.written(v), nil
	})
}

// checkComplete applies the conditions. An object deleted since the upload began is a conflict: the whole upload has to
// be started over (S3 API Reference, CompleteMultipartUpload, read 2026-11-21).
func (c *call) checkComplete(u *upload, in *CompleteMultipartUploadInput) *Error {
	current := c.b.current(in.Key)
	if in.Conditions.IfMatch != "" && current != nil && current.marker && current.seq > u.seq && !c.w.knobs.IgnoreDestinationConditions {
		return conditionalConflict()
	}
	return c.checkWrite(&in.Conditions, current)
}

// checkDigest refuses an object whose checksum is not the one that was sent (S3 API Reference, CompleteMultipartUpload, read 2026-11-21).
func (v *version) checkDigest(sent Checksum, known *checksums) *Error {
	if sent.Value == "" {
		return nil
	}
	if v.checksum.Algorithm != sent.Algorithm || v.checksum.Type != "FULL_OBJECT" {
		return invalidRequest("Checksum Type mismatch occurred, expected checksum Type: " + v.checksum.Algorithm + ", actual checksum Type: " + sent.Algorithm)
	}
	if v.stated(known).Value != sent.Value {
		return fail(400, "BadDigest", "The "+sent.Algorithm+" you specified did not match the calculated checksum.")
	}
	return nil
}

// assemble checks the list of parts and returns them.
func (u *upload) assemble(in *CompleteMultipartUploadInput) ([]*part, *Error) {
	if len(in.Parts) == 0 || len(in.Parts) > maxParts {
		return nil, fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	for i := range in.Parts[1:] {
		if in.Parts[i+1].PartNumber <= in.Parts[i].PartNumber {
			return nil, fail(400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts must be ordered by part number.")
		}
	}
	parts := make([]*part, len(in.Parts))
	var size int64
	for i, want := range in.Parts {
		p := u.parts[want.PartNumber]
		if p == nil || strings.Trim(want.ETag, `"`) != p.etag {
			return nil, u.invalidPart(want.PartNumber)
		}
		if err := u.checkPartSum(p, want.Checksum); err != nil {
			return nil, err
		}
		if p.body.Size() < minPartSize && i < len(in.Parts)-1 {
			e := fail(400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
			e.PartNumber, e.Size, e.MaxSize, e.ETag = want.PartNumber, p.body.Size(), minPartSize, p.etag
			return nil, e
		}
		parts[i], size = p, size+p.body.Size()
	}
	if size > maxObject {
		return nil, fail(400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	}
	if in.ObjectSize >= 0 && in.ObjectSize != size {
		return nil, invalidRequest("The provided 'x-amz-mp-object-size' header value " + strconv.FormatInt(in.ObjectSize, 10) +
			" does not match what was computed: " + strconv.FormatInt(size, 10))
	}
	return parts, nil
}

func (u *upload) invalidPart(number int) *Error {
	e := fail(400, "InvalidPart", "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.")
	e.PartNumber, e.UploadID = number, u.id
	return e
}

// completed makes the version of an upload.
func (c *call) completed(u *upload, parts []*part) *version {
	bodies := make([]Body, len(parts))
	sizes := make([]int64, len(parts))
	for i, p := range parts {
		bodies[i], sizes[i] = p.body, p.body.Size()
	}
	attrs := &u.attrs
	v := &version{seq: u.seq, body: Join(bodies, c.w.cfg.MaxKeptBody), enc: u.enc, modified: whole(u.initiated),
		meta: attrs.Metadata, tags: attrs.Tags}
	v.size = v.body.Size()
	if attrs.Checksum.Algorithm == "" && c.w.knobs.PartCopyWithoutChecksum {
		v.checksum = Checksum{} // such servers make none of their own
	} else {
		v.checksum = completedChecksum(attrs.Checksum, parts, &v.body)
	}
	v.etag = c.multipartETag(u, parts)
	c.dress(v, c.b, attrs, c.now)
	v.edit().parts = sizes
	if v.checksum.Type == "COMPOSITE" {
		for _, p := range parts {
			v.rare.partSums = append(v.rare.partSums, p.checksum.Value)
		}
	}
	return v
}

// completedChecksum follows the S3 User Guide, checking-object-integrity: CRC64NVME is always over the whole object, the
// CRC32s as asked and composite otherwise, all others composite.
func completedChecksum(sum Checksum, parts []*part, body *Body) Checksum {
	if sum.Algorithm == "" {
		sum.Algorithm = "CRC64NVME"
	}
	sum.Value = ""
	if sum.Algorithm == "CRC64NVME" || sum.Type == "FULL_OBJECT" {
		sum.Type = "FULL_OBJECT"
		return checksumOf(sum, body)
	}
	sum.Type = "COMPOSITE"
	sum.Value = compositeChecksum(sum.Algorithm, parts)
	return sum
}

// multipartETag is the MD5 of the parts' MD5s and their number; under KMS it only looks like one.
func (c *call) multipartETag(u *upload, parts []*part) string {
	h := md5.New()
	for _, p := range parts {
		raw, _ := hex.DecodeString(p.etag) // etagOf and the front make hex only; anything else adds nothing
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}

// AbortMultipartUpload drops an upload and its parts.
func (w *World) AbortMultipartUpload(now time.Time, in *UploadInput) *Error {
	_, err := run(w, now, OpAbortMultipartUpload, &in.Request, in.Key, func(c *call) (struct{}, *Error) {
		u, err := c.upload(in)
		if err != nil {
			return struct{}{}, err
		}
		delete(c.b.uploads, u.id)
		c.status = 204
		return struct{}{}, nil
	})
	return err
}

// ListParts lists the parts of an upload by number.
func (w *World) ListParts(now time.Time, in *ListPartsInput) (*ListPartsOutput, *Error) {
	return run(w, now, OpListParts, &in.Request, in.Key, func(c *call) (*ListPartsOutput, *Error) {
		u, err := c.upload(&in.UploadInput)
		if err != nil {
			return nil, err
		}
		class, _ := storageClass(u.attrs.StorageClass) // was checked
		out := &ListPartsOutput{StorageClass: class, Initiated: u.initiated, Initiator: u.initiator, Owner: CanonicalID(c.b.owner), Checksum: u.attrs.Checksum}
		if u.composite() != "" {
			out.Checksum.Type = "COMPOSITE"
		}
		limit := pageSize(in.Max)
		for _, n := range slices.Sorted(maps.Keys(u.parts)) {
			if n <= in.Marker {
				continue
			}
			if len(out.Parts) == limit {
				out.Truncated = true
				break
			}
			p := u.parts[n]
			out.Parts = append(out.Parts, Part{Number: n, ETag: p.etag, Size: p.body.Size(), LastModified: p.modified, Checksum: p.checksum})
			out.NextMarker = n
		}
		return out, nil
	})
}

// ListMultipartUploads lists the uploads in progress.
func (w *World) ListMultipartUploads(now time.Time, in *ListMultipartUploadsInput) (*ListMultipartUploadsOutput, *Error) {
	return run(w, now, OpListMultipartUploads, &in.Request, "", func(c *call) (*ListMultipartUploadsOutput, *Error) {
		uploads := slices.SortedFunc(maps.Values(c.b.uploads), func(x, y *upload) int {
			return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.seq, y.seq))
		})
		out := &ListMultipartUploadsOutput{}
		if c.w.knobs.NoUploadsListed && c.b.uploadsOf(in.Prefix) == 0 {
			return out, nil
		}
		after := seqAfter(c.b.uploads[in.UploadIDMarker])
		for _, u := range uploads {
			if u.key < in.KeyMarker || u.key == in.KeyMarker && in.KeyMarker != "" && (in.UploadIDMarker == "" || u.seq <= after) {
				continue
			}
			rest, ok := strings.CutPrefix(u.key, in.Prefix)
			if !ok {
				continue
			}
			common := commonPrefix(in.Prefix, rest, in.Delimiter)
			if n := len(out.CommonPrefixes); common != "" && (n > 0 && out.CommonPrefixes[n-1] == common || in.KeyMarker == common) {
				continue
			}
			if len(out.Uploads)+len(out.CommonPrefixes) == pageSize(in.Max) {
				out.Truncated = true
				break
			}
			if common != "" {
				out.CommonPrefixes = append(out.CommonPrefixes, common)
				out.NextKeyMarker, out.NextUploadIDMarker = common, ""
				continue
			}
			class, _ := storageClass(u.attrs.StorageClass) // was checked
			out.Uploads = append(out.Uploads, Upload{Key: u.key, ID: u.id, Initiated: u.initiated, StorageClass: class,
				Initiator: u.initiator, Owner: CanonicalID(c.b.owner)})
			out.NextKeyMarker, out.NextUploadIDMarker = u.key, u.id
		}
		return out, nil
	})
}

// uploadsOf counts the uploads of exactly one key.
func (b *bucket) uploadsOf(key string) (n int) {
	for _, u := range b.uploads {
		if u.key == key {
			n++
		}
	}
	return n
}

// seqAfter is the number of an upload, or one above all others when it has gone: the page then goes on with the next key.
func seqAfter(u *upload) uint64 {
	if u == nil {
		return ^uint64(0)
	}
	return u.seq
}
