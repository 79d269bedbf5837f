package s3api

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

// copyOutput reads the answer of status 200 to a CopyObject. It returns nil for
// every answer that it cannot be sure of, which the SDK is then to read: an
// error under a 200, no body, XML of another form than S3's.
func copyOutput(h http.Header, body []byte) *s3.CopyObjectOutput {
	result := copyResult(body)
	if result == nil {
		return nil
	}
	out := &s3.CopyObjectOutput{CopyObjectResult: result}
	for name, values := range h {
		v := &values[0]
		*v = strings.TrimSpace(*v)
		switch name {
		case "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled":
			is, err := strconv.ParseBool(*v)
			if err != nil {
				return nil
			}
			out.BucketKeyEnabled = &is
		case "X-Amz-Copy-Source-Version-Id":
			out.CopySourceVersionId = v
		case "X-Amz-Expiration":
			out.Expiration = v
		case "X-Amz-Request-Charged":
			out.RequestCharged = types.RequestCharged(*v)
		case "X-Amz-Server-Side-Encryption":
			out.ServerSideEncryption = types.ServerSideEncryption(*v)
		case "X-Amz-Server-Side-Encryption-Customer-Algorithm":
			out.SSECustomerAlgorithm = v
		case "X-Amz-Server-Side-Encryption-Customer-Key-Md5":
			out.SSECustomerKeyMD5 = v
		case "X-Amz-Server-Side-Encryption-Context":
			out.SSEKMSEncryptionContext = v
		case "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
			out.SSEKMSKeyId = v
		case "X-Amz-Version-Id":
			out.VersionId = v
		case "X-Amz-Request-Id":
			awsmiddleware.SetRequestIDMetadata(&out.ResultMetadata, *v)
		}
	}
	return out
}

// The only forms in which copyResult takes the frame of an answer.
const (
	xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`
	xmlNamespace   = ` xmlns="http://s3.amazonaws.com/doc/2006-03-01/"`
	xmlSpace       = " \t\r\n"
)

// copyResult reads a body that is a CopyObjectResult of plain text elements and
// nothing else; nil for any other.
func copyResult(b []byte) *types.CopyObjectResult {
	rest := bytes.TrimLeft(b, xmlSpace) // S3 sends white space while it copies
	if len(rest) == len(b) {
		rest, _ = bytes.CutPrefix(rest, []byte(xmlDeclaration)) // is at the very start or an error
	}
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(rest, xmlSpace), []byte("<CopyObjectResult"))
	if !ok {
		return nil
	}
	rest, _ = bytes.CutPrefix(rest, []byte(xmlNamespace))
	if rest, ok = bytes.CutPrefix(rest, []byte(">")); !ok {
		return nil
	}
	var out types.CopyObjectResult
	for {
		rest = bytes.TrimLeft(rest, xmlSpace)
		if end, ok := bytes.CutPrefix(rest, []byte("</CopyObjectResult>")); ok {
			if len(bytes.TrimLeft(end, xmlSpace)) > 0 {
				return nil
			}
			return &out
		}
		name, text, more, ok := element(rest)
		if !ok || !setResult(&out, name, text) {
			return nil
		}
		rest = more
	}
}

// element splits <name>text</name> off b. Text is printable ASCII; of the
// entities only &quot; is understood, which S3 writes round ETags.
func element(b []byte) (name []byte, text string, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '<' {
		return nil, "", nil, false
	}
	end := bytes.IndexByte(b, '>')
	if end < 2 {
		return nil, "", nil, false
	}
	name, b = b[1:end], b[end+1:]
	end = bytes.IndexByte(b, '<')
	if end < 0 {
		return nil, "", nil, false
	}
	raw := b[:end]
	for _, c := range raw {
		if c < ' ' || c > '~' || c == '>' {
			return nil, "", nil, false
		}
	}
	text = string(raw)
	if strings.IndexByte(text, '&') >= 0 {
		text = strings.ReplaceAll(text, "&quot;", `"`)
		if strings.IndexByte(text, '&') >= 0 {
			return nil, "", nil, false
		}
	}
	b, opened := bytes.CutPrefix(b[end:], []byte("</"))
	b, named := bytes.CutPrefix(b, name)
	b, closed := bytes.CutPrefix(b, []byte(">"))
	return name, text, b, opened && named && closed
}

// setResult sets what an element says, and tells whether it knows it. An element
// without text, and one that comes twice, is for the SDK.
func setResult(out *types.CopyObjectResult, name []byte, text string) bool {
	if text == "" {
		return false
	}
	var to **string
	switch string(name) {
	case "ETag":
		to = &out.ETag
	case "LastModified":
		t, err := smithytime.ParseDateTime(text)
		if err != nil || out.LastModified != nil {
			return false
		}
		out.LastModified = &t
		return true
	case "ChecksumType":
		known := out.ChecksumType == ""
		out.ChecksumType = types.ChecksumType(text)
		return known
	case "ChecksumCRC32":
		to = &out.ChecksumCRC32
	case "ChecksumCRC32C":
		to = &out.ChecksumCRC32C
	case "ChecksumCRC64NVME":
		to = &out.ChecksumCRC64NVME
	case "ChecksumSHA1":
		to = &out.ChecksumSHA1
	case "ChecksumSHA256":
		to = &out.ChecksumSHA256
	default:
		return false
	}
	if *to != nil {
		return false
	}
	*to = &text
	return true
}

