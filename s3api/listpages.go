package s3api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// ListOptions say what is listed, and how.
type ListOptions struct {
	Prefix        string      // only keys that begin with it
	Versions      bool        // all versions and delete markers, not current objects alone
	Workers       int         // requests at a time, at least 1. With 1, pages are asked for one after the other
	Gate          engine.Gate // every request passes it
	RequesterPays bool        // the caller accepts to pay for the requests
	Owners        bool        // with the owner of each object
}

// ListColumns are the columns that a listing knows, with or without versions.
func ListColumns(versions bool) inventory.Columns {
	c := inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColLastModified, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColIsMultipart, inventory.ColChecksum)
	if versions {
		c = c.With(inventory.ColVersionID).With(inventory.ColIsLatest).With(inventory.ColIsDeleteMarker)
	}
	return c
}

// LookColumns are the columns that Look adds.
func LookColumns() inventory.Columns {
	return inventory.ColumnsOf(inventory.ColEncryption, inventory.ColBucketKey, inventory.ColReplicationStatus, inventory.ColTier,
		inventory.ColLockMode, inventory.ColLockRetainUntil, inventory.ColLegalHold)
}

// List lists a bucket, in pieces and in no order, each object or version once.
// The last pair has the error, if there was one. Where several requests are
// allowed at a time, the key space is cut and listed in parallel; a server that
// cannot begin in the middle is listed in sequence.
//
// It is not a snapshot: what is written while it runs may be in it or not.
func (c *Client) List(ctx context.Context, bucket string, o ListOptions) iter.Seq2[[]inventory.Record, error] {
	p := &pages{client: c, bucket: bucket, options: o}
	l := &lister{ask: p.objects, prefix: o.Prefix, workers: o.Workers}
	if o.Versions {
		l.ask = p.versions
	}
	return l.all(ctx)
}

// pages asks S3 for pages of a listing.
type pages struct {
	client  *Client
	bucket  string
	options ListOptions
}

func (p *pages) payer() types.RequestPayer {
	if p.options.RequesterPays {
		return types.RequestPayerRequester
	}
	return ""
}

