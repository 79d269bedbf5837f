package simulator

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"
	"strconv"
)

// crc64NVME is the reversed polynomial of CRC-64/NVME, the algorithm S3 adds to objects that come without a checksum
// (S3 User Guide, checking-object-integrity, read 2026-11-21).
const crc64NVME = 0x9a6c9329ac4bc9b5

var (
	crc64Table  = crc64.MakeTable(crc64NVME)
	crc32cTable = crc32.MakeTable(crc32.Castagnoli)
)

// checksumLimit is the size up to which checksums of synthetic bytes are computed.
const checksumLimit = 64 << 20

// checksumAlgorithms are those of PutObject; the XXHASH ones are accepted, but never computed here.
var checksumAlgorithms = []string{"CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256", "SHA512", "MD5", "XXHASH64", "XXHASH3", "XXHASH128"}

// checkChecksum refuses an unknown algorithm.
func checkChecksum(sum Checksum) *Error {
	if sum.Algorithm != "" && !slices.Contains(checksumAlgorithms, sum.Algorithm) {
		return invalidRequest("Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
	}
	if sum.Algorithm == "CRC64NVME" && sum.Type == "COMPOSITE" {
		return invalidRequest("The COMPOSITE checksum type cannot be used with the crc64nvme checksum algorithm.")
	}
	return nil
}

// hasher returns the hash of an algorithm, nil for one that is not in the standard library.
func hasher(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC64NVME":
		return crc64.New(crc64Table)
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(crc32cTable)
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	case "SHA512":
		return sha512.New()
	case "MD5":
		return md5.New()
	}
	return nil
}

// checksum returns the base64 checksum of the content, or "" where computing it would cost too much.
func (b *Body) checksum(algorithm string) string {
	h := hasher(algorithm)
	if h == nil || b.md5 != "" || b.size > checksumLimit && !b.real() {
		return ""
	}
	if _, err := io.Copy(h, b.Reader(0, b.size)); err != nil {
		panic("simulator: reading a body: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// checksumOf completes the checksum of a body that is written: CRC64NVME where the client names none. The value of a
// synthetic body stays "" until somebody asks for it.
func checksumOf(sum Checksum, b *Body) Checksum {
	if sum.Algorithm == "" {
		sum.Algorithm = "CRC64NVME"
	}
	if sum.Type == "" {
		sum.Type = "FULL_OBJECT"
	}
	if sum.Value == "" && b.Data() != nil {
		sum.Value = b.checksum(sum.Algorithm)
	}
	return sum
}

// compositeChecksum is the checksum of the parts' checksums, "" when one of them has none.
func compositeChecksum(algorithm string, parts []*part) string {
	h := hasher(algorithm)
	if h == nil {
		return ""
	}
	for _, p := range parts {
		raw, err := base64.StdEncoding.DecodeString(p.checksum.Value)
		if err != nil || len(raw) == 0 || p.checksum.Algorithm != algorithm {
			return ""
		}
		h.Write(raw)
	}
	return base64.StdEncoding.EncodeToString(h.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}
