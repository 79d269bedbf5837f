package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
)

// manifestText is a manifest that was read.
type manifestText struct {
	src  Source
	name string
	data []byte
	sum  *askedChecksum // nil where it was not asked for yet
}

// open checks the manifest of a report. Errors are those of Open.
func (m *manifestText) open(ctx context.Context, opts Options) (*Report, error) {
	r := newReport(m.src, m.name, opts)
	var err error
	if r.manifest, err = ParseManifest(m.data); err != nil {
		return nil, &ManifestError{Name: m.name, Err: err}
	}
	r.shape = csvShape{layout: r.manifest.layout, decodeKeys: true, bucket: r.manifest.SourceBucket}
	err = m.verify(ctx, r.manifest.MD5)
	allowed := errors.Is(err, ErrNoChecksum) && r.opts.AllowNoChecksum
	if ce := (*ChecksumError)(nil); errors.As(err, &ce) && r.opts.AllowBadChecksum {
		allowed = true
	}
	if err != nil {
		err = &ManifestError{Name: m.name, Err: err}
		if !allowed {
			return nil, err
		}
		r.warnings = append(r.warnings, err)
	}
	return r, nil
}

// verify compares the manifest with the manifest.checksum beside it.
func (m *manifestText) verify(ctx context.Context, md5 string) error {
	sum := m.sum
	if sum == nil {
		sum = askChecksum(ctx, m.src, m.name)
		defer sum.end()
	}
	<-sum.done
	if errors.Is(sum.err, fs.ErrNotExist) {
		return ErrNoChecksum
	} else if sum.err != nil {
		return fmt.Errorf("read manifest.checksum: %w", sum.err)
	}
	return checkManifest(md5, sum.text)
}

// askedChecksum is the checksum of a manifest, asked for while the manifest is read.
type askedChecksum struct {
	cancel context.CancelFunc
	done   chan struct{} // closed once text or err is there
	text   []byte
	err    error
}

// askChecksum asks for the checksum of a manifest. The caller calls end.
func askChecksum(ctx context.Context, src Source, manifest string) *askedChecksum {
	const maxChecksum = 1 << 10 // 32 digits and a line end
	ctx, cancel := context.WithCancel(ctx)
	a := &askedChecksum{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		a.text, a.err = readAll(ctx, src, checksumName(manifest), maxChecksum)
	}()
	return a
}

// end gives the question up, where nobody needs the answer, and waits until it is over.
func (a *askedChecksum) end() {
	a.cancel()
	<-a.done
}
