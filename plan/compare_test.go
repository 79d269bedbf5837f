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
	began := func(p *Policy) { p.Now = written.Add(-90 * time.Minute) }
	tests := []struct {
		name   string
		policy func(*Policy)
		edit   func(*Head)
		want   Verdict
		row    func(*inventory.Record)
	}{
		{"as promised", nil, nil, Proven, nil},
		{"still SSE-S3", nil, func(h *Head) { h.Encryption, h.KMSKeyID = inventory.SSES3, "" }, NotUnderKMS, nil},
		{"DSSE-KMS meanwhile", nil, func(h *Head) { h.Encryption = inventory.DSSEKMS }, LeftAlone, nil},
		{"archived before its turn came", nil, func(h *Head) { h.Encryption, h.Archived = inventory.SSES3, true }, LeftAlone, nil},
		{"another key", nil, func(h *Head) { h.KMSKeyID = otherARN }, WrongKey, nil},
		{"no bucket key, which is compared with the attributes", nil, func(h *Head) { h.BucketKey = false }, Proven, nil},
		{"truncated", nil, func(h *Head) { h.Size = 999 }, SizeDiffers, nil},
		{"class reset", nil, func(h *Head) { h.StorageClass = inventory.StandardIA }, ClassDiffers, nil},
		{"class moved by a rule", func(p *Policy) { p.Facts.Transitions = Yes }, func(h *Head) { h.StorageClass = inventory.StandardIA }, Proven, nil},
		{"overwritten after the run", nil, func(h *Head) { h.Encryption, h.LastModified = inventory.SSES3, written.Add(time.Second) }, ChangedSince, nil},
		{"rewritten after the run, under the key", nil, func(h *Head) { h.LastModified = written.Add(time.Hour) }, Proven, nil},
		{"way back", func(p *Policy) { p.Options.SSE = TargetAES256 }, func(h *Head) { h.Encryption = inventory.SSES3 }, Proven, nil},
		{"way back not gone", func(p *Policy) { p.Options.SSE = TargetAES256 }, nil, NotUnderKMS, nil},
		// The job of these rows was made an hour and a half before its end.
		{"a list's row and the job's copy of it", began, func(h *Head) { h.VersionID = "v2" }, Proven, listed},
		{"a list's row that the job copied to no effect", began,
			func(h *Head) { h.VersionID, h.Encryption, h.KMSKeyID = "v2", inventory.SSES3, "" }, NotUnderKMS, listed},
		{"a list's row of an old version, the current one not under the key", began,
			func(h *Head) {
				h.VersionID, h.Encryption, h.LastModified = "v2", inventory.SSES3, written.Add(-48*time.Hour)
			}, LeftAlone, listed},
		{"a list's row of an old version, the current one under the key", began,
			func(h *Head) { h.VersionID, h.LastModified = "v2", written.Add(-48*time.Hour) }, LeftAlone, listed},
		{"a list's row as it was", began, func(h *Head) { h.VersionID, h.LastModified = "v1", written.Add(-48*time.Hour) }, Proven, listed},
		{"a report's row, and a version that came before the job", began,
			func(h *Head) { h.VersionID, h.LastModified = "v2", written.Add(-48*time.Hour) }, Proven, nil},
	}
	for _, tt := range tests {
		p := policy(tt.policy)
		task := p.Decide(row(tt.row))
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
