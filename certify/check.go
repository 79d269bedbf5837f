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
	"slices"
	"strings"
	"syscall"

	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/generations"
)

// maxDocument is how large a file may be that is read as a whole, in bytes. Only result
// files are larger.
const maxDocument = 256 << 20

// Checked is what a check of a bundle found.
type Checked struct {
	Certificate *Certificate `json:"certificate"` // null where it cannot be read
	Files       int          `json:"files"`
	Signed      bool         `json:"signed"`
	Signer      string       `json:"signer,omitempty"`     // fingerprint of the key that signed
	Principals  string       `json:"principals,omitempty"` // of that key, by the allowed signers
	Problems    []string     `json:"problems"`             // none where the bundle is whole and true to itself
	Compared    bool         `json:"text_compared"`        // certificate.txt, which only the version that wrote it can
}

// checker checks one bundle.
type checker struct {
	Checked
	root    *os.Root
	data    map[string][]byte // of the files that are no results
	sums    map[string]string // of all files but SHA256SUMS and its signature
	result  Results           // by the result files that are there
	program string
}

// Check checks the bundle in dir: all files are there, as their sums say, and no others;
// the signature holds, if there is one; and the certificate is what comes of the other
// files. With signers the signature must be by one of them. What is wrong is in
// Problems. An error is a folder that cannot be read.
func Check(ctx context.Context, dir string, signers Signers, program string) (*Checked, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("check bundle: %w", err)
	}
	defer root.Close()
	c := &checker{root: root, data: map[string][]byte{}, sums: map[string]string{}, program: program, Checked: Checked{Problems: []string{}}}
	if err := c.readAll(ctx); err != nil {
		return nil, err
	}
	c.compareSums()
	c.checkSignature(signers)
	if len(c.Problems) == 0 { // else what the files say is not worth a look
		c.checkCertificate(ctx)
	}
	return &c.Checked, nil
}

func (c *checker) problem(format string, args ...any) {
	c.Problems = append(c.Problems, fmt.Sprintf(format, args...))
}

// readAll reads each file once. Results are not kept.
func (c *checker) readAll(ctx context.Context) error {
	entries, err := fs.ReadDir(c.root.FS(), ".")
	if err != nil {
		return fmt.Errorf("check bundle: %w", err)
	}
	links := newChain()
	for _, entry := range entries { // in order of names
		name := entry.Name()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !known(name) {
			c.problem("%s is no file of a bundle", shownName(name))
			continue
		}
		if err := c.read(name); err != nil {
			c.problem("%s %v", name, err)
			continue
		}
		c.Files++
		if isResult(name) {
			links.add(name, c.sums[name])
			c.result.Segments++
		}
	}
	c.result.Chain = links.last
	if text, there := c.data[chainFile]; there && string(text) != links.text.String() {
		c.problem("%s is not the chain of the result files", chainFile)
	}
	return nil
}

// known tells whether a bundle has files of this name.
func known(name string) bool {
	if number, of := inGeneration(name); number > 0 {
		return of == stateFile || isResult(of) || documentOf(of) != "" && of != generations.File
	}
	return slices.Contains([]string{certificateFile, textFile, stateFile, bucketFile, chainFile, sumsFile, signatureFile}, name) || isResult(name) || documentOf(name) != ""
}

// isResult tells whether a file has result lines, of whichever generation.
func isResult(file string) bool {
	_, name := inGeneration(file)
	return resultName.MatchString(name)
}

// shownName is a name that anybody may have chosen, for people.
func shownName(name string) string { return plain.Name(name, 60) }

// open opens a file of the bundle, which must be a regular one.
func (c *checker) open(name string) (*os.File, error) {
	info, err := c.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file")
	}
	if err != nil {
		return nil, reason(err)
	}
	file, err := c.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, reason(err)
	}
	return file, nil
}

// reason is err without the path that package os adds.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("cannot be read: %w", path.Err)
	}
	return err
}

// read sums up a file. Of results the lines are counted, all else is kept.
func (c *checker) read(name string) error {
	file, err := c.open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	sum := sha256.New()
	in := io.TeeReader(file, sum)
	if isResult(name) {
		if err := countResults(in, &c.result); err != nil {
			c.problem("%s %v", name, err)
		}
		_, err = io.Copy(io.Discard, in)
	} else {
		c.data[name], err = io.ReadAll(io.LimitReader(in, maxDocument+1))
	}
	switch {
	case err != nil:
		return reason(err)
	case len(c.data[name]) > maxDocument:
		return errors.New("is larger than any such file of a bundle")
	}
	if name != sumsFile && name != signatureFile {
		c.sums[name] = hex.EncodeToString(sum.Sum(nil))
	}
	return nil
}

