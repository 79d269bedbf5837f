package front

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// Row is one object version or delete marker of an inventory report. Fields
// that the report does not have are zero.
type Row struct {
	Key               string // decoded
	Versioned         bool   // the report lists all versions, so the next three fields mean something
	VersionID         string // "" is the null version
	IsLatest          bool
	DeleteMarker      bool
	Size              int64
	LastModified      time.Time
	ETag              string // without quotes; opaque
	StorageClass      string
	Multipart         bool
	Replication       string // PENDING, COMPLETED, FAILED, REPLICA
	Encryption        string // SSE-S3, SSE-KMS, DSSE-KMS, SSE-C, NOT-SSE
	LockRetainUntil   time.Time
	LockMode          string // GOVERNANCE or COMPLIANCE, in any case
	LegalHold         string // ON or OFF, in any case
	AccessTier        string // of INTELLIGENT_TIERING
	BucketKey         string // ENABLED or DISABLED
	ChecksumAlgorithm string
	ACL               string // base64 of JSON, as in reports
	Owner             string // canonical id
}

// FillOptions says what a report does not.
type FillOptions struct {
	// KMSKeyARN is the key of the rows under SSE-KMS and DSSE-KMS, as reports
	// have no key column. Empty: a key is made up when one is needed.
	KMSKeyARN string

	// Now is when the bucket is made, if it is not there.
	Now time.Time
}

// Filled counts what was put into a bucket.
type Filled struct {
	Bucket        string
	Objects       int64 // versions, without delete markers
	DeleteMarkers int64
	Bytes         int64
}

// Fill puts the rows into a bucket of w, which it makes if there is none.
// Version ids and ETags are kept as they are. Rows of a report of current
// versions go in one by one; those of a report of all versions may come in any
// order, so they are held in memory until the last has come, some 300 bytes
// each. After an error the bucket holds part of the rows.
func Fill(ctx context.Context, w *simulator.World, bucket string, rows iter.Seq2[Row, error], o FillOptions) (Filled, error) {
	f := filler{world: w, options: o, filled: Filled{Bucket: bucket}}
	if err := f.open(); err != nil {
		return f.filled, err
	}
	var held []Row
	n := 0
	for row, err := range rows {
		if err != nil {
			return f.filled, err
		}
		if n++; n%1024 == 0 && ctx.Err() != nil {
			return f.filled, ctx.Err()
		}
		if row.Versioned {
			held = append(held, row)
			continue
		}
		if err := f.add(row); err != nil {
			return f.filled, err
		}
	}
	slices.SortStableFunc(held, olderFirst)
	for i := range held {
		if i%1024 == 0 && ctx.Err() != nil {
			return f.filled, ctx.Err()
		}
		if err := f.add(held[i]); err != nil {
			return f.filled, err
		}
		held[i] = Row{} // its strings are the core's now, or garbage
	}
	return f.filled, f.close()
}

// olderFirst orders the versions of a key as they were written. Which one is
// current is a fact of the report; among the others the date decides.
func olderFirst(a, b Row) int {
	if c := strings.Compare(a.Key, b.Key); c != 0 {
		return c
	}
	if a.IsLatest != b.IsLatest {
		if b.IsLatest {
			return -1
		}
		return 1
	}
	return cmp.Or(a.LastModified.Compare(b.LastModified), strings.Compare(a.VersionID, b.VersionID))
}

type filler struct {
	world   *simulator.World
	options FillOptions
	filled  Filled

	versioned bool // a version id or a delete marker was seen
	locked    bool // a lock was seen
}

func (f *filler) request() *simulator.Request {
	return &simulator.Request{Bucket: f.filled.Bucket}
}

// open makes the bucket unless it exists.
func (f *filler) open() error {
	if _, err := f.world.HeadBucket(f.options.Now, f.request()); err == nil {
		return nil
	}
	err := f.world.CreateBucket(f.options.Now, &simulator.CreateBucketInput{Request: *f.request(), ObjectOwnership: "BucketOwnerEnforced"})
	if err != nil {
		return fmt.Errorf("make bucket %s: %w", f.filled.Bucket, err)
	}
	return nil
}

// close gives the bucket the settings that its objects imply.
func (f *filler) close() error {
	if f.versioned || f.locked {
		if err := f.world.PutBucketVersioning(f.options.Now, f.request(), "Enabled"); err != nil {
			return fmt.Errorf("turn on versioning: %w", err)
		}
	}
	if f.locked {
		if err := f.world.PutObjectLockConfiguration(f.options.Now, f.request(), simulator.ObjectLockConfig{Enabled: true}); err != nil {
			return fmt.Errorf("turn on object lock: %w", err)
		}
	}
	return nil
}

