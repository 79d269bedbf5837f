package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"
)

// The states of a bucket's versioning. A bucket that never had versioning has "".
const (
	Enabled   = "Enabled"
	Suspended = "Suspended"
)

// The object-ownership settings of a bucket.
const (
	BucketOwnerEnforced  = "BucketOwnerEnforced"
	BucketOwnerPreferred = "BucketOwnerPreferred"
	ObjectWriter         = "ObjectWriter"
)

type bucket struct {
	grants              []Grant // of its ACL, beside the owner's full control
	name, region, owner string
	created             time.Time
	versioning          string
	encryption          *BucketEncryption // nil: never set, which is SSE-S3 without saying so
	mfaDelete           bool              // versions are deleted only with a second factor
	ownership           string            // "" after the controls were deleted, which is ObjectWriter
	requesterPays       bool
	lock                ObjectLockConfig
	documents           map[document][]byte
	stale               struct { // what reads answer for some time after a change
		documents  map[document]*staleReads[[]byte]
		encryption staleReads[*BucketEncryption]
	}
	publicPolicy bool               // what documents has of a policy is public
	publicAccess *PublicAccessBlock // nil: none of its own
	objects      store
	uploads      map[string]*upload
}

// BucketInfo is one line of ListBuckets, and the answer to HeadBucket.
type BucketInfo struct {
	Name    string
	Region  string
	Owner   string // account
	Created time.Time
}

// CreateBucketInput creates a bucket. Owner and Region "" are the world's.
type CreateBucketInput struct {
	Request
	Owner             string
	Region            string
	ObjectLockEnabled bool
	ObjectOwnership   string // "": BucketOwnerEnforced, the default since April 2023
}

// CanonicalID returns the canonical user id of an account: 64 hex digits.
func CanonicalID(account string) string {
	if account == anonymousAccount {
		return anonymousOwner
	}
	sum := sha256.Sum256([]byte("canonical user " + account))
	return hex.EncodeToString(sum[:])
}

// CreateBucket makes an empty bucket.
func (w *World) CreateBucket(now time.Time, in *CreateBucketInput) *Error {
	c := call{w: w, now: w.clock(now), op: OpCreateBucket, req: &in.Request}
	err := w.faults.strike(&c, false)
	if err == nil {
		err = c.createBucket(in)
	}
	return c.leave(err)
}