// compareSums holds the files against SHA256SUMS, which has one spelling.
func (c *checker) compareSums() {
	listed, there := c.data[sumsFile]
	if !there {
		c.problem("%s is missing: this is no bundle, or not all of it", sumsFile)
		return
	}
	want := map[string]string{}
	for line := range strings.Lines(string(listed)) {
		if sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok {
			want[name] = sum
		}
	}
	before := len(c.Problems)
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch sum, there := c.sums[name]; {
		case !there && !known(name):
			c.problem("%s lists %s, which is no file of a bundle", sumsFile, shownName(name))
		case !there:
			c.problem("%s is missing", name)
		case sum != want[name]:
			c.problem("%s is not what %s says: one of the two was changed", name, sumsFile)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.sums)) {
		if want[name] == "" {
			c.problem("%s is not listed in %s", name, sumsFile)
		}
	}
	if len(c.Problems) == before && !bytes.Equal(listed, sumsText(c.sums)) {
		c.problem("%s has more in it than the sums of the files", sumsFile)
	}
}

// checkSignature looks whether the signature holds, and whose it is.
func (c *checker) checkSignature(signers Signers) {
	signature, there := c.data[signatureFile]
	if !there {
		if signers != nil {
			c.problem("the bundle is not signed: %s is missing", signatureFile)
		}
		return
	}
	key, err := signedBy(signature, c.data[sumsFile])
	if err != nil {
		c.problem("%s %v", signatureFile, err)
		return
	}
	c.Signed, c.Signer = true, fingerprint(key)
	if signers == nil {
		return
	}
	if c.Principals, err = signers.who(key, now()); err != nil {
		c.problem("%s %v", signatureFile, err)
	}
}

// checkCertificate makes the certificate again from the other files, and compares.
func (c *checker) checkCertificate(ctx context.Context) {
	for _, name := range []string{certificateFile, textFile, stateFile, bucketFile, chainFile, job.PlanFile} {
		if c.data[name] == nil {
			c.problem("%s is missing", name)
			return
		}
	}
	var certificate Certificate
	if err := json.Unmarshal(c.data[certificateFile], &certificate); err != nil {
		c.problem("%s cannot be read: %v", certificateFile, err)
		return
	}
	if certificate.Format > formatKeyed {
		c.problem("%s is of version %d, and this program knows %d at most: use a newer one", certificateFile, certificate.Format, formatKeyed)
		return
	}
	c.Certificate = &certificate
	e, ok := c.evidence(certificate.Format)
	if !ok {
		return
	}
	again, err := e.certificate(ctx)
	if err != nil {
		c.problem("the documents of the job cannot be read: %v", err)
		return
	}
	again.Made, again.Program, again.Signer = certificate.Made, certificate.Program, certificate.Signer
	c.compare(again)
}

// evidence is what the files are; false where one of them cannot be read, which is a
// problem then.
func (c *checker) evidence(format int) (*evidence, bool) {
	e := &evidence{result: &c.result, format: format}
	parts := map[int]*part{0: &e.part}
	e.docs = documents{}
	for _, file := range slices.Sorted(maps.Keys(c.data)) {
		number, name := inGeneration(file)
		p := parts[number]
		if p == nil {
			p = &part{number: number, docs: documents{}}
			parts[number], e.later = p, append(e.later, p)
		}
		if name == stateFile {
			if err := decode(c.data[file], &p.state); err != nil {
				c.problem("%s cannot be read: %v", file, err)
				return nil, false
			}
		} else if name := documentOf(name); name != "" {
			p.docs[name] = c.data[file]
		}
	}
	if err := decode(c.data[bucketFile], &e.bucket); err != nil {
		c.problem("%s cannot be read: %v", bucketFile, err)
		return nil, false
	}
	return e, true
}

// compare holds the certificate against the one that comes of the other files.
func (c *checker) compare(again *Certificate) {
	if !again.Certified {
		for _, a := range again.Against {
			c.problem("by the documents, not certified: %s", plain.Text(a.What))
		}
	}
	if !bytes.Equal(document(again), c.data[certificateFile]) {
		c.problem("%s is not what comes of the other files", certificateFile)
	}
	if again.Signer != "" && again.Signer != c.Signer {
		c.problem("%s says that %s signs the bundle, which is not so", certificateFile, plain.Text(again.Signer))
	}
	if c.Compared = again.Program == c.program; c.Compared && !bytes.Equal(again.text(), c.data[textFile]) {
		c.problem("%s is not what %s says", textFile, certificateFile)
	}
}

// decode reads a document. What it does not know is an error.
func decode(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
