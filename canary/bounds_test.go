package canary

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// put has the store's i-th object under a key as well, and returns its task.
func (s *store) put(i int, key string) *plan.Task {
	task := s.task(i)
	task.Record.Key = key
	if s.objects[key] == nil {
		o := *s.objects[name(i)]
		s.objects[key] = &o
	}
	return task
}

// A table stays small, however much there is to say.
func TestATableIsBounded(t *testing.T) {
	t.Parallel()
	const n = 3 * maxReasons
	s := newStore(n, nil)
	s.look = func(key string, _ bool) error { return refusal("HeadObject", "Code"+key, engine.Denied) }
	trials := s.trials(nil)
	for i := range n {
		_, _ = trials.Every().Rewrite(t.Context(), t.Context(), s.task(i), open{}, s) // what counts is the table
	}
	if k := trials.Table(true).Kinds[0]; len(k.Reasons) != maxReasons {
		t.Errorf("%d reasons, want %d", len(k.Reasons), maxReasons)
	}
	s = newStore(n, tagged)
	trials = s.trials(nil)
	for i := range n {
		if i == n/2 {
			s.write = func(_ string, o *plan.Snapshot) error {
				o.Tags, o.Head.TagCount = plan.Saw([]plan.Tag{}), 0
				return nil
			}
		}
		_, err := trials.Every().Rewrite(t.Context(), t.Context(), s.task(i), open{}, s)
		if isClass(err, engine.Permanent) != (i >= n/2) {
			t.Errorf("object %d: %v", i, err)
		}
	}
	k := trials.Table(true).Kinds[0]
	if len(k.Doubts) != maxDoubts {
		t.Errorf("%d doubts, want %d", len(k.Doubts), maxDoubts)
	}
	for _, p := range k.Proven {
		if want := []string{name(0), name(1), name(2)}; p.Objects != n/2 || !slices.Equal(p.Keys, want) {
			t.Errorf("%s: %d objects, such as %v; want %d, such as %v", p.Attribute, p.Objects, p.Keys, n/2, want)
		}
	}
}

// Directories are told apart up to a number. All others have one count together, so
// that their number does not matter.
func TestManyDeniedDirectories(t *testing.T) {
	t.Parallel()
	s := newStore(1, nil)
	looks := 0
	s.look = func(string, bool) error { looks++; return refusal("HeadObject", "AccessDenied", engine.Denied) }
	trials := s.trials(nil)
	for i := range vainIn + 3*mostVain {
		if _, err := trials.Rewrite(t.Context(), t.Context(), s.put(0, fmt.Sprintf("p/%d/k", i)), open{}, s); !isHeld(err) {
			t.Errorf("directory %d: %v", i, err)
		}
	}
	if want := vainIn + mostVain; looks != want {
		t.Errorf("%d looks, want one in each of %d directories and %d in all others", looks, vainIn, mostVain)
	}
}

// One object of each prefix is compared, of a number of prefixes at most.
func TestManyPrefixes(t *testing.T) {
	t.Parallel()
	s := newStore(1, nil)
	trials := s.trials(nil)
	for i := range 2 * maxPrefixes {
		if _, err := trials.Rewrite(t.Context(), t.Context(), s.put(0, fmt.Sprintf("p%d/k", i)), open{}, s); err != nil {
			t.Fatal(err)
		}
	}
	if got := trials.Compared(); got != maxPrefixes {
		t.Errorf("%d compared, want one of each of %d prefixes", got, maxPrefixes)
	}
}

// Objects of a new prefix that cannot be looked at are put off up to a number: what
// other prefixes proved has to do then. That one prefix waits keeps no other from
// having an object compared.
func TestANewPrefixThatCannotBeLookedAt(t *testing.T) {
	t.Parallel()
	s := newStore(1, nil)
	s.look = func(key string, _ bool) error {
		if strings.HasPrefix(key, "denied/") {
			return refusal("GetObjectTagging", "AccessDenied", engine.Denied)
		}
		return nil
	}
	trials := s.trials(nil)
	rewrite := func(key string) error {
		_, err := trials.Rewrite(t.Context(), t.Context(), s.put(0, key), open{}, s)
		return err
	}
	if err := rewrite("first/k"); err != nil {
		t.Fatal(err)
	}
	put := 0
	for i := range 3 * newPrefix {
		if err := rewrite(fmt.Sprint("denied/", i)); isHeld(err) {
			put++
		} else if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			if err := rewrite("next/k"); err != nil || trials.Compared() != 2 {
				t.Errorf("another prefix: %v, %d compared, want its object, too", err, trials.Compared())
			}
		}
	}
	if put != newPrefix || len(s.written) != 2+2*newPrefix {
		t.Errorf("%d put off, %d written; want %d put off and no more", put, len(s.written), newPrefix)
	}
}

