package inflate

import "io"

const (
	readBytes = 128 << 10                   // taken from the source at once; a header fits in
	roomBytes = window + 96<<10 + outMargin // what comes out, behind what matches refer to
)

// Gzip reads what gzip data of one or more members holds. Not safe for concurrent use.
type Gzip struct {
	src  io.Reader
	d    decoder
	buf  []byte // memory of what was read
	r    int    // of the output, what was handed out
	sum  uint32 // of the member so far
	size int
	in   bool // a member is under way
	err  error
}

// NewGzip returns a reader of r, and reads the first header. Errors are ErrHeader, or
// those of r; where r is at its end, io.EOF.
func NewGzip(r io.Reader) (*Gzip, error) {
	z := &Gzip{src: r, buf: make([]byte, readBytes)}
	z.d.out = make([]byte, roomBytes)
	z.d.in = z.buf[:0]
	if err := z.begin(); err != nil {
		return nil, err
	}
	return z, nil
}

// Read implements io.Reader. Errors are io.EOF at the end of the last member, ErrCorrupt,
// ErrChecksum, ErrHeader where something follows that is no member, io.ErrUnexpectedEOF,
// or those of the source. Errors are final.
func (z *Gzip) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for z.r == z.d.w && z.err == nil {
		z.err = z.more()
	}
	if z.r == z.d.w {
		return 0, z.err
	}
	n := copy(p, z.d.out[z.r:z.d.w])
	z.r += n
	return n, nil
}

// more expands some more, all of the output having been handed out.
func (z *Gzip) more() error {
	d := &z.d
	if !z.in {
		return z.begin()
	}
	if d.w > window {
		copy(d.out, d.out[d.w-window:d.w])
		d.w = window
	}
	z.r = d.w
	for {
		need, err := d.run(false)
		if d.w > z.r {
			out := d.out[z.r:d.w]
			z.sum, z.size = checksum(z.sum, out), z.size+len(out)
		}
		switch {
		case err != nil:
			return err
		case need == needNothing:
			z.in = false
			return z.end()
		case need == needRoom || d.w > z.r:
			return nil
		}
		if err := z.read(); err != nil {
			return err
		}
	}
}

// begin reads the header of a member. The end of the source is io.EOF.
func (z *Gzip) begin() error {
	for {
		n, err := skipHeader(z.d.in[z.d.pos:])
		switch {
		case err == nil:
			in, pos, last := z.d.in, z.d.pos+n, z.d.last
			z.d.reset()
			z.d.in, z.d.pos, z.d.last = in, pos, last
			z.r, z.sum, z.size, z.in = 0, 0, 0, true
			return nil
		case err == ErrHeader || z.d.last || len(z.d.in)-z.d.pos >= maxHeader:
			return err
		}
		if err := z.read(); err != nil {
			return err
		}
	}
}

// end reads what follows a member's data.
func (z *Gzip) end() error {
	for len(z.d.in)-z.d.pos < trailerBytes {
		if z.d.last {
			return io.ErrUnexpectedEOF
		}
		if err := z.read(); err != nil {
			return err
		}
	}
	t := trailerOf(z.d.in[z.d.pos:])
	z.d.pos += trailerBytes
	if !t.matches(z.sum, z.size) {
		return ErrChecksum
	}
	return nil
}

// read takes in more of the source, behind what was not used yet.
func (z *Gzip) read() error {
	d := &z.d
	d.giveBack()
	kept := copy(z.buf, d.in[d.pos:])
	d.pos = 0
	for tries := 0; ; tries++ {
		n, err := z.src.Read(z.buf[kept:])
		d.in = z.buf[:kept+n]
		switch {
		case err == io.EOF:
			d.last = true
			return nil
		case err != nil:
			return err
		case n > 0:
			return nil
		case tries == 100:
			return io.ErrNoProgress
		}
	}
}
