package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// packed is lines as a result file has them.
func packed(t testing.TB, lines string) []byte {
	t.Helper()
	var s stream
	must(t, s.add(gzip.NewWriter(nil), []byte(lines)))
	return s.tail
}

// lines returns the result lines that s knows of, each after its segment.
func lines(t testing.TB, s *Snapshot) []string {
	t.Helper()
	var list []string
	for line, err := range s.Results(t.Context()) {
		if err != nil {
			t.Fatalf("results: %v", err)
		}
		list = append(list, fmt.Sprintf("%d %s", line.Segment, line.Data))
	}
	return list
}

// What no state names is read by nobody, and nobody touches it.
func TestResultsStopAtWhatTheStateNames(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, smallTails{d}, twoFiles, Options{})
	flushes(t, j, 2)
	foreign := map[string]string{
		resultName(1, streamSettled, resultRef{epoch: 1, number: 9}): string(packed(t, "row 3\n")),
		resultName(1, streamSettled, resultRef{epoch: 9, number: 1}): string(packed(t, "row 4\n")),
		resultName(0, streamFailed, resultRef{epoch: 1, number: 1}):  string(packed(t, "row 5\n")),
		plainName(1, 1):     "row 2 of a program before this one\n",
		"results/notes.txt": "mine",
	}
	for name, data := range foreign {
		must(t, os.WriteFile(filepath.Join(path, name), []byte(data), 0o600))
	}
	want := []string{"1 row 0", "1 row 1"}
	s, err := Read(t.Context(), d)
	must(t, err)
	if got := lines(t, s); !slices.Equal(got, want) {
		t.Errorf("read: %q, want %q", got, want)
	}
	j, s = mustOpen(t, smallTails{d}, twoFiles, Options{})
	if got := lines(t, s); !slices.Equal(got, want) {
		t.Errorf("opened: %q, want %q", got, want)
	}
	for row := range int64(20) { // more than fits under one name
		line := fmt.Sprintf("row %d %x", row+2, row*row*row*7919)
		want = append(want, "1 "+line)
		must(t, j.Log(t.Context(), at(1, row+2), []byte(line)), j.Done(at(1, row+2)), j.Flush(t.Context()))
	}
	if got := lines(t, j.Snapshot()); !slices.Equal(got, want) {
		t.Errorf("after more flushes: %q, want %q", got, want)
	}
	for name, want := range foreign {
		if got, err := os.ReadFile(filepath.Join(path, name)); string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
}

// A name that this epoch used already is not used again, though the state does
// not know of it: the write had no answer, and the state was read again since.
func TestResultNamesAreUsedOnce(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, smallTails{d}, twoFiles, Options{})
	used := filepath.Join(path, resultName(1, streamSettled, resultRef{epoch: d.Epoch(), number: 1}))
	must(t, os.WriteFile(used, packed(t, "lost answer\n"), 0o600))
	must(t, j.Log(t.Context(), at(1, 0), []byte(strings.Repeat("0123456789abcdef", 40))), j.Fail(at(1, 0)), j.Flush(t.Context()))
	var want []string
	for row := range int64(30) {
		line := fmt.Sprintf("row %d %x", row, row*row*row*104729)
		want = append(want, "1 "+line)
		must(t, j.Log(t.Context(), at(1, row+1), []byte(line)), j.Done(at(1, row+1)), j.Flush(t.Context()))
	}
	if got := lines(t, j.Snapshot()); !slices.Equal(got[1:], want) {
		t.Errorf("lines %q, want %q behind the one that failed", got, want)
	}
	if got, err := os.ReadFile(used); string(got) != string(packed(t, "lost answer\n")) {
		t.Errorf("the file that was there is %q now, %v", got, err)
	}
}

