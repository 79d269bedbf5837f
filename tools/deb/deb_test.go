package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/blakesmith/ar"
)

var update = flag.Bool("update", false, "write testdata/deb.golden anew")

// clone is a folder with what the section names: the files of this clone, and in place
// of what packaging/extras.sh makes, some small ones.
func clone(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	for _, name := range []string{".goreleaser.yaml", "LICENSE", "packaging/postinstall.sh", "packaging/reseal.yaml", "packaging/reseal@.service", "packaging/sysusers.conf"} {
		body, err := os.ReadFile(filepath.Join("../..", name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, name), string(body))
	}
	for _, name := range []string{"man/reseal.1", "man/reseal-run.1", "completions/reseal.bash", "completions/reseal.zsh", "completions/reseal.fish", "reseal"} {
		put(t, filepath.Join(root, ".cache/extras", name), name)
	}
	return root
}

func put(t *testing.T, name, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}

func pack(t *testing.T, root, arch string) (string, error) {
	t.Helper()
	t.Chdir(".") // run goes to the root; this brings the test back
	return run(release{arch: arch, version: "1.2.3-snapshot.0123abc"}, root, "2026-11-30T09:00:00+01:00", filepath.Join(root, ".cache/extras/reseal"), t.TempDir())
}

// TestPackage: what is in the package, as whom, how, from when, and what dpkg is told.
func TestPackage(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			golden, err := filepath.Abs("testdata/" + arch + ".golden")
			if err != nil {
				t.Fatal(err)
			}
			name, err := pack(t, clone(t), arch)
			if err != nil {
				t.Fatal(err)
			}
			got := filepath.Base(name) + "\n" + list(t, name)
			if *update {
				put(t, golden, got)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the package has changed; go test ./deb -update writes what it is now:\n%s", got)
			}
		})
	}
}

// list reads a package as dpkg does: an ar file of two tar files.
func list(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out strings.Builder
	for r := ar.NewReader(f); ; {
		member, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "\n%s\n", member.Name)
		if !strings.HasSuffix(member.Name, ".tar.gz") {
			continue
		}
		unzipped, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		listTar(t, &out, unzipped)
	}
}

// listTar lists a tar file, and shows the files that tell dpkg what to do.
func listTar(t *testing.T, out *strings.Builder, archive io.Reader) {
	t.Helper()
	var control bytes.Buffer
	for r := tar.NewReader(archive); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(out, "%s %s %s/%s %s %s\n", header.ModTime.UTC().Format("2006-01-02T15:04:05"), header.FileInfo().Mode(), header.Uname, header.Gname, header.Name, header.Linkname)
		if n := strings.TrimPrefix(header.Name, "./"); n != "md5sums" && !strings.Contains(n, "/") && !header.FileInfo().IsDir() {
			fmt.Fprintf(&control, "\n== %s\n", n)
			if _, err := io.Copy(&control, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, _ = control.WriteTo(out)
}

// TestNotUnderstood: what goreleaser would do and this command does not is an error, and
// leaves no package.
func TestNotUnderstood(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"key of the section":     {"    section: admin\n", "    section: admin\n    dependencies: [libc6]\n", "dependencies"},
		"key of scripts":         {"scripts: {postinstall", "scripts: {preremove: x, postinstall", "preremove"},
		"key of a file":          {"{dst: /etc/reseal, type: dir,", "{dst: /etc/reseal, type: dir, expand: true,", "expand"},
		"key of file_info":       {"file_info: {mode: 0o755,", "file_info: {owner: reseal, mode: 0o755,", "owner"},
		"value":                  {"maintainer: Unset", "maintainer: '{{ .Env.WHO }}' #", "Env"},
		"no time":                {"    mtime: \"{{ .CommitDate }}\"\n", "", "mtime"},
		"file without time":      {"{dst: /etc/reseal, type: dir, file_info: {mode: 0o755, mtime: \"{{ .CommitDate }}\"}}", "{dst: /etc/reseal, type: dir}", "mtime"},
		"file that is not there": {"src: LICENSE, dst: /usr", "src: COPYING, dst: /usr", "COPYING"},
		"no deb":                 {"formats: [deb, rpm]", "formats: [rpm]", "no .deb"},
		"two packages":           {"nfpms:\n", "nfpms:\n  - {package_name: other, formats: [deb]}\n", "2 packages"},
	} {
		t.Run(name, func(t *testing.T) {
			root := clone(t)
			file := filepath.Join(root, ".goreleaser.yaml")
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Count(string(body), c.old) != 1 {
				t.Fatalf("%q is not once in .goreleaser.yaml", c.old)
			}
			put(t, file, strings.Replace(string(body), c.old, c.new, 1))
			made, err := pack(t, root, "amd64")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want an error that names %s", err, c.want)
			}
			if made != "" {
				if left, _ := os.ReadDir(filepath.Dir(made)); len(left) > 0 {
					t.Errorf("%s was left", left[0].Name())
				}
			}
		})
	}
}

// TestSameAsRelease: the library is that of the goreleaser that makes a release, and the
// program is built with the flags of a release.
func TestSameAsRelease(t *testing.T) {
	extras := read(t, "../../packaging/extras.sh")
	config := read(t, "../../.goreleaser.yaml")
	flags := find(t, config, `ldflags: \["(.*)"\]`)
	want := `build ` + find(t, config, `flags: \[(-[^"]*)\]`) + ` -ldflags "` + strings.ReplaceAll(flags, "{{ .Version }}", "$version") + `" `
	if !strings.Contains(extras, want) {
		t.Errorf("packaging/extras.sh does not %s, as .goreleaser.yaml does", want)
	}

	version := find(t, read(t, "../../packaging/snapshot.sh"), `goreleaser/v2 (v\S+)\)`)
	cmd := exec.Command("go", "list", "-mod=mod", "-m", "-f", "{{.GoMod}}", "github.com/goreleaser/goreleaser/v2@"+version)
	cmd.Dir = t.TempDir() // outside: it is no part of this module
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("SKIPPED: go.mod of goreleaser %s cannot be had here (%v), so its library was not compared", version, err)
	}
	const library = `github.com/goreleaser/nfpm/v2 (v\S+)`
	theirs := find(t, read(t, strings.TrimSpace(string(out))), library)
	if ours := find(t, read(t, "../go.mod"), library); ours != theirs {
		t.Errorf("tools/go.mod has nfpm %s, goreleaser %s has %s: go get github.com/goreleaser/nfpm/v2@%s", ours, version, theirs, theirs)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	body, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func find(t *testing.T, text, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("nothing is as %s", pattern)
	}
	return found[1]
}
