package job

import (
	"time"

	"reseal/canary"
	"reseal/inventory"
)

// Row is a row of the inventory report, as plan.json and the canary's notes have it.
type Row struct {
	File      int                    `json:"file"`
	Row       int64                  `json:"row"`
	Known     inventory.Columns      `json:"columns"`
	Key       []byte                 `json:"key"` // bytes, as a key need not be UTF-8
	VersionID string                 `json:"version_id,omitempty"`
	IsLatest  bool                   `json:"is_latest,omitempty"`
	Multipart bool                   `json:"is_multipart,omitempty"`
	Size      int64                  `json:"bytes"`
	Modified  time.Time              `json:"last_modified,omitzero"`
	ETag      string                 `json:"etag,omitempty"`
	Class     inventory.StorageClass `json:"storage_class,omitempty"`
	SSE       inventory.Encryption   `json:"encryption,omitempty"`
	LockMode  string                 `json:"lock_mode,omitempty"`
	LockUntil time.Time              `json:"lock_until,omitzero"`
	LegalHold string                 `json:"legal_hold,omitempty"`
	EventHold string                 `json:"event_hold,omitempty"`
	Tier      string                 `json:"tier,omitempty"`
	Checksum  string                 `json:"checksum,omitempty"`
	KMSKey    string                 `json:"kms_key,omitempty"`
	BucketKey string                 `json:"bucket_key,omitempty"`
	Kinds     []string               `json:"kinds"`
}

// RowsOf returns the rows of the objects that a canary chose.
func RowsOf(chosen []canary.Object) []Row {
	var out []Row
	for i := range chosen {
		row := RowOf(&chosen[i].Record)
		row.Kinds = chosen[i].Kinds
		out = append(out, row)
	}
	return out
}

// RowOf returns the row of a record.
func RowOf(r *inventory.Record) Row {
	return Row{
		File: r.Pos.File, Row: r.Pos.Row, Known: r.Known, Key: []byte(r.Key), VersionID: r.VersionID, IsLatest: r.IsLatest,
		Multipart: r.IsMultipart, Size: r.Size, Modified: r.LastModified, ETag: r.ETag, Class: r.StorageClass, SSE: r.Encryption,
		LockMode: r.LockMode, LockUntil: r.LockRetainUntil, LegalHold: r.LegalHold, EventHold: r.EventHold, Tier: r.Tier,
		Checksum: r.Checksum, KMSKey: r.KMSKeyARN, BucketKey: r.BucketKey,
	}
}

// Position returns where the row stands in the report.
func (c *Row) Position() inventory.Position {
	return inventory.Position{File: c.File, Row: c.Row}
}

// Record returns the record of the row again.
func (c *Row) Record(bucket string) inventory.Record {
	return inventory.Record{
		Pos: c.Position(), Known: c.Known, Bucket: bucket, Key: string(c.Key), VersionID: c.VersionID,
		IsLatest: c.IsLatest, IsMultipart: c.Multipart, Size: c.Size, LastModified: c.Modified, ETag: c.ETag, StorageClass: c.Class,
		Encryption: c.SSE, LockMode: c.LockMode, LockRetainUntil: c.LockUntil, LegalHold: c.LegalHold, EventHold: c.EventHold,
		Tier: c.Tier, Checksum: c.Checksum, KMSKeyARN: c.KMSKey, BucketKey: c.BucketKey,
	}
}

// CanaryRecords returns the records of the objects that are tried first, none where
// j is nil.
func (j *Plan) CanaryRecords() (out []inventory.Record) {
	if j == nil {
		return nil
	}
	for i := range j.Canary {
		out = append(out, j.Canary[i].Record(j.Options.Bucket))
	}
	return out
}
