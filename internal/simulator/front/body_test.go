package front

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
)

// The values of Amazon's own examples (Amazon S3 API Reference, "Signature
// Calculations: Transferring a Payload in Multiple Chunks" and "… Including
// Trailing Headers"): 66,560 letters a, in chunks of 64 KiB and 1 KiB.
var documented = signer{
	key:   newSigningKey("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "20130524", "us-east-1", "s3"),
	date:  "20130524T000000Z",
	scope: "20130524/us-east-1/s3/aws4_request",
}

const (
	docSeed          = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
	docTrailerSeed   = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"
	docSize          = 66560
	docCRC32C        = "sOO8/Q=="
	docTrailerSigned = "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"
)

func docBody(sig1, sig2, sig3, tail string) string {
	a := strings.Repeat("a", docSize)
	return "10000;chunk-signature=" + sig1 + "\r\n" + a[:65536] + "\r\n400;chunk-signature=" + sig2 + "\r\n" + a[65536:] +
		"\r\n0;chunk-signature=" + sig3 + "\r\n" + tail
}

var (
	docChunks = docBody("ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
		"0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
		"b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9", "\r\n")
	docTrailer = docBody("b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
		"1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
		"2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
		"x-amz-checksum-crc32c:"+docCRC32C+"\r\nx-amz-trailer-signature:"+docTrailerSigned+"\r\n\r\n")
)

func read(t *testing.T, body, mode, seed string, size int64, header http.Header) (string, *wireError) {
	t.Helper()
	s := documented
	s.payloadHash, s.signature = mode, seed
	r := &http.Request{Header: http.Header{}, ContentLength: int64(len(body)), Body: io.NopCloser(iotest.HalfReader(strings.NewReader(body)))}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("X-Amz-Decoded-Content-Length", strconv.FormatInt(size, 10))
	p, werr := newPayload(r, &s, 1<<20)
	if werr != nil {
		return "", werr
	}
	data, werr := p.readAll()
	return string(data), werr
}

func TestChunkedReadsDocumentedExamples(t *testing.T) {
	want := strings.Repeat("a", docSize)
	if got, werr := read(t, docChunks, payloadSigned, docSeed, docSize, nil); werr != nil || got != want {
		t.Errorf("signed chunks: %d bytes, %v", len(got), werr)
	}
	trailer := http.Header{"X-Amz-Trailer": {"x-amz-checksum-crc32c"}}
	if got, werr := read(t, docTrailer, payloadSignedTrailer, docTrailerSeed, docSize, trailer); werr != nil || got != want {
		t.Errorf("signed chunks and trailer: %d bytes, %v", len(got), werr)
	}
}

func TestChunkedNoticesEachChange(t *testing.T) {
	trailer := http.Header{"X-Amz-Trailer": {"x-amz-checksum-crc32c"}}
	for _, at := range []int{40, 200, 65000, 65700, 66000, len(docChunks) - 10} {
		damaged := []byte(docChunks)
		damaged[at] ^= 1
		if _, werr := read(t, string(damaged), payloadSigned, docSeed, docSize, nil); werr == nil {
			t.Errorf("changed byte %d was not noticed", at)
		}
	}
	for _, change := range [][2]string{{docCRC32C, "sOO8/g=="}, {docTrailerSigned, docTrailerSeed}, {"x-amz-trailer-signature:" + docTrailerSigned, ""}} {
		if _, werr := read(t, strings.Replace(docTrailer, change[0], change[1], 1), payloadSignedTrailer, docTrailerSeed, docSize, trailer); werr == nil {
			t.Errorf("trailer with %q for %q was accepted", change[1], change[0])
		}
	}
	if _, werr := read(t, docChunks, payloadSigned, docTrailerSeed, docSize, nil); code(werr) != "SignatureDoesNotMatch" {
		t.Errorf("another seed signature: %v, want SignatureDoesNotMatch", werr)
	}
	for cut := 0; cut < len(docChunks)-2; cut += 997 {
		if _, werr := read(t, docChunks[:cut], payloadSigned, docSeed, docSize, nil); werr == nil {
			t.Errorf("body cut at %d was accepted", cut)
		}
	}
}

func TestPayloadChecks(t *testing.T) {
	crc := func(algorithm, body string) string {
		h := newChecksum(algorithm)
		io.WriteString(h, body)
		return base64.StdEncoding.EncodeToString(h.Sum(nil))
	}
	unsigned := func(body, trailer string) string {
		return fmt.Sprintf("%x\r\n%s\r\n0\r\n%s\r\n", len(body), body, trailer)
	}
	announce := func(a string) http.Header { return http.Header{"X-Amz-Trailer": {"x-amz-checksum-" + a}} }
	tests := []struct {
		name, mode, body string
		size             int64
		header           http.Header
		want             string
	}{
		{"hash", hashOf("hello"), "hello", 5, nil, ""},
		{"wrong hash", hashOf("hellO"), "hello", 5, nil, "XAmzContentSHA256Mismatch"},
		{"hash in capitals", strings.ToUpper(hashOf("hello")), "hello", 5, nil, ""},
		{"unsigned", payloadUnsigned, "hello", 5, nil, ""},
		{"md5", payloadUnsigned, "hello", 5, http.Header{"Content-Md5": {"XUFAKrxLKna5cZ2REBfFkg=="}}, ""},
		{"wrong md5", payloadUnsigned, "hellO", 5, http.Header{"Content-Md5": {"XUFAKrxLKna5cZ2REBfFkg=="}}, "BadDigest"},
		{"md5 not base64", payloadUnsigned, "hello", 5, http.Header{"Content-Md5": {"5d41402abc4b2a76b9719d911017c592"}}, "InvalidDigest"},
		{"header crc", payloadUnsigned, "hello", 5, http.Header{"X-Amz-Checksum-Crc64nvme": {crc("CRC64NVME", "hello")}}, ""},
		{"wrong header crc", payloadUnsigned, "hello", 5, http.Header{"X-Amz-Checksum-Crc32": {crc("CRC32", "hellO")}}, "BadDigest"},
		{"malformed header crc", payloadUnsigned, "hello", 5, http.Header{"X-Amz-Checksum-Crc32": {"AA=="}}, "InvalidRequest"},
		{"unknown checksum", payloadUnsigned, "hello", 5, http.Header{"X-Amz-Checksum-Foo": {"AA=="}}, "InvalidRequest"},
		{"two checksums", payloadUnsigned, "hello", 5, http.Header{"X-Amz-Checksum-Crc32": {crc("CRC32", "hello")}, "X-Amz-Checksum-Crc32c": {crc("CRC32C", "hello")}}, "InvalidRequest"},
		{"trailer", payloadUnsignedTrailer, unsigned("hello", "x-amz-checksum-crc32:"+crc("CRC32", "hello")+"\r\n"), 5, announce("crc32"), ""},
		{"trailer, LF only", payloadUnsignedTrailer, unsigned("hello", "x-amz-checksum-crc32:"+crc("CRC32", "hello")+"\n"), 5, announce("crc32"), ""},
		{"trailer sha1", payloadUnsignedTrailer, unsigned("hello", "x-amz-checksum-sha1:"+crc("SHA1", "hello")+"\r\n"), 5, announce("sha1"), ""},
		{"trailer sha256", payloadUnsignedTrailer, unsigned("hello", "x-amz-checksum-sha256:"+crc("SHA256", "hello")+"\r\n"), 5, announce("sha256"), ""},
		{"wrong trailer", payloadUnsignedTrailer, unsigned("hello", "x-amz-checksum-crc32:"+crc("CRC32", "hellO")+"\r\n"), 5, announce("crc32"), "BadDigest"},
		{"trailer announced, not sent", payloadUnsignedTrailer, unsigned("hello", ""), 5, announce("crc32"), "InvalidRequest"},
		{"trailer without colon", payloadUnsignedTrailer, unsigned("hello", "x\r\n"), 5, nil, "MalformedTrailerError"},
		{"endless trailer", payloadUnsignedTrailer, unsigned("hello", strings.Repeat("a:b\r\n", maxTrailer)), 5, nil, "MalformedTrailerError"},
		{"trailer in a mode without", payloadUnsigned, "hello", 5, announce("crc32"), "InvalidRequest"},
		{"no trailer at all", payloadUnsignedTrailer, unsigned("hello", ""), 5, nil, ""},
		{"decoded length too long", payloadUnsignedTrailer, unsigned("hello", ""), 6, nil, "IncompleteBody"},
		{"decoded length too short", payloadUnsignedTrailer, unsigned("hello", ""), 4, nil, "IncompleteBody"},
		{"negative decoded length", payloadUnsignedTrailer, unsigned("hello", ""), -1, nil, "MissingContentLength"},
		{"too large by declaration", payloadUnsignedTrailer, unsigned("hello", ""), 2 << 20, nil, "EntityTooLarge"},
		{"small chunk in the middle", payloadUnsignedTrailer, "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", 5, nil, "InvalidChunkSizeError"},
		{"chunk longer than it says", payloadUnsignedTrailer, "4\r\nhello\r\n0\r\n\r\n", 5, nil, "IncompleteBody"},
		{"chunk size not hex", payloadUnsignedTrailer, "x\r\nhello\r\n0\r\n\r\n", 5, nil, "IncompleteBody"},
		{"chunk size too big", payloadUnsignedTrailer, "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", 5, nil, "IncompleteBody"},
		{"endless chunk line", payloadUnsignedTrailer, strings.Repeat("0", 2*maxChunkLine), 5, nil, "IncompleteBody"},
		{"chunk without signature", payloadSigned, unsigned("hello", ""), 5, nil, "IncompleteBody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, werr := read(t, tt.body, tt.mode, docSeed, tt.size, tt.header)
			if code(werr) != tt.want {
				t.Fatalf("error %v, want code %q", werr, tt.want)
			}
			if werr == nil && got != "hello" {
				t.Errorf("read %q", got)
			}
		})
	}
}

