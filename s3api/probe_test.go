package s3api

import (
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/plan"
)

func TestProbeLeavesOtherObjectsAlone(t *testing.T) {
	for _, knob := range []bool{false, true} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.SetKnobs(simulator.Knobs{IgnoreDestinationConditions: knob})
			return w.SeedObject(bucket, simulator.ObjectInfo{Key: "scratch/mine", Size: 1}, simulator.Body{})
		})
		got, err := s.client.ProbeIfMatch(t.Context(), anOptions(), "scratch/")
		if err != nil || got != plan.AnswerOf(knob) {
			t.Errorf("ProbeIfMatch = %v, %v; want %v", got, err, plan.AnswerOf(knob))
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			var keys []string
			for o := range w.Walk(bucket) {
				keys = append(keys, o.Key)
			}
			if len(keys) != 1 || keys[0] != "scratch/mine" {
				t.Errorf("objects after the probe: %q", keys)
			}
			return nil
		})
	}
	hermetic(t)
	c, err := New(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ProbeIfMatch(t.Context(), anOptions(), ""); err == nil {
		t.Error("a probe without a prefix of its own was let through")
	}
	defer func() {
		if recover() == nil {
			t.Error("remove took a key that no probe made")
		}
	}()
	_ = (&scratch{client: c, bucket: bucket, key: "precious", versions: []string{""}}).remove(t.Context())
}

// A probe finds what a copy drops, whichever way the copy is made, and says so
// in the words under which its loss can be accepted.
func TestProbeCopyFindsWhatIsDropped(t *testing.T) {
	for _, tt := range []struct {
		drop simulator.Attribute
		want plan.Attribute
	}{
		{simulator.AttrContentType, plan.ContentType},
		{simulator.AttrCacheControl, plan.CacheControl},
		{simulator.AttrContentDisposition, plan.ContentDisposition},
		{simulator.AttrContentLanguage, plan.ContentLanguage},
		{simulator.AttrExpires, plan.Expires},
		{simulator.AttrUserMetadata, plan.UserMetadata},
		{simulator.AttrTags, plan.Tags},
	} {
		for _, via := range []string{"", plan.ViaMultipart} {
			s := simulate(t, simulator.Config{})
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				w.SetKnobs(simulator.Knobs{DropOnCopy: []simulator.Attribute{tt.drop}, SilentSSE: true})
				return failed(w.PutBucketVersioning(now, &r, "Enabled"))
			})
			o := anOptions()
			o.CopyVia = via
			got, err := s.client.ProbeCopy(t.Context(), o, "scratch/")
			if err != nil || len(got.Lost) != 1 || got.Lost[0] != tt.want || got.Refused != nil || got.SilentSSE != (via == "") {
				t.Errorf("%s dropped, copy via %q: %+v, %v; want loss of %s", tt.drop, via, got, err, tt.want)
			}
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
				for o := range w.Walk(bucket) {
					t.Errorf("left behind %s@%s", o.Key, o.VersionID)
				}
				return nil
			})
		}
	}
}

// Servers that refuse a copy of an object onto itself are told apart from
// those that fail, and the way round is tried out by itself.
// A write whose answer was lost is sent again, and meets its own work.
func TestProbeOutlivesALostAnswer(t *testing.T) {
	for _, op := range []simulator.Op{"PutObject", "CopyObject"} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.AddFault(simulator.Fault{Op: op, Bucket: bucket, AfterCommit: true, Code: "InternalError", HTTPStatus: 500, Count: 1})
			return nil
		})
		found, err := s.client.ProbeCopy(t.Context(), anOptions(), "scratch/")
		if err != nil || len(found.Lost) > 0 || found.Refused != nil {
			t.Errorf("%s: %+v, %v; want nothing lost", op, found, err)
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			for o := range w.Walk(bucket) {
				t.Errorf("%s: left behind: %q", op, o.Key)
			}
			return nil
		})
	}
}

func TestProbeCopyRefused(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "CopyObject", Code: "InvalidRequest", HTTPStatus: 400,
			Message: "This copy request is illegal because it is trying to copy an object to itself without changing it."})
		return nil
	})
	o := anOptions()
	if got, err := s.client.ProbeCopy(t.Context(), o, "scratch/"); err != nil || got.Refused == nil {
		t.Errorf("ProbeCopy = %+v, %v; want it to be refused", got, err)
	}
	o.CopyVia = plan.ViaMultipart
	if got, err := s.client.ProbeCopy(t.Context(), o, "scratch/"); err != nil || got.Refused != nil || len(got.Lost) > 0 {
		t.Errorf("ProbeCopy in parts = %+v, %v; want nothing lost", got, err)
	}
}

// TestProbeClosedBucket: a bucket that takes only what is to be under the key
// is probed by scratch objects that are.
func TestProbeClosedBucket(t *testing.T) {
	s := simulate(t, simulator.Config{Authorize: func(q *simulator.AccessRequest) *simulator.Error {
		if q.Write != nil && (q.Write.Encryption.Algorithm != "aws:kms" || q.WriteKey != keyARN) {
			return &simulator.Error{HTTPStatus: 403, Code: "AccessDenied", Message: "not under the key"}
		}
		return nil
	}})
	o := anOptions()
	if got, err := s.client.ProbeIfMatch(t.Context(), o, "scratch/"); err != nil || got != plan.No {
		t.Errorf("ProbeIfMatch = %v, %v; want %v", got, err, plan.No)
	}
	if got, err := s.client.ProbeUpdate(t.Context(), o, "scratch/"); err != nil || got != plan.Yes {
		t.Errorf("ProbeUpdate = %v, %v; want %v", got, err, plan.Yes)
	}
	for _, via := range []string{"", plan.ViaMultipart} {
		o.CopyVia = via
		if got, err := s.client.ProbeCopy(t.Context(), o, "scratch/"); err != nil || got.Refused != nil || len(got.Lost) > 0 {
			t.Errorf("ProbeCopy via %q = %+v, %v; want nothing lost", via, got, err)
		}
	}
	s.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			t.Errorf("%q is left behind", o.Key)
		}
	})
}