// Where nothing can be written, be it for one reason or another, the run ends. What
// is denied the engine counts by itself.
func TestNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	const n = hopeless + 10
	for class, stops := range map[engine.Class]bool{engine.Permanent: true, engine.Denied: false} {
		s := newStore(n, nil)
		s.write = func(string, *plan.Snapshot) error {
			return &engine.ObjectError{Op: "CopyObject", Class: class, Untouched: true, Err: errors.New("refused")}
		}
		trials := s.trials(nil)
		stopped := 0
		for i := range n {
			if _, err := trials.Rewrite(t.Context(), t.Context(), s.task(i), open{}, s); !isClass(err, class) {
				t.Fatalf("%v: %v", class, err)
			}
			if s.stopped != nil && stopped == 0 {
				stopped = i + 1
			}
		}
		var open *UnprovenError
		if stops && (stopped != hopeless || !errors.As(s.stopped, &open)) || !stops && stopped != 0 {
			t.Errorf("%v: ended by %v after %d; want an end: %t", class, s.stopped, stopped, stops)
		}
	}
}

// A choice has a bound, whatever a report has of classes and prefixes. Of each prefix
// an object that can be read in full comes first, however late it is seen.
func TestAChoiceIsBounded(t *testing.T) {
	t.Parallel()
	large := func(t *plan.Task) { t.Record.Size = plan.SnapshotBody + 1 }
	var all []plan.Task
	for i := range 3 * maxKinds {
		all = append(all, current(fmt.Sprint("k", i), func(t *plan.Task) { large(t); t.Record.StorageClass = inventory.StorageClass(fmt.Sprint("C", i)) }))
	}
	classes := map[string]bool{}
	for _, kinds := range chosen(all...) {
		for _, k := range kinds {
			classes[k] = strings.HasPrefix(k, "copy, C")
		}
	}
	maps.DeleteFunc(classes, func(_ string, class bool) bool { return !class })
	if len(classes) != maxKinds {
		t.Errorf("%d kinds, want %d", len(classes), maxKinds)
	}
	all = nil
	for i := range 100 { // these come first in all of the bucket
		all = append(all, current(fmt.Sprint("a/", i), nil))
	}
	for i := range 3 * maxPrefixes {
		all = append(all, current(fmt.Sprintf("p%d/large", i), large))
	}
	const late = 5
	for i := range late {
		all = append(all, current(fmt.Sprintf("p%d/small", i), nil))
	}
	got, prefixes := chosen(all...), map[string]bool{}
	for key := range got {
		prefixes[prefixOf(key)] = true
	}
	if len(prefixes) != maxPrefixes {
		t.Errorf("objects of %d prefixes, want %d", len(prefixes), maxPrefixes)
	}
	for i := range late {
		if got[fmt.Sprintf("p%d/small", i)] == nil || got[fmt.Sprintf("p%d/large", i)] != nil {
			t.Errorf("of the prefix p%d/ another object is tried than the small one", i)
		}
	}
}

// Copies in parts of the same size are chosen whatever the order of rows, and those
// of several files not at the same place in each.
func TestTheChoiceIsSpread(t *testing.T) {
	t.Parallel()
	choice := func(files, rows int, action plan.Action, backwards bool) (out []inventory.Position) {
		var p Picker
		for i := range files * rows {
			if backwards {
				i = files*rows - 1 - i
			}
			task := current(fmt.Sprint("k", i), func(t *plan.Task) {
				t.Action, t.Record.Size, t.Record.Pos = action, plan.SnapshotBody, inventory.Position{File: i / rows, Row: int64(i % rows)}
			})
			p.See(&task)
		}
		for _, o := range p.Objects() {
			out = append(out, o.Record.Pos)
		}
		return out
	}
	if a, b := choice(1, 100, plan.MultipartCopy, false), choice(1, 100, plan.MultipartCopy, true); !slices.Equal(a, b) {
		t.Errorf("copies in parts: %v, backwards %v", a, b)
	}
	rows := map[int64]bool{}
	all := choice(20, 1000, plan.Copy, false)
	for _, p := range all {
		rows[p.Row] = true
	}
	if len(all) < spread || len(rows) != len(all) {
		t.Errorf("%v; want other rows of each file", all)
	}
}
