package s3api

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// TestHeadHidesLocks: in a bucket with object lock a copy goes by what
// HeadObject shows of the lock, and S3 hides from it what the caller may not
// see. So it is asked for where there is reason to doubt.
func TestHeadHidesLocks(t *testing.T) {
	var denied atomic.Pointer[string]
	s := simulate(t, simulator.Config{Authorize: func(q *simulator.AccessRequest) *simulator.Error {
		if no := denied.Load(); no != nil && q.Principal.ARN != "" && q.Action == *no {
			return &simulator.Error{HTTPStatus: 403, Code: "AccessDenied", Message: "no " + q.Action}
		}
		return nil
	}})
	until := time.Now().AddDate(5, 0, 0).UTC().Truncate(time.Second)
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.PutBucketVersioning(now, &r, simulator.Enabled); err != nil {
			return err
		}
		if err := w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true}); err != nil {
			return err
		}
		for _, o := range []simulator.ObjectInfo{
			{Key: "free", Size: 10}, {Key: "lifted", Size: 10}, {Key: "never locked", Size: 10}, {Key: "locked later", Size: 10},
			{Key: "retained", Size: 10, Lock: simulator.Lock{Mode: "GOVERNANCE", RetainUntil: until}},
			{Key: "held", Size: 10, Lock: simulator.Lock{LegalHold: "ON"}},
			{Key: "large", Size: 6 << 30, Lock: simulator.Lock{Mode: "GOVERNANCE", RetainUntil: until}},
		} {
			if err := w.SeedObject(bucket, o, simulator.Body{}); err != nil {
				return err
			}
		}
		return nil
	})
	f := facts(t, s.aws, bucket)
	o := anOptions()
	o.Bucket = bucket
	for _, tt := range []struct {
		name   string
		key    string
		denied string
		shown  bool // LocksShown
		report func(*inventory.Record)
		class  engine.Class // of the error; 0 with ok
		ok     bool
		asked  int // requests about the lock alone
	}{
		{name: "nobody looked beforehand, retention hidden", key: "retained", denied: SeeRetention, class: engine.Denied, asked: 1},
		{name: "nobody looked beforehand, hold hidden", key: "held", denied: SeeLegalHold, class: engine.Denied, asked: 2},
		{name: "nobody looked beforehand, in parts", key: "large", denied: SeeRetention, class: engine.Denied, asked: 1},
		{name: "the report has what HeadObject has not", key: "retained", denied: SeeRetention, shown: true, class: engine.Denied, asked: 1,
			report: func(r *inventory.Record) { r.LockMode, r.LockRetainUntil = "GOVERNANCE", until }},
		{name: "likewise a hold", key: "held", denied: SeeLegalHold, shown: true, class: engine.Denied, asked: 1,
			report: func(r *inventory.Record) { r.LegalHold = "ON" }},
		{name: "a retention of the report that has run out", key: "free", shown: true, ok: true,
			report: func(r *inventory.Record) { r.LockMode, r.LockRetainUntil = "GOVERNANCE", until.AddDate(-9, 0, 0) }},
		{name: "a hold that was lifted since the report", key: "lifted", shown: true, ok: true, asked: 1,
			report: func(r *inventory.Record) { r.LegalHold = "ON" }},
		{name: "no lock at all, nobody looked beforehand", key: "never locked", ok: true, asked: 2},
		{name: "shown", key: "retained", shown: true, ok: true},
		{name: "shown, held", key: "held", shown: true, ok: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: f, LocksShown: tt.shown})
			denied.Store(&tt.denied)
			task := inspected(t, r, tt.key)
			if tt.report != nil {
				tt.report(&task.Record)
			}
			if tt.denied != "" && (task.Head.LockMode != "" || task.Head.LegalHold != "") {
				t.Fatalf("HeadObject shows a lock without %s: %q, hold %q; the test proves nothing", tt.denied, task.Head.LockMode, task.Head.LegalHold)
			}
			g := &gate{}
			effect, err := r.Rewrite(t.Context(), task, g)
			asked := 0
			for _, k := range g.steps {
				if k == plan.StepGetRetention || k == plan.StepGetLegalHold {
					asked++
				}
			}
			if asked != tt.asked {
				t.Errorf("steps %v: %d about the lock, want %d", g.steps, asked, tt.asked)
			}
			if !tt.ok {
				if oe := objectError(t, err); oe.Class != tt.class || !strings.Contains(oe.Error(), tt.denied) {
					t.Errorf("error %v of class %v, want class %v and the words %q", oe, oe.Class, tt.class, tt.denied)
				}
				if slices.Contains(g.steps, plan.StepCopy) || slices.Contains(g.steps, plan.StepCreate) {
					t.Errorf("steps %v: something was written", g.steps)
				}
				return
			}
			if err != nil {
				t.Fatalf("Rewrite: %v", err)
			}
			if after := see(t, s.aws, bucket, tt.key); after.VersionID != effect.VersionID || after.LockMode != task.Head.LockMode || after.LegalHold != task.Head.LegalHold {
				t.Errorf("lock after the copy: %q, hold %q; was %q, %q", after.LockMode, after.LegalHold, task.Head.LockMode, task.Head.LegalHold)
			}
		})
	}

	none := ""
	denied.Store(&none)
	r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: f})
	task := inspected(t, r, "locked later")
	s.world(t, func(w *simulator.World, now time.Time, req simulator.Request) error {
		return failed(w.PutObjectLegalHold(now, &simulator.ObjectInput{Request: req, Key: "locked later"}, "ON"))
	})
	if _, err := r.Rewrite(t.Context(), task, &gate{}); objectError(t, err).Class != engine.Changed {
		t.Errorf("an object that was locked after the look: %v, want class Changed", err)
	}
}