func TestResultFilesRoll(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, smallTails{d}, twoFiles, Options{})
	var done, failed []string
	for row := range int64(100) {
		line := fmt.Sprintf("row %d %x", row, strings.Repeat(fmt.Sprint(row*row*row), int(row)%5))
		must(t, j.Log(t.Context(), at(1, row), []byte(line)))
		if row%3 == 0 {
			failed = append(failed, "1 "+line)
			must(t, j.Fail(at(1, row)))
		} else {
			done = append(done, "1 "+line)
			must(t, j.Done(at(1, row)))
		}
		must(t, j.Flush(t.Context()))
	}
	want := slices.Concat(failed, done)
	if got := lines(t, j.Snapshot()); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d: %q", len(got), len(want), got)
	}
	files, err := filepath.Glob(filepath.Join(path, "results", "*.jsonl.gz"))
	must(t, err)
	if len(files) < 20 || len(files) > 90 {
		t.Errorf("%d result files", len(files))
	}
	var some []string
	for line, err := range j.Snapshot().Failures(t.Context()) {
		must(t, err)
		some = append(some, fmt.Sprintf("%d %s", line.Segment, line.Data))
	}
	if !slices.Equal(some, failed) {
		t.Errorf("failures %q, want %q", some, failed)
	}
}

// What asks for failures does not open a file of the other lines.
func TestFailuresReadNothingElse(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, smallTails{d}, twoFiles, Options{})
	for row := range int64(50) {
		must(t, j.Log(t.Context(), at(1, row), fmt.Appendf(nil, "row %d %x", row, row*row*row*7919)))
		if row == 20 {
			must(t, j.Fail(at(1, row)))
		} else {
			must(t, j.Done(at(1, row)))
		}
		must(t, j.Flush(t.Context()))
	}
	files, err := filepath.Glob(filepath.Join(path, "results", "*.jsonl.gz"))
	must(t, err)
	if len(files) < 5 {
		t.Fatalf("%d result files", len(files))
	}
	for _, name := range files {
		must(t, os.WriteFile(name, []byte("damaged"), 0o600))
	}
	n := 0
	for line, err := range j.Snapshot().Failures(t.Context()) {
		must(t, err)
		if n++; !strings.HasPrefix(string(line.Data), "row 20 ") {
			t.Errorf("line %q", line.Data)
		}
	}
	if n != 1 {
		t.Errorf("%d failures, want 1", n)
	}
}

// The states of finished segments carry few lines along, so that a whole job's
// are read within seconds.
func TestFinishedSegmentsHaveSmallStates(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	for row := range int64(10) {
		line := make([]byte, 0, 20_000)
		for i := range 1250 {
			line = fmt.Appendf(line, "%016x", uint64(row+1)*uint64(i+1)*0x9e3779b97f4a7c15)
		}
		must(t, j.Log(t.Context(), at(0, row), line), j.Done(at(0, row)))
	}
	must(t, j.End(0, 10, nil), j.Flush(t.Context()))
	for slot := range numCopies {
		if info, err := os.Stat(filepath.Join(path, stateName(0, slot))); err == nil && info.Size() > 2*smallTail {
			t.Errorf("the state of a finished segment has %d bytes", info.Size())
		}
	}
	if got := lines(t, j.Snapshot()); len(got) != 10 {
		t.Errorf("%d lines, want 10", len(got))
	}
}

func TestMuchIsFlushedEarly(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{BufferBytes: 1000})
	for row := range int64(1000) {
		must(t, j.Log(t.Context(), at(1, row), make([]byte, 100)), j.Done(at(1, row)))
		if j.buffered > 1000+101 {
			t.Fatalf("%d bytes wait after row %d", j.buffered, row)
		}
	}
	s, err := Read(t.Context(), d)
	must(t, err)
	if got := len(lines(t, s)); got < 980 || int64(got) != s.Totals().Done {
		t.Errorf("%d lines and %+v without a flush", got, s.Totals())
	}
}

