package s3api

import (
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/plan"
)

// seedSmall puts an object there that has one of everything and fits one copy.
func seedSmall(t *testing.T, s *simulation, key string) {
	t.Helper()
	seedLarge(t, s, key, func(o *simulator.ObjectInfo) {
		o.Size, o.ETag = 1000, ""
		o.Lock = simulator.Lock{Mode: "GOVERNANCE", RetainUntil: time.Now().Add(time.Hour).Truncate(time.Second), LegalHold: "ON"}
		o.Checksum = simulator.Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT"}
	})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutObjectAnnotation(now, &simulator.ObjectInput{Request: r, Key: key}, "note", []byte("x"), ""))
	})
}

// Two snapshots show every attribute that a copy loses on an endpoint that
// follows AWS's rules, and nothing where nothing is lost.
func TestSnapshotsShowEveryLoss(t *testing.T) {
	for _, tt := range []struct {
		drop simulator.Attribute
		want string
	}{
		{"", ""},
		{simulator.AttrContentType, "Content-Type"},
		{simulator.AttrCacheControl, "Cache-Control"},
		{simulator.AttrContentDisposition, "Content-Disposition"},
		{simulator.AttrContentEncoding, "Content-Encoding"},
		{simulator.AttrContentLanguage, "Content-Language"},
		{simulator.AttrExpires, "Expires"},
		{simulator.AttrUserMetadata, "user metadata"},
		{simulator.AttrTags, "tags"},
		{simulator.AttrStorageClass, "storage class"},
		{simulator.AttrACL, "ACL"},
		{simulator.AttrWebsiteRedirect, "website redirect"},
		{simulator.AttrLock, "retention, legal hold"},
		{simulator.AttrAnnotations, "annotations"},
		{simulator.AttrBucketKey, "bucket key"},
	} {
		s := simulate(t, simulator.Config{})
		keepsEverything(t, s)
		seedSmall(t, s, "k")
		o := anOptions()
		o.BucketKey = true
		r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: facts(t, s.aws, bucket)})
		task := inspected(t, r, "k")
		before, err := r.Snapshot(t.Context(), task, &gate{})
		if err != nil {
			t.Fatalf("%s: snapshot: %v", tt.drop, err)
		}
		if len(before.Hidden()) != 0 || before.Body.IsZero() || before.Annotations.String() != "[{note 1}]" || before.Head.ChecksumValue == "" {
			t.Fatalf("snapshot: %+v", before)
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			if tt.drop != "" {
				w.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{tt.drop}})
			}
			return nil
		})
		if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
			t.Fatalf("%s: rewrite: %v", tt.drop, err)
		}
		after, err := r.Snapshot(t.Context(), task, &gate{})
		if err != nil {
			t.Fatalf("%s: snapshot: %v", tt.drop, err)
		}
		c := o.Compare(before, after, time.Now())
		if lost := plan.Words(c.Attributes()); lost != tt.want || tt.want == "" && !before.BodyProven(after) {
			t.Errorf("%s dropped: %q lost, body proven: %t; want %q", tt.drop, lost, before.BodyProven(after), tt.want)
		}
	}
}
