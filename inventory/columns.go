package inventory

import (
	"math/bits"
	"strings"
)

// columnNames are the names of the columns as CSV reports spell them, in the
// order in which S3 documents them (Amazon S3 User Guide, storage-inventory,
// and the enumeration InventoryOptionalField of the API, read 2026-11-21).
var columnNames = [numColumns]string{
	"Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", "Size", "LastModifiedDate", "ETag", "StorageClass",
	"IsMultipartUploaded", "ReplicationStatus", "EncryptionStatus", "ObjectLockRetainUntilDate", "ObjectLockMode",
	"ObjectLockLegalHoldStatus", "IntelligentTieringAccessTier", "BucketKeyStatus", "ChecksumAlgorithm",
	"ObjectAccessControlList", "ObjectOwner", "LifecycleExpirationDate", "ObjectLockEventHoldStatus",
	"ObjectLockEventHoldDuration", "KmsKeyArn",
}

// otherNames are those that S3 Metadata tables have for columns of reports (Amazon S3
// User Guide, metadata-tables-inventory-schema, read 2026-11-30).
var otherNames = map[string]Column{"ismultipart": ColIsMultipart, "isbucketkeyenabled": ColBucketKey}

// AllColumns is the set of all columns that reseal reads, S3Columns that of those that
// S3 Inventory has.
const (
	AllColumns Columns = 1<<numColumns - 1
	S3Columns  Columns = AllColumns &^ (1 << ColKMSKey)
)

// String returns the name of the column as CSV reports and the configuration
// of S3 Inventory spell it.
func (c Column) String() string {
	if c < numColumns {
		return columnNames[c]
	}
	return "unknown column"
}

// ParseColumn finds the column that a schema calls name. CSV reports write
// LastModifiedDate, ORC and Parquet ones last_modified_date: case and
// underscores do not count. S3 Metadata tables call some columns otherwise.
func ParseColumn(name string) (Column, bool) {
	name = foldName(name)
	for c, n := range columnNames {
		if strings.ToLower(n) == name {
			return Column(c), true
		}
	}
	if c, ok := otherNames[name]; ok {
		return c, true
	}
	return numColumns, false
}

func foldName(s string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", ""))
}

// ColumnsOf returns the set of the given columns.
func ColumnsOf(cs ...Column) Columns {
	var s Columns
	for _, c := range cs {
		s = s.With(c)
	}
	return s
}

// Without returns the set with the columns of o removed.
func (s Columns) Without(o Columns) Columns { return s &^ o }

// Len returns the number of columns in the set.
func (s Columns) Len() int { return bits.OnesCount32(uint32(s)) }

// Names returns the names of the columns of the set, in the order of S3's documents.
func (s Columns) Names() []string {
	var names []string
	for c := range numColumns {
		if s.Has(c) {
			names = append(names, c.String())
		}
	}
	return names
}
