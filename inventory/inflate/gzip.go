package inflate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
)

// trailerBytes follow the data of a gzip member: a checksum, and how many bytes it is of.
const trailerBytes = 8

type trailer struct{ sum, size uint32 }

func trailerOf(b []byte) trailer {
	return trailer{binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])}
}

func (t trailer) matches(sum uint32, size int) bool { return t.sum == sum && t.size == uint32(size) }

func checksum(sum uint32, b []byte) uint32 { return crc32.Update(sum, crc32.IEEETable, b) }

// The bits of a header that say what else it has.
const (
	hasSum     = 1 << 1
	hasExtra   = 1 << 2
	hasName    = 1 << 3
	hasComment = 1 << 4
)

// maxHeader bounds the header of a member: 64 KiB of extra fields, and two texts, of
// which Go's own reader takes 512 bytes each.
const maxHeader = 68 << 10

// skipHeader returns the length of the header that b begins with. A header that is not
// whole is io.ErrUnexpectedEOF, and no bytes at all are io.EOF.
func skipHeader(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, io.EOF
	}
	if len(b) < 10 {
		return 0, io.ErrUnexpectedEOF
	}
	if b[0] != 0x1f || b[1] != 0x8b || b[2] != 8 {
		return 0, ErrHeader
	}
	flags, n := b[3], 10
	if flags&hasExtra != 0 {
		if len(b) < n+2 {
			return 0, io.ErrUnexpectedEOF
		}
		n += 2 + int(binary.LittleEndian.Uint16(b[n:]))
	}
	for _, text := range [...]byte{hasName, hasComment} {
		if flags&text == 0 {
			continue
		}
		if n > len(b) {
			return 0, io.ErrUnexpectedEOF
		}
		const longest = 512
		k := bytes.IndexByte(b[n:min(len(b), n+longest)], 0)
		switch {
		case k < 0 && len(b) >= n+longest:
			return 0, ErrHeader
		case k < 0:
			return 0, io.ErrUnexpectedEOF
		}
		n += k + 1
	}
	if flags&hasSum != 0 {
		if n+2 > len(b) {
			return 0, io.ErrUnexpectedEOF
		}
		if binary.LittleEndian.Uint16(b[n:]) != uint16(crc32.ChecksumIEEE(b[:n])) {
			return 0, ErrHeader
		}
		n += 2
	}
	if n > len(b) {
		return 0, io.ErrUnexpectedEOF
	}
	return n, nil
}
