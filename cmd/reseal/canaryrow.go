package main

import (
	"time"

	"reseal/canary"
	"reseal/inventory"
)

// canaryRow is an object to be tried first, as plan.json has it.
type canaryRow struct {
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
	Kinds     []string               `json:"kinds"`
}

// canaryRows puts what was chosen into the words of plan.json.
func canaryRows(chosen []canary.Object) []canaryRow {
	var out []canaryRow
	for _, o := range chosen {
		r := &o.Record
		out = append(out, canaryRow{
			File: r.Pos.File, Row: r.Pos.Row, Known: r.Known, Key: []byte(r.Key), VersionID: r.VersionID, IsLatest: r.IsLatest,
			Multipart: r.IsMultipart, Size: r.Size, Modified: r.LastModified, ETag: r.ETag, Class: r.StorageClass, SSE: r.Encryption,
			LockMode: r.LockMode, LockUntil: r.LockRetainUntil, LegalHold: r.LegalHold, EventHold: r.EventHold, Tier: r.Tier,
			Checksum: r.Checksum, Kinds: o.Kinds,
		})
	}
	return out
}

// record is the report row again.
func (c *canaryRow) record(bucket string) inventory.Record {
	return inventory.Record{
		Pos: inventory.Position{File: c.File, Row: c.Row}, Known: c.Known, Bucket: bucket, Key: string(c.Key), VersionID: c.VersionID,
		IsLatest: c.IsLatest, IsMultipart: c.Multipart, Size: c.Size, LastModified: c.Modified, ETag: c.ETag, StorageClass: c.Class,
		Encryption: c.SSE, LockMode: c.LockMode, LockRetainUntil: c.LockUntil, LegalHold: c.LegalHold, EventHold: c.EventHold,
		Tier: c.Tier, Checksum: c.Checksum,
	}
}
