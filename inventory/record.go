package inventory

import (
	"strings"
	"time"
)

// Position names one row of a report for good: the index of its data file in
// the manifest and the number of the row in that file, both counted from 0.
// It is what a checkpoint remembers, so it must not depend on how a file is
// read.
type Position struct {
	File int
	Row  int64
}

// Number numbers the rows of a report, for bitmaps: a report has less than 2^24 files,
// and a file less than 2^40 rows.
func (p Position) Number() uint64 { return uint64(p.File)<<40 | uint64(p.Row)&(1<<40-1) }

// Segment is a run of rows of one data file, First to Last inclusive, that is
// read and accounted for as one unit. A file that can be cut (Parquet by row
// group, ORC by stripe) may be several segments, a CSV file is always one.
type Segment struct {
	File  int
	First int64
	Last  int64 // OpenEnd where the rows of the file were not counted yet
}

// OpenEnd as Segment.Last says that the segment reaches to the end of its file.
const OpenEnd int64 = 1<<63 - 1

// Contains tells whether p lies in s.
func (s Segment) Contains(p Position) bool {
	return p.File == s.File && p.Row >= s.First && p.Row <= s.Last
}

// StorageClass is a storage class as S3 spells it. Values that S3 adds later
// pass through unchanged.
type StorageClass string

// The storage classes that objects in a general purpose bucket can have
// (Amazon S3 API Reference, CopyObject, x-amz-storage-class, read 2026-11-21).
const (
	Standard           StorageClass = "STANDARD"
	ReducedRedundancy  StorageClass = "REDUCED_REDUNDANCY"
	StandardIA         StorageClass = "STANDARD_IA"
	OneZoneIA          StorageClass = "ONEZONE_IA"
	IntelligentTiering StorageClass = "INTELLIGENT_TIERING"
	GlacierIR          StorageClass = "GLACIER_IR"
	Glacier            StorageClass = "GLACIER"
	DeepArchive        StorageClass = "DEEP_ARCHIVE"
)

// Known tells whether the class is one of these.
func (c StorageClass) Known() bool {
	switch c {
	case Standard, ReducedRedundancy, StandardIA, OneZoneIA, IntelligentTiering, GlacierIR, Glacier, DeepArchive:
		return true
	}
	return false
}

// Encryption is the encryption status of an object in the words of S3 Inventory.
type Encryption string

// The encryption statuses of S3 Inventory (Amazon S3 User Guide,
// storage-inventory, read 2026-11-21).
const (
	EncryptionUnknown Encryption = "" // the report has no such column
	SSES3             Encryption = "SSE-S3"
	SSEKMS            Encryption = "SSE-KMS"
	DSSEKMS           Encryption = "DSSE-KMS"
	SSEC              Encryption = "SSE-C"
	NotSSE            Encryption = "NOT-SSE"
)

// Column is a column of an inventory report.
type Column uint8

// The columns of S3 Inventory that reseal reads, and one more; any other is ignored.
const (
	ColBucket Column = iota
	ColKey
	ColVersionID
	ColIsLatest
	ColIsDeleteMarker
	ColSize
	ColLastModified
	ColETag
	ColStorageClass
	ColIsMultipart
	ColReplicationStatus
	ColEncryption
	ColLockRetainUntil
	ColLockMode
	ColLegalHold
	ColTier
	ColBucketKey
	ColChecksum
	ColACL
	ColOwner
	ColLifecycleExpiration
	ColEventHold
	ColEventHoldDuration
	ColKMSKey // of S3 Metadata tables; S3 Inventory has none
	numColumns
)

// Columns is a set of columns.
type Columns uint32

// Has tells whether c is in the set.
func (s Columns) Has(c Column) bool { return s&(1<<c) != 0 }

// With returns the set with c added.
func (s Columns) With(c Column) Columns { return s | 1<<c }

// Record is one row of a report: one version of one object, or a delete marker.
//
// A column that the report does not have is unknown, which is not the same as
// empty: ask Known before believing a zero value. Strings share memory with
// the other records of their batch; keep for long only a Clone.
type Record struct {
	Pos   Position
	Known Columns // the columns that the report has and that are not null in this row

	// ByHand: not S3 wrote the row, but a query, a script or a person. Its key may be
	// spelled otherwise than S3 spells it.
	ByHand bool

	// Unnamed: the row is one of a table or of the result of a query that names
	// versions, and names none.
	Unnamed bool

	// Removed says that the row is no more: a table keeps rows in their files and
	// notes elsewhere which of them count no longer.
	Removed bool

	Bucket            string
	Key               string // decoded: the name that S3 knows the object by
	VersionID         string // "null" for the null version of an all-versions report; "" in a report of current versions
	IsLatest          bool
	IsDeleteMarker    bool
	IsMultipart       bool
	Size              int64 // bytes; -1 where unknown
	LastModified      time.Time
	ETag              string // without quotes
	StorageClass      StorageClass
	ReplicationStatus string // PENDING, COMPLETED, FAILED, REPLICA or ""
	Encryption        Encryption
	LockRetainUntil   time.Time
	LockMode          string // GOVERNANCE, COMPLIANCE or ""; upper case
	LegalHold         string // ON, OFF or ""; upper case
	EventHold         string // ON, OFF or ""; upper case
	EventHoldDuration string
	Tier              string // Intelligent-Tiering access tier without a trailing _ACCESS
	BucketKey         string // ENABLED, DISABLED or ""
	Checksum          string // algorithm name(s)
	ACL               string // base64 of a JSON document
	Owner             string
	KMSKeyARN         string // of the key that the object is under; "" where that is unknown, or it is under none

	LifecycleExpiration time.Time
}

// text is where the record keeps the text of col, nil for columns that are none.
func (r *Record) text(col Column) *string {
	switch col {
	case ColBucket:
		return &r.Bucket
	case ColKey:
		return &r.Key
	case ColVersionID:
		return &r.VersionID
	case ColETag:
		return &r.ETag
	case ColStorageClass:
		return (*string)(&r.StorageClass)
	case ColReplicationStatus:
		return &r.ReplicationStatus
	case ColEncryption:
		return (*string)(&r.Encryption)
	case ColLockMode:
		return &r.LockMode
	case ColLegalHold:
		return &r.LegalHold
	case ColTier:
		return &r.Tier
	case ColBucketKey:
		return &r.BucketKey
	case ColChecksum:
		return &r.Checksum
	case ColACL:
		return &r.ACL
	case ColOwner:
		return &r.Owner
	case ColEventHold:
		return &r.EventHold
	case ColEventHoldDuration:
		return &r.EventHoldDuration
	case ColKMSKey:
		return &r.KMSKeyARN
	}
	return nil
}

// Clone returns the record with strings of its own, so that keeping it does not
// keep the rest of its batch in memory.
func (r *Record) Clone() Record {
	out := *r
	for col := range numColumns {
		if s := out.text(col); s != nil {
			*s = strings.Clone(*s)
		}
	}
	return out
}

// Current tells whether the row is the current version of its key. A report of
// current versions has no such column, and every row of it is one.
func (r *Record) Current() bool { return r.IsLatest || !r.Known.Has(ColIsLatest) }
