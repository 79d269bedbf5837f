package plan

import (
	"testing"
	"time"

	"reseal/inventory"
)

func TestCompare(t *testing.T) {
	written := time.Date(2026, 11, 20, 4, 0, 0, 0, time.UTC)
	good := Head{Encryption: inventory.SSEKMS, KMSKeyID: keyARN, BucketKey: true, Size: 1000, StorageClass: inventory.Standard,
		LastModified: written.Add(-time.Hour)}
	tests := []struct {
		name   string
		policy func(*Policy)
		edit   func(*Head)
		want   Verdict
	}{
		{"as promised", nil, nil, Proven},
		{"still SSE-S3", nil, func(h *Head) { h.Encryption, h.KMSKeyID = inventory.SSES3, "" }, NotUnderKMS},
		{"DSSE-KMS meanwhile", nil, func(h *Head) { h.Encryption = inventory.DSSEKMS }, LeftAlone},
		{"archived before its turn came", nil, func(h *Head) { h.Encryption, h.Archived = inventory.SSES3, true }, LeftAlone},
		{"another key", nil, func(h *Head) { h.KMSKeyID = otherARN }, WrongKey},
		{"no bucket key", nil, func(h *Head) { h.BucketKey = false }, NoBucketKey},
		{"a server without bucket keys", func(p *Policy) { p.Facts.AWS = No }, func(h *Head) { h.BucketKey = false }, Proven},
		{"truncated", nil, func(h *Head) { h.Size = 999 }, SizeDiffers},
		{"class reset", nil, func(h *Head) { h.StorageClass = inventory.StandardIA }, ClassDiffers},
		{"class moved by a rule", func(p *Policy) { p.Facts.Transitions = Yes }, func(h *Head) { h.StorageClass = inventory.StandardIA }, Proven},
		{"overwritten after the run", nil, func(h *Head) { h.Encryption, h.LastModified = inventory.SSES3, written.Add(time.Second) }, ChangedSince},
		{"rewritten after the run, under the key", nil, func(h *Head) { h.LastModified = written.Add(time.Hour) }, Proven},
		{"way back", func(p *Policy) { p.Options.SSE = TargetAES256 }, func(h *Head) { h.Encryption = inventory.SSES3 }, Proven},
		{"way back not gone", func(p *Policy) { p.Options.SSE = TargetAES256 }, nil, NotUnderKMS},
	}
	for _, tt := range tests {
		p := policy(tt.policy)
		task := p.Decide(row(nil))
		h := good
		if tt.edit != nil {
			tt.edit(&h)
		}
		got, why := p.Compare(&task, &h, written)
		if got != tt.want || (got == Proven) != (why == "") {
			t.Errorf("%s: %s (%q), want %s", tt.name, got, why, tt.want)
		}
	}
}
