package front

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"

	"reseal/internal/simulator"
)

const (
	maxObjectBody  = 5 << 30 // bytes of one PutObject or UploadPart; S3 User Guide, "Uploading objects", read 2026-11-21
	maxDocument    = 2 << 20 // bytes of an XML or JSON request; CompleteMultipartUpload with 10,000 parts needs about 1.5 MiB
	maxServiceBody = 1 << 20 // bytes of a KMS, Service Quotas or STS request
)

// payload reads the body of an S3 request, decoded, and checks on the way all
// that the request claims of it: length, hash, chunk signatures, Content-MD5,
// checksums in headers and trailers. The checks end with the body; only after
// Read has returned io.EOF is any of it true.
type payload struct {
	src     io.Reader
	chunked *chunkedReader // src, when aws-chunked
	limit   int64
	declare int64 // decoded length the headers promise, -1 unknown
	n       int64
	sha     hash.Hash // when the payload hash is a digest
	shaWant string
	md5     hash.Hash // always: the ETag
	md5Want string
	claim   *claimedChecksum
	err     error
}

// newPayload prepares to read the body of r; s is nil for anonymous requests.
// A body above limit bytes is refused with EntityTooLarge before it is read
// where its length is known.
func newPayload(r *http.Request, s *signer, limit int64) (*payload, *wireError) {
	p := &payload{src: r.Body, limit: limit, declare: r.ContentLength, md5: md5.New()}
	mode := payloadUnsigned
	if s != nil {
		mode = s.payloadHash
	}
	switch mode {
	case payloadUnsigned:
	case payloadSigned, payloadSignedTrailer, payloadUnsignedTrailer:
		length := r.Header.Get("X-Amz-Decoded-Content-Length")
		n, err := strconv.ParseInt(length, 10, 64)
		if err != nil || n < 0 {
			return nil, newError(http.StatusLengthRequired, "MissingContentLength",
				"You must provide the Content-Length HTTP header.")
		}
		p.declare = n
		p.chunked = newChunkedReader(r.Body, mode, s)
		p.src = p.chunked
	default:
		p.sha, p.shaWant = sha256.New(), strings.ToLower(mode)
	}
	if p.declare > limit {
		return nil, errTooLarge(p.declare, limit)
	}
	var werr *wireError
	if p.claim, werr = claimChecksum(r.Header); werr != nil {
		return nil, werr
	}
	if p.claim != nil && p.claim.trailer && (p.chunked == nil || !p.chunked.trailer) {
		return nil, errInvalidRequest("x-amz-trailer is only allowed with a trailing payload mode")
	}
	if sum := r.Header.Get("Content-Md5"); sum != "" {
		raw, err := base64.StdEncoding.DecodeString(sum)
		if err != nil || len(raw) != md5.Size {
			return nil, newError(http.StatusBadRequest, "InvalidDigest", "The Content-MD5 you specified was invalid.").
				with("Content-MD5", sum)
		}
		p.md5Want = hex.EncodeToString(raw)
	}
	return p, nil
}

func errTooLarge(size, limit int64) *wireError {
	return newError(http.StatusBadRequest, "EntityTooLarge",
		"Your proposed upload exceeds the maximum allowed size").
		with("ProposedSize", strconv.FormatInt(size, 10)).
		with("MaxSizeAllowed", strconv.FormatInt(limit, 10))
}

func (p *payload) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.src.Read(b)
	p.n += int64(n)
	p.md5.Write(b[:n])
	if p.sha != nil {
		p.sha.Write(b[:n])
	}
	if p.claim != nil {
		p.claim.sum.Write(b[:n])
	}
	switch {
	case p.n > p.limit:
		p.err = errTooLarge(p.n, p.limit)
	case errors.Is(err, io.EOF):
		p.err = p.finish()
	case err != nil:
		p.err = truncated(err)
	}
	return n, p.err
}

