package s3api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

const large = 6<<30 + 5 // bytes: seven parts, the last of 5 bytes

// seedLarge puts an object there that is too large for a single copy and has
// one of everything.
func seedLarge(t *testing.T, s *simulation, key string, change ...func(*simulator.ObjectInfo)) simulator.ObjectInfo {
	t.Helper()
	o := simulator.ObjectInfo{Key: key, Size: large, ETag: "0123456789abcdef0123456789abcdef-7", LastModified: time.Unix(1_700_000_000, 0),
		StorageClass: simulator.StandardIA, Encryption: simulator.Encryption{Type: simulator.SSES3},
		Metadata: &simulator.Metadata{ContentType: "video/mp4", CacheControl: "no-store", ContentDisposition: "inline", ContentEncoding: "identity",
			ContentLanguage: "de", Expires: "Thu, 01 Dec 2039 16:00:00 GMT", User: map[string]string{"origin": "camera 7"}},
		Tags:            []simulator.Tag{{Key: "team", Value: "photo + film"}, {Key: "a/b=c", Value: ""}},
		WebsiteRedirect: "/elsewhere",
		Grants:          []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/s3/LogDelivery", Permission: "READ"}},
	}
	for _, f := range change {
		f(&o)
	}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.SeedObject(bucket, o, simulator.Body{})
	})
	return o
}

// now returns the current state of a key.
func (s *simulation) now(t *testing.T, key string) simulator.ObjectInfo {
	t.Helper()
	var out simulator.ObjectInfo
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		for o := range w.Walk(bucket) {
			if o.Key == key && o.IsLatest {
				out = o
			}
		}
		return nil
	})
	if out.Key == "" {
		t.Fatalf("%q is not there", key)
	}
	return out
}

func (s *simulation) uploads(t *testing.T) int {
	t.Helper()
	n := 0
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		out, err := w.ListMultipartUploads(now, &simulator.ListMultipartUploadsInput{Request: r})
		if err == nil {
			n = len(out.Uploads)
		}
		return failed(err)
	})
	return n
}

// keepsEverything lets the bucket keep versions, ACLs and locks, so that all can be lost.
func keepsEverything(t *testing.T, s *simulation) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.PutBucketVersioning(now, &r, "Enabled"); err != nil {
			return err
		}
		if err := w.PutBucketOwnershipControls(now, &r, "ObjectWriter"); err != nil {
			return err
		}
		return failed(w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true}))
	})
}

// withACLs switches ACLs on, so that there is one to lose.
func withACLs(t *testing.T, s *simulation) {
	t.Helper()
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.DeletePublicAccessBlock(now, &r); err != nil { // new buckets refuse public grants
			return err
		}
		return failed(w.PutBucketOwnershipControls(now, &r, "ObjectWriter"))
	})
}

func TestMultipartCopyCarriesEverything(t *testing.T) {
	s := simulate(t, simulator.Config{})
	withACLs(t, s)
	was := seedLarge(t, s, "film")
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	if task.Action != plan.MultipartCopy {
		t.Fatalf("action %v for %d bytes", task.Action, large)
	}
	s.calls()
	g := &gate{}
	effect, err := r.Rewrite(t.Context(), task, g)
	if err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	wantCalls := map[simulator.Op]int64{"ListObjectAnnotations": 2, "GetObjectTagging": 2, "GetObjectAcl": 3, "HeadObject": 3,
		"CreateMultipartUpload": 1, "UploadPartCopy": 7, "CompleteMultipartUpload": 1}
	if got := s.calls(); !maps.Equal(got, wantCalls) {
		t.Errorf("calls = %v, want %v", got, wantCalls)
	}
	if len(g.steps) != 19 {
		t.Errorf("%d steps through the gate, want each of the 19 requests", len(g.steps))
	}
	g.within(t, task)
	// Each request that commits, with an id of its own; the parts are left out.
	var names []string
	ids := map[string]bool{}
	for _, step := range strings.Fields(effect.Steps) {
		name, id, _ := strings.Cut(step, ":")
		names = append(names, name)
		ids[id] = true
	}
	if want := []string{"CreateMultipartUpload", "CompleteMultipartUpload"}; !slices.Equal(names, want) || len(ids) != 2 || ids[""] || !ids[effect.RequestID] {
		t.Errorf("steps %q, request id %q; want %v, each with an id, the last one that of the line", effect.Steps, effect.RequestID, want)
	}
	is := s.now(t, "film")
	if is.Encryption.KMSKeyARN != keyARN || !is.Encryption.BucketKeyEnabled || effect.ETag != is.ETag || effect.KMSKeyID != keyARN {
		t.Errorf("encryption %+v, effect %+v, ETag %s", is.Encryption, effect, is.ETag)
	}
	if fmt.Sprintf("%+v", *is.Metadata) != fmt.Sprintf("%+v", *was.Metadata) {
		t.Errorf("metadata %+v, was %+v", *is.Metadata, *was.Metadata)
	}
	byKey := func(a, b simulator.Tag) int { return strings.Compare(a.Key, b.Key) }
	slices.SortFunc(was.Tags, byKey)
	slices.SortFunc(is.Tags, byKey)
	if is.Size != large || is.StorageClass != was.StorageClass || is.WebsiteRedirect != was.WebsiteRedirect ||
		!slices.Equal(is.Tags, was.Tags) || !slices.Contains(is.Grants, was.Grants[0]) {
		t.Errorf("object = %+v\nwas %+v", is, was)
	}
	if n := s.uploads(t); n != 0 {
		t.Errorf("%d uploads left behind", n)
	}
}