func TestLostLinesAreTold(t *testing.T) {
	for name, tt := range map[string]struct {
		damage func(path string) error
		want   []string
	}{
		"cut":     {func(p string) error { return os.Truncate(p, 12) }, nil},
		"missing": {os.Remove, nil},
		"short":   {func(p string) error { return os.WriteFile(p, packed(t, "r\n"), 0o600) }, []string{"1 r"}},
	} {
		d, path := realDir(t)
		j, _ := mustOpen(t, oneFileAFlush{d}, twoFiles, Options{})
		flushes(t, j, 2)
		must(t, j.Log(t.Context(), at(0, 0), []byte("other")), j.Done(at(0, 0)), j.Flush(t.Context()))
		must(t, tt.damage(filepath.Join(path, resultName(1, streamSettled, resultRef{epoch: 1, number: 2}))))
		must(t, j.Log(t.Context(), at(1, 2), []byte("row 2")), j.Done(at(1, 2)), j.Flush(t.Context()))
		var got []string
		faults := 0
		for line, err := range j.Snapshot().Results(t.Context()) {
			if err != nil {
				if faults++; !strings.Contains(err.Error(), "000001-000001-000002") {
					t.Errorf("%s: %v, want one that names the file", name, err)
				}
				continue
			}
			got = append(got, fmt.Sprintf("%d %s", line.Segment, line.Data))
		}
		want := slices.Concat([]string{"0 other", "1 row 0"}, tt.want, []string{"1 row 2"})
		if !slices.Equal(got, want) || faults != 1 {
			t.Errorf("%s: %q and %d errors, want %q and 1", name, got, faults, want)
		}
	}
}

// oneFileAFlush keeps no lines in states.
type oneFileAFlush struct{ *Dir }

func (oneFileAFlush) TailBytes() int { return 1 }

func TestResultsEndEarly(t *testing.T) {
	d, _ := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	flushes(t, j, 3)
	for line, err := range j.Snapshot().Results(t.Context()) {
		must(t, err)
		if string(line.Data) != "row 0" {
			t.Fatalf("line %q", line.Data)
		}
		break
	}
}

func TestParseResultName(t *testing.T) {
	for name, want := range map[string]bool{
		"results/000001-000004-000002.jsonl.gz":              true,
		"results/000001-000004-000002-failed.jsonl.gz":       true,
		"results/1234567-1234567-000002.jsonl.gz":            true,
		"results/1-2-3.jsonl.gz":                             false,
		"results/000001-000004-000002":                       false,
		"results/000001-000002.jsonl":                        false,
		"results/-00001-000004-000002.jsonl.gz":              false,
		"results/000001-000004-99999999999.jsonl.gz":         false,
		"state/000001-000004-000002.jsonl.gz":                false,
		"results/000001-000002-000003-000004.jsonl.gz":       false,
		"results/99999999999999999999-000001-000001.json.gz": false,
	} {
		_, _, ok := parseResultName(name)
		if ok != want {
			t.Errorf("%s: %v", name, ok)
		}
	}
	want := resultRef{epoch: 12, number: 7}
	for kind := range numStreams {
		if index, ref, ok := parseResultName(resultName(3, kind, want)); index != 3 || ref != want || !ok {
			t.Errorf("%s: segment %d, %+v, %v", resultName(3, kind, want), index, ref, ok)
		}
	}
}

// onceStore gives no answer to the first writes of result files, and says which name
// was tried with which content.
type onceStore struct {
	*objects
	lose  int
	tried map[string]string
}

func (s *onceStore) Put(ctx context.Context, name string, data []byte, expect Version) (Version, error) {
	if strings.HasPrefix(name, resultFolder+"/") {
		if was, again := s.tried[name]; again && was != string(data) {
			return "", fmt.Errorf("%s is tried again with another content", name)
		}
		s.tried[name] = string(data)
		if s.lose > 0 {
			s.lose--
			return "", errAnswer
		}
	}
	return s.objects.Put(ctx, name, data, expect)
}

// A name of a result file is used for one content, also where nothing is known of what
// became of it: the write may take effect at any time.
func TestAResultNameIsUsedForOneContent(t *testing.T) {
	s := &onceStore{&objects{r: rand.New(rand.NewPCG(1, 1)), data: map[string][]byte{}, version: map[string]int{}, epoch: 1}, 3, map[string]string{}}
	j, _ := mustOpen(t, s, twoFiles, Options{})
	for row := range int64(10) {
		must(t, j.Log(t.Context(), at(1, row), []byte(fmt.Sprint("a line that is long enough for a file: ", row))), j.Done(at(1, row)))
		if err := j.Flush(t.Context()); err != nil && !errors.Is(err, errAnswer) {
			t.Fatal(err)
		}
	}
	if len(s.tried) < 6 || s.lose > 0 {
		t.Errorf("%d names were tried", len(s.tried))
	}
	if got := lines(t, j.Snapshot()); len(got) != 10 {
		t.Errorf("%d lines, want 10", len(got))
	}
}
