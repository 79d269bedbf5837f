package s3api

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/canary"
	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
	"reseal/verify"
)

// Whatever of an object is lost, changed or added, however it is written, the canary
// and a verification with a kept snapshot name it, and nothing else. Where that one
// attribute is accepted by its name, neither says a thing. The table of
// docs/fidelity.md has just the changes that they saw.
func TestEveryAttributeIsCompared(t *testing.T) {
	hermetic(t)
	var seen sightings
	t.Run("cells", func(t *testing.T) {
		for _, way := range []simulator.Way{simulator.ByCopy, simulator.ByParts, simulator.ByUpdate} {
			t.Run(string(way), func(t *testing.T) {
				t.Parallel()
				s := newSpoiler(t, &seen)
				eachSpoilt(func(row *spoiltRow, how simulator.Spoiling, want plan.Attribute) {
					if row.why(way, how) == "" {
						s.spoil(t, way, row.attribute, how, how != simulator.Append, want)
					}
				})
				s.spoil(t, way, "", "", true, "")
			})
		}
	})
	if got, want := seen.table(), documentedChanges(t); got != want {
		t.Errorf("seen were\n%s\nand docs/fidelity.md has\n%s", got, want)
	}
}

// sightings are the changes that were seen of each attribute.
type sightings struct {
	mu  sync.Mutex
	all map[plan.Attribute][]plan.Change
}

func (s *sightings) add(d plan.Difference) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all == nil {
		s.all = map[plan.Attribute][]plan.Change{}
	}
	if !slices.Contains(s.all[d.Attribute], d.Change) {
		s.all[d.Attribute] = append(s.all[d.Attribute], d.Change)
	}
}

func (s *sightings) table() string {
	var rows []string
	for a, changes := range s.all {
		var words []string
		for _, c := range []plan.Change{plan.WasLost, plan.WasChanged, plan.WasAdded} {
			if slices.Contains(changes, c) {
				words = append(words, string(c))
			}
		}
		rows = append(rows, string(a)+": "+strings.Join(words, ", "))
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// documentedChanges is the table of docs/fidelity.md in the same form.
func documentedChanges(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../docs/fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(data), "| attribute | it differs when it is | `--accept` |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var rows []string
	for line := range strings.Lines(table) {
		cells := strings.Split(line, " | ")
		changes := strings.TrimSpace(cells[1])
		if cells[0] == "| "+string(plan.ContentType) { // S3 shows one of every object, other servers may show none
			changes = strings.Replace(changes, "lost, changed, added", "changed", 1)
		}
		rows = append(rows, strings.TrimPrefix(cells[0], "| ")+": "+changes)
	}
	slices.Sort(rows)
	return strings.Join(rows, "\n")
}

// spoiler is a bucket in which everything can be lost.
type spoiler struct {
	*simulation
	facts plan.Facts
	seen  *sightings
	n     int
}

func newSpoiler(t *testing.T, seen *sightings) *spoiler {
	s := simulateQuietly(t, simulator.Config{})
	keepsEverything(t, s)
	return &spoiler{simulation: s, facts: facts(t, s.aws, bucket), seen: seen}
}

// spoil has the canary try an object, which has one of everything where full is
// set, and nothing elsewhere, while the server spoils one attribute; a verification
// looks at it afterwards.
func (s *spoiler) spoil(t *testing.T, way simulator.Way, a simulator.Attribute, how simulator.Spoiling, full bool, want plan.Attribute) {
	t.Helper()
	s.n++
	key, cell := fmt.Sprintf("k%03d", s.n), fmt.Sprintf("%s %s by %s", how, a, way)
	s.seed(t, key, full, way)
	o := anOptions()
	o.BucketKey = a != simulator.AttrBucketKey || how != simulator.Append
	action := plan.Copy
	switch way {
	case simulator.ByParts:
		o.CopyVia, action = plan.ViaMultipart, plan.MultipartCopy
	case simulator.ByUpdate:
		o.Method, action = plan.MethodUpdate, plan.Update
	}
	r := rewriter(t, s.aws, RewriteConfig{Options: o, Facts: s.facts, AcceptLoss: plan.Losses(), LocksShown: true, PartConcurrency: 1})
	r.leave = true // for the comparison to find
	task := inspected(t, r, key)
	if task.Action != action {
		t.Fatalf("%s: the action is %s", cell, task.Action)
	}
	before, err := r.Snapshot(t.Context(), task, &gate{})
	if err != nil || len(before.Hidden()) != 0 {
		t.Fatalf("%s: snapshot: %v; not told: %v", cell, err, before.Hidden())
	}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: a, How: how, Way: way, Key: key}}})
		return nil
	})
	var all []plan.Attribute
	switch want {
	case "":
	case plan.Length:
		all = []plan.Attribute{plan.Body, plan.Length}
	default:
		all = []plan.Attribute{want}
	}
	policy := &plan.Policy{Options: o, Facts: s.facts, Weights: plan.DefaultWeights(true), Now: time.Now().Add(-time.Minute)}
	notes := &noteBook{}
	trials := canary.New(canary.Config{Snapshotter: r, Notes: notes, Policy: policy, Stop: func(error) {}}, nil)
	_, err = trials.Rewrite(t.Context(), t.Context(), task, &gate{}, r)
	if notes.last == nil || notes.last.ETag == "" {
		t.Fatalf("%s: the canary has not written it: %v", cell, err)
	}
	found := doubted(trials)
	if got := plan.NamesOf(found); !slices.Equal(got, all) {
		t.Errorf("%s: the canary finds %q, want %q (%v)", cell, got, all, err)
	}
	for _, d := range found {
		s.seen.add(d)
	}
	if want != "" {
		trials = canary.New(canary.Config{Snapshotter: r, Notes: &noteBook{}, Policy: policy, Accepted: all, Stop: func(error) {}}, nil)
		if err := trials.Recheck(t.Context(), task, notes.last, &gate{}); err != nil || len(doubted(trials)) > 0 {
			t.Errorf("%s: the canary finds %v with %q accepted, %v", cell, doubted(trials), all, err)
		}
	}
	s.verify(t, cell, &verify.Judge{Policy: policy}, r, task, before, notes.last, all)
}