func (f *filler) add(row Row) error {
	o := simulator.ObjectInfo{
		Key:          row.Key,
		VersionID:    cmp.Or(row.VersionID, "null"),
		DeleteMarker: row.DeleteMarker,
		LastModified: row.LastModified,
	}
	if row.VersionID != "" || row.DeleteMarker {
		f.versioned = true
	}
	if row.DeleteMarker {
		f.filled.DeleteMarkers++
		return f.seed(o)
	}
	if row.Size < 0 {
		return fmt.Errorf("seed %q: negative size %d", row.Key, row.Size)
	}
	o.Size, o.ETag = row.Size, row.ETag
	o.StorageClass = simulator.StorageClass(row.StorageClass)
	o.Replication = row.Replication
	o.Owner = row.Owner
	o.AccessTier = archiveTier(row.AccessTier)
	o.Lock = simulator.Lock{Mode: strings.ToUpper(row.LockMode), RetainUntil: row.LockRetainUntil, LegalHold: strings.ToUpper(row.LegalHold)}
	if o.Lock.LegalHold == "OFF" {
		o.Lock.LegalHold = "" // as on an object that never had one
	}
	if o.Lock.Mode != "" || o.Lock.LegalHold != "" {
		f.locked = true
	}
	if algorithm, _, _ := strings.Cut(row.ChecksumAlgorithm, ","); algorithm != "" {
		o.Checksum = simulator.Checksum{Algorithm: strings.TrimSpace(algorithm)}
	}
	if _, parts, ok := strings.Cut(row.ETag, "-"); ok || row.Multipart {
		if n, err := strconv.Atoi(parts); err == nil && n > 0 && n <= 10000 {
			o.PartsCount = n
		}
	}
	var err error
	if o.Encryption, err = f.encryption(row); err != nil {
		return err
	}
	if o.Grants, err = parseACL(row.ACL, row.Owner); err != nil {
		return fmt.Errorf("access control list of %q: %w", row.Key, err)
	}
	f.filled.Objects++
	f.filled.Bytes += row.Size
	return f.seed(o)
}

func (f *filler) seed(o simulator.ObjectInfo) error {
	return f.world.SeedObject(f.filled.Bucket, o, simulator.Body{})
}

// archiveTier gives the access tier as HeadObject names it: the two archive
// tiers only. Reports spell them with and without "_ACCESS".
func archiveTier(tier string) string {
	switch strings.TrimSuffix(tier, "_ACCESS") {
	case "ARCHIVE":
		return "ARCHIVE_ACCESS"
	case "DEEP_ARCHIVE":
		return "DEEP_ARCHIVE_ACCESS"
	}
	return ""
}

func (f *filler) encryption(row Row) (simulator.Encryption, error) {
	e := simulator.Encryption{Type: simulator.EncryptionType(row.Encryption)}
	switch e.Type {
	case "": // a report without the column; S3 encrypts all since 2023
		e.Type = simulator.SSES3
	case simulator.SSES3, simulator.NotSSE:
	case simulator.SSEC:
		e.CustomerKeyMD5 = "AAAAAAAAAAAAAAAAAAAAAA==" // of a key nobody has
	case simulator.SSEKMS, simulator.DSSEKMS:
		if err := f.needKey(); err != nil {
			return e, err
		}
		e.KMSKeyARN = f.options.KMSKeyARN
		e.BucketKeyEnabled = row.BucketKey == "ENABLED"
	default:
		return e, fmt.Errorf("seed %q: unknown encryption status %q", row.Key, row.Encryption)
	}
	return e, nil
}

// needKey makes up the key of encrypted rows unless the caller named one.
func (f *filler) needKey() error {
	if f.options.KMSKeyARN != "" {
		return nil
	}
	c := f.world.Config()
	arn := fmt.Sprintf("arn:aws:kms:%s:%s:key/%08x-0000-4000-8000-%012x", c.Region, c.Account, uint32(mix(c.Seed)), mix(^c.Seed)>>16)
	if err := f.world.CreateKey(simulator.Key{ARN: arn, Created: f.options.Now}); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	f.options.KMSKeyARN = arn
	return nil
}

// reportACL is the document in the ObjectAccessControlList column (S3 User
// Guide, "Working with the Object ACL field", read 2026-11-21).
type reportACL struct {
	Version string        `json:"version"`
	Status  string        `json:"status"`
	Grants  []reportGrant `json:"grants"`
}

type reportGrant struct {
	CanonicalID string `json:"canonicalId,omitempty"`
	URI         string `json:"uri,omitempty"`
	Email       string `json:"emailAddress,omitempty"`
	Type        string `json:"type"`
	Permission  string `json:"permission"`
}

// parseACL gives the grants of a report's column beyond the owner's own.
func parseACL(column, owner string) ([]simulator.Grant, error) {
	if column == "" {
		return nil, nil
	}
	raw, err := base64.StdEncoding.DecodeString(column)
	if err != nil {
		return nil, err
	}
	var acl reportACL
	if err := json.Unmarshal(raw, &acl); err != nil {
		return nil, err
	}
	var grants []simulator.Grant
	for _, g := range acl.Grants {
		who := cmp.Or(g.CanonicalID, g.URI, g.Email)
		if who == owner && owner != "" && g.Permission == "FULL_CONTROL" {
			continue
		}
		grants = append(grants, simulator.Grant{Type: g.Type, Grantee: who, Permission: g.Permission})
	}
	return grants, nil
}

// formatACL is the reverse: the owner's full control, then the grants.
func formatACL(owner string, grants []simulator.Grant) string {
	acl := reportACL{Version: "2022-11-10", Status: "AVAILABLE", Grants: []reportGrant{{CanonicalID: owner, Type: granteeUser, Permission: "FULL_CONTROL"}}}
	for _, g := range grants {
		out := reportGrant{Type: g.Type, Permission: g.Permission}
		switch g.Type {
		case granteeGroup:
			out.URI = g.Grantee
		case granteeEmail:
			out.Email = g.Grantee
		default:
			out.CanonicalID = g.Grantee
		}
		acl.Grants = append(acl.Grants, out)
	}
	raw, err := json.Marshal(acl)
	if err != nil {
		return "" // strings always marshal
	}
	return base64.StdEncoding.EncodeToString(raw)
}
