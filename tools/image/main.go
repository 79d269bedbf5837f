// Command image makes a container image of programs that were built already: one for
// each architecture, below one index, as a tar file in the OCI image layout. It needs
// no daemon, no registry and no base image, and the same input gives the same bytes.
//
//	image -version 1.2.3 -revision COMMIT -created 2026-11-30T08:00:00Z \
//	    -out reseal.tar amd64=FILE arm64=FILE
//
// It prints the digest of the index. With -extract it writes the files of an image into
// a folder, to be looked at and run there:
//
//	image -extract FOLDER -out reseal.tar amd64
package main

import (
	"archive/tar"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
)

func main() {
	var r release
	flag.StringVar(&r.version, "version", "", "the `version` of the programs")
	flag.StringVar(&r.revision, "revision", "", "the `commit` that they were built from")
	created := flag.String("created", "", "the `time` of that commit, as 2026-11-30T08:00:00Z")
	out := flag.String("out", "", "the `file` to write")
	root := flag.String("extract", "", "write the files of the image -out for the architecture given into this `folder` instead")
	flag.Parse()
	if *root != "" {
		if err := extract(*root, *out, flag.Arg(0)); err != nil {
			fmt.Fprintln(os.Stderr, "image:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(r, *created, *out, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

func run(r release, created, out string, args []string) error {
	if r.version == "" || r.revision == "" || created == "" || out == "" || len(args) == 0 {
		return fmt.Errorf("give -version, -revision, -created, -out, and ARCH=FILE for each architecture")
	}
	var err error
	if r.created, err = time.Parse(time.RFC3339, created); err != nil {
		return err
	}
	r.created = r.created.UTC()
	programs := map[string][]byte{}
	for _, arg := range args {
		arch, name, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("%q is not ARCH=FILE", arg)
		}
		if programs[arch], err = os.ReadFile(name); err != nil {
			return err
		}
	}
	index, err := r.index(programs)
	if err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	f, err := os.Create(out)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := r.write(f, index); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Println(digest)
	return nil
}

// write writes the index as a tar file in the OCI image layout.
func (r release) write(w io.Writer, index v1.ImageIndex) error {
	dir, err := os.MkdirTemp("", "reseal-image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := path.AppendIndex(index, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.version})); err != nil {
		return err
	}
	return r.pack(w, dir)
}

// pack writes a folder as a tar file that says nothing of this machine.
func (r release) pack(w io.Writer, dir string) error {
	out := tar.NewWriter(w)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e := file(filepath.ToSlash(name), 0o644, body)
		e.header.ModTime = r.created
		if err := out.WriteHeader(&e.header); err != nil {
			return err
		}
		_, err = out.Write(body)
		return err
	})
	if err != nil {
		return err
	}
	return out.Close()
}
