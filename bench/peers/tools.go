package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// kit is the programs that are compared.
type kit struct {
	folder, self, reseal, s5cmd, aws string
	versions                         map[string]string
}

// newKit builds what must be built.
func newKit(repository, folder string, profiled bool) (kit, error) {
	k := kit{folder: folder, reseal: filepath.Join(folder, "reseal"), s5cmd: filepath.Join(folder, "s5cmd"), versions: map[string]string{}}
	var flags []string
	if profiled {
		var err error
		if flags, err = profiling(repository, folder); err != nil {
			return k, err
		}
	}
	if err := build(repository, k.reseal, "./cmd/reseal", flags...); err != nil {
		return k, err
	}
	if err := build("s5cmd", k.s5cmd, "github.com/peak/s5cmd/v2"); err != nil {
		return k, err
	}
	var err error
	if k.self, err = os.Executable(); err != nil {
		return k, err
	}
	if info, err := buildinfo.ReadFile(k.reseal); err == nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" || s.Key == "vcs.modified" {
				k.versions["reseal "+s.Key] = s.Value
			}
		}
	}
	if info, err := buildinfo.ReadFile(k.s5cmd); err == nil {
		k.versions["s5cmd"] = info.Main.Version
	}
	if aws, err := exec.LookPath("aws"); err == nil {
		text, _ := exec.Command(aws, "--version").Output()
		k.aws, k.versions["aws-cli"] = aws, strings.TrimSpace(string(text))
	}
	return k, nil
}

func build(folder, to, what string, flags ...string) error {
	cmd := exec.Command("go", append(append([]string{"build", "-o", to}, flags...), what)...)
	cmd.Dir = folder
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", what, err, out)
	}
	return nil
}

// tool is one competitor.
type tool struct {
	name    string
	slow    bool
	command func(s *server, folder string, inFlight int) []string
}

// loop returns the command of a loop of this program.
func (k *kit) loop(kind string) func(*server, string, int) []string {
	return func(_ *server, folder string, _ int) []string {
		return []string{k.self, "loop", kind, filepath.Join(folder, "loop.json")}
	}
}

// clients returns the HTTP clients, the one that reseal uses first.
func (k *kit) clients() []tool {
	return []tool{
		{"internal/http1", false, k.loop("http1")},
		{"net/http", false, k.loop("net/http")},
		{"fasthttp", false, k.loop("fasthttp")},
		{"bare connections", false, k.loop("bare")},
	}
}

// tools returns the competitors, the one that is compared with first.
func (k *kit) tools() []tool {
	reseal := func(extra ...string) func(*server, string, int) []string {
		return func(s *server, folder string, inFlight int) []string {
			return append([]string{k.reseal, "run", "--manifest", s.manifest, "--sse-kms-key-id", s.key, "--yes", "--quiet",
				"--job", filepath.Join(folder, "job"), "--probe-key-prefix", "probe/", "--kms-rps", "1000000", "--s3-rps", "1000000",
				"--concurrency", strconv.Itoa(inFlight), "--accept", "drops-expires"}, extra...)
		}
	}
	all := []tool{
		// One request an object, as where the bucket's configuration rules out what a HEAD is for.
		{"reseal", false, reseal("--trust-inventory", "--accept", "drops-website-redirect")},
		{"reseal --sdk-client", false, reseal("--trust-inventory", "--accept", "drops-website-redirect", "--sdk-client")},
		{"reseal, HEAD first", false, reseal("--inspect-all")},
		{"SDK loop", false, k.loop("sdk")},
		{"net/http loop", false, k.loop("net/http")},
		{"bare connections", false, k.loop("bare")},
		{"s5cmd", true, func(s *server, _ string, inFlight int) []string {
			return []string{k.s5cmd, "--log", "error", "--numworkers", strconv.Itoa(inFlight), "cp", "--sse", "aws:kms", "--sse-kms-key-id", s.key,
				"s3://" + bucket + "/*", "s3://" + bucket + "/"}
		}},
	}
	if k.aws == "" {
		return all
	}
	return append(all, tool{"aws-cli", true, func(s *server, _ string, _ int) []string {
		return []string{k.aws, "s3", "cp", "--recursive", "--only-show-errors", "--sse", "aws:kms", "--sse-kms-key-id", s.key,
			"s3://" + bucket + "/", "s3://" + bucket + "/"}
	}})
}
