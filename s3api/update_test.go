package s3api

import (
	"maps"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

func updateOptions() plan.Options {
	o := anOptions()
	o.Method, o.AllVersions = plan.MethodUpdate, true
	return o
}

// updating returns a task that updates a version of key.
func updating(r *Rewriter, key, version string, current bool) *plan.Task {
	p := &plan.Policy{Options: r.config.Options, Facts: r.config.Facts, Weights: plan.DefaultWeights(true)}
	rec := aRecord(key)
	rec.VersionID, rec.IsLatest = version, current
	rec.Known = rec.Known.With(inventory.ColVersionID).With(inventory.ColIsLatest)
	task := p.Decide(&rec)
	task.Action = plan.Update
	return &task
}

func TestUpdateActsOnTheVersionAndIsConfirmed(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(now, &r, "Enabled"))
	})
	for _, v := range []string{"v1", "v2"} {
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			return w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", VersionID: v, Size: 5, ETag: etag, StorageClass: simulator.Glacier,
				Encryption: simulator.Encryption{Type: simulator.SSES3}}, simulator.Body{})
		})
	}
	r := rewriter(t, s.aws, RewriteConfig{Options: updateOptions(), Facts: facts(t, s.aws, bucket)})
	s.calls()
	effect, err := r.Rewrite(t.Context(), updating(r, "k", "v1", false), &gate{})
	if err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	if effect.VersionID != "v1" || effect.ETag != etag || effect.KMSKeyID != keyARN || effect.RequestID == "" {
		t.Errorf("effect = %+v", effect)
	}
	if got, want := s.calls(), (map[simulator.Op]int64{"UpdateObjectEncryption": 1, "HeadObject": 1}); !maps.Equal(got, want) {
		t.Errorf("calls = %v, want %v", got, want)
	}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		for o := range w.Walk(bucket) {
			wantKMS := o.VersionID == "v1"
			if got := o.Encryption.Type == simulator.SSEKMS; got != wantKMS || wantKMS && !o.Encryption.BucketKeyEnabled {
				t.Errorf("version %s: %+v", o.VersionID, o.Encryption)
			}
		}
		return nil
	})
}

func TestUpdateTellsLockedFromDenied(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lock   simulator.Lock
		fault  bool
		class  engine.Class
		reason plan.Reason
	}{
		{"retention", simulator.Lock{Mode: "COMPLIANCE", RetainUntil: time.Now().Add(time.Hour)}, false, engine.Refused, plan.Locked},
		{"legal hold", simulator.Lock{LegalHold: "ON"}, false, engine.Refused, plan.Locked},
		{"event hold", simulator.Lock{EventHold: "ON", EventHoldDuration: "30d"}, false, engine.Refused, plan.Locked},
		{"retention that has run out", simulator.Lock{Mode: "COMPLIANCE", RetainUntil: time.Now().Add(-time.Hour)}, true, engine.Denied, ""},
		{"no permission", simulator.Lock{}, true, engine.Denied, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				if err := w.PutBucketVersioning(now, &r, "Enabled"); err != nil {
					return err
				}
				if err := w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true}); err != nil {
					return err
				}
				if tt.fault {
					w.AddFault(simulator.Fault{Op: "UpdateObjectEncryption", Code: "AccessDenied", Message: "Access Denied", HTTPStatus: 403})
				}
				return w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", VersionID: "v1", Size: 5, ETag: etag, Lock: tt.lock,
					Encryption: simulator.Encryption{Type: simulator.SSES3}}, simulator.Body{})
			})
			r := rewriter(t, s.aws, RewriteConfig{Options: updateOptions(), Facts: facts(t, s.aws, bucket)})
			_, err := r.Rewrite(t.Context(), updating(r, "k", "v1", true), &gate{})
			if oe := objectError(t, err); oe.Class != tt.class || oe.Reason != tt.reason {
				t.Errorf("%v: class %v reason %q, want %v %q", err, oe.Class, oe.Reason, tt.class, tt.reason)
			}
		})
	}
}

