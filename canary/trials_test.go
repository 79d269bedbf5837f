package canary

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

const key = "arn:aws:kms:eu-west-1:111122223333:key/k1"

// store is a bucket in memory: its Snapshotter, its Rewriter and the notes of a job.
type store struct {
	mu      sync.Mutex
	objects map[string]*plan.Snapshot
	notes   map[string]*Note
	look    func(key string, under bool) error             // of a look; nil: none is refused
	write   func(key string, s *plan.Snapshot) error       // spoils what a write becomes
	between func(key string, s *plan.Snapshot, after bool) // what clients do right before and right after a write
	written []string
	took    time.Duration
	gated   bool // looks pass the gate
	stopped error
	unknown int // looks that are not told right whether they show the job's write
}

func newStore(n int, with func(i int, s *plan.Snapshot)) *store {
	s := &store{objects: map[string]*plan.Snapshot{}, notes: map[string]*Note{}}
	for i := range n {
		o := &plan.Snapshot{
			Head: plan.Head{ETag: fmt.Sprint("old", i), Size: 3, StorageClass: inventory.Standard, Encryption: inventory.SSES3, LastModified: time.Unix(1, 0), ChecksumAsked: true},
			Tags: plan.Saw([]plan.Tag{}), ACL: plan.Saw(""), Annotations: plan.Saw([]plan.Annotation{}), Body: plan.Saw("body"), LocksShown: true,
		}
		if with != nil {
			with(i, o)
		}
		s.objects[name(i)] = o
	}
	return s
}

func name(i int) string { return fmt.Sprintf("k%03d", i) }

// tagged gives an object a tag that HeadObject counts.
func tagged(_ int, s *plan.Snapshot) {
	s.Tags, s.Head.TagCount = plan.Saw([]plan.Tag{{Key: "a", Value: "b"}}), 1
}

func refusal(op, code string, class engine.Class) error {
	return &engine.ObjectError{Op: op, Code: code, HTTPStatus: 403, Class: class, Err: errors.New(code)}
}

func (s *store) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	if s.gated {
		if err := g.Do(ctx, plan.Step{Kind: plan.StepHead, Key: t.Record.Key}, func(context.Context) error { return nil }); err != nil {
			return nil, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[t.Record.Key]
	if o == nil {
		return nil, refusal("HeadObject", "NoSuchKey", engine.Gone)
	}
	if s.look != nil {
		if err := s.look(t.Record.Key, o.Head.Encryption == inventory.SSEKMS); err != nil {
			return nil, err
		}
	}
	if (t.Wrote != nil && t.Wrote(&o.Head)) != (o.Head.ETag == "new"+t.Record.Key) {
		s.unknown++
	}
	out := *o
	return &out, nil
}

func (s *store) Inspect(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Head, error) {
	panic("not asked for")
}

func (s *store) Rewrite(_ context.Context, t *plan.Task, _ engine.Gate) (engine.Effect, error) {
	time.Sleep(s.took)
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[t.Record.Key]
	if has := untriedOf(t, o); len(has) > 0 {
		return engine.Effect{}, &engine.HeldBack{Task: t, Why: "untried", Unproven: has}
	}
	if s.between != nil {
		s.between(t.Record.Key, o, false)
	}
	next := *o
	if s.write != nil {
		if err := s.write(t.Record.Key, &next); err != nil {
			return engine.Effect{}, err
		}
	}
	s.written = append(s.written, t.Record.Key)
	next.Head.ETag, next.Head.Encryption, next.Head.KMSKeyID = "new"+t.Record.Key, inventory.SSEKMS, key
	next.Head.LastModified = time.Unix(100, 0)
	effect := engine.Effect{ETag: next.Head.ETag, KMSKeyID: key}
	if s.between != nil {
		s.between(t.Record.Key, &next, true)
		if next.Head.ETag == "theirs" { // a later write
			next.Head.LastModified = time.Now().Add(2 * time.Second)
		}
	}
	s.objects[t.Record.Key] = &next
	return effect, nil
}

// untriedOf is what an object has of what its task has as untried.
func untriedOf(t *plan.Task, o *plan.Snapshot) (has []plan.Attribute) {
	tags, _ := o.Tags.Get()
	acl, _ := o.ACL.Get()
	for _, a := range t.Untried {
		if a == plan.Tags && len(tags) > 0 || a == plan.ACL && acl != "" {
			has = append(has, a)
		}
	}
	return has
}

func (s *store) Put(t *plan.Task, n *Note) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == nil {
		delete(s.notes, t.Record.Key)
		return nil
	}
	kept := *n
	s.notes[t.Record.Key] = &kept
	return nil
}

