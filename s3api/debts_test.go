package s3api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// versioned sets the state of a bucket's versioning.
func versioned(t *testing.T, s *simulation, state string) {
	t.Helper()
	if state == "" {
		return
	}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketVersioning(now, &r, state))
	})
}

// longTags are more than the header of an upload holds.
func longTags(o *simulator.ObjectInfo) {
	o.Tags = nil
	for i := range 10 {
		o.Tags = append(o.Tags, simulator.Tag{Key: fmt.Sprint(i, strings.Repeat("ü", 50)), Value: strings.Repeat("日", 100)})
	}
}

func noTags(o *simulator.ObjectInfo) { o.Tags = nil }

// retag has another client replace the tags of what is current.
func (s *simulation) retag(t *testing.T, tags ...simulator.Tag) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		_, err := w.PutObjectTagging(now, &simulator.ObjectInput{Request: r, Key: "film"}, tags)
		return failed(err)
	})
}

// annotate has another client annotate what is current.
func (s *simulation) annotate(t *testing.T, notes map[string]string) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		for name, value := range notes {
			if err := w.PutObjectAnnotation(now, &simulator.ObjectInput{Request: r, Key: "film"}, name, []byte(value), ""); err != nil {
				return err
			}
		}
		return nil
	})
}

// annotated are the annotations of what is current.
func (s *simulation) annotated(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		in := &simulator.ObjectInput{Request: r, Key: "film"}
		all, err := w.ListObjectAnnotations(now, in)
		for _, a := range all {
			var value []byte
			if value, err = w.GetObjectAnnotation(now, in, a.Name); err != nil {
				break
			}
			out[a.Name] = string(value)
		}
		return failed(err)
	})
	return out
}

func sortedTags(tags []simulator.Tag) string {
	tags = slices.Clone(tags)
	slices.SortFunc(tags, func(a, b simulator.Tag) int { return strings.Compare(a.Key, b.Key) })
	return fmt.Sprint(tags)
}

// states are buckets, and the version of the object in them that a copy is made from.
var states = []struct {
	name  string
	state string
	id    string // of the object's version
	stays bool   // that version stays when a newer one is written
}{
	{"unversioned", "", "", false},
	{"versioned", simulator.Enabled, "first", true},
	{"versioned since", simulator.Enabled, "null", true},
	{"suspended, with an id", simulator.Suspended, "first", true},
	{"suspended", simulator.Suspended, "null", false},
}

// Tags that a client gives the new version while the request that brings tags over
// waits for its turn stay.
func TestTagsAreReplacedByNoLateRequest(t *testing.T) {
	s := simulate(t, simulator.Config{})
	versioned(t, s, simulator.Enabled)
	seedLarge(t, s, "film", longTags)
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	theirs, waited := []simulator.Tag{{Key: "by", Value: "client"}}, false
	g := &hookGate{kind: plan.StepPutTags, hook: func(int) {
		waited = true
		s.retag(t, theirs...)
	}}
	if _, err := r.Rewrite(t.Context(), inspected(t, r, "film"), g); err != nil {
		t.Fatal(err)
	}
	if is := s.now(t, "film"); !waited || sortedTags(is.Tags) != sortedTags(theirs) {
		t.Errorf("waited: %v; tags = %v, want the client's %v", waited, is.Tags, theirs)
	}
}

