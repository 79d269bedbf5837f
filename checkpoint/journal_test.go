package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
)

var twoFiles = []inventory.Segment{{File: 0, First: 0, Last: 9}, {File: 1, First: 0, Last: inventory.OpenEnd}}

func at(file int, row int64) inventory.Position { return inventory.Position{File: file, Row: row} }

func mustOpen(t testing.TB, store Store, segments []inventory.Segment, opts Options) (*Journal, *Snapshot) {
	t.Helper()
	j, s, err := Open(t.Context(), store, PlanHash{1}, segments, opts)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return j, s
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func rowsOf(t testing.TB, s *Snapshot, index int) *Rows {
	t.Helper()
	rows, err := s.Rows(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// where lists the rows below n that f says yes to.
func where(n int64, f func(int64) bool) []int64 {
	var list []int64
	for row := range n {
		if f(row) {
			list = append(list, row)
		}
	}
	return list
}

func TestResumeFindsWhatWasFlushed(t *testing.T) {
	d, _ := realDir(t)
	j, s := mustOpen(t, d, twoFiles, Options{})
	if segs, idx := s.Remaining(); !slices.Equal(segs, twoFiles) || !slices.Equal(idx, []int{0, 1}) {
		t.Errorf("new job: %v %v remain, want all", segs, idx)
	}
	for _, row := range []int64{0, 1, 2, 5} {
		must(t, j.Admit(t.Context(), at(1, row)), j.Done(at(1, row)))
	}
	must(t, j.Admit(t.Context(), at(1, 7)), j.Fail(at(1, 3)), j.Defer(at(1, 6)), j.Flush(t.Context()))
	must(t, j.Done(at(1, 4))) // said, never flushed

	_, s = mustOpen(t, d, twoFiles, Options{})
	rows := rowsOf(t, s, 1)
	for name, tt := range map[string]struct {
		f    func(int64) bool
		want []int64
	}{
		"settled":   {rows.Settled, []int64{0, 1, 2, 3, 5}},
		"uncertain": {rows.Uncertain, []int64{4, 6, 7}},
		"failed":    {rows.Failed, []int64{3}},
		"deferred":  {rows.Deferred, []int64{6}},
	} {
		if got := where(12, tt.f); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	if rows.Settled(-1) || rows.Uncertain(-1) || rows.Settled(1<<40) {
		t.Error("rows outside the segment are known")
	}
	segs, idx := s.Remaining()
	want := []inventory.Segment{{File: 0, First: 0, Last: 9}, {File: 1, First: 4, Last: inventory.OpenEnd}}
	if !slices.Equal(segs, want) || !slices.Equal(idx, []int{0, 1}) {
		t.Errorf("%v %v remain, want %v", segs, idx, want)
	}
	got := s.Totals()
	got.Written = time.Time{}
	if want := (Totals{Segments: 2, Rows: -1, Done: 4, Failed: 1, Deferred: 1, Counters: map[string]int64{}}); !reflect.DeepEqual(got, want) {
		t.Errorf("totals %+v, want %+v", got, want)
	}
}

func TestDeferredRowsComeAgain(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles[:1], Options{})
	for row := range int64(10) {
		if row == 4 || row == 6 {
			must(t, j.Defer(at(0, row)))
		} else {
			must(t, j.Done(at(0, row)))
		}
	}
	must(t, j.End(0, 10, nil), j.Flush(t.Context()))
	s := j.Snapshot()
	segs, idx := s.Remaining()
	if want := []inventory.Segment{{File: 0, First: 4, Last: 9}}; !slices.Equal(segs, want) || !slices.Equal(idx, []int{0}) {
		t.Fatalf("%v %v remain, want %v", segs, idx, want)
	}
	if got := where(10, func(row int64) bool { return !rowsOf(t, s, 0).Settled(row) }); !slices.Equal(got, []int64{4, 6}) {
		t.Errorf("unsettled %v, want 4 and 6", got)
	}
	must(t, j.Done(at(0, 4)), j.Fail(at(0, 6)), j.Flush(t.Context()))
	if segs, _ := j.Snapshot().Remaining(); len(segs) != 0 {
		t.Errorf("%v remain after the second pass", segs)
	}
	if got := j.Totals(); got.Done != 9 || got.Failed != 1 || got.Deferred != 0 || got.Finished != 1 || got.Rows != 10 {
		t.Errorf("totals %+v", got)
	}
}

func TestFailedRowsCanBeTriedAgain(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	for row := range int64(10) {
		if row%3 == 0 {
			must(t, j.Fail(at(0, row)))
		} else {
			must(t, j.Done(at(0, row)))
		}
	}
	must(t, j.Fail(at(1, 70_000)), j.Flush(t.Context()))
	_, s := mustOpen(t, d, twoFiles, Options{})
	failed := func(s *Snapshot) (list []inventory.Position) {
		for p, err := range s.Failed(t.Context()) {
			must(t, err)
			list = append(list, p)
		}
		return list
	}
	if got, want := failed(s), []inventory.Position{at(0, 0), at(0, 3), at(0, 6), at(0, 9), at(1, 70_000)}; !slices.Equal(got, want) {
		t.Errorf("failed %v, want %v", got, want)
	}
	j, _ = mustOpen(t, d, twoFiles, Options{})
	must(t, j.Done(at(0, 3)), j.Done(at(1, 70_000)), j.Fail(at(0, 6)), j.Flush(t.Context()))
	s = j.Snapshot()
	if got, want := failed(s), []inventory.Position{at(0, 0), at(0, 6), at(0, 9)}; !slices.Equal(got, want) {
		t.Errorf("failed after another try %v, want %v", got, want)
	}
	if got := s.Totals(); got.Done != 8 || got.Failed != 3 {
		t.Errorf("totals %+v, want 8 done and 3 failed", got)
	}
}

func TestNotesAreThereAfterACrash(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	value := []byte("id")
	must(t, j.Note(at(1, 5), "upload", value), j.Note(at(0, 2), "owes", []byte{}), j.Note(at(0, 2), "gone", []byte("x")))
	value[0] = 'X' // the caller may use it for something else
	must(t, j.Note(at(0, 2), "gone", nil), j.Flush(t.Context()))
	notes := func(s *Snapshot) (list []string) {
		for n, err := range s.Notes(t.Context()) {
			must(t, err)
			list = append(list, fmt.Sprintf("%d %v %s=%s", n.Segment, n.Pos, n.Key, n.Value))
		}
		return list
	}
	j, s := mustOpen(t, d, twoFiles, Options{})
	if got, want := notes(s), []string{"0 {0 2} owes=", "1 {1 5} upload=id"}; !slices.Equal(got, want) {
		t.Errorf("notes %q, want %q", got, want)
	}
	must(t, j.Note(at(1, 5), "upload", nil), j.Flush(t.Context()))
	if got, want := notes(j.Snapshot()), []string{"0 {0 2} owes="}; !slices.Equal(got, want) {
		t.Errorf("notes after one was taken away %q, want %q", got, want)
	}
	if err := j.Note(at(0, 0), strings.Repeat("k", maxNoteKey+1), nil); err == nil {
		t.Error("a note with a long key is taken")
	}
}

func TestCountersAddUp(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	must(t, j.Count(at(0, 0), "bytes", 10), j.Count(at(0, 0), "n", 1), j.Done(at(0, 0)))
	must(t, j.Count(at(1, 0), "bytes", 5), j.Done(at(1, 0)), j.Flush(t.Context()))
	j, _ = mustOpen(t, d, twoFiles, Options{})
	must(t, j.Count(at(0, 1), "bytes", -3), j.Done(at(0, 1)))
	must(t, j.Count(at(0, 2), "bytes", 1000)) // its row is not settled
	must(t, j.Flush(t.Context()))
	_, s := mustOpen(t, d, twoFiles, Options{})
	want := map[string]int64{"bytes": 12, "n": 1}
	if got := s.Totals().Counters; !reflect.DeepEqual(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
	if got := j.Totals().Counters; !reflect.DeepEqual(got, want) {
		t.Errorf("journal %v, want %v", got, want)
	}
	if err := j.Count(at(0, 2), "", 1); err == nil {
		t.Error("a counter without a name is taken")
	}
}

func TestWhatBelongsToARowWaitsForIt(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	must(t, j.Log(t.Context(), at(0, 1), []byte("one")), j.Flush(t.Context()))
	if got := lines(t, j.Snapshot()); len(got) != 0 {
		t.Errorf("lines of a row that is not settled: %q", got)
	}
	for name, err := range map[string]error{
		"log":   j.Log(t.Context(), at(0, 2), nil),
		"count": j.Count(at(0, 2), "n", 1),
		"done":  j.Done(at(0, 2)),
	} {
		if err == nil {
			t.Errorf("%s of another row before the first is settled works", name)
		}
	}
	must(t, j.Log(t.Context(), at(0, 1), []byte("two")), j.Done(at(0, 1)), j.Flush(t.Context()))
	if got := lines(t, j.Snapshot()); !slices.Equal(got, []string{"0 one", "0 two"}) {
		t.Errorf("lines %q", got)
	}
	for _, bad := range []string{"two\nlines", strings.Repeat("x", maxLine+1)} {
		if err := j.Log(t.Context(), at(0, 3), []byte(bad)); err == nil {
			t.Errorf("line of %d bytes %.10q is taken", len(bad), bad)
		}
	}
}

func TestEnd(t *testing.T) {
	d, _ := realDir(t)
	segs := []inventory.Segment{{File: 0, First: 5, Last: inventory.OpenEnd}, {File: 1, First: 0, Last: 3}, {File: 2, First: 0, Last: inventory.OpenEnd}}
	j, _ := mustOpen(t, d, segs, Options{})
	must(t, j.Done(at(0, 5)), j.End(0, 7, nil), j.End(1, 1, errors.New("bad\xff checksum")), j.Done(at(1, 0)), j.End(2, 0, nil), j.Flush(t.Context()))
	_, s := mustOpen(t, d, segs, Options{})
	rest, idx := s.Remaining()
	want := []inventory.Segment{{File: 0, First: 6, Last: 6}, {File: 1, First: 1, Last: 3}}
	if !slices.Equal(rest, want) || !slices.Equal(idx, []int{0, 1}) {
		t.Errorf("%v %v remain, want %v", rest, idx, want)
	}
	if got := s.Totals(); got.Damaged != 1 || got.Finished != 1 || got.Rows != 6 {
		t.Errorf("totals %+v, want 1 damaged, 1 finished, 6 rows", got)
	}
	if got := s.Segments()[1].Damage; got != "bad checksum" {
		t.Errorf("damage %q", got)
	}
	j, _ = mustOpen(t, d, segs, Options{})
	for row := range int64(3) {
		must(t, j.Done(at(1, row+1)))
	}
	must(t, j.End(1, 4, nil), j.Done(at(0, 6)), j.Flush(t.Context()))
	if got := j.Totals(); got.Damaged != 0 || got.Finished != 3 {
		t.Errorf("after the damage was mended: %+v", got)
	}
	for _, bad := range []struct {
		segment int
		end     int64
	}{{-1, 0}, {3, 0}, {0, 4}, {1, 5}} {
		if err := j.End(bad.segment, bad.end, nil); err == nil {
			t.Errorf("end of segment %d before row %d is taken", bad.segment, bad.end)
		}
	}
	// A file that got shorter is not the file that rows were settled in.
	must(t, j.End(0, 6, nil))
	if err := j.Flush(t.Context()); err == nil {
		t.Error("a segment ends before rows that were settled")
	}
}

func TestRowsOutsideThePlanAreRefused(t *testing.T) {
	d, _ := realDir(t)
	segs := []inventory.Segment{{File: 1, First: 100, Last: 199}, {File: 1, First: 0, Last: 49}, {File: 3, First: 0, Last: inventory.OpenEnd}}
	j, _ := mustOpen(t, d, segs, Options{})
	for _, p := range []inventory.Position{at(0, 0), at(1, 50), at(1, 99), at(1, 200), at(1, -1), at(2, 0), at(3, maxRows), at(-1, 0)} {
		if err := j.Done(p); err == nil {
			t.Errorf("row %v is taken", p)
		}
	}
	for _, p := range []inventory.Position{at(1, 0), at(1, 49), at(1, 100), at(1, 199), at(3, maxRows-1)} {
		must(t, j.Done(p))
	}
	must(t, j.Flush(t.Context()))
	for name, bad := range map[string][]inventory.Segment{
		"overlap":       {{File: 0, First: 0, Last: 9}, {File: 0, First: 9, Last: 12}},
		"after the end": {{File: 0, First: 0, Last: inventory.OpenEnd}, {File: 0, First: 9, Last: 12}},
		"backwards":     {{File: 0, First: 9, Last: 0}},
		"negative":      {{File: -1, First: 0, Last: 0}},
	} {
		if _, _, err := Open(t.Context(), d, PlanHash{1}, bad, Options{}); err == nil {
			t.Errorf("%s: segments %v are taken", name, bad)
		}
	}
}

func TestOtherJobsAreRefused(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	must(t, j.Done(at(0, 0)), j.Done(at(1, 0)), j.Flush(t.Context()))
	other := slices.Clone(twoFiles)
	other[1].First = 1
	for name, tt := range map[string]struct {
		plan     PlanHash
		segments []inventory.Segment
		want     string
	}{
		"plan":         {PlanHash{2}, twoFiles, "plan is 010000000000 there and 020000000000 here"},
		"segment":      {PlanHash{1}, other, "segment 1 is file 1 from row 0 there and file 1 from row 1 here"},
		"segment less": {PlanHash{1}, twoFiles[:1], "segment 1 is file 1 from row 0 there and missing here"},
	} {
		_, _, err := Open(t.Context(), d, tt.plan, tt.segments, Options{})
		var mismatch *MismatchError
		if !errors.As(err, &mismatch) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// flushes settles a row of file 1 and flushes, n times.
func flushes(t *testing.T, j *Journal, n int) {
	t.Helper()
	for row := range int64(n) {
		must(t, j.Log(t.Context(), at(1, row), []byte(fmt.Sprint("row ", row))), j.Done(at(1, row)), j.Flush(t.Context()))
	}
}

func TestTornStateFallsBackToTheOneBefore(t *testing.T) {
	for name, tt := range map[string]struct {
		tear func(data []byte) []byte
		word string
	}{
		"flipped": {func(b []byte) []byte { b[len(b)/2] ^= 4; return b }, "damaged"},
		"cut":     {func(b []byte) []byte { return b[:len(b)/2] }, "cut off"},
		"empty":   {func(b []byte) []byte { return nil }, "cut off"},
		"zeros":   {func(b []byte) []byte { return make([]byte, len(b)) }, "cut off"},
	} {
		d, path := realDir(t)
		j, _ := mustOpen(t, d, twoFiles, Options{})
		flushes(t, j, 4)
		later := filepath.Join(path, stateName(1, 1)) // the fourth write
		data, err := os.ReadFile(later)
		must(t, err, os.WriteFile(later, tt.tear(data), 0o600))

		j, s := mustOpen(t, d, twoFiles, Options{})
		rows := rowsOf(t, s, 1)
		if got := where(5, rows.Settled); !slices.Equal(got, []int64{0, 1, 2}) {
			t.Errorf("%s: settled %v, want what the third flush wrote", name, got)
		}
		if !rows.Uncertain(3) || !rows.Uncertain(1<<30) {
			t.Errorf("%s: rows that the lost copy may have admitted count as certain", name)
		}
		if got := lines(t, s); !slices.Equal(got, []string{"1 row 0", "1 row 1", "1 row 2"}) {
			t.Errorf("%s: lines %q", name, got)
		}
		if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], stateName(1, 1)) || !strings.Contains(n[0], tt.word) {
			t.Errorf("%s: notices %q, want one that names the file and says %q", name, n, tt.word)
		}
		// The good copy stays until there is a better one.
		must(t, j.Log(t.Context(), at(1, 3), []byte("row 3 again")), j.Done(at(1, 3)), j.Flush(t.Context()))
		_, s = mustOpen(t, d, twoFiles, Options{})
		if got := lines(t, s); len(s.Notices()) != 0 || !slices.Equal(got, []string{"1 row 0", "1 row 1", "1 row 2", "1 row 3 again"}) {
			t.Errorf("%s: after another flush: notices %q, lines %q", name, s.Notices(), got)
		}
	}
}

func TestStateThatIsNotToBeReplaced(t *testing.T) {
	newer := mustEncode(t, sample())
	newer[8] = 9
	newer = mendHeader(newer)
	for name, tt := range map[string]struct {
		data []byte
		want Fault
	}{
		"foreign":           {[]byte("my shopping list, which is not to be lost"), Foreign},
		"newer":             {newer, Newer},
		"another segment's": {mustEncode(t, func() *state { s := sample(); s.index = 0; return s }()), Foreign},
	} {
		d, path := realDir(t)
		j, _ := mustOpen(t, d, twoFiles, Options{})
		flushes(t, j, 2)
		must(t, os.WriteFile(filepath.Join(path, stateName(1, 0)), tt.data, 0o600))
		_, _, err := Open(t.Context(), d, PlanHash{1}, twoFiles, Options{})
		var bad *StateError
		if !errors.As(err, &bad) || bad.Fault != tt.want || bad.Name != stateName(1, 0) {
			t.Errorf("%s beside a good copy: %v, want %v", name, err, tt.want)
		}
		if got, err := os.ReadFile(filepath.Join(path, stateName(1, 0))); !slices.Equal(got, tt.data) {
			t.Errorf("%s: the file was changed, %v", name, err)
		}
	}
}

func TestBothCopiesDamaged(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	flushes(t, j, 2)
	for slot := range numCopies {
		must(t, os.Truncate(filepath.Join(path, stateName(1, slot)), 77))
	}
	_, _, err := Open(t.Context(), d, PlanHash{1}, twoFiles, Options{})
	var lost *LostError
	if !errors.As(err, &lost) || lost.Segment != 1 || len(lost.Errs) != 2 {
		t.Fatalf("open: %v, want segment 1 lost", err)
	}
	for _, word := range []string{stateName(1, 0), stateName(1, 1), "move both away"} {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%q does not say %q", err, word)
		}
	}
	// What the message says works.
	for slot := range numCopies {
		must(t, os.Remove(filepath.Join(path, stateName(1, slot))))
	}
	_, s := mustOpen(t, d, twoFiles, Options{})
	if got := s.Totals(); got.Done != 0 || len(lines(t, s)) != 0 {
		t.Errorf("after both were moved away: %+v, %q", got, lines(t, s))
	}
}

func TestAnotherWriterIsNoticed(t *testing.T) {
	d, _ := realDir(t)
	a, _ := mustOpen(t, d, twoFiles, Options{})
	b, _ := mustOpen(t, d, twoFiles, Options{}) // the lock should have prevented it
	must(t, a.Done(at(0, 0)), a.Done(at(1, 0)), a.Flush(t.Context()))
	must(t, b.Done(at(1, 1)))
	var conflict *ConflictError
	if err := b.Flush(t.Context()); !errors.As(err, &conflict) {
		t.Errorf("flush over another writer: %v", err)
	}
	must(t, a.Done(at(1, 2)), a.Flush(t.Context()))
	if got := where(4, rowsOf(t, a.Snapshot(), 1).Settled); !slices.Equal(got, []int64{0, 2}) {
		t.Errorf("settled %v, want 0 and 2", got)
	}
}

func TestFullDiskStopsNothingForGood(t *testing.T) {
	for _, folder := range []string{resultFolder, stateFolder} {
		d := newDisk()
		j, _ := mustOpen(t, oneFileAFlush{lockedDir(t, d)}, twoFiles, Options{})
		flushes(t, j, 2)
		must(t, j.Log(t.Context(), at(1, 9), []byte("nine")), j.Done(at(1, 9)))
		d.fault = func(_ int, step, name string) fault {
			if f := enospc; step == "write" && strings.HasPrefix(name, folder) {
				f.tear = true
				return f
			}
			return fault{}
		}
		err := j.Flush(t.Context())
		if !errors.Is(err, enospc.err) || !strings.Contains(err.Error(), filepath.Join("job", folder)) {
			t.Errorf("%s: %v, want no space, and where", folder, err)
		}
		s, err := Read(t.Context(), newDir("job", d))
		must(t, err)
		if got := lines(t, s); !slices.Equal(got, []string{"1 row 0", "1 row 1"}) || s.Totals().Done != 2 {
			t.Errorf("%s: meanwhile %q, %+v; want what was flushed before", folder, got, s.Totals())
		}
		d.fault = nil
		must(t, j.Flush(t.Context()))
		if got := lines(t, j.Snapshot()); !slices.Equal(got, []string{"1 row 0", "1 row 1", "1 nine"}) || j.Totals().Done != 3 {
			t.Errorf("%s: with space again %q, %+v", folder, got, j.Totals())
		}
	}
}

func TestFlushWithoutNewsWritesNothing(t *testing.T) {
	d := newDisk()
	j, _ := mustOpen(t, lockedDir(t, d), twoFiles, Options{})
	flushes(t, j, 1)
	before := d.ops
	for range 2 * idleFlushes {
		must(t, j.Flush(t.Context()))
	}
	if d.ops != before {
		t.Errorf("%d steps for nothing", d.ops-before)
	}
	if j.active[1] != nil {
		t.Error("a segment without news stays in memory")
	}
	must(t, j.Done(at(1, 1)), j.Flush(t.Context()))
	if got := j.Totals(); got.Done != 2 {
		t.Errorf("after it was read again: %+v", got)
	}
}

func TestFlushObeysTheContext(t *testing.T) {
	d := newDisk()
	j, _ := mustOpen(t, lockedDir(t, d), twoFiles, Options{})
	must(t, j.Done(at(1, 0)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	before := d.ops
	if err := j.Flush(ctx); !errors.Is(err, context.Canceled) || d.ops != before {
		t.Errorf("flush: %v after %d steps", err, d.ops-before)
	}
	must(t, j.Flush(t.Context()))
	if got := j.Totals(); got.Done != 1 {
		t.Errorf("flush afterwards: %+v", got)
	}
}

// A finished segment takes no memory to speak of, however many of its rows
// failed.
func TestFinishedSegmentsLeaveTheMemory(t *testing.T) {
	d := newDisk()
	segs := make([]inventory.Segment, 20)
	for i := range segs {
		segs[i] = inventory.Segment{File: i, First: 0, Last: 9999}
	}
	j, _ := mustOpen(t, lockedDir(t, d), segs, Options{})
	for i := range segs {
		for row := range int64(10_000) {
			if row%2 == 0 {
				must(t, j.Fail(at(i, row)))
			} else {
				must(t, j.Done(at(i, row)))
			}
		}
		must(t, j.End(i, 10_000, nil), j.Flush(t.Context()))
		for _, a := range j.active {
			if a != nil {
				t.Fatalf("segment %d is in memory after segment %d was finished", a.index, i)
			}
		}
	}
	if got := j.Totals(); got.Failed != 100_000 || got.Finished != 20 {
		t.Errorf("totals %+v", got)
	}
}

func TestReserveAdmittedWritesABlockAtATime(t *testing.T) {
	d := newDisk()
	dir := lockedDir(t, d)
	j, _ := mustOpen(t, dir, twoFiles, Options{ReserveAdmitted: true})
	puts := 0
	d.fault = func(_ int, step, _ string) fault {
		if step == "rename" {
			puts++
		}
		return fault{}
	}
	// Reserved are 4,096 rows, then 8,192 more, then, after a flush, 4,096 again.
	for row := range int64(4 * reserveBlock) {
		if row == 3*reserveBlock {
			must(t, j.Flush(t.Context()))
		}
		must(t, j.Admit(t.Context(), at(1, row)))
	}
	if puts != 3 {
		t.Errorf("%d writes for %d rows, want 3", puts, 4*reserveBlock)
	}
	s, err := Read(t.Context(), dir)
	must(t, err)
	if rows := rowsOf(t, s, 1); !rows.Uncertain(0) || !rows.Uncertain(4*reserveBlock-1) || rows.Uncertain(4*reserveBlock) {
		t.Error("the reserved rows are not the uncertain ones")
	}
	// An admission that could not be written is not one.
	d.fault = func(int, string, string) fault { return enospc }
	for range 2 {
		if err := j.Admit(t.Context(), at(1, 4*reserveBlock)); err == nil {
			t.Error("a row is admitted without a reservation")
		}
	}
}

// A run that comes to rest leaves those rows in doubt that it names, and those that a
// run before it left there; one that is cut off leaves all that it had admitted.
func TestRest(t *testing.T) {
	type run struct {
		done  []int64 // of 60 rows
		doubt []int64
		cut   bool // instead of coming to rest
		twice bool // and a second pass in the same process, which is cut off
		after bool // a row is recorded after the rest
	}
	upTo := func(from, to int64) (rows []int64) {
		for row := from; row < to; row++ {
			rows = append(rows, row)
		}
		return rows
	}
	for _, tt := range []struct {
		name string
		runs []run
		want []int64
	}{
		{"at rest", []run{{done: upTo(0, 3)}}, nil},
		{"at rest, done out of order", []run{{done: []int64{0, 7}}}, nil},
		{"cut off", []run{{done: upTo(0, 3), cut: true}}, upTo(3, 10)},
		{"two rows in doubt", []run{{done: []int64{0, 3, 4, 5}, doubt: []int64{1, 2}}}, []int64{1, 2}},
		{"doubts of a run before", []run{{done: upTo(0, 3), cut: true}, {done: upTo(3, 5)}}, upTo(5, 10)},
		{"past the doubts of a run before", []run{{done: upTo(0, 3), cut: true}, {done: upTo(3, 12)}}, nil},
		{"nothing in doubt, then cut off", []run{{done: upTo(0, 3)}, {done: upTo(3, 5), cut: true}}, upTo(5, 13)},
		{"a row after the rest", []run{{done: upTo(0, 3), after: true}}, nil},
		{"a pass after the rest", []run{{done: upTo(0, 3), twice: true}}, upTo(3, 13)},
	} {
		d, _ := realDir(t)
		opts := Options{ReserveAdmitted: true, ReserveRows: 10}
		for _, r := range tt.runs {
			j, s := mustOpen(t, d, twoFiles, opts)
			first := int64(0)
			for rowsOf(t, s, 1).Settled(first) {
				first++
			}
			must(t, j.Admit(t.Context(), at(1, first)))
			for _, row := range r.done {
				must(t, j.Done(at(1, row)))
			}
			for _, row := range r.doubt {
				must(t, j.Doubt(at(1, row)))
			}
			if r.cut {
				must(t, j.Flush(t.Context()))
			} else {
				must(t, j.Rest(t.Context()))
			}
			if r.after {
				must(t, j.Done(at(1, 20)), j.Flush(t.Context()))
			}
			if r.twice {
				must(t, j.Admit(t.Context(), at(1, int64(len(r.done)))))
			}
		}
		s, err := Read(t.Context(), d)
		must(t, err)
		if got := where(60, rowsOf(t, s, 1).Uncertain); !slices.Equal(got, tt.want) {
			t.Errorf("%s: rows %v are in doubt, want %v", tt.name, got, tt.want)
		}
	}
}

func TestReadOfAnEmptyJob(t *testing.T) {
	d, err := OpenDir(t.TempDir())
	must(t, err)
	s, err := Read(t.Context(), d)
	must(t, err)
	if got := s.Totals(); got.Segments != 0 || !got.Written.IsZero() || s.Plan() != (PlanHash{}) {
		t.Errorf("totals %+v, plan %v", got, s.Plan())
	}
	if _, err := s.Rows(t.Context(), 0); err == nil {
		t.Error("rows of a segment that is not known")
	}
	if _, _, err := d.Get(t.Context(), planName); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("get: %v", err)
	}
}