func (s *store) Kept(context.Context, inventory.Position) error { return nil }

func (s *store) trials(earlier *Table, accepted ...plan.Attribute) *Trials {
	policy := &plan.Policy{Options: plan.Options{Bucket: "b", SSE: plan.TargetKMS, KMSKeyID: key}, Now: time.Now()}
	return New(Config{Snapshotter: s, Notes: s, Policy: policy, Accepted: accepted, Stop: func(err error) { s.stopped = err }}, earlier)
}

// task is one whose object was looked at with a HeadObject.
func (s *store) task(i int) *plan.Task {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[name(i)]
	t := &plan.Task{Action: plan.Copy, Record: inventory.Record{Pos: inventory.Position{Row: int64(i)}, Bucket: "b", Key: name(i), IsLatest: true}}
	if o != nil {
		h := o.Head
		t.Head, t.Record.ETag, t.Record.StorageClass, t.Record.Size, t.Record.Encryption = &h, h.ETag, h.StorageClass, h.Size, h.Encryption
	}
	return t
}

// all carries out the objects one after the other, and returns how they ended.
func (s *store) all(t *testing.T, trials *Trials, n int) map[string]int {
	t.Helper()
	ends := map[string]int{}
	for i := range n {
		_, err := trials.Rewrite(t.Context(), t.Context(), s.task(i), nil, s)
		var oe *engine.ObjectError
		switch {
		case err == nil:
			ends["done"]++
		case isHeld(err):
			ends["held"]++
		case errors.As(err, &oe):
			ends[oe.Class.String()]++
		default:
			ends[err.Error()]++
		}
	}
	return ends
}

// A look at what the job wrote is told so: off AWS no listing is asked then.
func TestLooksKnowWhatTheJobWrote(t *testing.T) {
	s := newStore(20, tagged)
	if ends := s.all(t, s.trials(nil), 20); ends["done"] != 20 || s.unknown > 0 {
		t.Errorf("%v; %d looks were told wrong what the job wrote", ends, s.unknown)
	}
}

// An object that turns out to be of another kind says nothing of the one it was taken
// for: however many there are, none is held back for it, and no note of one stays.
func TestObjectsOfAnotherKindCloseNone(t *testing.T) {
	s := newStore(3*hopeless, nil)
	s.write = func(string, *plan.Snapshot) error { return refusal("CopyObject", "InvalidRequest", engine.InParts) }
	trials := s.trials(nil)
	if ends := s.all(t, trials, 3*hopeless); ends["in-parts"] != 3*hopeless || len(s.notes) > 0 || s.stopped != nil {
		t.Errorf("%v, %d notes, stopped by %v; want each decided on anew", ends, len(s.notes), s.stopped)
	}
	if err := trials.Unproven(); err != nil {
		t.Errorf("unproven: %v", err)
	}
}

