package s3api

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

// others begins uploads of other clients that must not be touched: with parts, by
// somebody else, or for another class. It returns their ids.
func others(t *testing.T, s *simulation) (ids []string) {
	t.Helper()
	me := simulator.Principal{ARN: "arn:aws:iam::" + account + ":user/re", Account: account}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		begin := func(who simulator.Principal, class simulator.StorageClass) string {
			r := r
			r.Principal = who
			in := &simulator.CreateMultipartUploadInput{Request: r, Key: "film"}
			in.StorageClass = class
			out, err := w.CreateMultipartUpload(now, in)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, out.UploadID)
			return out.UploadID
		}
		begin(me, simulator.Standard)
		begin(simulator.Principal{ARN: "arn:aws:iam::" + account + ":user/somebody", Account: account}, simulator.StandardIA)
		_, err := w.UploadPart(now, &simulator.UploadPartInput{UploadInput: simulator.UploadInput{Request: r, Key: "film", UploadID: begin(me, simulator.StandardIA)},
			PartNumber: 1, Body: simulator.Synthetic(6<<20, 1)})
		return failed(err)
	})
	return ids
}

// uploadIDs are those of the uploads in progress.
func (s *simulation) uploadIDs(t *testing.T) (ids []string) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		out, err := w.ListMultipartUploads(now, &simulator.ListMultipartUploadsInput{Request: r})
		if err == nil {
			for _, u := range out.Uploads {
				ids = append(ids, u.ID)
			}
		}
		return failed(err)
	})
	return ids
}

// An answer to the beginning of an upload that is lost leaves an upload that nobody
// knows. It is aborted where it is proven to be that, else it is said, and a note
// stays.
func TestLostBeginningLeavesNoUpload(t *testing.T) {
	hermetic(t)
	for _, tt := range []struct {
		name   string
		off    bool // AWS
		denied bool
		left   int
		named  bool
	}{
		{"on AWS", false, false, 0, false},
		{"elsewhere", true, false, 3, true}, // and two of the others', without parts
		{"the list is denied", false, true, 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			seedLarge(t, s, "film")
			theirs := others(t, s)
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
				w.AddFault(simulator.Fault{Op: "CreateMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1})
				if tt.denied {
					w.AddFault(simulator.Fault{Op: "ListMultipartUploads", Code: "AccessDenied", Message: "Access Denied", HTTPStatus: 403, Count: 1})
				}
				return nil
			})
			n := &notes{m: map[inventory.Position][]byte{}}
			f := facts(t, s.aws, bucket)
			if tt.off {
				f.AWS = plan.No
			}
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: f, Notes: n})
			task := inspected(t, r, "film")
			s.calls()
			if _, err := r.Rewrite(t.Context(), task, engine.Patient(&gate{}, 3)); err != nil {
				t.Fatalf("Rewrite: %v", err)
			}
			if got := s.calls(); !tt.denied && got["ListMultipartUploads"] != 1 {
				t.Errorf("calls = %v, want one list", got)
			}
			is := s.uploadIDs(t)
			for i, id := range theirs {
				if !slices.Contains(is, id) {
					t.Errorf("upload %d of other clients is gone", i)
				}
			}
			if want := len(theirs) + min(tt.left, 1); len(is) != want {
				t.Errorf("%d uploads, want %d", len(is), want)
			}
			first, all := r.MayBeLeft()
			noted := 0
			for _, note := range n.m {
				noted += len(NotedStrays(note))
			}
			if tt.off { // by the same initiator, in the same seconds or not: that is all one there
				tt.left = all
			}
			if all != tt.left || noted != tt.left || all > 0 && (first[0].Key != "film" || (first[0].ID != "") != tt.named || first[0].Why == "") {
				t.Errorf("said: %+v, %d of them noted; want %d", first, noted, tt.left)
			}
			if tt.off && !slices.ContainsFunc(first, func(s Stray) bool { return !slices.Contains(theirs, s.ID) && slices.Contains(is, s.ID) }) {
				t.Errorf("said: %+v, and not the upload that is left", first)
			}
		})
	}
}

