package front

import (
	"crypto/md5"
	"encoding/base64"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// writeAttributes reads what the headers of PutObject, CopyObject and
// CreateMultipartUpload set on the object they make. The checksum is left to
// the caller, as each of the three says it in its own way.
func (x *exchange) writeAttributes() (simulator.WriteAttributes, error) {
	var a simulator.WriteAttributes
	var err error
	a.Metadata = x.metadata()
	if tagging := x.header("X-Amz-Tagging"); tagging != "" {
		tags, serr := simulator.ParseTagging(tagging)
		if serr != nil {
			return a, serr
		}
		a.Tags = tags
	}
	a.StorageClass = simulator.StorageClass(x.header("X-Amz-Storage-Class"))
	if a.Encryption, err = x.encryption(); err != nil {
		return a, err
	}
	if a.ACL, err = x.acl(); err != nil {
		return a, err
	}
	if a.Lock, err = x.lock(); err != nil {
		return a, err
	}
	a.WebsiteRedirect = x.header("X-Amz-Website-Redirect-Location")
	return a, nil
}

// metadata reads the headers that S3 keeps with an object. "aws-chunked" is a
// coding of the request only.
func (x *exchange) metadata() *simulator.Metadata {
	m := &simulator.Metadata{
		ContentType:        x.header("Content-Type"),
		CacheControl:       x.header("Cache-Control"),
		ContentDisposition: x.header("Content-Disposition"),
		ContentEncoding:    withoutAWSChunked(strings.Join(x.r.Header["Content-Encoding"], ",")),
		ContentLanguage:    x.header("Content-Language"),
		Expires:            x.header("Expires"),
	}
	for name, values := range x.r.Header {
		short, ok := strings.CutPrefix(name, "X-Amz-Meta-")
		if !ok {
			continue
		}
		if m.User == nil {
			m.User = make(map[string]string)
		}
		m.User[strings.ToLower(short)] = decodeWord(strings.Join(values, ","))
	}
	return m
}

func withoutAWSChunked(encoding string) string {
	if !strings.Contains(encoding, "aws-chunked") {
		return encoding
	}
	var kept []string
	for one := range strings.SplitSeq(encoding, ",") {
		if one = strings.TrimSpace(one); one != "" && one != "aws-chunked" {
			kept = append(kept, one)
		}
	}
	return strings.Join(kept, ",")
}

// decodeWord undoes RFC 2047, in which clients may send metadata that is not
// ASCII and in which S3 gives it back (S3 User Guide, "Working with object
// metadata", read 2026-11-21).
func decodeWord(value string) string {
	if !strings.Contains(value, "=?") {
		return value
	}
	decoded, err := new(mime.WordDecoder).DecodeHeader(value)
	if err != nil {
		return value
	}
	return decoded
}

// encodeWord writes metadata that is not printable ASCII in RFC 2047.
func encodeWord(value string) string {
	for i := range len(value) {
		if c := value[i]; c < ' ' && c != '\t' || c >= 0x7f {
			return mime.BEncoding.Encode("UTF-8", value)
		}
	}
	return value
}

// encryption reads the encryption headers of a write.
func (x *exchange) encryption() (simulator.EncryptionHeaders, error) {
	e := simulator.EncryptionHeaders{
		Algorithm: x.header("X-Amz-Server-Side-Encryption"),
		KMSKeyID:  x.header("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"),
		Context:   x.header("X-Amz-Server-Side-Encryption-Context"),
	}
	if v := x.header("X-Amz-Server-Side-Encryption-Bucket-Key-Enabled"); v != "" {
		on, err := parseBool(v)
		if err != nil {
			return e, errInvalidArgument("Invalid boolean value", "x-amz-server-side-encryption-bucket-key-enabled", v)
		}
		e.BucketKeyEnabled = &on
	}
	var err error
	e.CustomerAlgorithm, e.CustomerKeyMD5, err = x.customerKey(ownCustomerKey)
	return e, err
}

func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, strconv.ErrSyntax
}

// customerKeyNames are the three headers of SSE-C.
type customerKeyNames struct{ algorithm, key, md5 string }

var (
	ownCustomerKey = customerKeyNames{
		"X-Amz-Server-Side-Encryption-Customer-Algorithm",
		"X-Amz-Server-Side-Encryption-Customer-Key",
		"X-Amz-Server-Side-Encryption-Customer-Key-Md5",
	}
	sourceCustomerKey = customerKeyNames{
		"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Algorithm",
		"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key",
		"X-Amz-Copy-Source-Server-Side-Encryption-Customer-Key-Md5",
	}
)

// customerKey checks the three headers of SSE-C against each other. The key
// itself is not kept, as in S3.
func (x *exchange) customerKey(names customerKeyNames) (algorithm, keyMD5 string, err error) {
	algorithm = x.header(names.algorithm)
	key, sum := x.header(names.key), x.header(names.md5)
	if algorithm == "" && key == "" && sum == "" {
		return "", "", nil
	}
	switch {
	case x.r.TLS == nil && !x.front.config.PlainIsSecure:
		return "", "", errInvalidRequest("Requests specifying Server Side Encryption with Customer provided keys must be made over a secure connection.")
	case algorithm == "":
		return "", "", errInvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.", strings.ToLower(names.algorithm), "null")
	case key == "":
		return "", "", errInvalidArgument("Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.", strings.ToLower(names.key), "null")
	}
	raw, derr := base64.StdEncoding.DecodeString(key)
	if derr != nil || len(raw) != 32 || algorithm != "AES256" {
		return "", "", errInvalidArgument("The secret key was invalid for the specified algorithm.", strings.ToLower(names.key), "null")
	}
	computed := md5.Sum(raw)
	if sum != base64.StdEncoding.EncodeToString(computed[:]) {
		return "", "", errInvalidArgument("The calculated MD5 hash of the key did not match the hash that was provided.", strings.ToLower(names.md5), sum)
	}
	return algorithm, sum, nil
}