// A client that changes the tags in the moment of the completion, after the last
// look, changes those of the version that the copy is made from. Where that
// stays, its tags are brought over; what a client gave the new version stays.
func TestMultipartCopyKeepsTagsOfTheLastMoment(t *testing.T) {
	hermetic(t)
	theirs := []simulator.Tag{{Key: "by", Value: "client"}}
	for _, tt := range states {
		if !tt.stays {
			continue // S3 has nothing left to read them from: see docs/fidelity.md
		}
		for _, tags := range []struct {
			name   string
			change func(*simulator.ObjectInfo)
			theirs []simulator.Tag
			after  bool // of the new version, before it is looked at
		}{
			{"changed", func(*simulator.ObjectInfo) {}, theirs, false},
			{"added", noTags, theirs, false},
			{"removed", func(*simulator.ObjectInfo) {}, nil, false},
			{"long ones changed", longTags, theirs, false},
			{"changed afterwards", func(*simulator.ObjectInfo) {}, theirs, true},
			{"long ones changed afterwards", longTags, theirs, true},
		} {
			if tt.name != "versioned" && tags.name != "changed" {
				continue // what is compared is the same
			}
			t.Run(tt.name+", "+tags.name, func(t *testing.T) {
				t.Parallel()
				s := simulateQuietly(t, simulator.Config{})
				versioned(t, s, tt.state)
				seedLarge(t, s, "film", tags.change, func(o *simulator.ObjectInfo) { o.VersionID = tt.id })
				r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
				task := inspected(t, r, "film")
				completed := false
				g := &hookGate{kind: plan.StepComplete, hook: func(int) {
					if completed = true; !tags.after {
						s.retag(t, tags.theirs...)
					}
				}}
				if tags.after {
					g.kind = plan.StepGetTags
					g.hook = func(n int) {
						if last := 3; n == last { // before and after the parts, and once after the completion
							s.retag(t, tags.theirs...)
						}
					}
				}
				if _, err := r.Rewrite(t.Context(), task, g); err != nil {
					t.Fatalf("Rewrite: %v", err)
				}
				is := s.now(t, "film")
				if is.Encryption.Type != simulator.SSEKMS || sortedTags(is.Tags) != sortedTags(tags.theirs) {
					t.Errorf("tags = %v under %s, want those that the client gave: %v", is.Tags, is.Encryption.Type, tags.theirs)
				}
				if !tags.after && !completed {
					t.Error("nothing was changed in the moment of the completion")
				}
				g.within(t, task)
			})
		}
	}
}

// What goes with no upload is put on the object that it became: tags that are
// more than a header holds, and annotations.
func TestMultipartCopyPutsTheRest(t *testing.T) {
	hermetic(t)
	long := map[string]string{"subtitles": strings.Repeat("la ", 10_000), "cut": "x"}
	for _, tt := range states {
		for _, rest := range []struct {
			name    string
			change  func(*simulator.ObjectInfo)
			notes   map[string]string
			refused bool // where the version does not stay
		}{
			{"long tags", longTags, nil, false},
			{"annotations", noTags, map[string]string{"subtitles": "la", "cut": "x"}, false},
			{"long tags and annotations", longTags, map[string]string{"subtitles": "la"}, false},
			{"long annotations", noTags, long, true},
		} {
			if tt.state == simulator.Suspended && rest.name != "long tags and annotations" {
				continue
			}
			t.Run(tt.name+", "+rest.name, func(t *testing.T) {
				t.Parallel()
				s := simulateQuietly(t, simulator.Config{})
				versioned(t, s, tt.state)
				was := seedLarge(t, s, "film", rest.change, func(o *simulator.ObjectInfo) { o.VersionID = tt.id })
				s.annotate(t, rest.notes)
				n := &notes{m: map[inventory.Position][]byte{}}
				r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
				task := inspected(t, r, "film")
				_, err := r.Rewrite(t.Context(), task, &gate{})
				if rest.refused && !tt.stays {
					if oe := objectError(t, err); oe.Reason != plan.Unfaithful || !strings.Contains(err.Error(), "annotations") || s.uploads(t) != 0 {
						t.Errorf("%v, want %s naming annotations before an upload is begun", err, plan.Unfaithful)
					}
					return
				}
				if err != nil {
					t.Fatalf("Rewrite: %v", err)
				}
				is := s.now(t, "film")
				if is.Encryption.Type != simulator.SSEKMS || sortedTags(is.Tags) != sortedTags(was.Tags) {
					t.Errorf("under %s with tags %v, want %v", is.Encryption.Type, is.Tags, was.Tags)
				}
				if got := s.annotated(t); !maps.Equal(got, rest.notes) {
					t.Errorf("annotations %.100v, want %.100v", got, rest.notes)
				}
				if len(n.m) != 0 {
					t.Errorf("%d notes left", len(n.m))
				}
			})
		}
	}
}

// crashGate lets nothing through once a completion was answered, as if the
// process had been killed.
type crashGate struct {
	gate
	lost bool // not even the answer to the completion
	dead bool
}

var errKilled = errors.New("killed")

func (g *crashGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if g.dead {
		return errKilled
	}
	err := g.gate.Do(ctx, s, send)
	if s.Kind == plan.StepComplete {
		if g.dead = true; g.lost {
			return errKilled
		}
	}
	return err
}