// Only what S3 began in the time of the requests without an answer, by its own clock,
// may be theirs.
func TestUploadsOfTheTimeOfRequests(t *testing.T) {
	here := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	there := here.Add(37 * time.Minute) // the clock of S3
	up := &upload{began: here.Add(20 * time.Second), lost: []attempt{{here, here.Add(10 * time.Second)}}}
	mine := there.Add(20 * time.Second)
	for after, want := range map[time.Duration]bool{-time.Hour: false, -3 * time.Second: false, -time.Second: true, 5 * time.Second: true, 11 * time.Second: true, 15 * time.Second: false} {
		if got := up.during(mine, there.Add(after)); got != want {
			t.Errorf("%s after the first request: %v, want %v", after, got, want)
		}
	}
}

// A request to begin an upload that nothing answers at all: what it may have begun
// is said.
func TestBeginningThatFailsIsSaid(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	n := &notes{m: map[inventory.Position][]byte{}}
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	task := inspected(t, r, "film")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "CreateMultipartUpload", Code: "InternalError", HTTPStatus: 500, AfterCommit: true, Count: 1})
		return nil
	})
	if _, err := r.Rewrite(t.Context(), task, &gate{}); err == nil {
		t.Fatal("the object is done")
	}
	if first, all := r.MayBeLeft(); all != 1 || first[0].ID != s.uploadIDs(t)[0] || !strings.Contains(first[0].Why, "told from") {
		t.Errorf("said: %+v", first)
	}
}

// A crash between the beginning of an upload and its note: that it was about to be
// begun is durable, and the next run finds it.
func TestUploadOfACrashIsFound(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	theirs := others(t, s)
	n := &notes{m: map[inventory.Position][]byte{}, kept: map[inventory.Position]bool{}}
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	task := inspected(t, r, "film")
	early := &hookGate{kind: plan.StepCreate, hook: func(int) {
		if len(n.m) != 1 || !n.kept[inventory.Position{}] {
			t.Error("the upload was begun before it was durable that it would be")
		}
	}}
	crash := &deadAnswer{kind: plan.StepCreate}
	if _, err := r.Rewrite(t.Context(), task, chain{early, crash}); !errors.Is(err, errKilled) {
		t.Fatalf("Rewrite = %v, want to be killed", err)
	}
	if got := len(NotedStrays(n.m[inventory.Position{}])); got != 1 || s.uploads(t) != len(theirs)+1 {
		t.Errorf("%d uploads noted, %d there", got, s.uploads(t))
	}
	again := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	if _, err := again.Rewrite(t.Context(), inspected(t, again, "film"), &gate{}); err != nil {
		t.Fatal(err)
	}
	is := s.uploadIDs(t)
	slices.Sort(is)
	slices.Sort(theirs)
	if _, all := again.MayBeLeft(); !slices.Equal(is, theirs) || all != 0 || len(n.m) != 0 {
		t.Errorf("%d uploads are left, want the %d of other clients; %d said, %d notes", len(is), len(theirs), all, len(n.m))
	}
}

// begunHere begins n uploads of the key as the job itself would, and returns their ids.
func begunHere(t *testing.T, s *simulation, key string, n int) (ids []string) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		r.Principal = simulator.Principal{ARN: "arn:aws:iam::" + account + ":user/re", Account: account}
		in := &simulator.CreateMultipartUploadInput{Request: r, Key: key}
		in.StorageClass = simulator.StandardIA
		for range n {
			out, err := w.CreateMultipartUpload(now, in)
			if err != nil {
				return err
			}
			ids = append(ids, out.UploadID)
		}
		return nil
	})
	return ids
}