// What cannot be looked at is a reason by name, and nothing of its kind is begun.
func TestWhatCannotBeLookedAtIsNotBegun(t *testing.T) {
	for _, op := range []string{"HeadObject", "GetObjectTagging", "GetObjectAcl", "GetObject", "ListObjectAnnotations"} {
		s := newStore(3000, nil)
		looks := 0
		s.look = func(string, bool) error { looks++; return refusal(op, "AccessDenied", engine.Denied) }
		trials := s.trials(nil)
		if ends := s.all(t, trials, 3000); ends["held"] != 3000 || len(s.written) > 0 {
			t.Errorf("%s refused: %v, %d written; want all held", op, ends, len(s.written))
		}
		if want := mostVain + (3000-mostVain)/closedEvery; looks != want {
			t.Errorf("%s refused: %d looks for that, want %d", op, looks, want)
		}
		var open *UnprovenError
		if !errors.As(trials.Unproven(), &open) || len(open.Kinds) != 1 {
			t.Fatalf("%s refused: %v", op, trials.Unproven())
		}
		r := open.Kinds[0].Reasons[0]
		if r.Request != op || r.Code != "AccessDenied" || r.HTTPStatus != 403 || r.Objects != int64(looks) || r.Key != name(0) {
			t.Errorf("%s refused: reason %+v", op, r)
		}
	}
}

// A prefix that nobody may look at does not keep the rest from being proven.
func TestOneDeniedPrefix(t *testing.T) {
	s := newStore(3000, nil)
	s.look = func(key string, _ bool) error {
		if len(key) == len("k000") {
			return refusal("GetObjectTagging", "AccessDenied", engine.Denied)
		}
		return nil
	}
	trials := s.trials(nil)
	if ends := s.all(t, trials, 3000); ends["held"] < 1000 || ends["done"] < 1000 || trials.Unproven() != nil {
		t.Errorf("%v: %v", ends, trials.Unproven())
	}
	if ends := s.all(t, trials, 1000); ends["done"] != 1000 { // another pass
		t.Errorf("in another pass: %v", ends)
	}
}

// An object that proves nothing is followed by another, until the kind is proven;
// from then on none is looked at.
func TestOthersAreTriedUntilProven(t *testing.T) {
	s := newStore(20, nil)
	delete(s.objects, name(0)) // gone
	s.objects[name(1)].Head.Encryption, s.objects[name(1)].Head.KMSKeyID = inventory.SSEKMS, key
	late := s.task(1)
	s.write = func(key string, _ *plan.Snapshot) error {
		if key == name(2) {
			return refusal("CopyObject", "AccessDenied", engine.Denied)
		}
		return nil
	}
	s.between = func(key string, o *plan.Snapshot, after bool) {
		if key == name(3) && after { // a newer write
			o.Head.ETag, o.Head.Encryption = "theirs", inventory.SSES3
		}
	}
	looks := 0
	s.look = func(string, bool) error { looks++; return nil }
	trials := s.trials(nil)
	late.Head, late.Record.Encryption = nil, inventory.SSES3 // as the report says
	if _, err := trials.Rewrite(t.Context(), t.Context(), late, nil, s); !isClass(err, engine.Changed) {
		t.Errorf("under the key already: %v; want a look at it", err)
	}
	ends := s.all(t, trials, 20)
	k := trials.Table(true).Kinds[1] // after the class that nobody knows
	if k.Verdict != Proven || k.Compared != 1 || trials.Unproven() != nil {
		t.Errorf("%v: %+v", ends, k)
	}
	if want := 1 + 1 + 1 + 2 + 2; looks != want { // key 1 twice, 2 before, 3 and 4 before and after
		t.Errorf("%d looks, want %d", looks, want)
	}
	if len(s.notes) != 0 {
		t.Errorf("still remembered: %v", s.notes)
	}
}

func isHeld(err error) bool {
	var held *engine.HeldBack
	return errors.As(err, &held)
}

func isClass(err error, c engine.Class) bool {
	var oe *engine.ObjectError
	return errors.As(err, &oe) && oe.Class == c
}

