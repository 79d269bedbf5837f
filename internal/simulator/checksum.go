package simulator

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
	"slices"
	"strconv"
	"strings"
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

// checkUploadChecksum refuses what an object made in parts cannot have: CRCs alone can be over the whole of it (S3 User
// Guide, checking-object-integrity, read 2026-11-21).
func checkUploadChecksum(sum Checksum) *Error {
	if sum.Type == "FULL_OBJECT" && !slices.Contains([]string{"", "CRC64NVME", "CRC32", "CRC32C"}, sum.Algorithm) {
		return invalidRequest("The FULL_OBJECT checksum type cannot be used with the " + strings.ToLower(sum.Algorithm) + " checksum algorithm.")
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
func (b *Body) checksum(algorithm string, known *checksums) string {
	h := hasher(algorithm)
	if h == nil || (b.md5 != "" || b.size > checksumLimit) && !b.real() {
		return ""
	}
	of := checksumKey{algorithm, b.first.seed, b.first.off, b.size}
	single := len(b.more) == 0 && b.first.synthetic()
	if single && known.values[of] != "" {
		return known.values[of]
	}
	b.hash(h)
	value := base64.StdEncoding.EncodeToString(h.Sum(nil))
	if single {
		known.keep(of, value)
	}
	return value
}

// hash has h hash the content. Most bodies are far smaller than the buffer that io.Copy makes
// where it does not know how much comes.
func (b *Body) hash(h hash.Hash) {
	if _, err := io.Copy(h, io.LimitReader(b.Reader(0, b.size), b.size)); err != nil {
		panic("simulator: reading a body: " + err.Error())
	}
}

// checksums holds values that were computed before: a client may ask for one object many times.
type checksums struct {
	values map[checksumKey]string
}

// checksumKey names the content of a synthetic body in one piece.
type checksumKey struct {
	algorithm string
	seed      uint64
	off, size int64
}

// keep remembers a value. It forgets all when there are too many to keep.
func (c *checksums) keep(of checksumKey, value string) {
	const most = 1 << 14 // about 2 MiB
	if c.values == nil || len(c.values) >= most {
		c.values = map[checksumKey]string{}
	}
	c.values[of] = value
}

// digestSizes are those of the algorithms, in bytes.
var digestSizes = map[string]int{"CRC64NVME": 8, "CRC32": 4, "CRC32C": 4, "SHA1": 20, "SHA256": 32, "SHA512": 64, "MD5": 16, "XXHASH64": 8,
	"XXHASH3": 8, "XXHASH128": 16}

// stated is the checksum as answers state it. Where the value would cost too much to compute, or is by an algorithm that
// is not in the standard library, it is one that depends on the content alone, so that it is the same for the same
// content, and another for other content.
func (v *version) stated(known *checksums) Checksum {
	sum := v.checksum
	if sum.Algorithm == "" || sum.Value != "" {
		return sum
	}
	if sum.Type == "FULL_OBJECT" {
		sum.Value = v.body.checksum(sum.Algorithm, known)
	}
	if sum.Value == "" {
		sum.Value = v.body.likeness(sum.Algorithm)
		if n := max(len(v.more().parts), v.more().partCount, 1); sum.Type == "COMPOSITE" {
			sum.Value += "-" + strconv.Itoa(n)
		}
	}
	return sum
}

// likeness is a value that looks like a checksum of the content.
func (b *Body) likeness(algorithm string) string {
	raw := make([]byte, 0, 64)
	for n := digestSizes[algorithm]; len(raw) < n; {
		raw = binary.BigEndian.AppendUint64(raw, b.identity(hashString(uint64(len(raw)), algorithm)))
	}
	return base64.StdEncoding.EncodeToString(raw[:digestSizes[algorithm]])
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
	if sum.Value == "" && (b.Data() != nil || b.size > 0 && b.real()) {
		sum.Value = b.checksum(sum.Algorithm, &checksums{}) // nothing to look up: the bytes are real
	}
	return sum
}

// composite is the algorithm of an upload whose parts have a checksum each, and whose object has one of those; else "".
func (u *upload) composite() string {
	sum := u.attrs.Checksum
	if sum.Algorithm == "CRC64NVME" || sum.Type == "FULL_OBJECT" {
		return ""
	}
	return sum.Algorithm
}

// checkPartSum compares the checksum of a part with the one in the list of an upload's completion. An upload that was
// created with a checksum of parts needs them all (S3 User Guide, checking-object-integrity; the text was seen by users
// of SDKs: aws/aws-sdk-js-v3 issue 2673).
func (u *upload) checkPartSum(p *part, sent Checksum) *Error {
	switch algorithm := u.composite(); {
	case sent.Value == "" && algorithm != "" && p.checksum.Value != "": // what was not stated cannot be sent
		return invalidRequest("The upload was created using a " + strings.ToLower(algorithm) + " checksum. The complete request must include the checksum for each part. It was missing for part " +
			strconv.Itoa(p.number) + " in the request.")
	case sent.Value != "" && p.checksum.Value != "" && sent.Algorithm == p.checksum.Algorithm && sent.Value != p.checksum.Value:
		return u.invalidPart(p.number)
	}
	return nil
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
