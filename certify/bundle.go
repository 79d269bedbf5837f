package certify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/crypto/ssh"

	"reseal/checkpoint"
	"reseal/internal/outfile"
	"reseal/job"
	"reseal/job/generations"
	"reseal/job/status"
)

// Bundle is what a certificate is made of, and where it is put.
type Bundle struct {
	Store   job.Store
	Read    *status.Reading
	Bucket  *Bucket    // as LookAt found it
	Program string     // version
	Signer  ssh.Signer // nil for no signature

	Later []Later // generations of the job, in their order
}

// Later is a later generation of a job, which is a job of its own.
type Later struct {
	Number int
	Store  job.Store
	Read   *status.Reading
}

// Preview is the certificate of the job as it is, without result lines. It writes nothing.
func (b *Bundle) Preview(ctx context.Context) (*Certificate, error) {
	e, err := b.evidence(ctx)
	if err != nil {
		return nil, err
	}
	c, err := e.certificate(ctx)
	if err == nil {
		c.Made, c.Program = now(), b.Program
	}
	return c, err
}

func (b *Bundle) evidence(ctx context.Context) (*evidence, error) {
	first, err := partOf(ctx, b.Store, b.Read)
	if err != nil {
		return nil, err
	}
	e := &evidence{part: *first, bucket: *b.Bucket, format: formatKeyed}
	for i := range b.Later {
		l := &b.Later[i]
		p, err := partOf(ctx, l.Store, l.Read)
		if err != nil {
			return nil, fmt.Errorf("generation %d: %w", l.Number, err)
		}
		p.number = l.Number
		e.later = append(e.later, p)
	}
	return e, nil
}

// partOf reads what the certificate rests on of one generation.
func partOf(ctx context.Context, store job.Store, r *status.Reading) (*part, error) {
	if !r.Plan.Owns(r.State) {
		return nil, &checkpoint.MismatchError{Job: r.Name, Differences: []checkpoint.Difference{
			{Name: "plan of the state", Have: r.State.Plan().String(), Want: r.Plan.StateHash().String()}}}
	}
	docs, err := readDocuments(ctx, store)
	if err != nil {
		return nil, err
	}
	return &part{docs: docs, state: stateOf(r.Status())}, nil
}

// ExistsError is a place for a bundle where there is something already.
type ExistsError struct{ Folder string }

func (e *ExistsError) Error() string {
	return fmt.Sprintf("%s is there already; name a new folder for the bundle", e.Folder)
}

// ChangedError is a job that somebody worked on while its bundle was written.
type ChangedError struct{ Job string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("the job %s went on while its evidence was read; no bundle was written", e.Job)
}