// verify compares as a verification does that has the snapshot and the result line
// of the object.
func (s *spoiler) verify(t *testing.T, cell string, j *verify.Judge, r *Rewriter, task *plan.Task, before *plan.Snapshot, n *canary.Note, all []plan.Attribute) {
	t.Helper()
	data, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	stored := new(plan.Snapshot)
	if err := json.Unmarshal(data, stored); err != nil {
		t.Fatal(err)
	}
	after, err := r.Snapshot(t.Context(), task, &gate{})
	if err != nil {
		t.Fatalf("%s: snapshot: %v", cell, err)
	}
	promise := &verify.Promise{State: verify.Settled, Line: true, Size: before.Head.Size, Write: verify.WriteOf(n.ETag, n.VersionID)}
	f := j.Compare(task, promise, stored, after, time.Now())
	verdict := verify.Proven
	if len(all) > 0 {
		verdict = verify.LostAttribute
	}
	if got := plan.NamesOf(f.Lost); f.Verdict != verdict || !slices.Equal(got, all) || !f.Compared {
		t.Errorf("%s: verify says %s, %q lost (%s); want %s, %q", cell, f.Verdict, got, f.Why, verdict, all)
	}
	if len(all) == 0 {
		return
	}
	accepting := verify.Judge{Policy: j.Policy, Accepted: all}
	if f := accepting.Compare(task, promise, stored, after, time.Now()); f.Verdict != verify.Proven || len(f.Lost) > 0 {
		t.Errorf("%s: verify with %q accepted says %s, lost %v: %s", cell, all, f.Verdict, f.Lost, f.Why)
	}
}

// doubted is what the canary found of the one object that it tried.
func doubted(t *canary.Trials) (all []plan.Difference) {
	for _, k := range t.Table(false).Kinds {
		for _, d := range k.Doubts {
			all = append(all, d.Differences...)
		}
	}
	return all
}

// noteBook keeps the last note of a canary.
type noteBook struct{ last *canary.Note }