// TestChecksumCheckValues uses the check values of the algorithms' own
// definitions, the sum of "123456789".
func TestChecksumCheckValues(t *testing.T) {
	for algorithm, want := range map[string]string{
		"CRC32": "cbf43926", "CRC32C": "e3069283", "CRC64NVME": "ae8b14860a799888",
		"SHA1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441", "SHA256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
	} {
		h := newChecksum(algorithm)
		io.WriteString(h, "123456789")
		if got := hex.EncodeToString(h.Sum(nil)); got != want {
			t.Errorf("%s = %s, want %s", algorithm, got, want)
		}
	}
}

// FuzzChunked: damaged input ends, and what is accepted has the promised length.
func FuzzChunked(f *testing.F) {
	f.Add([]byte(docChunks), uint8(0))
	f.Add([]byte(docTrailer), uint8(1))
	f.Add([]byte("5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), uint8(2))
	f.Fuzz(func(t *testing.T, body []byte, mode uint8) {
		m := []string{payloadSigned, payloadSignedTrailer, payloadUnsignedTrailer}[mode%3]
		s := documented
		s.signature = docSeed
		c := newChunkedReader(bytes.NewReader(body), m, &s)
		data, err := io.ReadAll(c)
		var werr *wireError
		if err != nil && !errors.As(err, &werr) {
			t.Fatalf("error %v is not one S3 would send", err)
		}
		if len(data) > len(body) {
			t.Fatalf("%d bytes out of %d", len(data), len(body))
		}
		if err == nil && c.signed && sha256.Sum256(body) != sha256.Sum256([]byte(docChunks)) && len(data) > 0 && !bytes.HasPrefix(body, []byte(docChunks[:60])) {
			t.Fatalf("unknown signed body of %d bytes was accepted", len(body))
		}
	})
}