// acl reads a canned ACL or explicit grants from the headers.
func (x *exchange) acl() (simulator.ACL, error) {
	a := simulator.ACL{Canned: x.header("X-Amz-Acl")}
	for _, g := range []struct{ header, permission string }{
		{"X-Amz-Grant-Full-Control", "FULL_CONTROL"}, {"X-Amz-Grant-Read", "READ"}, {"X-Amz-Grant-Write", "WRITE"},
		{"X-Amz-Grant-Read-Acp", "READ_ACP"}, {"X-Amz-Grant-Write-Acp", "WRITE_ACP"},
	} {
		value := x.header(g.header)
		if value == "" {
			continue
		}
		for piece := range strings.SplitSeq(value, ",") {
			kind, who, ok := strings.Cut(strings.TrimSpace(piece), "=")
			grant := simulator.Grant{Grantee: strings.Trim(who, `"`), Permission: g.permission}
			switch strings.ToLower(kind) {
			case "id":
				grant.Type = granteeUser
			case "uri":
				grant.Type = granteeGroup
			case "emailaddress":
				grant.Type = granteeEmail
			default:
				ok = false
			}
			if !ok {
				return a, errInvalidArgument("Argument format not recognized", strings.ToLower(g.header), value)
			}
			a.Grants = append(a.Grants, grant)
		}
	}
	if a.Canned != "" && len(a.Grants) > 0 {
		return a, errInvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
	}
	return a, nil
}

// lock reads the object-lock headers of a write.
func (x *exchange) lock() (simulator.Lock, error) {
	l := simulator.Lock{
		Mode:      x.header("X-Amz-Object-Lock-Mode"),
		LegalHold: x.header("X-Amz-Object-Lock-Legal-Hold"),
		EventHold: x.header("X-Amz-Object-Lock-Event-Hold"),
	}
	if until := x.header("X-Amz-Object-Lock-Retain-Until-Date"); until != "" {
		t, err := time.Parse(time.RFC3339, until)
		if err != nil {
			return l, errInvalidArgument("The retain until date must be provided in ISO 8601 format", "x-amz-object-lock-retain-until-date", until)
		}
		l.RetainUntil = t
	}
	if days := x.header("X-Amz-Object-Lock-Event-Hold-Duration-Days"); days != "" {
		l.EventHoldDuration = days + "d"
	} else if years := x.header("X-Amz-Object-Lock-Event-Hold-Duration-Years"); years != "" {
		l.EventHoldDuration = years + "y"
	}
	return l, nil
}

func (x *exchange) writeConditions() simulator.WriteConditions {
	return simulator.WriteConditions{IfMatch: x.header("If-Match"), IfNoneMatch: x.header("If-None-Match")}
}

// readConditions reads the conditions on a source object; prefix is empty or
// "X-Amz-Copy-Source-". A date that cannot be read counts as not sent, as HTTP
// wants it.
func (x *exchange) readConditions(prefix string) simulator.ReadConditions {
	c := simulator.ReadConditions{IfMatch: x.header(prefix + "If-Match"), IfNoneMatch: x.header(prefix + "If-None-Match")}
	if v := x.header(prefix + "If-Modified-Since"); v != "" {
		c.IfModifiedSince, _ = http.ParseTime(v)
	}
	if v := x.header(prefix + "If-Unmodified-Since"); v != "" {
		c.IfUnmodifiedSince, _ = http.ParseTime(v)
	}
	return c
}

// copySource reads x-amz-copy-source: "bucket/key" with an optional slash in
// front and "?versionId=" behind, percent-encoded. A bare plus sign is a space,
// as clients of S3 have found out (aws/aws-cli issue 614, aws/aws-sdk-js issue
// 1821).
func (x *exchange) copySource() (simulator.CopySource, error) {
	raw := x.header("X-Amz-Copy-Source")
	bad := func(message string) (simulator.CopySource, error) {
		return simulator.CopySource{}, errInvalidArgument(message, "x-amz-copy-source", raw)
	}
	path, version, hasVersion := strings.Cut(raw, "?versionId=")
	path = strings.TrimPrefix(path, "/")
	if strings.HasPrefix(path, "arn:") {
		return simulator.CopySource{}, errNotImplemented("copy from an access point")
	}
	path, err := unescape(path, true)
	if err != nil {
		return bad("The x-amz-copy-source header must be URL encoded")
	}
	bucket, key, ok := strings.Cut(path, "/")
	if !ok || bucket == "" || key == "" {
		return bad("Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
	}
	if version, err = unescape(version, true); err != nil || hasVersion && version == "" {
		return bad("Version id cannot be the empty string")
	}
	source := simulator.CopySource{
		Bucket:        bucket,
		Key:           key,
		VersionID:     version,
		Sent:          raw,
		ExpectedOwner: x.header("X-Amz-Source-Expected-Bucket-Owner"),
		Conditions:    x.readConditions("X-Amz-Copy-Source-"),
	}
	_, source.CustomerKeyMD5, err = x.customerKey(sourceCustomerKey)
	return source, err
}