// CheckNew refuses a place for a bundle where there is something. It writes nothing.
func CheckNew(dir string) error {
	if _, err := os.Lstat(dir); err == nil {
		return &ExistsError{dir}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Write writes the bundle into the new folder dir, as a whole or not at all. Where
// something stands against the certificate, nothing is written, and the certificate says
// what. A job that went on meanwhile is a *ChangedError.
func (b *Bundle) Write(ctx context.Context, dir string) (c *Certificate, err error) {
	dir = filepath.Clean(dir)
	if err := CheckNew(dir); err != nil {
		return nil, err
	}
	if c, err = b.Preview(ctx); err != nil || !c.Certified {
		return c, err
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), ".reseal-certificate-") // for its owner alone
	if err != nil {
		return nil, fmt.Errorf("make %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(made)) }() // nothing is left of it once it is moved
	w := &writer{dir: made, sums: map[string]string{}}
	if c, err = b.fill(ctx, w); err != nil || !c.Certified {
		return c, err
	}
	if err := b.unchanged(ctx); err != nil {
		return nil, err
	}
	return c, outfile.MoveFolder(made, dir)
}

// fill writes all files.
func (b *Bundle) fill(ctx context.Context, w *writer) (*Certificate, error) {
	e, err := b.evidence(ctx)
	if err != nil {
		return nil, err
	}
	e.result = new(Results)
	links := newChain()
	results := func(number int, at *checkpoint.Snapshot) error {
		for _, segment := range at.Segments() {
			name := fileIn(number, resultFile(segment.Index))
			if err := w.file(name, func(out io.Writer) error { return writeResults(ctx, out, at, segment.Index, e.result) }); err != nil {
				return err
			}
			links.add(name, w.sums[name])
			e.result.Segments++
		}
		return nil
	}
	for i := range b.Later { // in order of names, as the chain has it
		if err := results(b.Later[i].Number, b.Later[i].Read.State); err != nil {
			return nil, err
		}
	}
	if err := results(0, b.Read.State); err != nil {
		return nil, err
	}
	e.result.Chain = links.last
	c, err := e.certificate(ctx)
	if err != nil || !c.Certified {
		return c, err
	}
	c.Made, c.Program = now(), b.Program
	if b.Signer != nil {
		c.Signer = fingerprint(b.Signer.PublicKey())
	}
	files := map[string][]byte{chainFile: []byte(links.text.String()), bucketFile: document(&e.bucket), certificateFile: document(c), textFile: c.text()}
	for _, p := range append(slices.Clone(e.later), &e.part) {
		files[fileIn(p.number, stateFile)] = document(&p.state)
		for name, data := range p.docs {
			files[fileIn(p.number, fileOf(name))] = data
		}
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := w.bytes(name, files[name]); err != nil {
			return nil, err
		}
	}
	sums := sumsText(w.sums)
	if err := w.bytes(sumsFile, sums); err != nil || b.Signer == nil {
		return c, err
	}
	signature, err := sign(b.Signer, sums)
	if err != nil {
		return nil, err
	}
	return c, w.bytes(signatureFile, signature)
}

// unchanged tells by its error whether the job went on since it was read.
func (b *Bundle) unchanged(ctx context.Context) error {
	for _, l := range append(slices.Clone(b.Later), Later{Store: b.Store, Read: b.Read}) {
		at, err := checkpoint.Read(ctx, l.Store)
		if err != nil {
			return err
		}
		was, is := l.Read.State.Totals(), at.Totals()
		if !was.Written.Equal(is.Written) || was.Done != is.Done || was.Failed != is.Failed || was.Finished != is.Finished {
			return &ChangedError{l.Read.Name}
		}
	}
	chain, err := generations.ReadDocument(ctx, b.Store, b.Read.Plan)
	if err == nil && len(chain.Generations) != len(b.Read.Chain.Generations) {
		err = &ChangedError{b.Read.Name}
	}
	return err
}

// text is certificate.txt.
func (c *Certificate) text() []byte {
	var b bytes.Buffer
	_ = c.WriteText(&b) // a buffer takes all
	return b.Bytes()
}

// document is a JSON document of a bundle.
func document(v any) []byte {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		panic("certify: a document that cannot be written as JSON: " + err.Error())
	}
	return append(data, '\n')
}

// sumsText is SHA256SUMS, as sha256sum writes it, in order of names.
func sumsText(sums map[string]string) []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&b, "%s  %s\n", sums[name], name)
	}
	return b.Bytes()
}

// writer writes the files of a bundle and keeps their sums, in hex.
type writer struct {
	dir  string
	sums map[string]string
}

func (w *writer) bytes(name string, data []byte) error {
	return w.file(name, func(out io.Writer) error {
		_, err := out.Write(data)
		return err
	})
}

// file writes one file and makes it durable.
func (w *writer) file(name string, fill func(io.Writer) error) (err error) {
	file, err := outfile.Create(filepath.Join(w.dir, name))
	if err != nil {
		return err
	}
	sum := sha256.New()
	err = fill(io.MultiWriter(file, sum))
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.sums[name] = hex.EncodeToString(sum.Sum(nil))
	return nil
}