// What no request could carry over is refused before anything is written.
func TestMultipartCopyRefusesWhatItWouldLose(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*simulator.ObjectInfo)
		word   string
	}{
		{"Expires that is no date", func(o *simulator.ObjectInfo) { o.Metadata.Expires = "when it rains" }, "Expires"},
		{"metadata beyond headers", func(o *simulator.ObjectInfo) { o.Metadata.Missing = 2 }, "metadata"},
		{"SHA-256 over the whole", func(o *simulator.ObjectInfo) {
			o.Checksum = simulator.Checksum{Algorithm: "SHA256", Type: "FULL_OBJECT"}
		}, "--accept drops-checksum-type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			seedLarge(t, s, "film", tt.change)
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
			task := inspected(t, r, "film")
			s.calls()
			_, err := r.Rewrite(t.Context(), task, &gate{})
			if oe := objectError(t, err); oe.Reason != plan.Unfaithful || oe.Class != engine.Permanent || !strings.Contains(err.Error(), tt.word) {
				t.Errorf("%v (class %v, reason %q); want %s naming %s", err, oe.Class, oe.Reason, plan.Unfaithful, tt.word)
			}
			if got := s.calls(); got["CreateMultipartUpload"] != 0 {
				t.Errorf("calls = %v: an upload was begun", got)
			}
		})
	}
}

// A checksum that an upload in parts cannot have is given up only as was accepted.
func TestMultipartCopyGivesUpTheAcceptedSum(t *testing.T) {
	for _, tt := range []struct {
		accepted        plan.Attribute
		algorithm, kind string
	}{
		{plan.ChecksumType, "SHA1", "COMPOSITE"},
		{plan.ChecksumAlgorithm, "CRC64NVME", "FULL_OBJECT"},
	} {
		t.Run(string(tt.accepted), func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			seedLarge(t, s, "film", func(o *simulator.ObjectInfo) { o.Checksum = simulator.Checksum{Algorithm: "SHA1", Type: "FULL_OBJECT"} })
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), AcceptLoss: []plan.Attribute{tt.accepted}})
			if _, err := r.Rewrite(t.Context(), inspected(t, r, "film"), &gate{}); err != nil {
				t.Fatalf("Rewrite: %v", err)
			}
			if is := s.now(t, "film").Checksum; is.Algorithm != tt.algorithm || is.Type != tt.kind {
				t.Errorf("checksum %+v, want %s %s", is, tt.kind, tt.algorithm)
			}
		})
	}
}

// hookGate calls a function before each step of a kind.
type hookGate struct {
	gate
	kind plan.StepKind
	hook func(n int)
	mu2  sync.Mutex
	n    int
}

func (g *hookGate) Do(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	if s.Kind == g.kind {
		g.mu2.Lock()
		g.n++
		g.hook(g.n)
		g.mu2.Unlock()
	}
	return g.gate.Do(ctx, s, send)
}