func (b *noteBook) Put(_ *plan.Task, n *canary.Note) error {
	if n != nil {
		kept := *n
		b.last = &kept
	}
	return nil
}
func (b *noteBook) Kept(context.Context, inventory.Position) error { return nil }

// seed puts an object there.
func (s *spoiler) seed(t *testing.T, key string, full bool, way simulator.Way) {
	t.Helper()
	o := simulator.ObjectInfo{Key: key, VersionID: "first-" + key, Size: 100, Encryption: simulator.Encryption{Type: simulator.SSES3},
		LastModified: time.Now().Add(-time.Hour), Checksum: simulator.Checksum{Algorithm: "CRC32", Type: "FULL_OBJECT"}}
	if full {
		o.StorageClass, o.WebsiteRedirect, o.Tags = simulator.StandardIA, "/elsewhere", []simulator.Tag{{Key: "team", Value: "film"}}
		o.Metadata = &simulator.Metadata{ContentType: "video/mp4", CacheControl: "no-store", ContentDisposition: "inline", ContentEncoding: "identity",
			ContentLanguage: "de", Expires: "Thu, 01 Dec 2039 16:00:00 GMT", User: map[string]string{"origin": "camera 7"}}
		if way != simulator.ByParts {
			o.Metadata.Missing = 2
		}
		if way != simulator.ByUpdate {
			o.Lock = simulator.Lock{Mode: "COMPLIANCE", RetainUntil: time.Now().Add(24 * time.Hour).Truncate(time.Second).UTC(), LegalHold: "ON",
				EventHold: "ON", EventHoldDuration: "30d"}
		}
		o.Grants = []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/s3/LogDelivery", Permission: "READ"}}
	}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		if err := w.SeedObject(bucket, o, simulator.Synthetic(o.Size, uint64(s.n))); err != nil || !full {
			return err
		}
		return failed(w.PutObjectAnnotation(now, &simulator.ObjectInput{Request: r, Key: key}, "note", []byte("x"), ""))
	})
}

// A probe finds all that its scratch object can show: what is lost or changed of
// what it has, and what is added to it.
func TestProbeFindsEveryAttribute(t *testing.T) {
	hermetic(t)
	for _, way := range []simulator.Way{simulator.ByCopy, simulator.ByParts, simulator.ByUpdate} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			s := simulateQuietly(t, simulator.Config{})
			eachSpoilt(func(row *spoiltRow, how simulator.Spoiling, want plan.Attribute) {
				if row.unprobed(how) == "" {
					s.probe(t, way, row.attribute, how, want)
				}
			})
			s.probe(t, way, "", "", "")
		})
	}
}

// probe spoils one attribute of whatever is written, and probes.
func (s *simulation) probe(t *testing.T, way simulator.Way, a simulator.Attribute, how simulator.Spoiling, want plan.Attribute) {
	t.Helper()
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		w.SetKnobs(simulator.Knobs{Spoils: []simulator.Spoil{{Attribute: a, How: how, Way: way}}})
		return nil
	})
	o, cell := anOptions(), fmt.Sprintf("%s %s by %s", how, a, way)
	o.BucketKey = a != simulator.AttrBucketKey || how != simulator.Append
	switch way {
	case simulator.ByUpdate:
		if answer, err := s.client.ProbeUpdate(t.Context(), o, "scratch/"); answer != plan.AnswerOf(want == "") || err != nil {
			t.Errorf("%s: the probe says %s, %v", cell, answer, err)
		}
		return
	case simulator.ByParts:
		o.CopyVia = plan.ViaMultipart
	}
	got, err := s.client.ProbeCopy(t.Context(), o, "scratch/")
	switch want {
	case "":
		if err != nil || len(got.Lost) > 0 {
			t.Errorf("the probe finds %q where nothing is spoilt, %v", plan.Words(got.Lost), err)
		}
	case plan.Body, plan.Length:
		if err == nil {
			t.Errorf("%s: the probe says nothing of the data", cell)
		}
	default:
		if err != nil || !slices.Equal(got.Lost, []plan.Attribute{want}) {
			t.Errorf("%s: the probe finds %q, %v; want %s", cell, plan.Words(got.Lost), err, want)
		}
	}
}
