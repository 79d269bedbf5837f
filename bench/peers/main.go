package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "loop" {
		exit(loop(os.Args[2], os.Args[3]))
		return
	}
	objects := flag.Int("objects", 4000, "objects of one run")
	rounds := flag.Int("rounds", 5, "runs of each tool")
	slow := flag.Int("slow-rounds", 2, "runs of tools that take a second for 400 objects")
	inFlight := flag.Int("in-flight", 64, "requests in flight")
	latency := flag.Duration("latency", 0, "latency of each request")
	repository := flag.String("repository", "../..", "reseal's source")
	only := flag.String("only", "", "run only tools with this in their names")
	results := flag.String("o", "", "folder for the results as JSON")
	flag.Parse()
	exit(compare(setup{*objects, *rounds, *slow, *inFlight, *latency}, *repository, *results, *only))
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
}

// tool is one competitor.
type tool struct {
	name    string
	slow    bool
	command func(s *server, folder string) []string
}

// sample is what one run took. Per-object figures are for each copy that the
// server carried out.
type sample struct {
	CPU         float64        `json:"cpu_us_per_object"`
	Rate        float64        `json:"objects_per_s"`
	Requests    float64        `json:"requests_per_object"`
	Connections int64          `json:"connections_dialled"` // on the whole machine while it ran
	Peak        float64        `json:"peak_mib"`
	Copies      int64          `json:"copies"`
	Lost        map[string]int `json:"lost"` // objects of those looked at, by what they lost
	Load        string         `json:"load_average"`
}

// report is the file of results.
type report struct {
	Date    string              `json:"date"`
	Machine string              `json:"machine"`
	Go      string              `json:"go"`
	Setup   setup               `json:"setup"`
	Tools   map[string][]sample `json:"tools"`
}

func compare(c setup, repository, results, only string) error {
	folder, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary, s5cmd := filepath.Join(folder, "reseal"), filepath.Join(folder, "s5cmd")
	if err := build(repository, binary, "./cmd/reseal"); err != nil {
		return err
	}
	if err := build(".", s5cmd, "github.com/peak/s5cmd/v2"); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	workers := strconv.Itoa(c.InFlight)
	reseal := func(extra ...string) func(*server, string) []string {
		return func(s *server, folder string) []string {
			return append([]string{binary, "run", "--manifest", s.manifest, "--sse-kms-key-id", s.key, "--yes", "--quiet",
				"--job", filepath.Join(folder, "job"), "--probe-key-prefix", "probe/", "--kms-rps", "1000000", "--s3-rps", "1000000",
				"--concurrency", workers, "--accept", "drops-expires"}, extra...)
		}
	}
	loop := func(kind string) func(*server, string) []string {
		return func(_ *server, folder string) []string {
			return []string{self, "loop", kind, filepath.Join(folder, "loop.json")}
		}
	}
	tools := []tool{
		// One request an object, as where the bucket's configuration rules out what a HEAD is for.
		{"reseal", false, reseal("--trust-inventory", "--accept", "drops-website-redirect")},
		{"reseal --sdk-client", false, reseal("--trust-inventory", "--accept", "drops-website-redirect", "--sdk-client")},
		{"reseal, HEAD first", false, reseal()},
		{"net/http loop", false, loop("net/http")},
		{"bare connections", false, loop("bare")},
		{"s5cmd v2.3.0", false, func(s *server, _ string) []string {
			return []string{s5cmd, "--log", "error", "--numworkers", workers, "cp", "--sse", "aws:kms", "--sse-kms-key-id", s.key,
				"s3://" + bucket + "/*", "s3://" + bucket + "/"}
		}},
	}
	if aws, err := exec.LookPath("aws"); err == nil {
		tools = append(tools, tool{"aws-cli", true, func(s *server, _ string) []string {
			return []string{aws, "s3", "cp", "--recursive", "--only-show-errors", "--sse", "aws:kms", "--sse-kms-key-id", s.key,
				"s3://" + bucket + "/", "s3://" + bucket + "/"}
		}})
	}
	tools = slices.DeleteFunc(tools, func(t tool) bool { return !strings.Contains(t.name, only) })
	out := report{Date: time.Now().UTC().Format(time.RFC3339), Machine: machine(), Go: runtime.Version(), Setup: c, Tools: map[string][]sample{}}
	for round := range c.Rounds {
		for _, t := range tools {
			if t.slow && round >= c.SlowRounds {
				continue
			}
			got, err := c.measure(t, binary)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			out.Tools[t.name] = append(out.Tools[t.name], *got)
			fmt.Fprintf(os.Stderr, "%d %-20s %6.0f us %6.0f/s\n", round, t.name, got.CPU, got.Rate)
		}
	}
	out.print(tools)
	if results == "" {
		return nil
	}
	text, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err
	}
	name := fmt.Sprintf("peers-%s-%dms-%d.json", time.Now().UTC().Format("2006-01-02"), c.Latency.Milliseconds(), c.InFlight)
	return os.WriteFile(filepath.Join(results, name), append(text, '\n'), 0o644)
}

func build(folder, to, what string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-o", to, what)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", what, err, out)
	}
	return nil
}

