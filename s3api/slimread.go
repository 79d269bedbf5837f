package s3api

import (
	"strconv"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"

	"reseal/internal/http1"
)

// copyOutput reads the answer of status 200 to a CopyObject. It returns nil for
// every answer that it cannot be sure of, which the SDK is then to read: an
// error under a 200, no body, XML of another form than S3's.
func copyOutput(header []http1.Field, body string) *s3.CopyObjectOutput {
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
		v := strings.TrimSpace(header[i].Value)
		switch header[i].Name {
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
