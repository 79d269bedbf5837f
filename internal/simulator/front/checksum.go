package front

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"net/http"
	"strings"
)

// crc64NVME is the reflected form of the polynomial 0xAD93D23594C93659 (NVM
// Express NVM Command Set Specification 1.1, section 5.2.1.3.4).
var crc64NVME = crc64.MakeTable(0x9A6C9329AC4BC9B5)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// newChecksum returns the hash behind one of S3's checksum algorithms, nil for
// a name it does not know. The big-endian sum, as Sum gives it, is what S3
// sends in base64.
func newChecksum(algorithm string) hash.Hash {
	switch algorithm {
	case "CRC32":
		return crc32.NewIEEE()
	case "CRC32C":
		return crc32.New(castagnoli)
	case "CRC64NVME":
		return crc64.New(crc64NVME)
	case "SHA1":
		return sha1.New()
	case "SHA256":
		return sha256.New()
	}
	return nil
}

const checksumPrefix = "x-amz-checksum-"

// checksumAlgorithm gives the algorithm of a checksum header or trailer name,
// "" for a name that is not one.
func checksumAlgorithm(name string) string {
	name = strings.ToLower(name)
	suffix, ok := strings.CutPrefix(name, checksumPrefix)
	if !ok {
		return ""
	}
	algorithm := strings.ToUpper(suffix)
	if newChecksum(algorithm) == nil {
		return ""
	}
	return algorithm
}

// claimedChecksum is a checksum of the body that the client sent, in a header
// or in a trailer that has yet to come.
type claimedChecksum struct {
	algorithm string
	value     string // base64; "" until the trailer was read
	trailer   bool
	own       bool // computed for the client, which claimed nothing
	sum       hash.Hash
}

// claimChecksum finds the one checksum of a request's headers: S3 allows a
// single one, in a header or announced in x-amz-trailer.
func claimChecksum(h http.Header) (*claimedChecksum, *wireError) {
	var claim *claimedChecksum
	add := func(c claimedChecksum) *wireError {
		if claim != nil {
			return errInvalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.")
		}
		c.sum = newChecksum(c.algorithm)
		claim = &c
		return nil
	}
	for name, values := range h {
		if !strings.HasPrefix(name, "X-Amz-Checksum-") {
			continue
		}
		switch name {
		case "X-Amz-Checksum-Mode", "X-Amz-Checksum-Algorithm", "X-Amz-Checksum-Type":
			continue
		}
		algorithm := checksumAlgorithm(name)
		if algorithm == "" {
			return nil, errInvalidRequest("The algorithm type you specified in x-amz-checksum- header is invalid.")
		}
		if !validChecksum(algorithm, values[0]) {
			return nil, errInvalidRequest("Value for " + strings.ToLower(name) + " header is invalid.")
		}
		if err := add(claimedChecksum{algorithm: algorithm, value: values[0]}); err != nil {
			return nil, err
		}
	}
	for name := range strings.SplitSeq(h.Get("X-Amz-Trailer"), ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		algorithm := checksumAlgorithm(name)
		if algorithm == "" {
			return nil, errInvalidRequest("The value specified in the x-amz-trailer header is not supported")
		}
		if err := add(claimedChecksum{algorithm: algorithm, trailer: true}); err != nil {
			return nil, err
		}
	}
	return claim, nil
}

func validChecksum(algorithm, value string) bool {
	raw, err := base64.StdEncoding.DecodeString(value)
	return err == nil && len(raw) == newChecksum(algorithm).Size()
}

// check compares the claim with what was read.
func (c *claimedChecksum) check() *wireError {
	if c.own {
		return nil
	}
	if got := base64.StdEncoding.EncodeToString(c.sum.Sum(nil)); got != c.value {
		return newError(http.StatusBadRequest, "BadDigest",
			"The "+c.algorithm+" you specified did not match the calculated checksum.")
	}
	return nil
}