// A crash between a completion and what follows it leaves a note that was durable
// before; the next run pays by it before it decides anything, and once only.
func TestDebtsArePaidAfterACrash(t *testing.T) {
	hermetic(t)
	theirs := []simulator.Tag{{Key: "by", Value: "client"}}
	for _, tt := range states {
		for _, owed := range []struct {
			name   string
			change func(*simulator.ObjectInfo)
			notes  map[string]string
			retag  bool
			lost   bool
		}{
			{"long tags", longTags, nil, false, false},
			{"annotations", noTags, map[string]string{"subtitles": "la", "cut": "x"}, false, false},
			{"annotations, answer lost", noTags, map[string]string{"subtitles": "la", "cut": "x"}, false, true},
			{"changed tags", func(*simulator.ObjectInfo) {}, nil, true, false},
		} {
			if owed.retag && !tt.stays || owed.lost && tt.state == simulator.Suspended {
				continue
			}
			t.Run(tt.name+", "+owed.name, func(t *testing.T) {
				t.Parallel()
				s := simulateQuietly(t, simulator.Config{})
				versioned(t, s, tt.state)
				want := seedLarge(t, s, "film", owed.change, func(o *simulator.ObjectInfo) { o.VersionID = tt.id }).Tags
				s.annotate(t, owed.notes)
				n := &notes{m: map[inventory.Position][]byte{}, kept: map[inventory.Position]bool{}}
				r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
				crash := &crashGate{lost: owed.lost}
				task := inspected(t, r, "film")
				early := &hookGate{kind: plan.StepComplete, hook: func(int) {
					if len(n.m) != 1 || !n.kept[inventory.Position{}] {
						t.Error("the completion was sent before the debt was durable")
					}
					if owed.retag {
						want = theirs
						s.retag(t, theirs...)
					}
				}}
				if _, err := r.Rewrite(t.Context(), task, chain{early, crash}); !errors.Is(err, errKilled) {
					t.Fatalf("Rewrite = %v, want to be killed after the completion", err)
				}
				if is := s.now(t, "film"); is.Encryption.Type != simulator.SSEKMS {
					t.Fatalf("the completion took no effect: %+v", is)
				}
				if len(n.m) != 1 {
					t.Fatalf("%d notes after the crash, want 1", len(n.m))
				}
				again := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
				for range 2 {
					if task := inspected(t, again, "film"); task.Action != plan.Skip || task.Reason != plan.AlreadyEncrypted {
						t.Errorf("decided to %s (%s) after the crash; want to leave the object alone", task.Action, task.Reason)
					}
				}
				if is := s.now(t, "film"); sortedTags(is.Tags) != sortedTags(want) {
					t.Errorf("tags = %v, want %v", is.Tags, want)
				}
				if got := s.annotated(t); !maps.Equal(got, owed.notes) {
					t.Errorf("annotations %v, want %v", got, owed.notes)
				}
				if len(n.m) != 0 {
					t.Errorf("%d notes left", len(n.m))
				}
				if got := s.calls(); owed.change != nil && got["PutObjectTagging"] > 2 || got["CreateMultipartUpload"] != 1 {
					t.Errorf("calls = %v; want one upload, and tags put once by the client and once by the run at most", got)
				}
			})
		}
	}
}

// chain is a gate behind another.
type chain struct{ first, second engine.Gate }

func (c chain) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	return c.first.Do(ctx, s, func(ctx context.Context) error { return c.second.Do(ctx, s, send) })
}

// An answer to a completion that got lost is no reason to forget what is owed:
// sent again it meets no upload, and the look that follows pays.
func TestDebtsOutliveALostAnswer(t *testing.T) {
	s := simulate(t, simulator.Config{})
	was := seedLarge(t, s, "film", longTags)
	n := &notes{m: map[inventory.Position][]byte{}}
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	task := inspected(t, r, "film")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "CompleteMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1})
		return nil
	})
	_, err := r.Rewrite(t.Context(), task, engine.Patient(&gate{}, 3))
	if oe := objectError(t, err); oe.Class != engine.Changed {
		t.Fatalf("%v: class %v, want changed", err, oe.Class)
	}
	if task := inspected(t, r, "film"); task.Reason != plan.AlreadyEncrypted {
		t.Errorf("decided to %s (%s)", task.Action, task.Reason)
	}
	if is := s.now(t, "film"); sortedTags(is.Tags) != sortedTags(was.Tags) || len(n.m) != 0 {
		t.Errorf("tags = %v, %d notes left; want %v and none", is.Tags, len(n.m), was.Tags)
	}
}