// Each attribute is proven by itself: an object that has one which none had before
// is compared, whatever was proven by then.
func TestEachAttributeIsProven(t *testing.T) {
	s := newStore(10, func(i int, o *plan.Snapshot) {
		switch i {
		case 5:
			tagged(i, o)
		case 7:
			o.Head.Metadata = map[string]string{"origin": "camera 7"}
		}
	})
	var compared []string
	s.look = func(key string, under bool) error {
		if !under {
			compared = append(compared, key)
		}
		return nil
	}
	trials := s.trials(nil)
	s.all(t, trials, 10)
	if want := []string{name(0), name(5), name(7)}; !slices.Equal(compared, want) {
		t.Errorf("compared %v, want %v", compared, want)
	}
	table := trials.Table(true)
	k := table.Kinds[0]
	if want := []string{"object", "data", "user metadata", "tags"}; !slices.Equal(k.ToProve, want) || k.Verdict != Proven {
		t.Errorf("%+v, want to prove %v", k, want)
	}
	// A later run of the job knows that.
	s = newStore(10, tagged)
	trials = s.trials(table)
	s.look = func(string, bool) error { t.Error("what was proven is compared again"); return nil }
	s.all(t, trials, 10)
}

// What an endpoint loses is a loss when a second object shows it, named with what
// it was, and nothing further is begun.
func TestLoss(t *testing.T) {
	s := newStore(50, tagged)
	s.write = func(_ string, o *plan.Snapshot) error {
		o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0
		return nil
	}
	trials := s.trials(nil)
	s.all(t, trials, 50)
	loss := trials.Loss()
	if loss == nil || s.stopped == nil || len(loss.Doubts) != 2 || len(s.written) != 2 {
		t.Fatalf("loss %v, stopped by %v, %d written; want two objects", loss, s.stopped, len(s.written))
	}
	if d := loss.Doubts[0].Differences[0]; d.Attribute != plan.Tags || d.Before != `{"a":"b"}` || d.Change != plan.WasLost {
		t.Errorf("%+v", d)
	}
	if len(s.notes) != 2 || s.notes[name(0)].Before == nil {
		t.Errorf("remembered: %v; want what both were", s.notes)
	}
	// Accepted by name it is no loss, and none is proven.
	s.objects = newStore(50, tagged).objects
	trials = s.trials(nil, plan.Tags)
	s.all(t, trials, 50)
	if k := trials.Table(true).Kinds[0]; trials.Loss() != nil || k.Verdict != Proven || !slices.Contains(k.Accepted, "tags") ||
		slices.ContainsFunc(k.Proven, func(p Proof) bool { return p.Attribute == "tags" }) {
		t.Errorf("accepted: %v, %+v", trials.Loss(), k)
	}
}

// The data is never in doubt: one object is enough.
func TestLossOfData(t *testing.T) {
	s := newStore(5, nil)
	s.write = func(_ string, o *plan.Snapshot) error { o.Body = plan.Saw("other"); return nil }
	trials := s.trials(nil)
	s.all(t, trials, 5)
	if trials.Loss() == nil || len(s.written) != 1 {
		t.Errorf("%v, %d written", trials.Loss(), len(s.written))
	}
}