// An upload that another row of the job has begun is its, though nothing else tells
// it from one that was begun without an answer: it is never aborted.
func TestUploadsOfOtherRowsAreNotAborted(t *testing.T) {
	other := inventory.Position{File: 3, Row: 7}
	for _, tt := range []struct {
		name    string
		note    func(id string) uploadNote
		divided bool
		said    int
	}{
		{"noted", func(id string) uploadNote {
			return uploadNote{Version: uploadNoteVersion, Upload: id, Key: []byte("film")}
		}, false, 0},
		{"being begun", func(string) uploadNote {
			return uploadNote{Version: uploadNoteVersion, Key: []byte("film"), Lost: []attempt{{time.Now(), time.Now()}}}
		}, false, 1},
		{"of another share", nil, true, 1},
		{"of another key", func(string) uploadNote {
			return uploadNote{Version: uploadNoteVersion, Key: []byte("other"), Lost: []attempt{{time.Now(), time.Now()}}}
		}, false, -1},
	} {
		s := simulate(t, simulator.Config{})
		seedLarge(t, s, "film")
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.AddFault(simulator.Fault{Op: "CreateMultipartUpload", Code: "InternalError", HTTPStatus: 500, Count: 1}) // and begins nothing
			return nil
		})
		n := &notes{m: map[inventory.Position][]byte{}}
		r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n, Divided: tt.divided})
		task := inspected(t, r, "film")
		id := ""
		begin := &hookGate{kind: plan.StepCreate, hook: func(try int) {
			if try != 2 { // after the one without an answer
				return
			}
			id = begunHere(t, s, "film", 1)[0]
			if tt.note != nil {
				note, err := json.Marshal(tt.note(id))
				if err != nil {
					t.Error(err)
				}
				_ = n.Put(other, note)
			}
		}}
		if _, err := r.Rewrite(t.Context(), task, engine.Patient(begin, 3)); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		there := slices.Contains(s.uploadIDs(t), id)
		_, said := r.MayBeLeft()
		if there != (tt.said >= 0) || said != max(tt.said, 0) {
			t.Errorf("%s: the upload is there: %v, %d said; want %d", tt.name, there, said, tt.said)
		}
	}
}

// The uploads of a key are listed page by page, and so many of them are looked at.
func TestManyUploadsOfOneKey(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	seedLarge(t, s, "film2")
	theirs := begunHere(t, s, "film", 1500)
	begunHere(t, s, "film2", 1)
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	w := &work{Rewriter: r, task: inspected(t, r, "film"), gate: &gate{}}
	s.calls()
	all, err := w.listUploads(t.Context())
	if got := s.calls()["ListMultipartUploads"]; err != nil || len(all) != len(theirs) || got != 2 {
		t.Errorf("%d uploads in %d lists, %v; want %d in 2", len(all), got, err, len(theirs))
	}
	// Without an upload of its own to compare with, each of them may be the one.
	if err := w.sweep(t.Context(), &upload{lost: []attempt{{time.Now(), time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	calls := s.calls()
	if _, said := r.MayBeLeft(); said != maxStrays+1 || calls["ListParts"] > maxJudged || calls["AbortMultipartUpload"] > 0 {
		t.Errorf("%d said, want %d; %v", said, maxStrays+1, calls)
	}
}

// Uploads that have parts are nobody's without a name, and only so many are asked
// about: that there are more is said.
func TestOnlySoManyUploadsAreLookedAt(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	ids := begunHere(t, s, "film", maxJudged+20)
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		for _, id := range ids {
			_, err := w.UploadPart(now, &simulator.UploadPartInput{UploadInput: simulator.UploadInput{Request: r, Key: "film", UploadID: id},
				PartNumber: 1, Body: simulator.Synthetic(1, 1)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	w := &work{Rewriter: r, task: inspected(t, r, "film"), gate: &gate{}}
	s.calls()
	if err := w.sweep(t.Context(), &upload{lost: []attempt{{time.Now(), time.Now()}}}); err != nil {
		t.Fatal(err)
	}
	first, all := r.MayBeLeft()
	if calls := s.calls(); calls["ListParts"] != maxJudged || all != 1 || first[0].ID != "" {
		t.Errorf("%d looked at, want %d; said: %+v", calls["ListParts"], maxJudged, first)
	}
}