// TestHiddenLocks: what is found out on one object before a run.
func TestHiddenLocks(t *testing.T) {
	var denied atomic.Pointer[[]string]
	s := simulate(t, simulator.Config{Authorize: func(q *simulator.AccessRequest) *simulator.Error {
		if no := denied.Load(); no != nil && q.Principal.ARN != "" && slices.Contains(*no, q.Action) {
			return &simulator.Error{HTTPStatus: 403, Code: "AccessDenied", Message: "no " + q.Action}
		}
		return nil
	}})
	both := []string{SeeRetention, SeeLegalHold}
	f := plan.Facts{Bucket: bucket}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: "free", Size: 10}, simulator.Body{})
	})
	look := func(what, key string, no, want []string) {
		t.Helper()
		denied.Store(&no)
		got, err := s.aws.HiddenLocks(t.Context(), &f, key)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s, without %v: hidden %v, %v; want %v", what, no, got, err, want)
		}
	}
	look("a bucket without object lock", "free", nil, nil)
	look("a bucket without object lock", "free", both, both) // the permission is asked for first
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.PutBucketVersioning(now, &r, simulator.Enabled); err != nil {
			return err
		}
		if err := w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true}); err != nil {
			return err
		}
		lock := simulator.Lock{Mode: "GOVERNANCE", RetainUntil: now.AddDate(5, 0, 0), LegalHold: "ON"}
		return w.SeedObject(bucket, simulator.ObjectInfo{Key: "locked", Size: 10, Lock: lock}, simulator.Body{})
	})
	for _, key := range []string{"free", "locked"} {
		look("object "+key, key, nil, nil)
		look("object "+key, key, both, both)
		look("object "+key, key, both[:1], both[:1])
		look("object "+key, key, both[1:], both[1:])
	}

	// An object that cannot be looked at tells nothing.
	denied.Store(&both)
	if _, err := s.aws.HiddenLocks(t.Context(), &f, "gone"); err == nil {
		t.Error("an object that is gone: no error")
	}
	denied.Store(&[]string{"s3:GetObject"})
	if _, err := s.aws.HiddenLocks(t.Context(), &f, "free"); KindOf(err) != AccessDenied {
		t.Errorf("an object that may not be read: %v, want access denied", err)
	}
}
