package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// What the image has, and nothing else.
const (
	program = "usr/bin/reseal"
	roots   = "etc/ssl/certs/ca-certificates.crt"
	user    = "65532:65532" // as in the images of distroless; any other works, too
)

// release is what an image says about where it comes from.
type release struct {
	version, revision string
	created           time.Time // of the commit: also the time of all files
}

func (r release) labels() map[string]string {
	return map[string]string{
		"org.opencontainers.image.title":       "reseal",
		"org.opencontainers.image.description": "Change the encryption of objects that already lie in S3",
		"org.opencontainers.image.licenses":    "Apache-2.0",
		"org.opencontainers.image.version":     r.version,
		"org.opencontainers.image.revision":    r.revision,
		"org.opencontainers.image.created":     r.created.Format(time.RFC3339),
	}
}

// index is an image for each architecture, given the programs.
func (r release) index(programs map[string][]byte) (v1.ImageIndex, error) {
	certificates, err := certificates()
	if err != nil {
		return nil, err
	}
	base, err := r.layer(
		directory("tmp/", 0o1777),
		file(roots, 0o644, certificates),
	)
	if err != nil {
		return nil, err
	}
	out := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range slices.Sorted(maps.Keys(programs)) {
		image, err := r.image(arch, base, programs[arch])
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", arch, err)
		}
		out = mutate.AppendManifests(out, mutate.IndexAddendum{
			Add:        image,
			Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return mutate.Annotations(out, r.labels()).(v1.ImageIndex), nil
}

func (r release) image(arch string, base v1.Layer, binary []byte) (v1.Image, error) {
	top, err := r.layer(file(program, 0o755, binary))
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image, r.addendum(base, "certificates and /tmp"), r.addendum(top, "reseal "+r.version))
	if err != nil {
		return nil, err
	}
	had, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	image, err = mutate.ConfigFile(image, r.config(had, arch))
	if err != nil {
		return nil, err
	}
	return mutate.Annotations(image, r.labels()).(v1.Image), nil
}

func (r release) addendum(l v1.Layer, what string) mutate.Addendum {
	return mutate.Addendum{Layer: l, MediaType: types.OCILayer, History: v1.History{Created: v1.Time{Time: r.created}, CreatedBy: what}}
}

// config adds to what the layers put into the configuration: how it is run.
func (r release) config(had *v1.ConfigFile, arch string) *v1.ConfigFile {
	c := had.DeepCopy()
	c.OS, c.Architecture, c.Created = "linux", arch, v1.Time{Time: r.created}
	c.Config = v1.Config{
		User:       user,
		Entrypoint: []string{"/" + program},
		WorkingDir: "/",
		Env:        []string{"PATH=/usr/bin", "SSL_CERT_FILE=/" + roots},
		Labels:     r.labels(),
	}
	return c
}

// entry is a file or folder of a layer.
type entry struct {
	header tar.Header
	body   []byte
}

func directory(name string, mode int64) entry {
	return entry{header: tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: mode}}
}

func file(name string, mode int64, body []byte) entry {
	return entry{tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(body))}, body}
}

// layer has the entries in their order, all of root's and of the time of the release.
func (r release) layer(entries ...entry) (v1.Layer, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		e.header.ModTime, e.header.Format = r.created, tar.FormatPAX
		if err := w.WriteHeader(&e.header); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
		if _, err := w.Write(e.body); err != nil {
			return nil, fmt.Errorf("layer: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("layer: %w", err)
	}
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(out.Bytes())), nil }
	return tarball.LayerFromOpener(open, tarball.WithCompressedCaching, tarball.WithMediaType(types.OCILayer))
}

// certificates are the roots that Mozilla trusts, of the pinned version of their
// module. Those that it trusts only under a condition are left out: a file of
// certificates cannot say one.
func certificates() ([]byte, error) {
	var out bytes.Buffer
	n := 0
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue
		}
		n++
		fmt.Fprintf(&out, "# SHA-256 %x\n", sha256.Sum256(root.Certificate))
		if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	if n < 50 {
		return nil, fmt.Errorf("the module of root certificates has %d, want at least 50", n)
	}
	return out.Bytes(), nil
}
