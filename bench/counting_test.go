package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/inventory"
)

// instructions are what a processor carries out, by valgrind.
const instructions = "instructions"

// requests begins the names of requests.
const requests = "requests "

// counts are what a whole command took, by name.
type counts map[string]float64

// counting builds the program with a main that writes what it allocated to $RESEAL_COUNTS
// when it ends.
func counting(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	name, err := filepath.Abs("../cmd/reseal/main.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const end = "func main() { os.Exit(start()) }"
	if !bytes.Contains(text, []byte(end)) {
		t.Fatalf("%s has no %q any more: change this test with it", name, end)
	}
	changed := strings.Replace(string(text), end, `func main() {
	code := start()
	if name := os.Getenv("RESEAL_COUNTS"); name != "" {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_ = os.WriteFile(name, fmt.Appendf(nil, "{\"allocations\": %d, \"bytes\": %d}", m.Mallocs, m.TotalAlloc), 0o600)
	}
	os.Exit(code)
}`, 1)
	changed = strings.Replace(changed, "import (", "import (\n\t\"fmt\"\n\t\"runtime\"", 1)
	replacement, overlay, binary := filepath.Join(dir, "main.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "reseal")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{name: replacement}})
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{replacement: []byte(changed), overlay: list} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-trimpath", "-overlay", overlay, "-o", binary, "../cmd/reseal")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as a release is built
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// counter counts what commands take.
type counter struct {
	t        *testing.T
	binary   string
	valgrind bool // instructions as well
}

func (c counter) with(valgrind bool) counter {
	c.valgrind = valgrind
	return c
}

// plan plans over a report of so many rows.
func (c counter) plan(format inventory.Format, rows int) counts {
	c.t.Helper()
	manifest := writeReport(c.t, c.t.TempDir(), format, int64(rows))
	env := append(simaws.CleanEnvironment(os.Environ()), "AWS_REGION=eu-west-1")
	args := []string{"plan", "--offline", "--manifest", manifest, "--sse-kms-key-id", "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}
	out := c.memory(env, args)
	if c.valgrind {
		out[instructions] = c.instructions(env, args)
	}
	return out
}

// run re-encrypts so many objects of simulated accounts, a copy each. The server is this
// process, and counts for nothing but requests.
func (c counter) run(objects int, how ...string) counts {
	c.t.Helper()
	command := func(sim *simaws.Account, manifest string) (env, args []string) {
		env, err := sim.Environment(c.t.Context(), c.t.TempDir())
		if err != nil {
			c.t.Fatal(err)
		}
		// No canary and no snapshot: of those there are so many, however many objects.
		return append(simaws.CleanEnvironment(os.Environ()), env...), slices.Concat([]string{"run", "--manifest", manifest, "--sse-kms-key-id", sim.Key(), "--yes", "--quiet",
			"--no-canary", "--snapshot", "0", "--job", filepath.Join(c.t.TempDir(), "job"), "--probe-key-prefix", "probe/",
			"--kms-rps", "1000000", "--s3-rps", "1000000", "--force", "--concurrency", "4"}, how)
	}
	sim, manifest := serveObjects(c.t, objects)
	env, args := command(sim, manifest)
	out := c.memory(env, args)
	sim.Locked(func(w *simulator.World) {
		for call, n := range w.Counters().Calls {
			out[requests+string(call.Op)] += float64(n)
		}
		for op, n := range w.Counters().KMS.Calls {
			out[requests+"KMS "+op] += float64(n)
		}
	})
	if c.valgrind {
		env, args = command(serveObjects(c.t, objects)) // the first account's objects are re-encrypted
		out[instructions] = c.instructions(env, args)
	}
	return out
}

// serveObjects serves a bucket of so many objects until the test ends.
func serveObjects(t *testing.T, objects int) (sim *simaws.Account, manifest string) {
	t.Helper()
	sim, err := simaws.New(simaws.Config{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	manifest, err = sim.Populate(t.Context(), "archive-of-everything", simulator.Population{N: int64(objects), Seed: 1, Plain: true, MaxSize: 4096}, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- sim.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return sim, manifest
}

// alike has a process do the same each time, as far as that can be had: one processor,
// no collections, no goroutine interrupted.
var alike = []string{"GOMAXPROCS=1", "GOGC=off", "GODEBUG=asyncpreemptoff=1"}

// memory runs a command and returns what it allocated.
func (c counter) memory(env, args []string) counts {
	c.t.Helper()
	name := filepath.Join(c.t.TempDir(), "counts")
	cmd := exec.Command(c.binary, args...)
	cmd.Env = slices.Concat(env, alike, []string{"RESEAL_COUNTS=" + name})
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("reseal %s: %v\n%s", args[0], err, out)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		c.t.Fatal(err)
	}
	out := counts{}
	if err := json.Unmarshal(text, &out); err != nil {
		c.t.Fatal(err)
	}
	return out
}

// collected is how callgrind says how many instructions it saw.
var collected = regexp.MustCompile(`Collected : (\d+)`)

// instructions runs a command and returns what a processor carries out for it.
func (c counter) instructions(env, args []string) float64 {
	c.t.Helper()
	cmd := exec.Command("valgrind", append([]string{"--tool=callgrind", "--callgrind-out-file=" + os.DevNull, c.binary}, args...)...)
	cmd.Env = slices.Concat(env, alike)
	text, err := cmd.CombinedOutput()
	m := collected.FindSubmatch(text)
	if err != nil || m == nil {
		c.t.Fatalf("reseal %s below valgrind: %v\n%s", args[0], err, text)
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}
