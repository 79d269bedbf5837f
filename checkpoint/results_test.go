package checkpoint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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

func TestResultsStopAtWhatTheStateNames(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, d, twoFiles, Options{})
	flushes(t, j, 2)
	name := filepath.Join(path, resultName(1, 1))
	data, err := os.ReadFile(name)
	must(t, err, os.WriteFile(name, append(data, "row 2 whose flush did not come to its end\nrow"...), 0o600))
	must(t, os.WriteFile(filepath.Join(path, resultName(1, 2)), []byte("row 3\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(path, resultName(0, 1)), []byte("row 4\n"), 0o600))
	must(t, os.WriteFile(filepath.Join(path, "results/notes.txt"), []byte("mine"), 0o600))

	want := []string{"1 row 0", "1 row 1"}
	s, err := Read(t.Context(), d)
	must(t, err)
	if got := lines(t, s); !slices.Equal(got, want) {
		t.Errorf("read: %q, want %q", got, want)
	}
	j, s = mustOpen(t, d, twoFiles, Options{})
	if got := lines(t, s); !slices.Equal(got, want) {
		t.Errorf("opened: %q, want %q", got, want)
	}
	for name, want := range map[string]string{resultName(1, 1): "row 0\nrow 1\n", resultName(1, 2): "", resultName(0, 1): "", "results/notes.txt": "mine"} {
		if got, err := os.ReadFile(filepath.Join(path, name)); string(got) != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	must(t, j.Log(t.Context(), at(1, 2), []byte("row 2")), j.Done(at(1, 2)), j.Flush(t.Context()))
	if got := lines(t, j.Snapshot()); !slices.Equal(got, append(want, "1 row 2")) {
		t.Errorf("after another flush: %q", got)
	}
}

func TestResultSegmentsRoll(t *testing.T) {
	d, path := realDir(t)
	j, _ := mustOpen(t, smallSegments{d}, twoFiles, Options{})
	var want []string
	for row := range int64(100) {
		line := fmt.Sprintf("row %d %s", row, strings.Repeat("x", int(row)*7%200))
		want = append(want, "1 "+line)
		must(t, j.Log(t.Context(), at(1, row), []byte(line)), j.Done(at(1, row)), j.Flush(t.Context()))
	}
	if got := lines(t, j.Snapshot()); !slices.Equal(got, want) {
		t.Errorf("%d lines, want %d: %q", len(got), len(want), got)
	}
	files, err := filepath.Glob(filepath.Join(path, "results", "*"))
	must(t, err)
	if len(files) < 50 {
		t.Errorf("%d result segments", len(files))
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
		"short":   {func(p string) error { return os.Truncate(p, 6) }, []string{"1 row 0"}},
		"cut":     {func(p string) error { return os.Truncate(p, 8) }, []string{"1 row 0"}},
		"missing": {os.Remove, nil},
	} {
		d, path := realDir(t)
		j, _ := mustOpen(t, d, twoFiles, Options{})
		flushes(t, j, 2)
		must(t, j.Log(t.Context(), at(0, 0), []byte("other")), j.Done(at(0, 0)), j.Flush(t.Context()))
		must(t, tt.damage(filepath.Join(path, resultName(1, 1))))
		j, s := mustOpen(t, d, twoFiles, Options{})
		if n := s.Notices(); len(n) != 1 || !strings.Contains(n[0], resultName(1, 1)) {
			t.Errorf("%s: notices %q, want one that names the file", name, n)
		}
		must(t, j.Log(t.Context(), at(1, 2), []byte("row 2")), j.Done(at(1, 2)), j.Flush(t.Context()))
		var got []string
		faults := 0
		for line, err := range j.Snapshot().Results(t.Context()) {
			if err != nil {
				faults++
				continue
			}
			got = append(got, fmt.Sprintf("%d %s", line.Segment, line.Data))
		}
		want := append(append([]string{"0 other"}, tt.want...), "1 row 2")
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
		if name != "short" && faults != 1 { // whole lines that are lost show only before the next segment begins
			t.Errorf("%s: %d errors, want 1", name, faults)
		}
		faults = 0
		for _, err := range s.Results(t.Context()) {
			if err != nil {
				faults++
			}
		}
		if faults != 1 {
			t.Errorf("%s: %d errors before another flush, want 1", name, faults)
		}
	}
}

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
		"results/000001-000002.jsonl":              true,
		"results/1234567-000002.jsonl":             true,
		"results/1-2.jsonl":                        false,
		"results/000001-000002":                    false,
		"results/000001.jsonl":                     false,
		"results/-00001-000002.jsonl":              false,
		"results/000001-99999999999.jsonl":         false,
		"state/000001-000002.jsonl":                false,
		"results/000001-000002-000003.jsonl":       false,
		"results/99999999999999999999-000001.json": false,
	} {
		index, number, ok := parseResultName(name)
		if ok != want || ok && resultName(index, number) != name {
			t.Errorf("%s: %d, %d, %v", name, index, number, ok)
		}
	}
}

// A result segment that lost lines is given up, whatever goes wrong on the way.
func TestLostLinesOnAFullDisk(t *testing.T) {
	d := newDisk()
	store := smallSegments{lockedDir(t, d)}
	j, _ := mustOpen(t, store, twoFiles, Options{})
	flushes(t, j, 2)
	full := func(steps ...string) func(int, string, string) fault {
		return func(_ int, step, _ string) fault {
			if slices.Contains(steps, step) {
				return enospc
			}
			return fault{}
		}
	}
	row := int64(2)
	say := func(n int) {
		for range n {
			must(t, j.Log(t.Context(), at(1, row), []byte("another line")), j.Done(at(1, row)))
			row++
		}
	}
	say(1)
	for _, steps := range [][]string{{"write"}, {"create"}, {"create"}} {
		d.fault = full(steps...)
		err := j.Flush(t.Context())
		var short *ShortError
		if err == nil || errors.As(err, &short) {
			t.Fatalf("flush on a full disk: %v", err)
		}
		d.now[resultName(1, 1)].content = nil
		say(20) // more than fits behind the lines that were there
	}
	d.fault = nil
	must(t, j.Flush(t.Context()))
	if got := j.Totals(); got.Done != row {
		t.Errorf("totals %+v, want %d done", got, row)
	}
}
