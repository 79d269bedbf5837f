package front

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	algorithm   = "AWS4-HMAC-SHA256"
	amzTime     = "20060102T150405Z"
	maxSkew     = 15 * time.Minute // Amazon S3 API Reference, RequestTimeTooSkewed, read 2026-11-21
	maxPresign  = 7 * 24 * 3600    // seconds; S3 User Guide, "Sharing objects with presigned URLs", read 2026-11-21
	maxAuthSize = 8 << 10          // bytes of an Authorization header worth parsing
	emptyHash   = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	terminator  = "aws4_request"
	hashHeader  = "X-Amz-Content-Sha256" // also the canonical MIME form
)

// Payload modes of x-amz-content-sha256 (Amazon S3 API Reference, "Signature
// Calculations for the Authorization Header", read 2026-11-21).
const (
	payloadUnsigned        = "UNSIGNED-PAYLOAD"
	payloadSigned          = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
	payloadSignedTrailer   = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
	payloadUnsignedTrailer = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
)

// authorization is what a request claims: taken from its Authorization header
// or its X-Amz-* query parameters, not yet verified.
type authorization struct {
	scope         signingScope
	signedHeaders string // as sent
	headers       *headerList
	signature     string
	presigned     bool
	expires       int64 // seconds, presigned only
	date          string
	token         string
}

// signer is who signed a request, and what is needed to check its body.
type signer struct {
	identity    *Identity
	service     string
	region      string
	payloadHash string // hex digest, or one of the payload modes
	presigned   bool

	// For chunk signatures, which continue the chain the request's began.
	key       *signingKey
	date      string
	scope     string
	signature string
}

// verifier checks Signature Version 4. It is safe for concurrent use.
type verifier struct {
	keys    *keyring
	headers headerLists
	region  string // the only region accepted; empty accepts each
	now     func() time.Time
}

