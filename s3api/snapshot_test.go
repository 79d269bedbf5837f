package s3api

import (
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
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
		{simulator.AttrBucketKey, "no-bucket-key"},
	} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
			if err := w.PutBucketVersioning(now, &r, "Enabled"); err != nil {
				return err
			}
			if err := w.PutBucketOwnershipControls(now, &r, "ObjectWriter"); err != nil {
				return err
			}
			return failed(w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true}))
		})
		seedSmall(t, s, "k")
		o := anOptions()
		o.BucketKey = true
		r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: facts(t, s.aws, bucket)})
		task := inspected(t, r, "k")
		before, err := r.Snapshot(t.Context(), task, &gate{})
		if err != nil {
			t.Fatalf("%s: snapshot: %v", tt.drop, err)
		}
		if before.Body == "" || before.Annotations != 1 || before.ACL == "" || len(before.Tags) != 2 || before.Head.ChecksumValue == "" {
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
		var proofs []engine.Proof
		p := &plan.Policy{Options: o, Facts: r.config.Facts, Weights: plan.DefaultWeights(true)}
		rec := inventory.Record{Bucket: bucket, Key: "k", Size: -1}
		err = engine.Prove(t.Context(), engine.ProveConfig{Snapshotter: r, Gate: &gate{}, Policy: p, Written: time.Now().Add(time.Second)},
			func(yield func(engine.Claim, error) bool) {
				yield(engine.Claim{Task: p.Decide(&rec), Before: before}, nil)
			},
			func(proof engine.Proof) error { proofs = append(proofs, proof); return nil })
		if err != nil || len(proofs) != 1 {
			t.Fatalf("%s: %d proofs, %v", tt.drop, len(proofs), err)
		}
		got := proofs[0]
		switch {
		case tt.want == "" && (got.Verdict != plan.Proven || got.Body != plan.BodyProven):
			t.Errorf("nothing dropped: %s, %s: %s", got.Verdict, got.Body, got.Why)
		case tt.want == "no-bucket-key" && got.Verdict != plan.NoBucketKey:
			t.Errorf("%s dropped: %s: %s", tt.drop, got.Verdict, got.Why)
		case tt.want != "" && tt.want != "no-bucket-key" && (got.Verdict != plan.Unfaithfully || got.Why != "not as before: "+tt.want):
			t.Errorf("%s dropped: %s: %s; want %q", tt.drop, got.Verdict, got.Why, tt.want)
		}
	}
}
