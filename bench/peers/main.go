package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "loop":
		exit(loop(args[1], args[2]))
	case len(args) > 0 && args[0] == "stub":
		exit(runStub(args[1:]))
	default:
		exit(run(args))
	}
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// setup is what all tools have in common.
type setup struct {
	Objects    int           `json:"objects"`
	Rounds     int           `json:"rounds"`
	SlowRounds int           `json:"slow_rounds"`
	InFlight   int           `json:"in_flight"`
	Latency    time.Duration `json:"latency_ns"`
	TLS        bool          `json:"tls"`
}

func (c *setup) scheme() string {
	if c.TLS {
		return "https"
	}
	return "http"
}

// run measures one setup for each scheme and latency.
func run(args []string) error {
	fs := flag.NewFlagSet("peers", flag.ContinueOnError)
	var c setup
	objects := fs.String("objects", "20000,60000,120000", "objects of one run at each of the latencies")
	fs.IntVar(&c.Rounds, "rounds", 5, "runs of each tool")
	fs.IntVar(&c.SlowRounds, "slow-rounds", 5, "runs of s5cmd and aws-cli; without latency only, as with it their number in flight is all that counts")
	schemes := fs.String("schemes", "https,http", "https, http or both")
	latencies := fs.String("latencies", "0ms,30ms,80ms", "latencies of each request")
	inFlight := fs.String("in-flight", "256,1024,2000", "requests in flight at each of the latencies")
	repository := fs.String("repository", "../..", "reseal's source")
	only := fs.String("only", "", "run only tools whose names match one of these, comma separated; a trailing $ asks for the whole name")
	results := fs.String("o", "", "folder for the results as JSON")
	circumstances := fs.Bool("scenarios", false, "run reseal alone, under other circumstances; -only chooses by their names")
	clients := fs.Bool("clients", false, "compare HTTP clients behind one signer, instead of tools; the files of results begin with clients-")
	profile := fs.String("profile", "", "have reseal write profiles of each run, the last one staying, to this file + .cpu and .allocs")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *profile != "" {
		name, err := filepath.Abs(*profile)
		if err != nil {
			return err
		}
		if err := os.Setenv("PEERS_PROFILE", name); err != nil {
			return err
		}
	}
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	k, err := newKit(*repository, folder, *profile != "")
	if err != nil {
		return err
	}
	tools := k.tools()
	if *clients {
		tools = k.clients()
	}
	tools = slices.DeleteFunc(tools, func(t tool) bool { return !wanted(t.name, *only) })
	if *circumstances {
		return runScenarios(k, *only, *results)
	}
	if len(tools) == 0 {
		return errors.New("no such tool")
	}
	lost, err := fidelity(tools, k)
	if err != nil {
		return err
	}
	m := &matrix{schemes: *schemes, latencies: *latencies, inFlight: *inFlight, objects: *objects, results: *results, lost: lost, args: args, name: "peers"}
	if *clients {
		m.name = "clients"
	}
	return m.measure(&c, tools, k)
}

// matrix is what setups are made from: lists with commas between.
type matrix struct {
	schemes, latencies, inFlight, objects string

	results string // folder, "" for none
	name    string // that files of results begin with
	lost    map[string]map[string]int
	args    []string
}

// measure compares the tools in each setup. A list that is shorter than the latencies
// goes on with its last value.
func (m *matrix) measure(c *setup, tools []tool, k kit) (err error) {
	flights, sizes := strings.Split(m.inFlight, ","), strings.Split(m.objects, ",")
	for _, scheme := range strings.Split(m.schemes, ",") {
		for i, text := range strings.Split(m.latencies, ",") {
			if c.Latency, err = time.ParseDuration(text); err != nil {
				return err
			}
			if c.InFlight, err = strconv.Atoi(flights[min(i, len(flights)-1)]); err != nil {
				return err
			}
			if c.Objects, err = strconv.Atoi(sizes[min(i, len(sizes)-1)]); err != nil {
				return err
			}
			c.TLS = scheme == "https"
			r := &report{Date: time.Now().UTC().Format(time.RFC3339), Machine: machine(), Go: runtime.Version(), Versions: k.versions,
				Command: "go run . " + strings.Join(m.args, " "), Setup: *c, Tools: map[string][]sample{}, Lost: m.lost}
			if err := c.compare(tools, k, r); err != nil {
				return err
			}
			r.print(os.Stdout, tools)
			if m.results == "" {
				continue
			}
			if err := r.write(m.results, m.name); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted tells whether a tool is asked for.
func wanted(name, only string) bool {
	for part := range strings.SplitSeq(only, ",") {
		if whole, ok := strings.CutSuffix(part, "$"); ok && name == whole || !ok && strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// compare lets the tools take turns, round by round.
func (c *setup) compare(tools []tool, k kit, r *report) error {
	manifest, err := writeReport(filepath.Join(k.folder, "report-"+strconv.Itoa(c.Objects)), c.Objects)
	if err != nil {
		return err
	}
	for round := range max(c.Rounds, c.SlowRounds) {
		for _, t := range tools {
			if t.slow && (round >= c.SlowRounds || c.Latency > 0) || !t.slow && round >= c.Rounds {
				continue
			}
			got, err := c.measure(&t, k, c.Objects, manifest)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			r.Tools[t.name] = append(r.Tools[t.name], *got)
			fmt.Fprintf(os.Stderr, "%s %s %d %-20s %6.1f us %6.0f/s\n", c.scheme(), c.Latency, round, t.name, got.CPU, got.Rate)
		}
	}
	return nil
}
