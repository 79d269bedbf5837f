package orc

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"reseal/inventory/inflate"
)

// compression is the codec of a file, numbered as in the postscript.
type compression uint8

const (
	none compression = iota
	zlib
	snap
	lzo
	lz4Block
	zstandard
	brotli
)

var compressionNames = [...]string{"none", "zlib", "snappy", "LZO", "lz4", "zstd", "brotli"}

func (c compression) String() string {
	if int(c) < len(compressionNames) {
		return compressionNames[c]
	}
	return fmt.Sprintf("codec %d", uint8(c))
}

func parseCompression(v uint64) (compression, error) {
	switch c := compression(v); {
	case v > uint64(brotli):
		return 0, unsupported("compression codec %d is", v)
	case c == lzo, c == brotli:
		return 0, unsupported("%s compression is", c)
	default:
		return c, nil
	}
}

// decompressor expands one chunk after the other, each independent of those before. It keeps its tables between chunks, so
// one serves all streams of a reader in turn.
type decompressor interface {
	// expand decompresses src into the memory of buf, or into new memory where that is too small, and fails where more
	// than limit bytes would come out. It takes memory for about twice what does come out at most; only zstd believes the
	// size a frame claims, up to 16 MiB.
	expand(buf, src []byte, limit int) ([]byte, error)
}

func newDecompressor(c compression) (decompressor, error) {
	switch c {
	case none:
		return nil, nil
	case zlib:
		return &inflater{}, nil
	case snap:
		return snappyExpander{}, nil
	case lz4Block:
		return lz4Expander{}, nil
	case zstandard:
		return newZstdExpander()
	default:
		return nil, unsupported("%s compression is", c)
	}
}

// inflater reads ORC's "zlib", which is deflate without zlib's frame.
type inflater struct{ inflate.Decoder }

func (d *inflater) expand(buf, src []byte, limit int) ([]byte, error) {
	out, err := d.Expand(buf, src, limit)
	switch {
	case errors.Is(err, inflate.ErrTooLong):
		return nil, corrupt("chunk of more than %d bytes decompressed", limit)
	case err != nil:
		return nil, corrupt("zlib: %v", err)
	}
	return out, nil
}

type snappyExpander struct{}

func (snappyExpander) expand(buf, src []byte, limit int) ([]byte, error) {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return nil, corrupt("snappy: %v", err)
	}
	// A snappy copy of two bytes makes 64 at most.
	if n > limit || n > 32*len(src) {
		return nil, corrupt("snappy chunk of %d bytes claims to hold %d", len(src), n)
	}
	out, err := snappy.Decode(buf[:cap(buf)], src)
	if err != nil {
		return nil, corrupt("snappy: %v", err)
	}
	return out, nil
}

type lz4Expander struct{}

func (lz4Expander) expand(buf, src []byte, limit int) ([]byte, error) {
	// The block does not tell its size, and too little room looks like damage. No byte of it makes more than 255.
	full := min(limit, 255*len(src)+64)
	buf = buf[:cap(buf)]
	size := min(full, max(len(buf), 64<<10))
	for {
		if len(buf) < size {
			buf = make([]byte, size)
		}
		n, err := lz4.UncompressBlock(src, buf[:size])
		if err == nil {
			return buf[:n], nil
		}
		if size == full {
			return nil, corrupt("lz4: %v", err)
		}
		size = min(full, 4*size)
	}
}

type zstdExpander struct{ dec *zstd.Decoder }

func newZstdExpander() (*zstdExpander, error) {
	// The window of a frame may be larger than the chunk in it: 8 MiB is what the format asks every decoder to accept.
	// A decoder without a reader starts no goroutine, so it needs no Close.
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(maxBlock), zstd.WithDecoderMaxMemory(2*maxBlock))
	if err != nil {
		return nil, fmt.Errorf("set up zstd: %w", err)
	}
	return &zstdExpander{dec: dec}, nil
}

func (d *zstdExpander) expand(buf, src []byte, limit int) ([]byte, error) {
	out, err := d.dec.DecodeAll(src, buf[:0])
	if err != nil {
		return nil, corrupt("zstd: %v", err)
	}
	if len(out) > limit {
		return nil, corrupt("zstd chunk of %d bytes, %d at most", len(out), limit)
	}
	return out, nil
}