// One object is enough where nothing but the write explains what differs, and the object
// is what the answer said: whatever others prove, before it or after. Where a client may
// have written the same bytes right before, or changed tags, the second one is.
func TestLossOfSomeObjects(t *testing.T) {
	for _, tt := range []struct {
		name    string
		lose    func(o *plan.Snapshot)
		enough  int
		verdict Verdict // after the first
	}{
		{"user metadata", func(o *plan.Snapshot) { o.Head.Metadata = nil }, 2, InDoubt},
		{"one of two values", func(o *plan.Snapshot) { o.Head.Metadata = map[string]string{"c": "d"} }, 2, InDoubt},
		{"new user metadata", func(o *plan.Snapshot) { o.Head.Metadata = map[string]string{"a": "client", "c": "d"} }, 2, InDoubt},
		{"Expires", func(o *plan.Snapshot) { o.Head.Expires = "" }, 2, InDoubt},
		{"storage class", func(o *plan.Snapshot) { o.Head.StorageClass = inventory.StandardIA }, 1, Lost},
		{"tags", func(o *plan.Snapshot) { o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0 }, 2, InDoubt},
		{"ACL", func(o *plan.Snapshot) { o.ACL = plan.Saw("") }, 2, InDoubt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newStore(6, func(i int, o *plan.Snapshot) {
				tagged(i, o)
				o.Head.Metadata, o.Head.Expires, o.ACL = map[string]string{"a": "b", "c": "d"}, "Fri, 01 Jan 2027 00:00:00 GMT", plan.Saw("everyone reads")
			})
			trials := s.trials(nil)
			s.all(t, trials, 2) // proves all of it
			s.write = func(_ string, o *plan.Snapshot) error { tt.lose(o); return nil }
			for i := 2; i < 2+tt.enough; i++ {
				_, err := trials.Every().Rewrite(t.Context(), t.Context(), s.task(i), nil, s)
				var oe *engine.ObjectError
				if !errors.As(err, &oe) || oe.Reason != plan.Unfaithful || len(oe.Lost) != 1 || oe.Lost[0].Before == "" {
					t.Errorf("object %d: %v, lost %+v; want the values before", i, err, oe)
				}
				if k := trials.Table(true).Kinds[0]; i == 2 && k.Verdict != tt.verdict {
					t.Errorf("after the first: %+v", k)
				}
			}
			if loss := trials.Loss(); loss == nil || len(loss.Doubts) != tt.enough || s.stopped == nil {
				t.Errorf("loss %v, stopped by %v", loss, s.stopped)
			}
			if k := trials.Table(true).Kinds[0]; k.Verdict != Lost {
				t.Errorf("%+v", k)
			}
			if len(s.notes) != tt.enough {
				t.Errorf("%d are remembered", len(s.notes))
			}
		})
	}
}

// A client that changes an object in the moment in which it is compared is no loss:
// another object is tried, and proves what that one lacks.
func TestClientsAreNoLoss(t *testing.T) {
	for _, tt := range []struct {
		name  string
		touch func(o *plan.Snapshot, after bool)
	}{
		{"written after", func(o *plan.Snapshot, after bool) {
			if after {
				o.Head.ETag, o.Tags = "theirs", plan.Saw([]plan.Tag{})
			}
		}},
	} {
		s := newStore(20, tagged)
		s.between = func(key string, o *plan.Snapshot, after bool) {
			if key == name(0) {
				tt.touch(o, after)
			}
		}
		trials := s.trials(nil)
		ends := s.all(t, trials, 20)
		if k := trials.Table(true).Kinds[0]; trials.Loss() != nil || trials.Unproven() != nil || k.Verdict != Proven || ends["done"] != 20 {
			t.Errorf("%s: %v, %v, %v, %+v", tt.name, ends, trials.Loss(), trials.Unproven(), k)
		}
		if len(s.notes) != 0 {
			t.Errorf("%s: still remembered: %v", tt.name, s.notes)
		}
	}
}

// The only object of a kind that differs proves nothing, and no remedy is the
// acceptance of a loss that may be none.
func TestOneDoubtIsUnproven(t *testing.T) {
	s := newStore(5, func(i int, o *plan.Snapshot) {
		if i == 2 {
			tagged(i, o)
		}
	})
	s.write = func(key string, o *plan.Snapshot) error {
		o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0
		return nil
	}
	trials := s.trials(nil)
	ends := s.all(t, trials, 5)
	var open *UnprovenError
	if ends["done"] != 4 || ends["permanent"] != 1 || trials.Loss() != nil || !errors.As(trials.Unproven(), &open) || len(open.Kinds[0].Doubts) != 1 {
		t.Errorf("%v, %v, %v", ends, trials.Loss(), trials.Unproven())
	}
}