// finish checks the claims and gives io.EOF when all of them hold.
func (p *payload) finish() error {
	if p.declare >= 0 && p.n != p.declare {
		return errIncompleteBody("You did not provide the number of bytes specified by the Content-Length HTTP header")
	}
	if p.sha != nil {
		if got := hex.EncodeToString(p.sha.Sum(nil)); got != p.shaWant {
			return newError(http.StatusBadRequest, "XAmzContentSHA256Mismatch",
				"The provided 'x-amz-content-sha256' header does not match what was computed.").
				with("ClientComputedContentSHA256", p.shaWant).
				with("S3ComputedContentSHA256", got)
		}
	}
	if p.md5Want != "" {
		if got := p.md5Hex(); got != p.md5Want {
			return newError(http.StatusBadRequest, "BadDigest",
				"The Content-MD5 you specified did not match what we received.").
				with("ExpectedDigest", p.md5Want).with("CalculatedDigest", got)
		}
	}
	if p.claim == nil {
		return io.EOF
	}
	if p.claim.trailer {
		for _, t := range p.chunked.trailers {
			if checksumAlgorithm(t.name) == p.claim.algorithm {
				p.claim.value = t.value
			}
		}
		if !validChecksum(p.claim.algorithm, p.claim.value) {
			return errInvalidRequest("Value for x-amz-checksum-" + strings.ToLower(p.claim.algorithm) + " trailing header is invalid.")
		}
	}
	if werr := p.claim.check(); werr != nil {
		return werr
	}
	return io.EOF
}

// md5Hex is the MD5 of what was read so far.
func (p *payload) md5Hex() string { return hex.EncodeToString(p.md5.Sum(nil)) }

// readAll reads the body whole, for documents.
func (p *payload) readAll() ([]byte, *wireError) {
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(p); err != nil {
		return nil, asWireError(err)
	}
	return buf.Bytes(), nil
}

// asWireError gives the S3 error for a fault met while a body was read. What
// is not one of ours came from the connection.
func asWireError(err error) *wireError {
	var werr *wireError
	if errors.As(err, &werr) {
		return werr
	}
	return newError(http.StatusBadRequest, "RequestTimeout",
		"Your socket connection to the server was not read from or written to within the timeout period.")
}

// hashOfBody reads the body of a small request into memory, puts it back, and
// gives its SHA-256 in hex.
func hashOfBody(r *http.Request) (string, *wireError) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxServiceBody+1))
	if err != nil {
		return "", asWireError(truncated(err))
	}
	if len(body) > maxServiceBody {
		return "", newError(http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "The request is too large.")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:]), nil
}

// content is an object's or part's body after it was read and checked.
type content struct {
	content  simulator.Body
	md5      string
	checksum simulator.Checksum
	claimed  bool // the client sent the checksum
}

// readBody reads the body of PutObject and UploadPart. What is larger than the
// core keeps in memory goes to a file; what is larger than may be stored is refused.
func (x *exchange) readBody() (*content, error) {
	if x.r.ContentLength < 0 && x.header("X-Amz-Decoded-Content-Length") == "" {
		return nil, newError(http.StatusLengthRequired, "MissingContentLength", "You must provide the Content-Length HTTP header.")
	}
	p, werr := newPayload(x.r, x.signer, maxObjectBody)
	if werr != nil {
		return nil, werr
	}
	if p.claim == nil { // S3 computes this one itself when the client brings none
		p.claim = &claimedChecksum{algorithm: "CRC64NVME", sum: newChecksum("CRC64NVME"), own: true}
	}
	body, err := x.front.store(p)
	if err != nil {
		return nil, err
	}
	sum := p.md5.Sum(nil)
	c := &content{claimed: !p.claim.own, md5: hex.EncodeToString(sum), checksum: simulator.Checksum{
		Algorithm: p.claim.algorithm,
		Type:      "FULL_OBJECT",
		Value:     base64.StdEncoding.EncodeToString(p.claim.sum.Sum(nil)),
	}}
	if c.content = simulator.Bytes(body.data); body.file != nil {
		c.content = simulator.Stored(body.file, p.n, binary.LittleEndian.Uint64(sum))
	}
	return c, nil
}
