package parquet

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// codec is a compression, numbered as in the file.
type codec int32

const (
	codecNone   codec = 0
	codecSnappy codec = 1
	codecGzip   codec = 2
	codecZstd   codec = 6
	codecLZ4Raw codec = 7
)

func (c codec) check() error {
	switch c {
	case codecNone, codecSnappy, codecGzip, codecZstd, codecLZ4Raw:
		return nil
	}
	names := map[codec]string{3: "LZO", 4: "Brotli", 5: "LZ4 (Hadoop)"}
	if name, ok := names[c]; ok {
		return unsupported("%s compression is", name)
	}
	return unsupported("compression %d is", int32(c))
}

// maxRatio is how many times larger than its input the output of the codec can
// be: what a page claims beyond that is not worth allocating.
func (c codec) maxRatio() int64 {
	switch c {
	case codecSnappy:
		return 32 // a copy of two bytes makes 64 at most
	case codecGzip:
		return 1032 // a bit pair makes 258 bytes at most
	case codecLZ4Raw:
		return 255
	case codecZstd:
		return 32 << 10 // four bytes make a block of 128 KiB at most
	}
	return 1
}

// expander decompresses pages. It keeps its tables between pages, so one serves
// all columns of a reader in turn.
type expander struct {
	src bytes.Reader
	gz  *gzip.Reader
	zst *zstd.Decoder
}

// expand decompresses src into dst, which it must fill exactly.
func (x *expander) expand(c codec, dst, src []byte) error {
	var r io.Reader
	var err error
	switch c {
	case codecNone:
		if len(src) != len(dst) {
			return corrupt("page of %d bytes claims %d", len(src), len(dst))
		}
		copy(dst, src)
		return nil
	case codecSnappy:
		if n, err := snappy.DecodedLen(src); err != nil || n != len(dst) {
			return corrupt("snappy page holds %d bytes and claims %d", n, len(dst))
		}
		if _, err := snappy.Decode(dst, src); err != nil {
			return corrupt("decompress: %v", err)
		}
		return nil
	case codecLZ4Raw:
		if n, err := lz4.UncompressBlock(src, dst); err != nil || n != len(dst) {
			return corrupt("decompress: %d of %d bytes, %v", n, len(dst), err)
		}
		return nil
	case codecGzip:
		r, err = x.gzip(src)
	case codecZstd:
		r, err = x.zstd(src)
	default:
		return c.check()
	}
	if err == nil {
		_, err = io.ReadFull(r, dst)
	}
	if err != nil {
		return corrupt("decompress: %v", err)
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n != 0 || err != io.EOF {
		return corrupt("decompress: more than the %d bytes that the page claims, %v", len(dst), err)
	}
	return nil
}

func (x *expander) gzip(src []byte) (io.Reader, error) {
	x.src.Reset(src)
	if x.gz == nil {
		gz, err := gzip.NewReader(&x.src)
		x.gz = gz
		return gz, err
	}
	return x.gz, x.gz.Reset(&x.src)
}

func (x *expander) zstd(src []byte) (io.Reader, error) {
	const maxWindow = 8 << 20 // what the format asks every decoder to accept
	x.src.Reset(src)
	if x.zst != nil {
		return x.zst, x.zst.Reset(&x.src)
	}
	// With a concurrency of 1 it starts no goroutines, so there is nothing to close.
	zst, err := zstd.NewReader(&x.src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, fmt.Errorf("set up zstd: %w", err)
	}
	x.zst = zst
	return zst, nil
}