// While an object is compared those like it wait, and go on together when it is
// proven. Where that takes long they are put off, so that no worker is lost to them.
func TestOthersWait(t *testing.T) {
	for _, took := range []time.Duration{time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			s := newStore(30, nil)
			s.took = took
			trials := s.trials(nil)
			var group sync.WaitGroup
			var mu sync.Mutex
			ends := map[bool]int{}
			for i := range 30 {
				group.Go(func() {
					_, err := trials.Rewrite(t.Context(), t.Context(), s.task(i), nil, s)
					mu.Lock()
					defer mu.Unlock()
					ends[isHeld(err)]++
				})
			}
			time.Sleep(took / 2)
			s.mu.Lock()
			n := len(s.notes)
			s.mu.Unlock()
			if n != together {
				t.Errorf("%d are compared at once, want %d", n, together)
			}
			group.Wait()
			if want := 30 - together; took > patience && ends[true] != want || took < patience && ends[true] != 0 {
				t.Errorf("%s: %v put off", took, ends)
			}
		})
	}
	// The end of admission ends the waiting.
	synctest.Test(t, func(t *testing.T) {
		s := newStore(3, nil)
		s.took = time.Second
		trials := s.trials(nil)
		admit, stop := context.WithCancel(t.Context())
		var group sync.WaitGroup
		for i := range 3 {
			group.Go(func() {
				if _, err := trials.Rewrite(admit, t.Context(), s.task(i), nil, s); err != nil && !errors.Is(err, engine.ErrNotBegun) {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		stop()
		group.Wait()
		if len(s.written) != together {
			t.Errorf("%d written, want the %d that were under way", len(s.written), together)
		}
	})
}

// An object that a run wrote and did not compare is compared by the next.
func TestRecheck(t *testing.T) {
	s := newStore(3, tagged)
	trials := s.trials(nil)
	for i, lost := range []bool{false, true, true} {
		s.write = nil
		task := s.task(i)
		before := *s.objects[name(i)]
		if lost {
			s.write = func(_ string, o *plan.Snapshot) error { o.Tags = plan.Saw([]plan.Tag{}); return nil }
		}
		if _, err := s.Rewrite(t.Context(), task, nil); err != nil {
			t.Fatal(err)
		}
		if err := trials.Recheck(t.Context(), task, &Note{Before: &before}, nil); isClass(err, engine.Permanent) != lost {
			t.Errorf("object %d: %v; want failed %t", i, err, lost)
		}
		if got, want := trials.Loss() != nil, i == 2; got != want {
			t.Errorf("after object %d: loss %t, want %t", i, got, want)
		}
	}
	// One that was not written after all is not compared: nor is one whose key stays and
	// whose bucket key was to change.
	s = newStore(1, func(_ int, o *plan.Snapshot) {
		o.Head.Encryption, o.Head.KMSKeyID, o.Head.BucketKey = inventory.SSEKMS, key, true
	})
	trials = s.trials(nil)
	trials.cfg.Policy.Options.Rekey = true
	if err := trials.Recheck(t.Context(), s.task(0), &Note{Before: s.objects[name(0)]}, nil); err != nil || trials.Loss() != nil || trials.Compared() != 0 {
		t.Errorf("bucket key not changed: %v, %v, %d compared", err, trials.Loss(), trials.Compared())
	}
	s = newStore(1, tagged)
	trials = s.trials(nil)
	if err := trials.Recheck(t.Context(), s.task(0), &Note{Before: s.objects[name(0)]}, nil); err != nil || trials.Loss() != nil || trials.Compared() != 0 {
		t.Errorf("not written: %v, %v, %d compared", err, trials.Loss(), trials.Compared())
	}
}

// Nobody knows what a run wrote that was cut off before the answer came. An object under
// the key is another client's where its bucket key is not the one that this job asks for,
// as the bucket's default has it, and on AWS where its data is another.
func TestRecheckOfAnotherClientsWrite(t *testing.T) {
	t.Parallel()
	client := func(o *plan.Snapshot) { o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0 }
	for _, tt := range []struct {
		name      string
		bucketKey bool // asked for
		any, aws  bool
		write     func(o *plan.Snapshot)
		lost      bool
	}{
		{"as asked for", false, false, true, client, true},
		{"a bucket key by default", false, false, true, func(o *plan.Snapshot) { client(o); o.Head.BucketKey = true }, false},
		{"no bucket key by default", true, false, true, client, false},
		{"no bucket key by default, elsewhere", true, false, false, client, false},
		{"a bucket key that the endpoint does not keep", true, true, true, client, true},
		{"other data on AWS", false, false, true, func(o *plan.Snapshot) { o.Body = plan.Saw("other") }, false},
		{"another size on AWS", false, false, true, func(o *plan.Snapshot) { client(o); o.Head.Size = 7 }, false},
		{"another size elsewhere, where a write may be cut off", false, false, false, func(o *plan.Snapshot) { o.Head.Size = 7 }, true},
	} {
		s := newStore(2, tagged)
		trials := s.trials(nil)
		p := trials.cfg.Policy
		p.Options.BucketKey, p.AnyBucketKey, p.Facts.AWS = tt.bucketKey, tt.any, plan.AnswerOf(tt.aws)
		s.write = func(_ string, o *plan.Snapshot) error { tt.write(o); return nil }
		for i := range 2 {
			task, before := s.task(i), *s.objects[name(i)]
			if _, err := s.Rewrite(t.Context(), task, nil); err != nil {
				t.Fatal(err)
			}
			if err := trials.Recheck(t.Context(), task, &Note{Before: &before}, nil); isClass(err, engine.Permanent) != tt.lost {
				t.Errorf("%s, object %d: %v; want failed %t", tt.name, i, err, tt.lost)
			}
		}
		if trials.Compared() != 0 || (trials.Loss() != nil) != tt.lost {
			t.Errorf("%s: %d compared, loss %v; want a loss %t", tt.name, trials.Compared(), trials.Loss(), tt.lost)
		}
	}
}

// draining is the gate of a run that stops once something was written: it sends
// nothing but what finishes work.
type draining struct{ *store }

func (g draining) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	g.mu.Lock()
	begun := len(g.written) > 0
	g.mu.Unlock()
	if begun && !s.Finishes {
		return errors.New("the run is stopping")
	}
	return send(ctx)
}

// A run that stops after an object was written still compares and records it.
func TestAStopComparesWhatWasWritten(t *testing.T) {
	s := newStore(2, tagged)
	s.gated = true
	trials := s.trials(nil)
	if _, err := trials.Rewrite(t.Context(), t.Context(), s.task(0), draining{s}, s); err != nil || trials.Compared() != 1 || len(s.notes) != 0 {
		t.Errorf("%v; %d compared, %d notes left; want the object compared", err, trials.Compared(), len(s.notes))
	}
	if _, err := trials.Every().Rewrite(t.Context(), t.Context(), s.task(1), draining{s}, s); err == nil || len(s.written) != 1 {
		t.Errorf("%v; %d written; want that nothing more is begun", err, len(s.written))
	}
}

func BenchmarkProven(b *testing.B) {
	s := newStore(1, nil)
	trials := s.trials(nil)
	task := s.task(0)
	if _, err := trials.Rewrite(b.Context(), b.Context(), task, nil, s); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if o, _, err := trials.turn(b.Context(), task, 0); o != nil || err != nil {
			b.Fatal(o, err)
		}
	}
}

// An object of each first part of the keys is compared, whatever those of others
// proved: what an endpoint keeps may depend on it.
func TestEachPrefixIsCompared(t *testing.T) {
	s := newStore(20, func(_ int, o *plan.Snapshot) { o.Head.Metadata = map[string]string{"a": "b"} })
	for i := range 20 {
		s.objects[under(i)] = s.objects[name(i)]
	}
	s.write = func(key string, o *plan.Snapshot) error {
		if strings.HasPrefix(key, "p/") {
			o.Head.Metadata = nil
		}
		return nil
	}
	trials := s.trials(nil)
	for i := range 20 {
		task := s.task(i)
		task.Record.Key = under(i)
		_, err := trials.Rewrite(t.Context(), t.Context(), task, nil, s)
		if lost := isClass(err, engine.Permanent); lost != (i == 10 || i == 11) { // a second one makes it a loss
			t.Errorf("%s: %v", under(i), err)
		}
	}
	if loss := trials.Loss(); loss == nil || loss.Doubts[0].Key != under(10) {
		t.Errorf("%v", loss)
	}
}

// under is a key in one of two prefixes.
func under(i int) string { return []string{"d/", "p/"}[i/10] + name(i) }

// A directory that nobody may look at does not keep the next one from being tried.
func TestOneDeniedDirectory(t *testing.T) {
	s := newStore(140, nil)
	at := func(i int) string { return []string{"logs/a/", "logs/b/"}[min(i/40, 1)] + name(i) }
	for i := range 140 {
		s.objects[at(i)] = s.objects[name(i)]
	}
	s.look = func(key string, _ bool) error {
		if strings.HasPrefix(key, "logs/a/") {
			return refusal("GetObjectTagging", "AccessDenied", engine.Denied)
		}
		return nil
	}
	trials := s.trials(nil)
	done := 0
	for i := range 140 {
		task := s.task(i)
		task.Record.Key = at(i)
		if _, err := trials.Rewrite(t.Context(), t.Context(), task, nil, s); err == nil {
			done++
		}
	}
	if done != 100 {
		t.Errorf("%d done, want the 100 that can be looked at", done)
	}
}

// An object of which the endpoint says two things fails as that, and is not put off to
// be re-encrypted without a look.
func TestContradictedLookFails(t *testing.T) {
	s := newStore(1, nil)
	s.look = func(string, bool) error {
		return &engine.ObjectError{Op: "copy", Class: engine.Permanent, Contradicted: true, Err: errors.New("two things")}
	}
	_, err := s.trials(nil).Rewrite(t.Context(), t.Context(), s.task(0), nil, s)
	var oe *engine.ObjectError
	if !errors.As(err, &oe) || !oe.Contradicted || len(s.written) > 0 {
		t.Errorf("%v, written %v; want the contradiction, and no write", err, s.written)
	}
}

// Objects that can be written and not be looked at afterwards are not written for ever:
// their directory is closed, and one of a hundred is tried from then on.
func TestWhatCannotBeLookedAtAfterwardsIsNotWrittenOn(t *testing.T) {
	const n = 3000
	s := newStore(n, nil)
	s.look = func(_ string, under bool) error {
		if under {
			return refusal("GetObject", "AccessDenied", engine.Denied)
		}
		return nil
	}
	trials := s.trials(nil)
	ends := s.all(t, trials, n)
	if most := mostVain + n/closedEvery; len(s.written) > most || ends["held"] != n-len(s.written) {
		t.Errorf("%v, %d written unproven; want %d at most, the others held", ends, len(s.written), most)
	}
	var open *UnprovenError
	if !errors.As(trials.Unproven(), &open) || len(open.Kinds) != 1 || !open.Kinds[0].HeldBack {
		t.Errorf("%v", trials.Unproven())
	}
}

// However many directories they are in: after so many that could be written and not be
// looked at the run ends, as for any that prove nothing.
func TestWhatCannotBeLookedAtAfterwardsEndsTheRun(t *testing.T) {
	s := newStore(2*hopeless, nil)
	s.look = func(_ string, under bool) error {
		if under {
			return refusal("GetObject", "AccessDenied", engine.Denied)
		}
		return nil
	}
	trials := s.trials(nil)
	for i := 0; i < 2*hopeless && s.stopped == nil; i++ {
		task := s.task(i)
		task.Record.Key = fmt.Sprintf("d%03d/%s", i%(2*vainIn), name(i))
		s.objects[task.Record.Key] = s.objects[name(i)]
		_, _ = trials.Rewrite(t.Context(), t.Context(), task, nil, s) // what counts is what was written
	}
	var open *UnprovenError
	if !errors.As(s.stopped, &open) || len(s.written) != hopeless {
		t.Errorf("stopped by %v with %d written unproven, want %d", s.stopped, len(s.written), hopeless)
	}
}
