package main

import (
	"archive/tar"
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// unpack reads an image file, and demands that it says nothing of this machine.
func unpack(t *testing.T, archive string) v1.ImageIndex {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := tar.NewReader(f); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Uid != 0 || header.Uname != "" || !header.ModTime.Equal(created) {
			t.Errorf("%s is of user %d %q and of %s", header.Name, header.Uid, header.Uname, header.ModTime)
		}
	}
	index, err := open(archive, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return index
}

var created = time.Date(2026, 11, 30, 8, 0, 0, 0, time.UTC)

// makeImage writes an image of two programs and returns the name of its file.
func makeImage(t *testing.T, amd64 string) string {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "image.tar")
	var args []string
	for arch, body := range map[string]string{"amd64": amd64, "arm64": "program of arm64"} {
		if err := os.WriteFile(filepath.Join(dir, arch), []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, arch+"="+filepath.Join(dir, arch))
	}
	if err := run(release{version: "1.2.3", revision: "0123abc"}, "2026-11-30T09:00:00+01:00", out, args); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestImage(t *testing.T) {
	index := unpack(t, makeImage(t, "program of amd64"))
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest.Manifests {
		platforms = append(platforms, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		c, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if c.OS+"/"+c.Architecture != m.Platform.String() || !c.Created.Equal(created) {
			t.Errorf("the configuration of %s is for %s/%s, of %s", m.Platform, c.OS, c.Architecture, c.Created)
		}
		if c.Config.User != "65532:65532" || !slices.Equal(c.Config.Entrypoint, []string{"/usr/bin/reseal"}) || c.Config.Cmd != nil {
			t.Errorf("%s runs %q as user %q", m.Platform, c.Config.Entrypoint, c.Config.User)
		}
		for _, name := range []string{"title", "description", "licenses", "version", "revision", "created"} {
			if c.Config.Labels["org.opencontainers.image."+name] == "" || manifest.Annotations["org.opencontainers.image."+name] == "" {
				t.Errorf("%s: label or annotation %s is missing", m.Platform, name)
			}
		}
		checkFiles(t, image, "program of "+c.Architecture)
	}
	if !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("images for %q", platforms)
	}
}

// checkFiles demands that the image has a temporary folder, certificates, the
// program, and nothing else: no shell, nothing that is run as somebody else.
func checkFiles(t *testing.T, image v1.Image, program string) {
	t.Helper()
	layers, err := image.Layers()
	if err != nil || len(layers) != 2 {
		t.Fatalf("%d layers, %v; want 2", len(layers), err)
	}
	files := map[string]fs.FileMode{}
	for _, l := range layers {
		body, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(body); ; {
			header, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			files[header.Name] = header.FileInfo().Mode()
			content, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			switch header.Name {
			case "usr/bin/reseal":
				if string(content) != program {
					t.Errorf("the program is %q, want %q", content, program)
				}
			case "etc/ssl/certs/ca-certificates.crt":
				if !x509.NewCertPool().AppendCertsFromPEM(content) || !strings.Contains(string(content), "# SHA-256 ") {
					t.Error("the file of certificates has none")
				}
			}
		}
	}
	want := map[string]fs.FileMode{
		"tmp/":                              fs.ModeDir | fs.ModeSticky | 0o777,
		"etc/ssl/certs/ca-certificates.crt": 0o644,
		"usr/bin/reseal":                    0o755,
	}
	for name, mode := range files {
		if want[name] != mode {
			t.Errorf("the image has %s with mode %v, want %v", name, mode, want[name])
		}
	}
	if len(files) != len(want) {
		t.Errorf("the image has %d files, want %d", len(files), len(want))
	}
}

// TestSameInputSameBytes: an image can be made again by whoever doubts it.
func TestSameInputSameBytes(t *testing.T) {
	var made [3][]byte
	for i, program := range []string{"a program", "a program", "another"} {
		var err error
		if made[i], err = os.ReadFile(makeImage(t, program)); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0], made[1]) {
		t.Error("the same programs give other bytes the second time")
	}
	if bytes.Equal(made[0], made[2]) {
		t.Error("another program gives the same bytes")
	}
}

func TestExtract(t *testing.T) {
	archive, root := makeImage(t, "program of amd64"), t.TempDir()
	if err := extract(root, archive, "arm64"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(root, "usr/bin/reseal")); err != nil || string(got) != "program of arm64" {
		t.Errorf("the program is %q, %v", got, err)
	}
	if err := extract(root, archive, "s390x"); err == nil {
		t.Error("an architecture that is not there is not refused")
	}
}

func TestRefusedArguments(t *testing.T) {
	ok := release{version: "1.2.3", revision: "0123abc"}
	for name, err := range map[string]error{
		"no version":      run(release{revision: "a"}, "2026-11-30T08:00:00Z", "x", []string{"amd64=x"}),
		"no architecture": run(ok, "2026-11-30T08:00:00Z", "x", nil),
		"no time":         run(ok, "yesterday", "x", []string{"amd64=x"}),
		"no file":         run(ok, "2026-11-30T08:00:00Z", "x", []string{"amd64"}),
		"a missing file":  run(ok, "2026-11-30T08:00:00Z", "x", []string{"amd64=" + filepath.Join(t.TempDir(), "x")}),
	} {
		if err == nil {
			t.Errorf("%s is not refused", name)
		}
	}
}
