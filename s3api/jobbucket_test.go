package s3api

import (
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestDocumentsUnderRetention: S3 refuses uploads without a checksum into a
// bucket that locks what is written to it.
func TestDocumentsUnderRetention(t *testing.T) {
	s := simulate(t, simulator.Config{})
	const locked = "acme-locked"
	s.Locked(func(w *simulator.World) {
		r := simulator.Request{Bucket: locked}
		if err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: r, ObjectLockEnabled: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.PutObjectLockConfiguration(time.Now(), &r, simulator.ObjectLockConfig{Enabled: true, Mode: "COMPLIANCE", Years: 7}); err != nil {
			t.Fatal(err)
		}
	})
	if got := s.aws.DefaultRetention(t.Context(), locked); got != "COMPLIANCE, 7 years" {
		t.Errorf("default retention %q", got)
	}
	if got := s.aws.DefaultRetention(t.Context(), bucket); got != "" {
		t.Errorf("default retention of a bucket without: %q", got)
	}
	d := s.aws.Documents(locked)
	etag, err := d.Put(t.Context(), "job/plan.json", []byte("{}"), "")
	if err != nil {
		t.Fatalf("first write: %v", err)
	}
	if _, err := d.Put(t.Context(), "job/plan.json", []byte("{1}"), etag); err != nil {
		t.Errorf("second write: %v", err)
	}
}
