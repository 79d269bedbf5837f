package simulator

import (
	"strconv"
	"strings"
	"time"
)

// PendingPart is an UploadPartCopy between its read phase and its commit phase, like a PendingCopy.
type PendingPart struct {
	c       call
	in      *UploadPartCopyInput
	body    Body
	version string // of the source, as answers show it
}

// BeginPartCopy is the read phase of an UploadPartCopy. in must stay as it is until the commit.
func (w *World) BeginPartCopy(now time.Time, in *UploadPartCopyInput) (*PendingPart, *Error) {
	p := &PendingPart{in: in}
	var err *Error
	p.c, err = w.enter(now, OpUploadPartCopy, &in.Request, in.Key)
	if err == nil {
		p.c.sent.source = in.Source.Sent
		err = p.read()
	}
	if err != nil {
		return nil, p.c.leave(err)
	}
	return p, nil
}

// Size is the number of bytes that the copy moves.
func (p *PendingPart) Size() int64 { return p.body.Size() }

// Cancel gives the copy up.
func (p *PendingPart) Cancel() { p.c.cancel() }

func (p *PendingPart) read() *Error {
	c, in := &p.c, p.in
	u, err := c.upload(&in.UploadInput)
	if err != nil {
		return err
	}
	if a := u.attrs.Checksum.Algorithm; a != "" && c.w.knobs.PartCopyWithoutChecksum {
		return invalidArgument("Invalid arguments provided: (checksum missing, want \"" + a + "\", got \"\")")
	}
	from, v, err := c.openSource(&in.Source)
	if err != nil {
		return err
	}
	first, n := int64(0), v.size
	if in.Range != "" {
		if first, n, err = copyRange(in.Range, v.size); err != nil {
			return err
		}
	}
	if n > maxWholeObject {
		return invalidRequest("The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
	}
	if err := checkPart(in.PartNumber, n); err != nil {
		return err
	}
	if err := c.unwrap(from, in.Source.Key, &v.enc, in.Source.CustomerKeyMD5); err != nil {
		return err
	}
	if err := c.multipartKMS("Decrypt", &u.enc, c.w.cfg.MultipartKMS.Part); err != nil {
		return err
	}
	p.body, p.version = v.body.Slice(first, n), from.visibleID(v)
	return nil
}

// copyRange reads x-amz-copy-source-range: both ends are needed, within the object, which must be larger than 5 MiB (S3
// API Reference, UploadPartCopy, read 2026-11-21).
func copyRange(header string, size int64) (first, n int64, err *Error) {
	bad := invalidArgument("The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy")
	spec, ok := strings.CutPrefix(header, "bytes=")
	a, z, both := strings.Cut(spec, "-")
	if !ok || !both {
		return 0, 0, bad
	}
	first, err1 := strconv.ParseInt(a, 10, 64)
	last, err2 := strconv.ParseInt(z, 10, 64)
	switch {
	case err1 != nil, err2 != nil, first < 0, last < first:
		return 0, 0, bad
	case size <= minPartSize:
		return 0, 0, invalidRequest("The specified copy range is invalid for the source object size: the source must be larger than 5 MB.")
	case last >= size:
		return 0, 0, invalidArgument("Range specified is not valid for source object of size: " + strconv.FormatInt(size, 10))
	}
	return first, last - first + 1, nil
}

// Commit stores the part.
func (p *PendingPart) Commit(now time.Time) (*PartOutput, *Error) {
	return committed(&p.c, now, p.commit)
}

func (p *PendingPart) commit() (*PartOutput, *Error) {
	u, err := p.c.upload(&p.in.UploadInput)
	if err != nil {
		return nil, err // aborted or completed meanwhile
	}
	out := p.c.addPart(u, p.in.PartNumber, p.body, Checksum{})
	out.SourceVersionID = p.version
	return out, nil
}