// What another client wrote since the crash is owed nothing.
func TestDebtsAreNotPaidToOthers(t *testing.T) {
	hermetic(t)
	for _, tt := range states {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			versioned(t, s, tt.state)
			seedLarge(t, s, "film", longTags, func(o *simulator.ObjectInfo) { o.VersionID = tt.id })
			s.annotate(t, map[string]string{"cut": "x"})
			n := &notes{m: map[inventory.Position][]byte{}}
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
			if _, err := r.Rewrite(t.Context(), inspected(t, r, "film"), &crashGate{}); !errors.Is(err, errKilled) {
				t.Fatalf("Rewrite = %v, want to be killed after the completion", err)
			}
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				in := &simulator.PutObjectInput{Request: r, Key: "film", Body: simulator.Bytes([]byte("newer"))}
				in.Encryption = simulator.EncryptionHeaders{Algorithm: "aws:kms", KMSKeyID: keyARN}
				_, err := w.PutObject(now, in)
				return failed(err)
			})
			inspected(t, r, "film")
			if is := s.now(t, "film"); len(is.Tags) != 0 || is.Size != 5 {
				t.Errorf("another client's object = %+v, want it as it was", is)
			}
			if got := s.annotated(t); len(got) != 0 {
				t.Errorf("annotations %v on another client's object", got)
			}
		})
	}
}

// Tags that may not be put afterwards are no success, and not forgotten.
func TestDebtThatCannotBePaid(t *testing.T) {
	s := simulate(t, simulator.Config{})
	was := seedLarge(t, s, "film", longTags)
	n := &notes{m: map[inventory.Position][]byte{}}
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	task := inspected(t, r, "film")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "PutObjectTagging", Code: "AccessDenied", Message: "Access Denied", HTTPStatus: 403, Count: 1})
		return nil
	})
	_, err := r.Rewrite(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.Denied || oe.Reason != plan.Unfaithful || len(n.m) != 1 {
		t.Errorf("%v: class %v, reason %s, %d notes; want denied, %s, and the note", err, oe.Class, oe.Reason, len(n.m), plan.Unfaithful)
	}
	inspected(t, r, "film")
	if is := s.now(t, "film"); sortedTags(is.Tags) != sortedTags(was.Tags) || len(n.m) != 0 {
		t.Errorf("once it may: tags = %v, %d notes left", is.Tags, len(n.m))
	}
}

// A completion that had to wait is preceded by another look.
func TestMultipartCopyLooksAgainAfterAWait(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	g := &hookGate{kind: plan.StepComplete, hook: func(n int) {
		if n == 1 {
			r.fresh = time.Nanosecond // less than anything takes
			s.retag(t, simulator.Tag{Key: "by", Value: "client"})
		}
	}}
	_, err := r.Rewrite(t.Context(), task, g)
	if oe := objectError(t, err); oe.Class != engine.Changed {
		t.Errorf("%v: class %v, want changed: the tags were changed while the completion waited", err, oe.Class)
	}
	if got := s.calls(); got["CompleteMultipartUpload"] != 0 {
		t.Errorf("calls = %v: completed all the same", got)
	}

	// One that always has to wait is sent in the end.
	task = inspected(t, r, "film")
	if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
		t.Errorf("Rewrite: %v", err)
	}
	if got := s.calls(); got["CompleteMultipartUpload"] != 1 || got["GetObjectTagging"] != maxLooks+1 {
		t.Errorf("calls = %v; want %d looks at the tags and one completion", got, maxLooks+1)
	}
}

// Where neither note nor source say what the tags were, nothing is claimed of
// them: the object's own count stays what the proof compares with.
func TestTagsThatAreNotKnown(t *testing.T) {
	w := &work{Rewriter: &Rewriter{config: RewriteConfig{Options: anOptions()}}, task: &plan.Task{Record: aRecord("k")}, gate: &gate{}}
	if n, err := w.payTags(t.Context(), &debt{}, "v1"); !n.IsZero() || err != nil {
		t.Errorf("payTags = %v, %v, want nothing known", n, err)
	}
}

// Tags that are put after the completion are read once for that, right before.
func TestOwedTagsAreReadOnce(t *testing.T) {
	s := simulate(t, simulator.Config{})
	was := seedLarge(t, s, "film", longTags)
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	s.calls()
	if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
		t.Fatal(err)
	}
	if is := s.now(t, "film"); !reflect.DeepEqual(is.Tags, was.Tags) {
		t.Errorf("tags %v, want %v", is.Tags, was.Tags)
	}
	if got := s.calls(); got["GetObjectTagging"] != 3 || got["PutObjectTagging"] != 1 {
		t.Errorf("calls = %v; want the tags read before the copy, before its completion, and before they are put", got)
	}
}
