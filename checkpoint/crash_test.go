package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reseal/inventory"
)

// truth is what a segment's state must say, kept the simple way.
type truth struct {
	rows     map[int64]outcome
	lines    []string
	counters map[string]int64
	notes    map[string]string
	ended    bool
}

func newTruth() truth {
	return truth{rows: map[int64]outcome{}, counters: map[string]int64{}, notes: map[string]string{}}
}

func (m truth) clone() truth {
	m.rows, m.counters, m.notes = maps.Clone(m.rows), maps.Clone(m.counters), maps.Clone(m.notes)
	m.lines = slices.Clone(m.lines)
	return m
}

// night is a job that is worked on at random, on a disk that fails, with its
// truth beside it.
type night struct {
	t        *testing.T
	r        *rand.Rand
	disk     *disk
	journal  *Journal
	segments []inventory.Segment
	opts     Options
	files    bool // each flush makes a file of its lines

	truth    []truth
	possible [][]truth        // what a crash may fall back to, a segment
	admitted []map[int64]bool // rows that Admit returned nil for
	serial   int
}

func newNight(t *testing.T, seed uint64) *night {
	n := &night{t: t, r: rand.New(rand.NewPCG(seed, 1)), disk: newDisk()}
	n.segments = []inventory.Segment{
		{File: 0, First: 0, Last: 39}, {File: 0, First: 40, Last: inventory.OpenEnd},
		{File: 2, First: 0, Last: inventory.OpenEnd},
	}
	n.opts = Options{ReserveAdmitted: seed%2 == 0, BufferBytes: 200}
	for range n.segments {
		n.truth = append(n.truth, newTruth())
		n.possible = append(n.possible, []truth{newTruth()})
		n.admitted = append(n.admitted, map[int64]bool{})
	}
	return n
}

func (n *night) start() error {
	dir := newDir("job", n.disk)
	if _, err := dir.Lock(n.t.Context(), Self("test")); err != nil {
		return err
	}
	var store Store = smallTails{dir}
	if n.files {
		store = oneFileAFlush{dir}
	}
	j, _, err := Open(n.t.Context(), store, PlanHash{7}, n.segments, n.opts)
	if err == nil {
		n.journal = j
	}
	return err
}

// smallTails makes files of result lines after 150 bytes.
type smallTails struct{ *Dir }

func (smallTails) TailBytes() int { return 150 }

// mayFlush notes that from here on the state as it is may be found after a crash.
func (n *night) mayFlush() {
	for i, m := range n.truth {
		if list := n.possible[i]; !reflect.DeepEqual(list[len(list)-1], m) {
			n.possible[i] = append(list, m.clone())
		}
	}
}

func (n *night) flush() error {
	n.mayFlush()
	err := n.journal.Flush(n.t.Context())
	if err == nil {
		for i, m := range n.truth {
			n.possible[i] = []truth{m.clone()}
		}
	}
	return err
}

// work does one thing that an engine does.
func (n *night) work() error {
	ctx := n.t.Context()
	i := n.r.IntN(len(n.segments))
	row := n.r.Int64N(40)
	p := inventory.Position{File: n.segments[i].File, Row: n.segments[i].First + row}
	m := &n.truth[i]
	switch n.r.IntN(12) {
	case 0:
		return n.flush()
	case 1:
		n.mayFlush()
		if err := n.journal.Admit(ctx, p); err != nil {
			return err
		}
		n.admitted[i][row] = true
		return nil
	case 2:
		key := fmt.Sprint("k", n.r.IntN(3))
		if n.r.IntN(2) == 0 {
			delete(m.notes, fmt.Sprint(row, key))
			return n.journal.Note(p, key, nil)
		}
		n.serial++
		m.notes[fmt.Sprint(row, key)] = fmt.Sprint(n.serial)
		return n.journal.Note(p, key, []byte(fmt.Sprint(n.serial)))
	case 3:
		m.ended = true
		return n.journal.End(i, n.segments[i].First+40, nil)
	}
	o := []outcome{outcomeDone, outcomeDone, outcomeDone, outcomeFailed, outcomeDeferred}[n.r.IntN(5)]
	if n.r.IntN(2) == 0 { // mostly in order, as rows come
		for row = 0; row < 39; row++ {
			if _, ok := m.rows[row]; !ok {
				break
			}
		}
		p.Row = n.segments[i].First + row
	}
	n.mayFlush()
	n.serial++
	line := fmt.Sprintf("%d:%d is %d", n.serial, row, o)
	if err := n.journal.Log(ctx, p, []byte(line)); err != nil {
		return err
	}
	if err := n.journal.Count(p, "n", 1); err != nil {
		return err
	}
	m.rows[row] = o
	m.lines = append(m.lines, line)
	m.counters["n"]++
	return [...]func(inventory.Position) error{n.journal.Done, n.journal.Fail, n.journal.Defer}[o](p)
}

