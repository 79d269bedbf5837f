package simulator

import (
	"crypto/md5"
	"encoding/binary"
	"encoding/hex"
	"io"
	"slices"
	"sync"
)

// Body is the content of an object: real bytes, in memory or stored elsewhere, or a synthetic (size, seed) pair whose
// bytes can be generated anywhere, or a row of such pieces. The zero Body is empty. A Body never changes.
//
// Two bodies made of the same bytes by the same ranges of the same seeds are equal in form, too: an object of one seed
// that is copied in parts comes out as the one piece it was.
type Body struct {
	size  int64
	first piece
	more  []piece
	md5   string // hex, where the caller knew it
}

// A piece is a range of one source: of data, or of the bytes from off on of stored or of seed. Of stored bytes, seed is
// a hash.
type piece struct {
	size, off int64
	seed      uint64
	data      []byte
	stored    io.ReaderAt
}

// synthetic tells whether the bytes are generated.
func (p *piece) synthetic() bool { return p.data == nil && p.stored == nil }

// md5Limit is the size up to which the MD5 of synthetic bytes is really computed: hashing terabytes would make the
// simulator useless. Above it they have an ETag that S3 gives to what was uploaded in one part, which is no MD5.
const md5Limit = 1 << 10

// Bytes returns a body that holds data, which the caller must not change any more.
func Bytes(data []byte) Body {
	return Body{size: int64(len(data)), first: piece{size: int64(len(data)), data: data}}
}

// Stored returns a body of size bytes that r holds, and nobody changes any more; hash is one of them. A read of r that
// fails makes a panic: nothing true could be answered.
func Stored(r io.ReaderAt, size int64, hash uint64) Body {
	return Body{size: size, first: piece{size: size, seed: hash, stored: r}}
}

// Synthetic returns a body of size bytes that are a function of seed. A negative size is read as 0.
func Synthetic(size int64, seed uint64) Body {
	size = max(size, 0)
	return Body{size: size, first: piece{size: size, seed: seed}}
}

// WithMD5 returns b with a known MD5 (hex), for content that the caller has hashed but not kept.
func (b Body) WithMD5(hexMD5 string) Body {
	b.md5 = hexMD5
	return b
}

// Size returns the length in bytes.
func (b Body) Size() int64 { return b.size }

// Data returns the content where it is kept as bytes and in one piece, else nil.
func (b Body) Data() []byte {
	if len(b.more) > 0 {
		return nil
	}
	return b.first.data
}

// Slice returns n bytes from off on; the range is cut to the body.
func (b Body) Slice(off, n int64) Body {
	off = min(max(off, 0), b.size)
	n = min(max(n, 0), b.size-off)
	if off == 0 && n == b.size {
		return b
	}
	var out Body
	for p := range b.pieces {
		if n == 0 {
			break
		}
		if off >= p.size {
			off -= p.size
			continue
		}
		k := min(n, p.size-off)
		out.append(p.cut(off, k))
		off, n = 0, n-k
	}
	return out
}

// Join returns the bodies one after the other. Small real bytes are joined into one piece, up to keep bytes.
func Join(bodies []Body, keep int64) Body {
	var out Body
	for _, b := range bodies {
		for p := range b.pieces {
			out.append(p)
		}
	}
	if len(out.more) > 0 && out.size <= keep && out.real() {
		data := make([]byte, out.size)
		if _, err := io.ReadFull(out.Reader(0, out.size), data); err != nil {
			panic("simulator: reading a body: " + err.Error())
		}
		return Bytes(data)
	}
	return out
}

// real tells whether all pieces are kept as bytes.
func (b *Body) real() bool {
	for p := range b.pieces {
		if p.synthetic() {
			return false
		}
	}
	return true
}

func (b *Body) pieces(yield func(piece) bool) {
	if b.size == 0 || !yield(b.first) {
		return
	}
	for _, p := range b.more {
		if !yield(p) {
			return
		}
	}
}

func (b *Body) append(p piece) {
	if p.size == 0 {
		return
	}
	last := &b.first
	if len(b.more) > 0 {
		last = &b.more[len(b.more)-1]
	}
	switch {
	case b.size == 0:
		b.first = p
	case p.data == nil && last.data == nil && p.stored == last.stored && p.seed == last.seed && p.off == last.off+last.size:
		last.size += p.size
	default:
		b.more = append(b.more, p)
	}
	b.size += p.size
}

func (p piece) cut(off, n int64) piece {
	if p.data != nil {
		return piece{size: n, data: p.data[off : off+n]}
	}
	return piece{size: n, seed: p.seed, off: p.off + off, stored: p.stored}
}

// Reader returns n bytes from off on; the range is cut to the body.
func (b Body) Reader(off, n int64) io.Reader {
	cut := b.Slice(off, n)
	r := &bodyReader{pieces: []piece{cut.first}}
	r.pieces = append(r.pieces, cut.more...)
	return r
}

