package front

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
)

const (
	minChunk      = 8 << 10 // bytes, all but the last; Amazon S3 API Reference, "Transferring payload in multiple chunks", read 2026-11-21
	maxTrailer    = 8 << 10 // bytes of all trailing headers together
	maxChunkLine  = 4 << 10 // bytes of the line that opens a chunk
	trailerSigned = "x-amz-trailer-signature"
)

// chunkedReader decodes an aws-chunked body. Signatures of chunks and trailers
// are checked while reading; the Read that meets a fault returns a *wireError.
// Bytes handed out before that are not to be trusted until io.EOF has come.
type chunkedReader struct {
	src     *bufio.Reader
	signed  bool // chunks carry signatures
	trailer bool // trailing headers follow the last chunk

	sign     *signer
	previous string    // signature the next one is chained to
	sum      hash.Hash // of the present chunk
	claimed  string    // signature the present chunk carries

	left     int64 // bytes of the present chunk not read yet
	inChunk  bool
	small    bool // a chunk under minChunk was seen, so it must be the last with data
	trailers []param
	err      error
}

// newChunkedReader decodes src as payload mode says, one of the streaming ones.
func newChunkedReader(src io.Reader, mode string, s *signer) *chunkedReader {
	c := &chunkedReader{
		src:      bufio.NewReaderSize(src, maxChunkLine),
		signed:   mode != payloadUnsignedTrailer,
		trailer:  mode != payloadSigned,
		sign:     s,
		previous: s.signature,
	}
	if c.signed {
		c.sum = sha256.New()
	}
	return c
}

func (c *chunkedReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for c.err == nil {
		if c.left > 0 {
			n, err := c.src.Read(p[:min(int64(len(p)), c.left)])
			c.left -= int64(n)
			if c.signed {
				c.sum.Write(p[:n])
			}
			if err != nil {
				c.err = truncated(err)
			}
			return n, c.err
		}
		c.err = c.advance()
	}
	return 0, c.err
}

// advance ends the present chunk and opens the next. It gives io.EOF after the
// trailers.
func (c *chunkedReader) advance() error {
	if c.inChunk {
		if line, err := c.line(); err != nil {
			return err
		} else if len(line) != 0 {
			return errIncompleteBody("The chunk is longer than it says.")
		}
		if err := c.checkChunk(); err != nil {
			return err
		}
	}
	line, err := c.line()
	if err != nil {
		return err
	}
	size, extension, _ := strings.Cut(string(line), ";")
	n, perr := strconv.ParseUint(size, 16, 48)
	if perr != nil {
		return errIncompleteBody("The chunk size is not a hexadecimal number.")
	}
	c.inChunk, c.left = true, int64(n)
	if c.signed {
		sig, ok := strings.CutPrefix(extension, "chunk-signature=")
		if !ok {
			return errIncompleteBody("The chunk carries no signature.")
		}
		c.claimed = sig
		c.sum.Reset()
	}
	if n > 0 {
		if c.small {
			return newError(http.StatusForbidden, "InvalidChunkSizeError",
				"Only the last chunk is allowed to have a size less than 8192 bytes")
		}
		c.small = n < minChunk
		return nil
	}
	if c.signed {
		if err := c.checkChunk(); err != nil {
			return err
		}
	}
	return c.finish()
}

// line reads up to a line feed and drops the line's end.
func (c *chunkedReader) line() ([]byte, error) {
	line, err := c.src.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		return nil, errIncompleteBody("A chunk header is too long.")
	}
	if err != nil {
		return nil, truncated(err)
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

func (c *chunkedReader) checkChunk() error {
	if !c.signed {
		return nil
	}
	return c.checkSignature("AWS4-HMAC-SHA256-PAYLOAD", c.claimed, true)
}

// checkSignature compares claimed with the signature of what c.sum has seen,
// and makes it the one the next is chained to.
func (c *chunkedReader) checkSignature(kind, claimed string, withEmptyHash bool) error {
	s := c.sign
	msg := make([]byte, 0, 320)
	for _, part := range []string{kind, s.date, s.scope, c.previous} {
		msg = append(append(msg, part...), '\n')
	}
	if withEmptyHash {
		msg = append(append(msg, emptyHash...), '\n')
	}
	msg = hex.AppendEncode(msg, c.sum.Sum(nil))
	if want := hex.EncodeToString(s.key.sign(nil, msg)); want != claimed {
		return newError(http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.").
			with("SignatureProvided", claimed).with("StringToSign", string(msg))
	}
	c.previous = claimed
	return nil
}

// finish reads the trailers, which reach to the end of the body. Clients end
// these lines with LF or CRLF and put blank ones between, so that blank lines
// mean nothing here.
func (c *chunkedReader) finish() error {
	rest, err := io.ReadAll(io.LimitReader(c.src, maxTrailer+1))
	if err != nil {
		return truncated(err)
	}
	bad := newError(http.StatusBadRequest, "MalformedTrailerError",
		"The request contained trailing data that was not well-formed or did not conform to our published schema.")
	if len(rest) > maxTrailer {
		return bad
	}
	var signature string
	if c.signed {
		c.sum.Reset()
	}
	for line := range strings.SplitSeq(string(rest), "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok || !c.trailer {
			return bad
		}
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == trailerSigned {
			signature = value
			continue
		}
		c.trailers = append(c.trailers, param{name, value})
		if c.signed {
			c.sum.Write([]byte(name + ":" + value + "\n"))
		}
	}
	if c.signed && c.trailer {
		if signature == "" {
			return bad
		}
		if err := c.checkSignature("AWS4-HMAC-SHA256-TRAILER", signature, false); err != nil {
			return err
		}
	}
	return io.EOF
}

// truncated turns an early end of the body into S3's word for it, and leaves
// other errors of the connection alone.
func truncated(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errIncompleteBody("The request body terminated unexpectedly")
	}
	return err
}