// objects asks for current objects.
func (p *pages) objects(ctx context.Context, ask listAsk) (*listPage, error) {
	in := &s3.ListObjectsV2Input{Bucket: &p.bucket, Prefix: optional(p.options.Prefix), EncodingType: types.EncodingTypeUrl,
		ExpectedBucketOwner: p.client.bucketOwner(), RequestPayer: p.payer(), MaxKeys: nonzero(int32(ask.max)), FetchOwner: asked(p.options.Owners)}
	if ask.token != "" {
		in.ContinuationToken = &ask.token
	} else {
		in.StartAfter = optional(ask.after)
	}
	var out *s3.ListObjectsV2Output
	err := p.do(ctx, "ListObjectsV2", ask.after, func(ctx context.Context) (err error) {
		out, err = p.client.tasks.ListObjectsV2(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	page := &listPage{records: make([]inventory.Record, 0, len(out.Contents))}
	for i := range out.Contents {
		o := &out.Contents[i]
		r, err := p.record(o.Key, out.EncodingType, ListColumns(false))
		if err != nil {
			return nil, err
		}
		r.ETag, r.LastModified = unquoted(o.ETag), value(o.LastModified)
		fill(&r, o.Size, string(o.StorageClass), o.ChecksumAlgorithm)
		p.owned(&r, o.Owner)
		page.records = append(page.records, r)
	}
	switch token := value(out.NextContinuationToken); {
	case !value(out.IsTruncated):
	case token != "":
		page.next = &listAsk{token: token}
	case len(page.records) > 0:
		page.next = &listAsk{after: page.records[len(page.records)-1].Key}
	default:
		return nil, p.broken(errEndlessList)
	}
	return page, nil
}

// versions asks for versions and delete markers.
func (p *pages) versions(ctx context.Context, ask listAsk) (*listPage, error) {
	in := &s3.ListObjectVersionsInput{Bucket: &p.bucket, Prefix: optional(p.options.Prefix), EncodingType: types.EncodingTypeUrl,
		ExpectedBucketOwner: p.client.bucketOwner(), RequestPayer: p.payer(), MaxKeys: nonzero(int32(ask.max)),
		KeyMarker: optional(ask.after), VersionIdMarker: optional(ask.version)}
	var out *s3.ListObjectVersionsOutput
	err := p.do(ctx, "ListObjectVersions", ask.after, func(ctx context.Context) (err error) {
		out, err = p.client.tasks.ListObjectVersions(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	page := &listPage{records: make([]inventory.Record, 0, len(out.Versions)+len(out.DeleteMarkers))}
	for i := range out.Versions {
		v := &out.Versions[i]
		r, err := p.record(v.Key, out.EncodingType, ListColumns(true))
		if err != nil {
			return nil, err
		}
		r.VersionID, r.IsLatest = value(v.VersionId), value(v.IsLatest)
		r.ETag, r.LastModified = unquoted(v.ETag), value(v.LastModified)
		fill(&r, v.Size, string(v.StorageClass), v.ChecksumAlgorithm)
		p.owned(&r, v.Owner)
		page.records = append(page.records, r)
	}
	ordered := inOrder(page.records)
	markers := len(page.records)
	for i := range out.DeleteMarkers {
		m := &out.DeleteMarkers[i]
		r, err := p.record(m.Key, out.EncodingType, inventory.ColumnsOf(inventory.ColBucket, inventory.ColKey, inventory.ColLastModified,
			inventory.ColVersionID, inventory.ColIsLatest, inventory.ColIsDeleteMarker))
		if err != nil {
			return nil, err
		}
		r.VersionID, r.IsLatest, r.IsDeleteMarker = value(m.VersionId), value(m.IsLatest), true
		r.LastModified, r.Size = value(m.LastModified), -1
		page.records = append(page.records, r)
	}
	if ordered && inOrder(page.records[markers:]) { // S3 sends one list; the SDK makes two of it
		slices.SortStableFunc(page.records, func(a, b inventory.Record) int { return cmp.Compare(a.Key, b.Key) })
	}
	if !value(out.IsTruncated) {
		return page, nil
	}
	after, err := decodedName(value(out.NextKeyMarker), out.EncodingType)
	if err != nil {
		return nil, p.broken(err)
	}
	next := listAsk{after: after, version: value(out.NextVersionIdMarker)}
	if next.after == "" {
		if len(page.records) == 0 {
			return nil, p.broken(errEndlessList)
		}
		last := &page.records[len(page.records)-1]
		next = listAsk{after: last.Key, version: last.VersionID}
	}
	page.next = &next
	return page, nil
}

// record begins a record of the key that a listing calls name.
func (p *pages) record(name *string, encoding types.EncodingType, known inventory.Columns) (inventory.Record, error) {
	key, err := decodedName(value(name), encoding)
	if err == nil && (key == "" || !strings.HasPrefix(key, p.options.Prefix)) {
		err = fmt.Errorf("%q was not asked for", key)
	}
	if err != nil {
		return inventory.Record{}, p.broken(err)
	}
	return inventory.Record{Bucket: p.bucket, Key: key, Known: known}, nil
}

// fill sets what objects and versions have in common.
func fill(r *inventory.Record, size *int64, class string, checksum []types.ChecksumAlgorithm) {
	r.Size = -1
	if size != nil {
		r.Size = *size
	} else {
		r.Known = r.Known.Without(inventory.ColumnsOf(inventory.ColSize))
	}
	r.StorageClass = inventory.Standard // which some servers leave out
	if class != "" {
		r.StorageClass = inventory.StorageClass(class)
	}
	r.IsMultipart = strings.Contains(r.ETag, "-")
	for i, sum := range checksum {
		if i > 0 {
			r.Checksum += ","
		}
		r.Checksum += string(sum)
	}
	if r.Checksum == "" {
		r.Known = r.Known.Without(inventory.ColumnsOf(inventory.ColChecksum))
	}
}

// owned adds the owner, where the listing names one and it was asked for.
func (p *pages) owned(r *inventory.Record, o *types.Owner) {
	if !p.options.Owners || o == nil || value(o.ID) == "" {
		return
	}
	r.Owner = value(o.ID)
	r.Known = r.Known.With(inventory.ColOwner)
}

// asked is a switch of a request that is left out where it is off.
func asked(on bool) *bool {
	if !on {
		return nil
	}
	return &on
}

func (p *pages) broken(err error) error {
	return fmt.Errorf("list s3://%s/%s: %w", p.bucket, p.options.Prefix, err)
}

// do sends a request for a page through the gate.
func (p *pages) do(ctx context.Context, op, near string, send func(context.Context) error) error {
	step := plan.Step{Kind: plan.StepList, Key: cmp.Or(near, p.options.Prefix), Demand: plan.DefaultWeights(false).Of(plan.StepList, false)}
	err := p.client.paced(ctx, p.options.Gate, p.bucket, step, send)
	if err == nil || ctx.Err() != nil {
		return err
	}
	return setupError(op, "s3://"+p.bucket+"/"+p.options.Prefix, err)
}

// paced sends a request that belongs to no task; its error is an
// *engine.ObjectError, so that the gate knows what it means.
func (c *Client) paced(ctx context.Context, g engine.Gate, bucket string, s plan.Step, send func(context.Context) error) error {
	return g.Do(ctx, s, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, limitOf(s.Kind, -1))
		defer cancel()
		err := send(ctx)
		if err == nil {
			return nil
		}
		v, a := classify(err, step{kind: s.Kind})
		return &engine.ObjectError{Op: s.Kind.String(), Bucket: bucket, Key: s.Key, Class: v.class, Quota: v.quota, Reason: v.reason,
			Code: a.code, HTTPStatus: a.status, RequestID: a.requestID, Err: err}
	})
}

// ErrGone says that there is no such object any more.
var ErrGone = errors.New("not there any more")

// ErrUnreached says that a request about a listed object met nothing, or another
// object, and that no second listing explains it.
var ErrUnreached = errors.New("listed, and not met by its key")

// Look asks for what a listing does not know of an object or version, and adds it
// to r: see LookColumns. An object that a second listing does not show either is
// ErrGone. One that could not be looked at, as it takes a key of the customer's or a
// permission, stays as it is: seen is false. So does one that is ErrUnreached.
// Delete markers have nothing to look at.
func (c *Client) Look(ctx context.Context, r *inventory.Record, o ListOptions) (seen bool, err error) {
	if r.IsDeleteMarker {
		return true, nil
	}
	in := &s3.HeadObjectInput{Bucket: &r.Bucket, Key: &r.Key, VersionId: optional(r.VersionID), ExpectedBucketOwner: c.bucketOwner()}
	if o.RequesterPays {
		in.RequestPayer = types.RequestPayerRequester
	}
	var out *s3.HeadObjectOutput
	s := plan.Step{Kind: plan.StepHead, Key: r.Key, Demand: plan.DefaultWeights(false).Of(plan.StepHead, false)}
	err = c.paced(ctx, o.Gate, r.Bucket, s, func(ctx context.Context) (err error) {
		out, err = c.tasks.HeadObject(ctx, in)
		return err
	})
	var oe *engine.ObjectError
	switch {
	case err == nil:
	case ctx.Err() != nil || !errors.As(err, &oe):
		return false, err
	case oe.Class == engine.Gone:
		return false, c.listedAgain(ctx, r, o, nil)
	case oe.Class == engine.Permanent || oe.Class == engine.Refused || oe.Class == engine.Denied:
		return false, nil
	default:
		return false, setupError("HeadObject", "s3://"+r.Bucket+"/"+r.Key, err)
	}
	h := headOf(out)
	// Written since it was listed: one row tells of one write. The ETag alone
	// does not say so: MinIO's HeadObject has another one than its listing for
	// objects that are called like folders.
	if h.ETag != r.ETag && !h.LastModified.Equal(r.LastModified.Truncate(time.Second)) {
		if err := c.listedAgain(ctx, r, o, h); err != nil {
			return false, err
		}
		r.ETag, r.Size, r.LastModified, r.StorageClass = h.ETag, h.Size, h.LastModified, h.StorageClass
		r.IsMultipart = strings.Contains(r.ETag, "-")
		r.Known = r.Known.Without(inventory.ColumnsOf(inventory.ColChecksum))
		if r.VersionID != "" {
			r.VersionID = h.VersionID
		}
	}
	know := func(c inventory.Column, present bool) {
		if present {
			r.Known = r.Known.With(c)
		}
	}
	r.Encryption = h.Encryption
	know(inventory.ColEncryption, h.Encryption != "")
	if h.Encryption == inventory.SSEKMS || h.Encryption == inventory.DSSEKMS {
		r.BucketKey = "DISABLED"
		if h.BucketKey {
			r.BucketKey = "ENABLED"
		}
		know(inventory.ColBucketKey, true)
		r.KMSKeyARN = h.KMSKeyID
		know(inventory.ColKMSKey, h.KMSKeyID != "")
	}
	if r.ReplicationStatus = string(out.ReplicationStatus); r.ReplicationStatus == "COMPLETE" { // inventory's word is another
		r.ReplicationStatus = "COMPLETED"
	}
	know(inventory.ColReplicationStatus, r.ReplicationStatus != "")
	r.Tier = strings.TrimSuffix(string(out.ArchiveStatus), "_ACCESS")
	know(inventory.ColTier, r.Tier != "")
	r.LockMode, r.LockRetainUntil, r.LegalHold = h.LockMode, h.LockRetainUntil, h.LegalHold
	know(inventory.ColLockMode, h.LockMode != "")
	know(inventory.ColLockRetainUntil, !h.LockRetainUntil.Equal(time.Time{}))
	know(inventory.ColLegalHold, h.LegalHold != "")
	return true, nil
}