type bodyReader struct {
	pieces []piece
	at     int64
}

func (r *bodyReader) Read(buf []byte) (int, error) {
	if len(buf) == 0 {
		return 0, nil
	}
	for len(r.pieces) > 0 {
		p := r.pieces[0]
		n := int(min(int64(len(buf)), p.size-r.at))
		if n == 0 {
			r.pieces, r.at = r.pieces[1:], 0
			continue
		}
		switch {
		case p.data != nil:
			copy(buf, p.data[r.at:r.at+int64(n)])
		case p.stored != nil:
			if got, err := p.stored.ReadAt(buf[:n], p.off+r.at); got < n {
				panic("simulator: reading a stored body: " + err.Error())
			}
		default:
			generate(buf[:n], p.seed, p.off+r.at)
		}
		r.at += int64(n)
		return n, nil
	}
	return 0, io.EOF
}

// blockSize is the length of the blocks that synthetic content is made of, and blockHead that of the start of each, which
// no other block shares.
const (
	blockSize = 1 << 10
	blockHead = 8
)

// generate fills buf with the bytes of seed from off on. A block begins with a hash of seed and its number; the rest is
// a piece of noise that the hash chooses. So most bytes are copied rather than computed: a test reads gigabytes of them.
func generate(buf []byte, seed uint64, off int64) {
	table := noise()
	var head [blockHead]byte
	for len(buf) > 0 {
		id, at := mix(seed, uint64(off)/blockSize), int(off%blockSize)
		n := 0
		if at < blockHead {
			binary.LittleEndian.PutUint64(head[:], id)
			n = copy(buf, head[at:])
			at += n
		}
		start := int(id % uint64(len(table)-blockSize))
		n += copy(buf[n:], table[start+at:start+blockSize])
		buf, off = buf[n:], off+int64(n)
	}
}

// noise returns the same 64 KiB each time.
var noise = sync.OnceValue(func() []byte {
	table := make([]byte, 0, 64<<10)
	for i := range uint64(cap(table) / 8) {
		table = binary.LittleEndian.AppendUint64(table, mix(0, i))
	}
	return table
})

// mix hashes two numbers into one (the finaliser of SplitMix64 over a Weyl step).
func mix(a, b uint64) uint64 {
	z := a + (b+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// contentMD5 returns the hex MD5 of the content where it is real or small, else 32 hex digits that depend on the
// content alone.
func (b *Body) contentMD5() string {
	if b.md5 != "" {
		return b.md5
	}
	if b.hashed() {
		h := md5.New()
		b.hash(h)
		return hex.EncodeToString(h.Sum(nil))
	}
	return hexOf(b.identity(1), b.identity(2))
}

// hashed tells whether contentMD5 is the MD5 of the content.
func (b *Body) hashed() bool { return b.md5 != "" || b.size <= md5Limit || b.real() }

// etag is that of an object which is stored as it came, without KMS: the MD5 of its content. Where that would take too
// long, the object passes for one that was uploaded in a single part: an ETag that looks like an MD5 must be it.
func (b *Body) etag() string {
	if b.hashed() {
		return b.contentMD5()
	}
	return b.contentMD5() + onePart
}

// onePart ends the ETag of an object that was uploaded in one part.
const onePart = "-1"

// identity hashes what the content is made of, without generating it.
func (b *Body) identity(salt uint64) uint64 {
	id := mix(salt, uint64(b.size))
	if b.md5 != "" {
		return hashString(id, b.md5)
	}
	for p := range b.pieces {
		id = mix(id, uint64(p.size))
		if p.data != nil {
			sum := md5.Sum(p.data)
			id = mix(id, binary.LittleEndian.Uint64(sum[:]))
		} else {
			id = mix(mix(id, p.seed), uint64(p.off))
		}
	}
	return id
}

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return mix(h, uint64(len(s)))
}

// hexOf writes two numbers as 32 hex digits, the look of an ETag.
func hexOf(a, b uint64) string {
	var raw [16]byte
	var out [32]byte
	binary.BigEndian.PutUint64(raw[:8], a)
	binary.BigEndian.PutUint64(raw[8:], b)
	hex.Encode(out[:], raw[:])
	return string(out[:])
}

// versionIDOf writes two numbers as the 32 letters that S3's version ids consist of.
func versionIDOf(a, b uint64) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._"
	var out [32]byte
	for i := range out {
		if i%10 == 0 {
			a = mix(a, b)
		}
		out[i] = letters[a>>(6*(i%10))&63]
	}
	return string(out[:])
}

// equal tells whether two bodies are the same content in form.
func (b *Body) equal(o *Body) bool {
	same := func(p, q piece) bool {
		return p.size == q.size && p.off == q.off && p.seed == q.seed && p.stored == q.stored && string(p.data) == string(q.data)
	}
	return b.size == o.size && b.md5 == o.md5 && same(b.first, o.first) && slices.EqualFunc(b.more, o.more, same)
}