// Tags and ACL have no condition: what changes while the parts are copied is
// noticed right before the completion, and nothing is overwritten.
func TestMultipartCopyNoticesChanges(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *simulator.World, now time.Time, o *simulator.ObjectInput) *simulator.Error
	}{
		{"tags", func(w *simulator.World, now time.Time, o *simulator.ObjectInput) *simulator.Error {
			_, err := w.PutObjectTagging(now, o, []simulator.Tag{{Key: "team", Value: "sound"}, {Key: "a/b=c", Value: ""}})
			return err
		}},
		{"ACL", func(w *simulator.World, now time.Time, o *simulator.ObjectInput) *simulator.Error {
			return w.PutObjectAcl(now, o, simulator.ACL{Canned: "public-read"})
		}},
		{"annotations", func(w *simulator.World, now time.Time, o *simulator.ObjectInput) *simulator.Error {
			return w.PutObjectAnnotation(now, o, "subtitles", []byte("la"), "")
		}},
		{"object", func(w *simulator.World, now time.Time, o *simulator.ObjectInput) *simulator.Error {
			_, err := w.PutObject(now, &simulator.PutObjectInput{Request: o.Request, Key: o.Key, Body: simulator.Bytes([]byte("newer"))})
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			withACLs(t, s)
			seedLarge(t, s, "film")
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
			task := inspected(t, r, "film")
			g := &hookGate{kind: plan.StepPart, hook: func(n int) {
				if n == 7 {
					s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
						return failed(tt.change(w, now, &simulator.ObjectInput{Request: r, Key: "film"}))
					})
				}
			}}
			s.calls()
			_, err := r.Rewrite(t.Context(), task, g)
			if oe := objectError(t, err); oe.Class != engine.Changed {
				t.Errorf("%v: class %v, want changed", err, oe.Class)
			}
			if got := s.calls(); got["CompleteMultipartUpload"] != 0 {
				t.Errorf("calls = %v: completed all the same", got)
			}
			if n := s.uploads(t); n != 0 {
				t.Errorf("%d uploads left behind", n)
			}
			if is := s.now(t, "film"); is.Encryption.Type == simulator.SSEKMS {
				t.Error("the object was overwritten")
			}
		})
	}
}

// A write between the last look and the completion fails its condition.
func TestMultipartCompletionIsConditional(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	g := &hookGate{kind: plan.StepComplete, hook: func(int) {
		s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
			_, err := w.PutObject(now, &simulator.PutObjectInput{Request: r, Key: "film", Body: simulator.Bytes([]byte("newer"))})
			return failed(err)
		})
	}}
	_, err := r.Rewrite(t.Context(), task, g)
	if oe := objectError(t, err); oe.Class != engine.Changed || oe.Op != "CompleteMultipartUpload" {
		t.Errorf("%v: class %v, want changed of CompleteMultipartUpload", err, oe.Class)
	}
	if is := s.now(t, "film"); is.Size != 5 {
		t.Errorf("the newer write is gone: %+v", is)
	}
	if n := s.uploads(t); n != 0 {
		t.Errorf("%d uploads left behind", n)
	}
}

// notes is a Notes in memory.
type notes struct {
	mu   sync.Mutex
	m    map[inventory.Position][]byte
	kept map[inventory.Position]bool // where set: rows that were asked to be durable
}

func (n *notes) Get(p inventory.Position) []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.m[p]
}

func (n *notes) Put(p inventory.Position, note []byte) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if note == nil {
		delete(n.m, p)
	} else {
		n.m[p] = note
	}
	return nil
}

func (n *notes) All() map[inventory.Position][]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.m)
}

func (n *notes) Kept(_ context.Context, p inventory.Position) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.kept != nil {
		n.kept[p] = true
	}
	return nil
}