// found reads back what the store says of every segment.
func (n *night) found(s *Snapshot) ([]truth, []*Rows) {
	n.t.Helper()
	list := make([]truth, len(n.segments))
	all := make([]*Rows, len(n.segments))
	for i := range list {
		list[i] = newTruth()
		rows := &Rows{newState(PlanHash{}, i, n.segments[i])}
		if slices.ContainsFunc(s.Segments(), func(st SegmentStatus) bool { return st.Index == i }) {
			var err error
			if rows, err = s.Rows(n.t.Context(), i); err != nil {
				n.t.Fatalf("rows of segment %d: %v", i, err)
			}
		}
		all[i] = rows
		for row := range int64(40) {
			at := n.segments[i].First + row
			switch {
			case rows.Deferred(at):
				list[i].rows[row] = outcomeDeferred
			case rows.Failed(at):
				list[i].rows[row] = outcomeFailed
			case rows.Settled(at):
				list[i].rows[row] = outcomeDone
			}
		}
		list[i].ended = rows.state.ended
		list[i].counters = rows.state.counters
		for k, v := range rows.state.notes {
			list[i].notes[fmt.Sprint(k.row, k.key)] = string(v)
		}
	}
	for line, err := range s.Results(n.t.Context()) {
		if err != nil {
			n.t.Fatalf("results: %v", err)
		}
		list[line.Segment].lines = append(list[line.Segment].lines, string(line.Data))
	}
	for i := range list {
		slices.SortFunc(list[i].lines, func(a, b string) int { return serialOf(a) - serialOf(b) }) // those of failures come first
	}
	return list, all
}

func serialOf(line string) (n int) {
	serial, _, _ := strings.Cut(line, ":")
	n, _ = strconv.Atoi(serial)
	return n
}

// check compares what the store says with what it may say.
func (n *night) check(when string, s *Snapshot) []truth {
	n.t.Helper()
	found, rows := n.found(s)
	for i, got := range found {
		if !slices.ContainsFunc(n.possible[i], func(m truth) bool { return reflect.DeepEqual(m, got) }) {
			n.t.Fatalf("%s: segment %d is\n%+v\nand was never; flushed was\n%+v\nsaid was\n%+v", when, i, got, n.possible[i][0], n.truth[i])
		}
		for row := range n.admitted[i] {
			at := n.segments[i].First + row
			if n.opts.ReserveAdmitted && !rows[i].Settled(at) && !rows[i].Uncertain(at) {
				n.t.Fatalf("%s: row %d of segment %d was admitted, is not settled, and counts as certain", when, row, i)
			}
		}
	}
	return found
}

// restart crashes the disk and finds out what is left.
func (n *night) restart() {
	n.t.Helper()
	n.disk = n.disk.crash(n.r)
	for {
		// The power may go during Open as well.
		if n.r.IntN(3) == 0 {
			last := n.r.IntN(12)
			n.disk.fault = func(op int, _, _ string) fault { return fault{dies: op == last} }
		}
		err := n.start()
		if err == nil && !n.disk.dead {
			break
		}
		if !errors.Is(err, errPower) && err != nil {
			n.t.Fatalf("open after a crash: %v", err)
		}
		n.disk = n.disk.crash(n.r)
	}
	n.disk.fault = nil
	if notices := n.journal.Snapshot().Notices(); len(notices) > 0 {
		n.t.Fatalf("a crash needs no notices: %q", notices)
	}
	n.truth = n.check("after a crash", n.journal.Snapshot())
	for i, m := range n.truth {
		n.possible[i] = []truth{m.clone()}
	}
}

