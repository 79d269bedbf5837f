package simulator

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
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
	ownership           string            // "" after the controls were deleted, which is ObjectWriter
	requesterPays       bool
	lock                ObjectLockConfig
	documents           map[document][]byte
	objects             store
	uploads             map[string]*upload
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
	w, owner := c.w, orElse(in.Owner, c.account())
	if !validBucketName(in.Bucket) {
		return fail(400, "InvalidBucketName", "The specified bucket is not valid.")
	}
	if old := w.buckets[in.Bucket]; old != nil {
		if old.owner == owner {
			return fail(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		return fail(409, "BucketAlreadyExists", "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	}
	ownership := orElse(in.ObjectOwnership, BucketOwnerEnforced)
	if !validOwnership(ownership) {
		return invalidArgument("Invalid x-amz-object-ownership header: " + ownership)
	}
	b := &bucket{name: in.Bucket, region: orElse(in.Region, w.cfg.Region), owner: owner, created: c.now, ownership: ownership,
		documents: map[document][]byte{}, objects: newStore(), uploads: map[string]*upload{}}
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

// ListBuckets returns the buckets of the requester's account by name.
func (w *World) ListBuckets(now time.Time, p Principal) ([]BucketInfo, *Error) {
	c := call{w: w, now: w.clock(now), op: OpListBuckets, req: &Request{Principal: p}}
	err := w.faults.strike(&c, false)
	var out []BucketInfo
	for _, b := range w.buckets {
		if b.owner == c.account() {
			out = append(out, b.info())
		}
	}
	slices.SortFunc(out, func(x, y BucketInfo) int { return cmp.Compare(x.Name, y.Name) })
	return out, c.leave(err)
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
