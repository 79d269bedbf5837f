package parquet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"reseal/inventory/inflate"
)

// codec is a compression, numbered as in the file.
type codec int32

const (
	codecNone   codec = 0
	codecSnappy codec = 1
	codecGzip   codec = 2
	codecBrotli codec = 4
	codecLZ4    codec = 5 // in blocks as Hadoop frames them; some writers leave the frame out
	codecZstd   codec = 6
	codecLZ4Raw codec = 7
)

func (c codec) check() error {
	switch c {
	case codecNone, codecSnappy, codecGzip, codecBrotli, codecLZ4, codecZstd, codecLZ4Raw:
		return nil
	case 3:
		return unsupported("LZO compression is")
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
	case codecLZ4Raw, codecLZ4:
		return 255
	case codecZstd:
		return 32 << 10 // four bytes make a block of 128 KiB at most
	case codecBrotli:
		return 1 << 20 // a command of some bytes copies 16 MiB at most
	}
	return 1
}

// expander decompresses pages. It keeps its tables between pages, so one serves
// all columns of a reader in turn.
type expander struct {
	src bytes.Reader
	gz  inflate.Decoder
	zst *zstd.Decoder
	br  *brotli.Reader
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
	case codecLZ4:
		if hadoopLZ4(dst, src) {
			return nil
		}
		return x.expand(codecLZ4Raw, dst, src)
	case codecGzip:
		if err := x.gz.Fill(dst, src); err != nil {
			return corrupt("decompress: %v", err)
		}
		return nil
	case codecBrotli:
		r, err = x.brotli(src)
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

func (x *expander) brotli(src []byte) (io.Reader, error) {
	x.src.Reset(src)
	if x.br == nil {
		x.br = brotli.NewReader(&x.src)
		return x.br, nil
	}
	return x.br, x.br.Reset(&x.src)
}

// hadoopLZ4 decompresses blocks as Hadoop's BlockCompressorStream frames them: the size
// of what the block holds, then parts of it until that is full, each after its size;
// sizes have four bytes, the highest first. It returns false where src is not that.
func hadoopLZ4(dst, src []byte) bool {
	size := func() (n int, ok bool) {
		if len(src) < 4 {
			return 0, false
		}
		u := binary.BigEndian.Uint32(src)
		src = src[4:]
		return int(u), uint64(u) <= 1<<31-1
	}
	for len(src) > 0 {
		block, ok := size()
		if !ok || block > len(dst) {
			return false
		}
		for left := block; left > 0; {
			part, ok := size()
			if !ok || part == 0 || part > len(src) {
				return false
			}
			n, err := lz4.UncompressBlock(src[:part], dst[:left])
			if err != nil || n == 0 {
				return false
			}
			src, dst, left = src[part:], dst[n:], left-n
		}
	}
	return len(dst) == 0
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