func (c *call) createBucket(in *CreateBucketInput) *Error {
	if in.Principal.Anonymous {
		return fail(403, "AccessDenied", "Anonymous access is forbidden for this operation")
	}
	w, owner := c.w, orElse(in.Owner, c.account())
	if !validBucketName(in.Bucket) {
		return fail(400, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if old := w.buckets[in.Bucket]; old != nil {
		if old.owner == owner && old.region == "us-east-1" && w.cfg.Region == "us-east-1" {
			old.grants = nil // there alone a bucket is given again, its ACL reset (S3 API Reference, CreateBucket; from memory)
			return nil
		}
		if old.owner == owner {
			return fail(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		return fail(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	}
	ownership := orElse(in.ObjectOwnership, BucketOwnerEnforced)
	if !validOwnership(ownership) {
		return invalidArgument("Invalid x-amz-object-ownership header: " + ownership)
	}
	block := blockAll
	b := &bucket{name: in.Bucket, region: orElse(in.Region, w.cfg.Region), owner: owner, created: c.now, ownership: ownership,
		publicAccess: &block, documents: map[document][]byte{}, objects: newStore(), uploads: map[string]*upload{}}
	if in.ObjectLockEnabled {
		b.lock.Enabled, b.versioning = true, Enabled // object lock turns versioning on (S3 User Guide, object-lock-configure)
	}
	w.buckets[in.Bucket] = b
	return nil
}

// validBucketName follows the S3 User Guide, bucketnamingrules, as far as it concerns the letters.
func validBucketName(name string) bool {
	if len(name) < 3 || len(name) > 63 || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		letter := name[i] >= 'a' && name[i] <= 'z' || name[i] >= '0' && name[i] <= '9'
		if !letter && (i == 0 || i == len(name)-1 || name[i] != '-' && name[i] != '.') {
			return false
		}
	}
	return true
}

func validOwnership(o string) bool {
	return o == BucketOwnerEnforced || o == BucketOwnerPreferred || o == ObjectWriter
}

// DeleteBucket removes an empty bucket.
func (w *World) DeleteBucket(now time.Time, r *Request) *Error {
	_, err := run(w, now, OpDeleteBucket, r, "", func(c *call) (struct{}, *Error) {
		if !c.b.objects.empty() {
			return struct{}{}, fail(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
		}
		delete(w.buckets, r.Bucket)
		c.status = 204
		return struct{}{}, nil
	})
	return err
}

// HeadBucket tells that the bucket exists.
func (w *World) HeadBucket(now time.Time, r *Request) (BucketInfo, *Error) {
	return run(w, now, OpHeadBucket, r, "", func(c *call) (BucketInfo, *Error) { return c.b.info(), nil })
}

// GetBucketLocation returns the bucket's Region; S3's answer writes us-east-1 as an empty element.
func (w *World) GetBucketLocation(now time.Time, r *Request) (string, *Error) {
	return run(w, now, OpGetBucketLocation, r, "", func(c *call) (string, *Error) { return c.b.region, nil })
}

// ListBucketsInput asks for the buckets of the requester's account. Max 0 means all; Region "" means of each.
type ListBucketsInput struct {
	Principal             Principal
	Prefix, Region, Token string
	Max                   int
}

// ListBucketsOutput is one page, by name. NextToken is "" on the last one.
type ListBucketsOutput struct {
	Buckets   []BucketInfo
	NextToken string
}

// ListBuckets lists the buckets of the requester's account.
func (w *World) ListBuckets(now time.Time, in *ListBucketsInput) (*ListBucketsOutput, *Error) {
	c := call{w: w, now: w.clock(now), op: OpListBuckets, req: &Request{Principal: in.Principal}}
	out := &ListBucketsOutput{}
	err := w.faults.strike(&c, false)
	if err == nil {
		err = c.listBuckets(in, out)
	}
	return out, c.leave(err)
}

func (c *call) listBuckets(in *ListBucketsInput, out *ListBucketsOutput) *Error {
	if in.Principal.Anonymous {
		return accessDenied()
	}
	if err := c.w.AllowOther(in.Principal, "s3:ListAllMyBuckets", "*", c.account()); err != nil {
		return err
	}
	after, ok := "", true
	if in.Token != "" {
		after, ok = c.w.readToken(in.Token)
	}
	if !ok {
		return invalidArgument("The continuation token provided is incorrect")
	}
	for _, name := range slices.Sorted(maps.Keys(c.w.buckets)) {
		b := c.w.buckets[name]
		if b.owner != c.account() || name <= after || !strings.HasPrefix(name, in.Prefix) || in.Region != "" && b.region != in.Region {
			continue
		}
		if in.Max > 0 && len(out.Buckets) == in.Max {
			out.NextToken = c.w.token(out.Buckets[in.Max-1].Name)
			return nil
		}
		out.Buckets = append(out.Buckets, b.info())
	}
	return nil
}

func (b *bucket) info() BucketInfo {
	return BucketInfo{Name: b.name, Region: b.region, Owner: b.owner, Created: b.created}
}

// visibleID is a version id as answers state it: not at all where the bucket never had versioning.
func (b *bucket) visibleID(v *version) string {
	if b.versioning == "" && v.id == nullVersion {
		return ""
	}
	return v.id
}

func (b *bucket) defaultEncryption() BucketEncryption {
	if b.encryption == nil {
		return BucketEncryption{Algorithm: algorithmS3} // all buckets, since 2023-01-05 (S3 User Guide, bucket-encryption)
	}
	return *b.encryption
}