// A server that takes the request for a PutObject must never see one.
func TestUpdateIsNotSentToUnprovenEndpoints(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Update: simulator.UpdateAsPut})
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", Size: 5, ETag: etag, Encryption: simulator.Encryption{Type: simulator.SSES3}}, simulator.Body{})
	})
	for _, method := range []plan.Method{plan.MethodUpdate, plan.MethodAuto} {
		o := updateOptions()
		o.Method = method
		if _, err := s.client.Rewriter(RewriteConfig{Options: o, Facts: facts(t, s.client, bucket)}); KindOf(err) != Unproven {
			t.Errorf("method %s: Rewriter = %v, want %s", method, err, Unproven)
		}
	}
	// And not even where a task asks for it all the same.
	r := rewriter(t, s.client, RewriteConfig{Options: anOptions(), Facts: facts(t, s.client, bucket)})
	s.calls()
	_, err := r.Rewrite(t.Context(), updating(r, "k", "", true), &gate{})
	if oe := objectError(t, err); oe.Class != engine.Fatal || !strings.Contains(err.Error(), "not known to understand") {
		t.Errorf("Rewrite = %v, want fatal", err)
	}
	if got := s.calls(); len(got) != 0 {
		t.Errorf("calls = %v, want none", got)
	}
}

func TestProbeUpdate(t *testing.T) {
	for _, tt := range []struct {
		mode simulator.UpdateMode
		want plan.Answer
	}{
		{simulator.UpdateAWS, plan.Yes},
		{simulator.UpdateAsPut, plan.No},
		{simulator.UpdateNotImplemented, plan.No},
	} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
			w.SetKnobs(simulator.Knobs{Update: tt.mode})
			return failed(w.PutBucketVersioning(now, &r, "Enabled"))
		})
		got, err := s.client.ProbeUpdate(t.Context(), anOptions(), "scratch/")
		if err != nil || got != tt.want {
			t.Errorf("mode %v: ProbeUpdate = %v, %v; want %v", tt.mode, got, err, tt.want)
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			for o := range w.Walk(bucket) {
				t.Errorf("mode %v: left behind %s@%s", tt.mode, o.Key, o.VersionID)
			}
			return nil
		})
	}
}

// With all versions asked for, a row means its own version, also where it was
// the current one when the report was made and is not any more.
func TestInspectLooksAtTheVersionToBeUpdated(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.PutBucketVersioning(now, &r, "Enabled"); err != nil {
			return err
		}
		for _, v := range []string{"v1", "v2"} {
			if err := w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", VersionID: v, Size: 5, ETag: etag + v}, simulator.Body{}); err != nil {
				return err
			}
		}
		return nil
	})
	for all, want := range map[bool]string{true: "v1", false: "v2"} {
		o := updateOptions()
		o.AllVersions = all
		r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: facts(t, s.aws, bucket)})
		head, err := r.Inspect(t.Context(), updating(r, "k", "v1", true), &gate{})
		if err != nil || head.VersionID != want {
			t.Errorf("all versions %t: looked at %+v, %v; want version %s", all, head, err, want)
		}
	}
}

// Where the user takes the answer for the proof, none is asked for, and no key
// is claimed to have been seen.
func TestUpdateUnconfirmed(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: "k", Size: 5, ETag: etag}, simulator.Body{})
	})
	r := rewriter(t, s.aws, RewriteConfig{Options: updateOptions(), Facts: facts(t, s.aws, bucket)})
	task := updating(r, "k", "", true)
	task.Unconfirmed = true
	s.calls()
	effect, err := r.Rewrite(t.Context(), task, &gate{})
	if err != nil || effect.KMSKeyID != "" || effect.RequestID == "" {
		t.Errorf("effect = %+v, %v", effect, err)
	}
	if got, want := s.calls(), (map[simulator.Op]int64{"UpdateObjectEncryption": 1}); !maps.Equal(got, want) {
		t.Errorf("calls = %v, want %v", got, want)
	}
}
