package bench

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"reseal/inventory"
)

var update = flag.Bool("update", false, "write bench/limits.txt anew: what is counted now, and some room")

// TestLimits counts what a row of a plan and an object of a run take, and fails above
// limits.txt. Nothing of it is a time: allocations are counted by the process, requests by
// the simulator, and instructions by valgrind where RESEAL_LIMITS says so (make limits).
// Each command runs over two numbers of objects, and only the difference counts: what it
// takes to start is not in it.
func TestLimits(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the program")
	}
	valgrind, lacks := os.Getenv("RESEAL_LIMITS") == instructions, ""
	if valgrind {
		lacks = lacksValgrind()
	}
	if *update && (!valgrind || lacks != "") {
		t.Fatal("limits are written with those of instructions, by make limits UPDATE=1, where valgrind is. " + lacks)
	}
	limits := readLimits(t)
	by := counter{t: t, binary: counting(t)}
	var got []measured
	for _, c := range cases(by, valgrind && lacks == "") {
		got = append(got, c.perObject(limits)...)
	}
	for _, m := range got {
		t.Logf("%s: %.4g, at most %.4g", m.name, m.value, limits[m.name])
	}
	if *update {
		writeLimits(t, got)
		return
	}
	compareLimits(t, got, limits, valgrind && lacks == "")
	if lacks != "" {
		t.Run(instructions, func(t *testing.T) {
			t.Skip("SKIPPED, NOT PASSED: no instructions were counted. " + lacks)
		})
	}
}

// lacksValgrind says why instructions cannot be counted here, "" where they can.
func lacksValgrind() string {
	if where := runtime.GOOS + "/" + runtime.GOARCH; where != "linux/amd64" {
		return "limits.txt has those of linux/amd64, and this is " + where + ". There: make limits"
	}
	if _, err := exec.LookPath("valgrind"); err != nil {
		return "There is no valgrind here. As root: apt-get install -y --no-install-recommends valgrind; then: make limits"
	}
	return ""
}

// comparison is a command over few and over many objects.
type comparison struct {
	name      string
	few, many int
	count     func(objects int) counts
}

func cases(by counter, valgrind bool) []comparison {
	run := func(by counter, how ...string) func(int) counts {
		return func(n int) counts { return by.run(n, how...) }
	}
	full := by.with(valgrind) // takes seconds for each
	return []comparison{
		{"plan csv", 2_000, 12_000, func(n int) counts { return by.plan(inventory.CSV, n) }},
		{"plan parquet", 2_000, 12_000, func(n int) counts { return full.plan(inventory.Parquet, n) }},
		{"run", 500, 2_500, run(full, "--trust-inventory")},
		{"run, look first", 500, 2_500, run(by, "--inspect-all")},
		{"run, no bucket key", 500, 2_500, run(by, "--trust-inventory", "--bucket-key-enabled=false")},
		{"run, snapshot of each", 500, 2_500, run(by, "--trust-inventory", "--snapshot", "100%")},
	}
}

// measured is a count for each object.
type measured struct {
	name  string
	value float64
}

// perObject counts with few and with many objects, and returns the difference for each. On
// a busy machine a run lasts longer, and what it does now and then is done more often. So
// what is above its limit is counted again, and the least of three stands, as for new limits.
func (c comparison) perObject(limits map[string]float64) (out []measured) {
	small, large := c.count(c.few), c.count(c.many)
	for try := 1; ; try++ {
		out = out[:0]
		above := *update
		for what, n := range large {
			m := measured{c.name + " " + what, (n - small[what]) / float64(c.many-c.few)}
			if strings.HasPrefix(what, requests) && m.value < 0.01 {
				continue // some more of them, however many objects there are
			}
			out = append(out, m)
			above = above || m.value > limits[m.name]
		}
		if !above || try == 3 {
			slices.SortFunc(out, func(a, b measured) int { return strings.Compare(a.name, b.name) })
			return out
		}
		least(small, c.count(c.few))
		least(large, c.count(c.many))
	}
}

// least keeps the lesser of each count.
func least(a, b counts) {
	for what, n := range b {
		if old, ok := a[what]; !ok || n < old {
			a[what] = n
		}
	}
}

// compareLimits fails for what is above its limit, and for what has only one of the two.
func compareLimits(t *testing.T, got []measured, limits map[string]float64, all bool) {
	t.Helper()
	for _, m := range got {
		switch limit, ok := limits[m.name]; {
		case !ok:
			t.Errorf("%s: %.4g an object, and limits.txt has no limit: make limits UPDATE=1 writes one", m.name, m.value)
		case m.value > limit:
			t.Errorf(`%s: %.4g an object, at most %.4g are allowed (bench/limits.txt, which names its Go; this is %s).
Has something been added to what each object passes? If it is worth its price: make limits UPDATE=1,
and say in the commit what it buys.`, m.name, m.value, limit, runtime.Version())
		}
		delete(limits, m.name)
	}
	for name := range limits {
		if all || !strings.HasSuffix(name, instructions) {
			t.Errorf("%s: has a limit and was not counted: if it is gone for good, make limits UPDATE=1", name)
		}
	}
}

// limitsFile has a line for each count: its name, and what it may be at most.
const limitsFile = "limits.txt"

// readLimits reads limitsFile.
func readLimits(t *testing.T) map[string]float64 {
	t.Helper()
	text, err := os.ReadFile(limitsFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	limits := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, number, _ := strings.Cut(line, "|")
		name = strings.TrimSpace(name)
		if limits[name], err = strconv.ParseFloat(strings.TrimSpace(number), 64); err != nil {
			t.Fatalf("%s: %q is no number", limitsFile, line)
		}
	}
	return limits
}

const limitsHead = `# What a row of a plan, or an object of a run, takes at most: of what all of them have alike, without
# what it takes to start. TestLimits counts it and fails above; "make limits UPDATE=1" writes this file
# anew, with some room: 1.2 %% of allocations and at least 0.6, 8 %% of bytes, 8 %% of instructions. Requests
# have none: one more an object is one more to pay for.
# A limit is raised only for what is worth it: the commit says what that is.
# Written %s by %s, %s/%s.
`

// writeLimits writes limitsFile anew.
func writeLimits(t *testing.T, got []measured) {
	t.Helper()
	var out strings.Builder
	fmt.Fprintf(&out, limitsHead, time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, m := range got {
		fmt.Fprintf(&out, "%-47s | %.5g\n", m.name, m.value+room(m))
	}
	if err := os.WriteFile(limitsFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// room is what a count may grow by: more than it differs from one time to the next (1.2 %
// of allocations, under the race detector on a busy machine, where a run waits more often,
// 2 % of bytes, 3 % of instructions) and with another patch of Go, and of allocations less
// than one, where an object takes fewer than eighty.
func room(m measured) float64 {
	switch {
	case strings.Contains(m.name, " "+requests):
		return 0.005
	case strings.HasSuffix(m.name, " allocations"):
		return max(m.value*0.012, 0.6)
	default: // bytes, and instructions
		return m.value * 0.08
	}
}