// A run that is stopped in the middle leaves the upload to the next, which
// copies only the parts that are missing.
func TestMultipartCopyGoesOn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		between func(t *testing.T, s *simulation, n *notes)
		create  int64
		parts   int64
	}{
		{"as it was", func(*testing.T, *simulation, *notes) {}, 0, 3},
		{"without its note", func(_ *testing.T, _ *simulation, n *notes) { clear(n.m) }, 1, 7},
		{"damaged note", func(_ *testing.T, _ *simulation, n *notes) { n.m[inventory.Position{}] = []byte("{") }, 1, 7},
		{"aborted by somebody", func(t *testing.T, s *simulation, n *notes) {
			var note uploadNote
			if err := json.Unmarshal(n.m[inventory.Position{}], &note); err != nil {
				t.Fatal(err)
			}
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				return failed(w.AbortMultipartUpload(now, &simulator.UploadInput{Request: r, Key: "film", UploadID: note.Upload}))
			})
		}, 1, 7},
		{"a part of another size", func(t *testing.T, s *simulation, n *notes) {
			var note uploadNote
			if err := json.Unmarshal(n.m[inventory.Position{}], &note); err != nil {
				t.Fatal(err)
			}
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				_, err := w.UploadPart(now, &simulator.UploadPartInput{UploadInput: simulator.UploadInput{Request: r, Key: "film", UploadID: note.Upload},
					PartNumber: 2, Body: simulator.Synthetic(6<<20, 1)})
				return failed(err)
			})
		}, 0, 4},
		{"of an object with other tags", func(t *testing.T, s *simulation, _ *notes) {
			s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
				_, err := w.PutObjectTagging(now, &simulator.ObjectInput{Request: r, Key: "film"}, []simulator.Tag{{Key: "new", Value: "1"}})
				return failed(err)
			})
		}, 1, 7},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := simulate(t, simulator.Config{})
			seedLarge(t, s, "film")
			n := &notes{m: map[inventory.Position][]byte{}}
			r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n, PartConcurrency: 1})
			ctx, stop := context.WithCancel(t.Context())
			g := &hookGate{kind: plan.StepPart, hook: func(n int) {
				if n == 5 {
					stop()
				}
			}}
			if _, err := r.Rewrite(ctx, inspected(t, r, "film"), g); !errors.Is(err, context.Canceled) {
				t.Fatalf("Rewrite = %v, want canceled", err)
			}
			if len(n.m) != 1 || s.uploads(t) != 1 {
				t.Fatalf("after the stop: %d notes, %d uploads; want one of each", len(n.m), s.uploads(t))
			}
			tt.between(t, s, n)
			task := inspected(t, r, "film")
			s.calls()
			if _, err := r.Rewrite(t.Context(), task, &gate{}); err != nil {
				t.Fatalf("Rewrite again: %v", err)
			}
			if got := s.calls(); got["CreateMultipartUpload"] != tt.create || got["UploadPartCopy"] != tt.parts {
				t.Errorf("calls = %v; want %d uploads begun, %d parts copied", got, tt.create, tt.parts)
			}
			if is := s.now(t, "film"); is.Encryption.Type != simulator.SSEKMS || is.Size != large {
				t.Errorf("object = %+v", is)
			}
			if len(n.m) != 0 {
				t.Errorf("%d notes left", len(n.m))
			}
		})
	}
}

// A failed part ends the upload: nothing that costs storage stays behind.
func TestMultipartCopyAbortsOnFailure(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	n := &notes{m: map[inventory.Position][]byte{}}
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket), Notes: n})
	task := inspected(t, r, "film")
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.AddFault(simulator.Fault{Op: "UploadPartCopy", Code: "AccessDenied", Message: "Access Denied", HTTPStatus: 403, Nth: 3})
		return nil
	})
	_, err := r.Rewrite(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.Denied || oe.Op != "UploadPartCopy" {
		t.Errorf("%v: class %v, want denied of UploadPartCopy", err, oe.Class)
	}
	if s.uploads(t) != 0 || len(n.m) != 0 {
		t.Errorf("left behind: %d uploads, %d notes", s.uploads(t), len(n.m))
	}
}

// Where S3 refuses a single copy for its size, the object is decided on anew, and
// copied in parts then.
func TestCopyTooLargeGoesInParts(t *testing.T) {
	s := simulate(t, simulator.Config{})
	seedLarge(t, s, "film")
	r := rewriter(t, s.aws, RewriteConfig{Options: anOptions(), Facts: facts(t, s.aws, bucket)})
	task := inspected(t, r, "film")
	task.Action = plan.Copy // as a report with an older size would have it
	s.calls()
	_, err := r.Rewrite(t.Context(), task, &gate{})
	if oe := objectError(t, err); oe.Class != engine.InParts {
		t.Fatalf("%v: class %v, want in parts", err, oe.Class)
	}
	if got := s.calls(); got["CopyObject"] != 1 || got["CreateMultipartUpload"] != 0 {
		t.Errorf("calls = %v; want one refused copy, and no parts before it is decided on", got)
	}
	if _, err := r.Rewrite(t.Context(), againInParts(r, task), &gate{}); err != nil {
		t.Fatalf("Rewrite: %v", err)
	}
	if got := s.calls(); got["CopyObject"] != 0 || got["UploadPartCopy"] != 7 {
		t.Errorf("calls = %v; want parts", got)
	}
}