// TestCrashAnywhere works at random on a disk that fails and loses power, and
// asks after every crash whether what is found is what was said up to some
// flush: nothing more, no less than the last one that worked, no result line
// lost or doubled. With RESEAL_SOAK it does so for ten times as many seeds.
func TestCrashAnywhere(t *testing.T) {
	crashes, seeds := 0, uint64(40)
	if os.Getenv("RESEAL_SOAK") != "" {
		seeds *= 10
	}
	for seed := range seeds {
		n := newNight(t, seed)
		if err := n.start(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			n.disk.ops = 0
			last := 1 + n.r.IntN(150)
			n.disk.fault = func(op int, step, _ string) fault {
				switch {
				case op >= last:
					return fault{dies: true}
				case n.r.IntN(25) == 0:
					return fault{err: errors.New("no space"), effect: n.r.IntN(2) == 0, tear: step == "write"}
				}
				return fault{}
			}
			for range 300 {
				_ = n.work() // what it says of an error is not believed: only the store is
				if n.disk.dead {
					break
				}
				if n.r.IntN(20) == 0 {
					s, err := Read(context.Background(), newDir("job", n.disk))
					if err != nil {
						t.Fatalf("seed %d: read beside a running job: %v", seed, err)
					}
					n.check(fmt.Sprintf("seed %d beside a running job", seed), s)
				}
			}
			n.restart()
			crashes++
		}
	}
	t.Logf("%d crashes", crashes)
}

// TestStopAtEveryStep stops the same flush at each of its steps: by an error,
// by one that comes although the step took place, by half a write, by loss of
// power. Flushing again, or opening again, must find all of it.
func TestStopAtEveryStep(t *testing.T) {
	modes := map[string]fault{
		"error":                  {err: errors.New("broken")},
		"error after the effect": {err: errors.New("broken"), effect: true},
		"half a write":           {err: errors.New("broken"), tear: true},
		"loss of power":          {dies: true},
	}
	for name, mode := range modes {
		var steps []string
		for at := 1; ; at++ {
			n := newNight(t, uint64(at))
			n.files = true
			if err := n.start(); err != nil {
				t.Fatal(err)
			}
			for range 60 {
				if err := n.work(); err != nil {
					t.Fatal(err)
				}
			}
			if err := n.flush(); err != nil {
				t.Fatal(err)
			}
			for i := range n.segments { // every segment has news
				n.say(i, int64(i))
			}
			n.disk.ops = 0
			reached := false
			n.disk.fault = func(op int, step, file string) fault {
				if op != at {
					return fault{}
				}
				reached = true
				steps = append(steps, step+" "+file)
				return mode
			}
			err := n.flush()
			if !reached {
				if err != nil {
					t.Fatalf("%s: flush without a fault: %v", name, err)
				}
				break
			}
			if err == nil {
				t.Fatalf("%s at step %d (%s): flush says that it worked", name, at, steps[at-1])
			}
			if !n.disk.dead {
				n.disk.fault = nil
				if err := n.flush(); err != nil {
					t.Fatalf("%s at step %d (%s): flush again: %v", name, at, steps[at-1], err)
				}
			}
			n.restart()
		}
		// Three segments, each: make, write, sync, rename, sync folder for a result
		// file, and the same for the state.
		if len(steps) < 3*10 {
			t.Errorf("%s: only %d steps: %v", name, len(steps), steps)
		}
		if lines, state := strings.Join(steps, "\n"), strings.LastIndex(strings.Join(steps, "\n"), resultFolder); state > strings.Index(lines, "state/") {
			t.Errorf("%s: state is written before all result lines are:\n%s", name, lines)
		}
	}
}

// say settles a row of segment i as done, with a line.
func (n *night) say(i int, row int64) {
	n.t.Helper()
	p := inventory.Position{File: n.segments[i].File, Row: n.segments[i].First + row}
	n.serial++
	line := fmt.Sprintf("%d:%d said", n.serial, row)
	n.mayFlush()
	if err := n.journal.Log(n.t.Context(), p, []byte(line)); err != nil {
		n.t.Fatal(err)
	}
	if err := n.journal.Done(p); err != nil {
		n.t.Fatal(err)
	}
	n.truth[i].rows[row] = outcomeDone
	n.truth[i].lines = append(n.truth[i].lines, line)
}
