package orc

import (
	"io"
	"math"
)

const (
	tailBytes  = 16 << 10 // read at once at the end: the format's own advice, enough for postscript and footer of most files
	maxBlock   = 8 << 20  // a chunk's length field has 23 bits
	maxStripes = 1 << 17  // 8 TiB in stripes of 64 MiB
)

// postscript is the uncompressed last message of a file, without which nothing else can be read.
type postscript struct {
	length    int64 // of itself, with the length byte
	footer    uint64
	codec     uint64
	block     uint64
	versions  []uint32
	magic     string
	blockSeen bool
}

// readPostscript reads the end of the file and gives it back beside the postscript, as the footer usually is in it too.
func (f *File) readPostscript() (postscript, []byte, error) {
	ps := postscript{}
	if f.size < 4 {
		return ps, nil, corrupt("a file of %d bytes", f.size)
	}
	n := min(f.size, tailBytes)
	tail, err := f.section(f.size-n, n)
	if err != nil {
		return ps, nil, err
	}
	length := int(tail[len(tail)-1])
	if length+1 > len(tail) {
		return ps, nil, corrupt("postscript of %d bytes in a file of %d", length, f.size)
	}
	ps.length = int64(length) + 1
	m := message{rest: tail[len(tail)-1-length : len(tail)-1]}
	for m.next() {
		switch m.num {
		case 1:
			ps.footer = m.uint()
		case 2:
			ps.codec = m.uint()
		case 3:
			ps.block, ps.blockSeen = m.uint(), true
		case 4:
			ps.versions = m.uints(ps.versions, 16)
		case 8000:
			ps.magic = string(m.bytes())
		}
	}
	if m.err != nil {
		return ps, nil, m.err
	}
	if ps.magic != "ORC" {
		return ps, nil, corrupt("no ORC mark at the end of the file")
	}
	return ps, tail, ps.check(f.size)
}

func (ps *postscript) check(size int64) error {
	if len(ps.versions) > 0 && ps.versions[0] != 0 {
		return unsupported("file version %d is", ps.versions[0])
	}
	if !ps.blockSeen {
		ps.block = 256 << 10 // the format's default
	}
	if ps.block > maxBlock || ps.block == 0 && ps.codec != uint64(none) {
		return corrupt("compression blocks of %d bytes", ps.block)
	}
	if ps.footer > uint64(size-ps.length) {
		return corrupt("footer of %d bytes in a file of %d", ps.footer, size)
	}
	return nil
}

func (f *File) readFooter(ps postscript, tail []byte) error {
	var err error
	if f.codec, err = parseCompression(ps.codec); err != nil {
		return err
	}
	f.block = int(ps.block)
	length := int64(ps.footer)
	if length > int64(f.opts.Limits.FooterBytes) {
		return overLimit("footer of %d bytes", length)
	}
	var raw []byte
	if end := int64(len(tail)) - ps.length; length <= end {
		raw = tail[end-length : end]
	} else if raw, err = f.section(f.size-ps.length-length, length); err != nil {
		return err
	}
	body, err := f.expand(raw, f.size-ps.length-length)
	if err != nil {
		return err
	}
	m := message{rest: body}
	for m.next() {
		switch m.num {
		case 3:
			err = f.addStripe(m.bytes())
		case 4:
			err = f.addNode(m.bytes())
		case 6:
			if m.uint() > math.MaxInt64 {
				return corrupt("%d rows", m.val)
			}
			f.rows = int64(m.val)
		case 10:
			// The plain variant of an encrypted column holds masked values: to read them would be wrong without a sign.
			return unsupported("column encryption is")
		}
		if err != nil {
			return err
		}
	}
	if m.err != nil {
		return m.err
	}
	return f.checkFooter()
}

// expand decompresses a footer whole; offset is its place in the file, for errors.
func (f *File) expand(raw []byte, offset int64) ([]byte, error) {
	dec, err := newDecompressor(f.codec)
	if err != nil {
		return nil, err
	}
	s := stream{file: f, dec: dec, name: "footer", src: raw, off: offset + int64(len(raw))}
	s.end = s.off
	var body []byte
	for {
		switch err := s.next(); {
		case err == io.EOF:
			return body, nil
		case err != nil:
			return nil, err
		case len(body)+len(s.out) > f.opts.Limits.FooterBytes:
			return nil, overLimit("footer of more than %d bytes decompressed", f.opts.Limits.FooterBytes)
		}
		body = append(body, s.out...)
	}
}

func (f *File) addNode(body []byte) error {
	if len(f.nodes) >= maxTypes {
		return overLimit("more than %d types", maxTypes)
	}
	n, err := parseNode(body)
	if err != nil {
		return err
	}
	f.nodes = append(f.nodes, n)
	return nil
}

func (f *File) addStripe(body []byte) error {
	if len(f.stripes) >= maxStripes {
		return overLimit("more than %d stripes", maxStripes)
	}
	var offset, index, data, footer, rows uint64
	m := message{rest: body}
	for m.next() {
		switch m.num {
		case 1:
			offset = m.uint()
		case 2:
			index = m.uint()
		case 3:
			data = m.uint()
		case 4:
			footer = m.uint()
		case 5:
			rows = m.uint()
		}
	}
	if m.err != nil {
		return m.err
	}
	number := len(f.stripes)
	left := uint64(f.size)
	for _, n := range []uint64{offset, index, data, footer} {
		if n > left {
			return corrupt("stripe %d is not within the file of %d bytes", number, f.size)
		}
		left -= n
	}
	first := int64(0)
	if number > 0 {
		last := f.stripes[number-1]
		first = last.First + last.Rows
	}
	if rows > math.MaxInt64 || int64(rows) > math.MaxInt64-first {
		return corrupt("stripe %d has %d rows", number, rows)
	}
	f.stripes = append(f.stripes, Stripe{
		First: first, Rows: int64(rows),
		Offset: int64(offset), Length: int64(index + data + footer),
		data: int64(index + data), footer: int64(footer),
	})
	return nil
}

func (f *File) checkFooter() error {
	sum := int64(0)
	if n := len(f.stripes); n > 0 {
		sum = f.stripes[n-1].First + f.stripes[n-1].Rows
	}
	if sum != f.rows {
		return corrupt("%d rows in the stripes, %d in the footer", sum, f.rows)
	}
	if len(f.nodes) == 0 && f.rows == 0 {
		return nil // some writers leave the schema out of a file without rows
	}
	if err := checkTree(f.nodes); err != nil {
		return err
	}
	root := f.nodes[0]
	f.fields = make([]Field, len(root.children))
	for i, id := range root.children {
		f.fields[i] = Field{Name: root.names[i], Kind: f.nodes[id].kind}
	}
	return nil
}