// againInParts is the task as the engine has it decided on after an error of class InParts.
func againInParts(r *Rewriter, task *plan.Task) *plan.Task {
	p := &plan.Policy{Options: r.config.Options, Facts: r.config.Facts, Weights: plan.DefaultWeights(true)}
	again := p.DecideInParts(*task)
	return &again
}

func TestChecksumOfUploads(t *testing.T) {
	for _, tt := range []struct {
		record, head, headType string
		algorithm              types.ChecksumAlgorithm
		kind                   types.ChecksumType
	}{
		{"", "", "", "", ""},
		{"CRC64NVME", "", "", "CRC64NVME", "FULL_OBJECT"},
		{"CRC32", "", "", "CRC32", "FULL_OBJECT"},
		{"SHA1", "CRC32C", "COMPOSITE", "CRC32C", "COMPOSITE"},
		{"", "CRC32C", "FULL_OBJECT", "CRC32C", "FULL_OBJECT"},
		{"SHA256", "", "", "SHA256", "COMPOSITE"},
		{"SHA256,CRC32", "", "", "", ""},
		{"NONE", "", "", "", ""},
	} {
		w := &work{task: &plan.Task{Record: inventory.Record{Checksum: tt.record}, Head: &plan.Head{Checksum: tt.head, ChecksumType: tt.headType}}}
		if a, k := w.checksum(w.task.Head); a != tt.algorithm || k != tt.kind {
			t.Errorf("checksum(%q, %q, %q) = %q %q, want %q %q", tt.record, tt.head, tt.headType, a, k, tt.algorithm, tt.kind)
		}
	}
}

// S3 compares the checksum over the whole object with that of the copied parts,
// where the object has one that both can have: other data never becomes the object.
func TestMultipartCopyIsCompared(t *testing.T) {
	hermetic(t)
	for _, tt := range []struct {
		name      string
		sum       simulator.Checksum
		wrong     bool
		algorithm string // of the copy
	}{
		{"CRC-64/NVME", simulator.Checksum{Algorithm: "CRC64NVME", Type: "FULL_OBJECT"}, false, "CRC64NVME"},
		{"CRC-32", simulator.Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT"}, false, "CRC32"},
		{"CRC-32C", simulator.Checksum{Algorithm: "CRC32C", Type: "FULL_OBJECT"}, false, "CRC32C"},
		{"of other data", simulator.Checksum{Algorithm: "CRC64NVME", Type: "FULL_OBJECT", Value: "AAAAAAAAAAA="}, true, ""},
		{"CRC-32 of other data", simulator.Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT", Value: "AAAAAA=="}, true, ""},
		{"one that parts cannot have", simulator.Checksum{Algorithm: "SHA256", Type: "FULL_OBJECT"}, false, "SHA256"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
				return w.SeedObject(bucket, simulator.ObjectInfo{Key: "film", Size: 9, Checksum: tt.sum}, simulator.Bytes([]byte("some film")))
			})
			o := anOptions()
			o.CopyVia = plan.ViaMultipart
			r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: facts(t, s.aws, bucket), AcceptLoss: []plan.Attribute{plan.ChecksumType}})
			_, err := r.Rewrite(t.Context(), inspected(t, r, "film"), &gate{})
			is := s.now(t, "film")
			if !tt.wrong {
				if err != nil || is.Encryption.Type != simulator.SSEKMS || is.Checksum.Algorithm != tt.algorithm {
					t.Errorf("%v; under %s with a checksum by %s, want %s", err, is.Encryption.Type, is.Checksum.Algorithm, tt.algorithm)
				}
				return
			}
			if oe := objectError(t, err); oe.Class != engine.Permanent || oe.Code != "BadDigest" || is.Encryption.Type == simulator.SSEKMS || s.uploads(t) != 0 {
				t.Errorf("%v: class %v, under %s, %d uploads; want BadDigest and the object as it was", err, oe.Class, is.Encryption.Type, s.uploads(t))
			}
		})
	}
}