// verify checks the signature of r. rawPath is the path as it was sent; S3
// decodes it and encodes it once, with no "." or "//" resolved. Queries q are
// the decoded parameters. The body is not read: payloadHash of the answer says
// what it has to match.
//
// A request without any sign of a signature gives (nil, nil): it is anonymous.
func (v *verifier) verify(r *http.Request, rawPath string, q query) (*signer, *wireError) {
	auth, werr := parseAuthorization(r, q)
	if auth == nil || werr != nil {
		return nil, werr
	}
	if werr := v.checkScope(auth); werr != nil {
		return nil, werr
	}
	if werr := v.checkTime(auth); werr != nil {
		return nil, werr
	}
	identity := v.keys.identity(auth.scope.accessKeyID)
	if identity == nil {
		return nil, newError(http.StatusForbidden, "InvalidAccessKeyId",
			"The AWS Access Key Id you provided does not exist in our records.").
			with("AWSAccessKeyId", auth.scope.accessKeyID)
	}
	auth.headers = v.headers.list(auth.signedHeaders)
	payloadHash, werr := payloadHashOf(r, auth)
	if werr != nil {
		return nil, werr
	}
	if werr := checkSignedHeaders(r, auth); werr != nil {
		return nil, werr
	}

	buf := canonicalBuffers.Get().(*bytes.Buffer)
	defer canonicalBuffers.Put(buf)
	canonical, werr := appendCanonicalRequest(buf.AvailableBuffer()[:0], r, rawPath, q, auth, payloadHash)
	if werr != nil {
		return nil, werr
	}
	key := v.keys.signingKey(identity, auth.scope)
	credentialScope := auth.scope.date + "/" + auth.scope.region + "/" + auth.scope.service + "/" + terminator
	toSign := appendStringToSign(make([]byte, 0, 192), auth.date, credentialScope, canonical)
	want := key.sign(make([]byte, 0, sha256.Size), toSign)
	got, err := hex.DecodeString(auth.signature)
	if err != nil || subtle.ConstantTimeCompare(got, want) != 1 {
		return nil, newError(http.StatusForbidden, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your key and signing method.").
			with("AWSAccessKeyId", auth.scope.accessKeyID).
			with("StringToSign", string(toSign)).
			with("SignatureProvided", auth.signature).
			with("CanonicalRequest", string(canonical))
	}
	buf.Reset()
	buf.Grow(cap(canonical)) // the next request finds room without a second allocation

	// Only now, as a wrong token with a valid signature is another fault than a wrong signature.
	if auth.token != identity.SessionToken {
		return nil, newError(http.StatusBadRequest, "InvalidToken",
			"The provided token is malformed or otherwise invalid.")
	}
	if !identity.Expires.IsZero() && !v.now().Before(identity.Expires) {
		return nil, newError(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	}
	return &signer{
		identity:    identity,
		service:     auth.scope.service,
		region:      auth.scope.region,
		payloadHash: payloadHash,
		presigned:   auth.presigned,
		key:         key,
		date:        auth.date,
		scope:       credentialScope,
		signature:   auth.signature,
	}, nil
}

var canonicalBuffers = sync.Pool{New: func() any { return bytes.NewBuffer(make([]byte, 0, 2<<10)) }}

// parseAuthorization reads the claim of a request, nil when there is none.
func parseAuthorization(r *http.Request, q query) (*authorization, *wireError) {
	header := r.Header.Get("Authorization")
	inQuery := q.has("X-Amz-Signature") || q.has("X-Amz-Algorithm")
	version2 := q.has("AWSAccessKeyId") || q.has("Signature")
	switch {
	case header != "" && (inQuery || version2):
		return nil, newError(http.StatusBadRequest, "InvalidArgument",
			"Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified")
	case inQuery:
		return parsePresigned(q)
	case version2:
		return nil, errMechanism()
	case header == "":
		return nil, nil
	}
	if len(header) > maxAuthSize || !strings.HasPrefix(header, algorithm+" ") {
		return nil, errMechanism()
	}
	auth := &authorization{
		date:  r.Header.Get("X-Amz-Date"),
		token: r.Header.Get("X-Amz-Security-Token"),
	}
	var credential string
	for rest := header[len(algorithm)+1:]; rest != ""; {
		var piece string
		piece, rest, _ = strings.Cut(rest, ",")
		name, value, _ := strings.Cut(strings.TrimSpace(piece), "=")
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			auth.signedHeaders = value
		case "Signature":
			auth.signature = value
		}
	}
	if credential == "" || auth.signedHeaders == "" || auth.signature == "" {
		return nil, malformed("The authorization header is malformed; it needs Credential, SignedHeaders and Signature.")
	}
	var ok bool
	if auth.scope, ok = parseCredential(credential); !ok {
		return nil, malformed("The authorization header is malformed; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
	}
	if auth.date == "" { // HTTP's own Date stands in where no x-amz-date is sent
		t, err := http.ParseTime(r.Header.Get("Date"))
		if err != nil {
			return nil, errAccessDenied("AWS authentication requires a valid Date or x-amz-date header")
		}
		auth.date = t.UTC().Format(amzTime)
	}
	return auth, nil
}

// errMechanism refuses Signature Version 2, in a header or in a presigned URL.
// Regions that began after 2013 do not know it, and no Region takes it for a
// bucket made after June 24, 2020 (S3 User Guide, UsingAWSSDK; from memory).
func errMechanism() *wireError {
	return errInvalidRequest("The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
}

func parsePresigned(q query) (*authorization, *wireError) {
	bad := func(message string) (*authorization, *wireError) {
		return nil, newError(http.StatusBadRequest, "AuthorizationQueryParametersError", message)
	}
	if q.get("X-Amz-Algorithm") != algorithm {
		return bad("X-Amz-Algorithm only supports \"AWS4-HMAC-SHA256\"")
	}
	auth := &authorization{
		presigned:     true,
		signedHeaders: q.get("X-Amz-SignedHeaders"),
		signature:     q.get("X-Amz-Signature"),
		date:          q.get("X-Amz-Date"),
		token:         q.get("X-Amz-Security-Token"),
	}
	var ok bool
	if auth.scope, ok = parseCredential(q.get("X-Amz-Credential")); !ok {
		return bad("Error parsing the X-Amz-Credential parameter; the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
	}
	if auth.signedHeaders == "" || auth.signature == "" || auth.date == "" {
		return bad("Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.")
	}
	var err error
	if auth.expires, err = strconv.ParseInt(q.get("X-Amz-Expires"), 10, 64); err != nil {
		return bad("X-Amz-Expires should be a number")
	}
	if auth.expires < 0 {
		return bad("X-Amz-Expires must be non-negative")
	}
	if auth.expires > maxPresign {
		return bad("X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	return auth, nil
}

// parseCredential takes "AKID/date/region/service/aws4_request" apart. The key
// id itself may hold slashes, so it is cut from the right.
func parseCredential(s string) (signingScope, bool) {
	var parts [4]string
	for i := 3; i >= 0; i-- {
		at := strings.LastIndexByte(s, '/')
		if at < 0 {
			return signingScope{}, false
		}
		s, parts[i] = s[:at], s[at+1:]
	}
	ok := s != "" && len(parts[0]) == 8 && parts[1] != "" && parts[2] != "" && parts[3] == terminator
	return signingScope{accessKeyID: s, date: parts[0], region: parts[1], service: parts[2]}, ok
}

func malformed(message string) *wireError {
	return newError(http.StatusBadRequest, "AuthorizationHeaderMalformed", message)
}

func (v *verifier) checkScope(auth *authorization) *wireError {
	if !knownService(auth.scope.service) {
		return malformed(fmt.Sprintf("The authorization header is malformed; incorrect service %q. This endpoint belongs to \"s3\".", auth.scope.service))
	}
	if v.region != "" && auth.scope.region != v.region && !regionless(auth.scope.service) {
		if auth.scope.service != serviceS3 {
			return newError(http.StatusForbidden, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
		}
		return malformed(fmt.Sprintf("The authorization header is malformed; the region '%s' is wrong; expecting '%s'",
			auth.scope.region, v.region)).with("Region", v.region)
	}
	if !strings.HasPrefix(auth.date, auth.scope.date) {
		return malformed("The authorization header is malformed; Invalid credential date. Date is not the same as X-Amz-Date.")
	}
	return nil
}

func (v *verifier) checkTime(auth *authorization) *wireError {
	signed, err := time.Parse(amzTime, auth.date)
	if err != nil {
		return errAccessDenied("AWS authentication requires a valid Date or x-amz-date header")
	}
	now := v.now().UTC()
	if auth.presigned {
		if signed.Sub(now) > maxSkew {
			return errAccessDenied("Request is not valid yet")
		}
		if expires := signed.Add(time.Duration(auth.expires) * time.Second); now.After(expires) {
			return errAccessDenied("Request has expired").
				with("X-Amz-Expires", strconv.FormatInt(auth.expires, 10)).
				with("Expires", expires.Format(time.RFC3339)).
				with("ServerTime", now.Format(time.RFC3339))
		}
		return nil
	}
	if skew := now.Sub(signed); skew > maxSkew || skew < -maxSkew {
		return newError(http.StatusForbidden, "RequestTimeTooSkewed",
			"The difference between the request time and the current time is too large.").
			with("RequestTime", auth.date).
			with("ServerTime", now.Format(time.RFC3339)).
			with("MaxAllowedSkewMilliseconds", strconv.FormatInt(maxSkew.Milliseconds(), 10))
	}
	return nil
}

// payloadHashOf gives the last line of the canonical request. Services other
// than S3 sign what the body is, so it is read, and put back into r.
func payloadHashOf(r *http.Request, auth *authorization) (string, *wireError) {
	if auth.scope.service != serviceS3 {
		return hashOfBody(r)
	}
	hash := r.Header.Get(hashHeader)
	switch hash {
	case "":
		if auth.presigned {
			return payloadUnsigned, nil
		}
		return "", errInvalidRequest("Missing required header for this request: x-amz-content-sha256")
	case payloadUnsigned, payloadSigned, payloadSignedTrailer, payloadUnsignedTrailer:
		return hash, nil
	}
	if len(hash) != 2*sha256.Size || strings.IndexFunc(hash, func(c rune) bool { return c > 127 || !isHex(byte(c)) }) >= 0 {
		return "", errInvalidArgument("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
			"x-amz-content-sha256", hash)
	}
	return hash, nil
}

// checkSignedHeaders refuses a request that carries x-amz-* headers, or the
// host, outside its signature: whoever relayed it could have added them.
func checkSignedHeaders(r *http.Request, auth *authorization) *wireError {
	if !auth.headers.has("Host") {
		return errAccessDenied("There were headers present in the request which were not signed").
			with("HeadersNotSigned", "host")
	}
	var unsigned []string
	for name := range r.Header {
		if !strings.HasPrefix(name, "X-Amz-") || auth.headers.has(name) {
			continue
		}
		if name == hashHeader && auth.presigned { // a presigned URL may be used with a body hash of its own
			continue
		}
		unsigned = append(unsigned, strings.ToLower(name))
	}
	if len(unsigned) == 0 {
		return nil
	}
	slices.Sort(unsigned)
	return errAccessDenied("There were headers present in the request which were not signed").
		with("HeadersNotSigned", strings.Join(unsigned, ", "))
}

// appendStringToSign builds the text whose HMAC is the request's signature.
func appendStringToSign(dst []byte, date, scope string, canonical []byte) []byte {
	dst = append(dst, algorithm...)
	dst = append(dst, '\n')
	dst = append(dst, date...)
	dst = append(dst, '\n')
	dst = append(dst, scope...)
	dst = append(dst, '\n')
	sum := sha256.Sum256(canonical)
	return hex.AppendEncode(dst, sum[:])
}
