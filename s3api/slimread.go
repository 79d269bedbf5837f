package s3api

import (
	"strconv"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"
)

// copyOutput reads the answer of status 200 to a CopyObject. It returns nil for
// every answer that it cannot be sure of, which the SDK is then to read: an
// error under a 200, no body, XML of another form than S3's.
func copyOutput(header []pair, body string) *s3.CopyObjectOutput {
	var a struct { // one piece of memory for all that is handed out
		out    s3.CopyObjectOutput
		result types.CopyObjectResult
		said   [6]string // by the result
		at     time.Time
		texts  [7]string // by the headers
		is     bool
	}
	answer := &a
	if !copyResult(&answer.result, answer.said[:0], &answer.at, body) {
		return nil
	}
	out := &answer.out
	out.CopyObjectResult = &answer.result
	texts := answer.texts[:0]
	text := func(v string) *string {
		texts = append(texts, v) // no name comes twice, so there is room
		return &texts[len(texts)-1]
	}
	for i := range header {
		v := strings.TrimSpace(header[i].value)
		switch header[i].name {
		case "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled":
			var err error
			if answer.is, err = strconv.ParseBool(v); err != nil {
				return nil
			}
			out.BucketKeyEnabled = &answer.is
		case "X-Amz-Copy-Source-Version-Id":
			out.CopySourceVersionId = text(v)
		case "X-Amz-Expiration":
			out.Expiration = text(v)
		case "X-Amz-Request-Charged":
			out.RequestCharged = types.RequestCharged(v)
		case "X-Amz-Server-Side-Encryption":
			out.ServerSideEncryption = types.ServerSideEncryption(v)
		case "X-Amz-Server-Side-Encryption-Customer-Algorithm":
			out.SSECustomerAlgorithm = text(v)
		case "X-Amz-Server-Side-Encryption-Customer-Key-Md5":
			out.SSECustomerKeyMD5 = text(v)
		case "X-Amz-Server-Side-Encryption-Context":
			out.SSEKMSEncryptionContext = text(v)
		case "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":
			out.SSEKMSKeyId = text(v)
		case "X-Amz-Version-Id":
			out.VersionId = text(v)
		case "X-Amz-Request-Id":
			awsmiddleware.SetRequestIDMetadata(&out.ResultMetadata, v)
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
// nothing else; false for any other. What out points to then is in room and at.
func copyResult(out *types.CopyObjectResult, room []string, at *time.Time, b string) bool {
	rest := strings.TrimLeft(b, xmlSpace) // S3 sends white space while it copies
	if len(rest) == len(b) {
		rest, _ = strings.CutPrefix(rest, xmlDeclaration) // is at the very start or an error
	}
	rest, ok := strings.CutPrefix(strings.TrimLeft(rest, xmlSpace), "<CopyObjectResult")
	if !ok {
		return false
	}
	rest, _ = strings.CutPrefix(rest, xmlNamespace)
	if rest, ok = strings.CutPrefix(rest, ">"); !ok {
		return false
	}
	for {
		rest = strings.TrimLeft(rest, xmlSpace)
		if end, ok := strings.CutPrefix(rest, "</CopyObjectResult>"); ok {
			return len(strings.TrimLeft(end, xmlSpace)) == 0
		}
		name, text, more, ok := element(rest)
		if !ok || !setResult(out, &room, at, name, text) {
			return false
		}
		rest = more
	}
}

// element splits <name>text</name> off b. Text is printable ASCII; of the
// entities only &quot; is understood, which S3 writes round ETags.
func element(b string) (name, text, rest string, ok bool) {
	if len(b) == 0 || b[0] != '<' {
		return "", "", "", false
	}
	end := strings.IndexByte(b, '>')
	if end < 2 {
		return "", "", "", false
	}
	name, b = b[1:end], b[end+1:]
	end = strings.IndexByte(b, '<')
	if end < 0 {
		return "", "", "", false
	}
	text = b[:end]
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '>' {
			return "", "", "", false
		}
	}
	if strings.IndexByte(text, '&') >= 0 {
		text = strings.ReplaceAll(text, "&quot;", `"`)
		if strings.IndexByte(text, '&') >= 0 {
			return "", "", "", false
		}
	}
	b, opened := strings.CutPrefix(b[end:], "</")
	b, named := strings.CutPrefix(b, name)
	b, closed := strings.CutPrefix(b, ">")
	return name, text, b, opened && named && closed
}

// setResult sets what an element says, and tells whether it knows it. An element
// without text, and one that comes twice, is for the SDK.
func setResult(out *types.CopyObjectResult, room *[]string, at *time.Time, name, text string) bool {
	if text == "" {
		return false
	}
	var to **string
	switch name {
	case "ETag":
		to = &out.ETag
	case "LastModified":
		t, err := smithytime.ParseDateTime(text)
		if err != nil || out.LastModified != nil {
			return false
		}
		*at = t
		out.LastModified = at
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
	*room = append(*room, text) // for each name there is room once
	*to = &(*room)[len(*room)-1]
	return true
}

// headOutput reads the answer of status 200 to a HeadObject; nil where the SDK
// is to read it.
func headOutput(header []pair) *s3.HeadObjectOutput {
	out := &s3.HeadObjectOutput{}
	ok := true
	texts := make([]string, len(header))
	for i := range header {
		name, raw := header[i].name, header[i].value
		v := &texts[i]
		*v = strings.TrimSpace(raw)
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