// measure runs a tool once against a server of its own.
func (c setup) measure(t tool, simulator string) (*sample, error) {
	folder, err := os.MkdirTemp("", "run")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	s, err := start(simulator, c.Objects, c.Latency)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	keys, err := s.list()
	if err != nil {
		return nil, err
	}
	j := job{s.env["AWS_ENDPOINT_URL"], s.env["AWS_CA_BUNDLE"], s.signer.access, s.signer.secret, s.signer.region, bucket, s.key, keys, c.InFlight}
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "loop.json"), text, 0o600); err != nil {
		return nil, err
	}
	watched := keys[:min(len(keys), 300)]
	before, err := s.looks(watched)
	if err != nil {
		return nil, err
	}
	allBefore, copiesBefore, err := s.calls()
	if err != nil {
		return nil, err
	}
	args := pinned(1, t.command(s, folder)...)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.Dir = s.environ(), folder
	dialled, begun := dials(), time.Now()
	said, runErr := cmd.CombinedOutput() // objects of classes that cannot be read fail, with every tool
	took := time.Since(begun)
	dialled = dials() - dialled
	all, copies, err := s.calls()
	if err != nil {
		return nil, err
	}
	all, copies = all-allBefore, copies-copiesBefore
	if copies == 0 {
		return nil, fmt.Errorf("no copy worked: %v\n%s", runErr, said[:min(len(said), 2000)])
	}
	after, err := s.looks(watched)
	if err != nil {
		return nil, err
	}
	use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	load, _ := os.ReadFile("/proc/loadavg")
	return &sample{
		CPU: float64(cpu.Microseconds()) / float64(copies), Rate: float64(copies) / took.Seconds(), Requests: float64(all) / float64(copies),
		Connections: dialled, Peak: float64(use.Maxrss) / 1024, Copies: copies, Lost: lost(before, after), Load: strings.TrimSpace(string(load)),
	}, nil
}

// lost counts what re-encrypted objects lost.
func lost(before, after []http.Header) map[string]int {
	out := map[string]int{"re-encrypted": 0}
	for i := range before {
		if before[i].Get("X-Amz-Version-Id") == after[i].Get("X-Amz-Version-Id") && before[i].Get("Last-Modified") == after[i].Get("Last-Modified") &&
			before[i].Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") == after[i].Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") {
			continue
		}
		out["re-encrypted"]++
		seen := map[string]bool{}
		for name, values := range before[i] {
			what := map[string]string{"Content-Type": "content type", "Cache-Control": "cache control", "Content-Encoding": "encoding",
				"Content-Disposition": "disposition", "Content-Language": "language", "X-Amz-Storage-Class": "storage class",
				"X-Amz-Tagging-Count": "tags", "X-Amz-Website-Redirect-Location": "redirect", "Expires": "expires"}[name]
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				what = "user metadata"
			}
			if what != "" && !slices.Equal(values, after[i][name]) && !seen[what] {
				seen[what] = true
				out[what]++
			}
		}
	}
	return out
}

// pinned puts a command on one core, where that can be.
func pinned(core int, args ...string) []string {
	if taskset, err := exec.LookPath("taskset"); err == nil && runtime.NumCPU() > core {
		return append([]string{taskset, "-c", strconv.Itoa(core)}, args...)
	}
	return args
}

// dials returns how many TCP connections this machine has opened, 0 where it
// does not say.
func dials() int64 {
	text, _ := os.ReadFile("/proc/net/snmp")
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		n, _ := strconv.ParseInt(fields[slices.Index(names, "ActiveOpens")], 10, 64)
		return n
	}
	return 0
}

func machine() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(text)) {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(name) == "model name" {
			return fmt.Sprintf("%s, %d cores", strings.TrimSpace(value), runtime.NumCPU())
		}
	}
	return fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

// print writes the table of medians, minima and maxima.
func (r *report) print(tools []tool) {
	fmt.Printf("%s, %s, %s; %d objects, %d in flight, latency %s\n\n", r.Date, r.Machine, r.Go, r.Setup.Objects, r.Setup.InFlight, r.Setup.Latency)
	fmt.Println("| tool | CPU us/object | ratio | objects/s | requests/object | connections | peak MiB | lost, of re-encrypted |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	first := median(r.Tools[tools[0].name], func(s sample) float64 { return s.CPU })
	for _, t := range tools {
		all := r.Tools[t.name]
		if len(all) == 0 {
			continue
		}
		cpu := func(s sample) float64 { return s.CPU }
		var losses []string
		last := all[len(all)-1].Lost
		for what, n := range last {
			if what != "re-encrypted" {
				losses = append(losses, fmt.Sprintf("%s %d", what, n))
			}
		}
		slices.Sort(losses)
		if len(losses) == 0 {
			losses = []string{"nothing"}
		}
		fmt.Printf("| %s | %.0f (%.0f-%.0f) | %.2f | %.0f (%.0f-%.0f) | %.2f | %.0f | %.0f | %s, of %d |\n", t.name,
			median(all, cpu), least(all, cpu), most(all, cpu), median(all, cpu)/first,
			median(all, rate), least(all, rate), most(all, rate), median(all, func(s sample) float64 { return s.Requests }),
			median(all, func(s sample) float64 { return float64(s.Connections) }), most(all, func(s sample) float64 { return s.Peak }),
			strings.Join(losses, ", "), last["re-encrypted"])
	}
}

func rate(s sample) float64 { return s.Rate }

func sorted(all []sample, of func(sample) float64) []float64 {
	var v []float64
	for _, s := range all {
		v = append(v, of(s))
	}
	slices.Sort(v)
	return v
}

func median(all []sample, of func(sample) float64) float64 {
	v := sorted(all, of)
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func least(all []sample, of func(sample) float64) float64 { return sorted(all, of)[0] }
func most(all []sample, of func(sample) float64) float64  { return sorted(all, of)[len(all)-1] }