// headOutput reads the answer of status 200 to a HeadObject; nil where the SDK
// is to read it.
func headOutput(h http.Header) *s3.HeadObjectOutput {
	out := &s3.HeadObjectOutput{}
	ok := true
	for name, values := range h {
		raw := values[0]
		v := &values[0]
		*v = strings.TrimSpace(*v)
		switch name {
		case "Accept-Ranges":
			out.AcceptRanges = v
		case "X-Amz-Archive-Status":
			out.ArchiveStatus = types.ArchiveStatus(*v)
		case "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled":
			out.BucketKeyEnabled = parsedBool(*v, &ok)
		case "Cache-Control":
			out.CacheControl = v
		case "X-Amz-Checksum-Crc32":
			out.ChecksumCRC32 = v
		case "X-Amz-Checksum-Crc32c":
			out.ChecksumCRC32C = v
		case "X-Amz-Checksum-Crc64nvme":
			out.ChecksumCRC64NVME = v
		case "X-Amz-Checksum-Md5":
			out.ChecksumMD5 = v
		case "X-Amz-Checksum-Sha1":
			out.ChecksumSHA1 = v
		case "X-Amz-Checksum-Sha256":
			out.ChecksumSHA256 = v
		case "X-Amz-Checksum-Sha512":
			out.ChecksumSHA512 = v
		case "X-Amz-Checksum-Type":
			out.ChecksumType = types.ChecksumType(*v)
		case "X-Amz-Checksum-Xxhash128":
			out.ChecksumXXHASH128 = v
		case "X-Amz-Checksum-Xxhash3":
			out.ChecksumXXHASH3 = v
		case "X-Amz-Checksum-Xxhash64":
			out.ChecksumXXHASH64 = v
		case "Content-Disposition":
			out.ContentDisposition = v
		case "Content-Encoding":
			out.ContentEncoding = v
		case "Content-Language":
			out.ContentLanguage = v
		case "Content-Length":
			n, err := strconv.ParseInt(*v, 0, 64)
			out.ContentLength = &n
			ok = ok && err == nil
		case "Content-Range":
			out.ContentRange = v
		case "Content-Type":
			out.ContentType = v
		case "X-Amz-Delete-Marker":
			out.DeleteMarker = parsedBool(*v, &ok)
		case "Etag":
			out.ETag = v
		case "X-Amz-Expiration":
			out.Expiration = v
		case "Expires":
			out.ExpiresString = v
			if t, err := smithytime.ParseHTTPDate(raw); err == nil { // many are no dates
				//lint:ignore SA1019 the SDK fills it, too, and the answers are compared as a whole
				out.Expires = &t
			}
		case "Last-Modified":
			t, err := smithytime.ParseHTTPDate(*v)
			out.LastModified = &t
			ok = ok && err == nil
		case "X-Amz-Missing-Meta":
			out.MissingMeta = parsedInt(*v, &ok)
		case "X-Amz-Object-Lock-Event-Hold":
			out.ObjectLockEventHold = types.ObjectLockEventHold(*v)
		case "X-Amz-Object-Lock-Event-Hold-Duration-Days":
			out.ObjectLockEventHoldDurationDays = parsedInt(*v, &ok)
		case "X-Amz-Object-Lock-Event-Hold-Duration-Years":
			out.ObjectLockEventHoldDurationYears = parsedInt(*v, &ok)
		case "X-Amz-Object-Lock-Legal-Hold":
			out.ObjectLockLegalHoldStatus = types.ObjectLockLegalHoldStatus(*v)
		case "X-Amz-Object-Lock-Mode":
			out.ObjectLockMode = types.ObjectLockMode(*v)
		case "X-Amz-Object-Lock-Retain-Until-Date":
			t, err := smithytime.ParseDateTime(*v)
			out.ObjectLockRetainUntilDate = &t
			ok = ok && err == nil
		case "X-Amz-Mp-Parts-Count":
			out.PartsCount = parsedInt(*v, &ok)
		case "X-Amz-Replication-Status":
			out.ReplicationStatus = types.ReplicationStatus(*v)
		case "X-Amz-Request-Charged":
			out.RequestCharged = types.RequestCharged(*v)
		case "X-Amz-Restore":
			out.Restore = v
		case "X-Amz-Server-Side-Encryption":
			out.ServerSideEncryption = types.ServerSideEncryption(*v)
		case "X-Amz-Server-Side-Encryption-Customer-Algorithm":
			out.SSECustomerAlgorithm = v
		case "X-Amz-Server-Side-Encryption-Customer-Key-Md5":
			out.SSECustomerKeyMD5 = v
		case "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
			out.SSEKMSKeyId = v
		case "X-Amz-Storage-Class":
			out.StorageClass = types.StorageClass(*v)
		case "X-Amz-Tagging-Count":
			out.TagCount = parsedInt(*v, &ok)
		case "X-Amz-Version-Id":
			out.VersionId = v
		case "X-Amz-Website-Redirect-Location":
			out.WebsiteRedirectLocation = v
		case "X-Amz-Request-Id":
			awsmiddleware.SetRequestIDMetadata(&out.ResultMetadata, *v)
		default:
			const meta = "x-amz-meta-"
			if len(name) >= len(meta) && strings.EqualFold(name[:len(meta)], meta) {
				if out.Metadata == nil {
					out.Metadata = map[string]string{}
				}
				out.Metadata[strings.ToLower(name[len(meta):])] = *v
			}
		}
	}
	if !ok {
		return nil
	}
	return out
}

// parsedInt reads a number as the SDK does; ok becomes false where it is none.
func parsedInt(s string, ok *bool) *int32 {
	n, err := strconv.ParseInt(s, 0, 32)
	*ok = *ok && err == nil
	out := int32(n)
	return &out
}

// parsedBool reads a truth value as the SDK does; ok becomes false where it is none.
func parsedBool(s string, ok *bool) *bool {
	is, err := strconv.ParseBool(s)
	*ok = *ok && err == nil
	return &is
}
