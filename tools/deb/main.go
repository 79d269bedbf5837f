// Command deb makes the .deb of one architecture from a program that was built already,
// with the library that goreleaser makes packages with, and from the same section of the
// same file: nfpms of .goreleaser.yaml. So the package can be tried without goreleaser,
// which takes a quarter of an hour to compile.
//
//	deb -root .. -arch amd64 -version 1.2.3 -committed 2026-11-30T08:00:00Z \
//	    -program ../.cache/extras/reseal -out ../dist
//
// It prints the name of the file. What stands in the section and is not understood here
// is an error: the package would not be the one of a release.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/deb"
)

func main() {
	var r release
	root := flag.String("root", "..", "the `folder` of .goreleaser.yaml; what it names lies there")
	flag.StringVar(&r.arch, "arch", "", "the `architecture` of the program, as Go names it")
	flag.StringVar(&r.version, "version", "", "the `version` of the program")
	committed := flag.String("committed", "", "the `time` of the commit, as 2026-11-30T08:00:00Z")
	program := flag.String("program", "", "the `file` of the program")
	out := flag.String("out", "", "the `folder` to write into")
	flag.Parse()
	name, err := run(r, *root, *committed, *program, *out)
	if err != nil {
		fmt.Fprintln(os.Stderr, "deb:", err)
		os.Exit(1)
	}
	fmt.Println(name)
}

func run(r release, root, committed, program, out string) (name string, err error) {
	if r.arch == "" || r.version == "" || committed == "" || program == "" || out == "" {
		return "", fmt.Errorf("give -arch, -version, -committed, -program and -out")
	}
	if r.committed, err = time.Parse(time.RFC3339, committed); err != nil {
		return "", err
	}
	if r.program, err = filepath.Abs(program); err != nil {
		return "", err
	}
	if out, err = filepath.Abs(out); err != nil {
		return "", err
	}
	config, err := os.ReadFile(filepath.Join(root, ".goreleaser.yaml"))
	if err != nil {
		return "", err
	}
	s, err := parse(config)
	if err != nil {
		return "", fmt.Errorf(".goreleaser.yaml: %w", err)
	}
	// The library reads the files that the section names, from where it stands.
	if err := os.Chdir(root); err != nil {
		return "", err
	}
	info, err := s.info(r)
	if err != nil {
		return "", fmt.Errorf(".goreleaser.yaml: %w", err)
	}
	name, err = s.fileName(r, info)
	if err != nil {
		return "", fmt.Errorf(".goreleaser.yaml: %w", err)
	}
	name = filepath.Join(out, name)
	return name, write(name, info)
}

// write makes the package aside: one that is half written has no name.
func write(name string, info *nfpm.Info) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".deb-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if err := deb.Default.Package(info, f); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
