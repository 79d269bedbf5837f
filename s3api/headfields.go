package s3api

import (
	"strconv"
	"strings"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithytime "github.com/aws/smithy-go/time"

	"reseal/internal/http1"
)

type headAnswer = s3.HeadObjectOutput

// headField takes the value v of one header: without white space around it, and raw as
// it was sent. It returns false where the SDK is to read the answer. The answer shares
// memory with v.
type headField func(o *headAnswer, v *string, raw string) bool

// headFields are the headers of an answer to HeadObject that the SDK reads, but for the
// user's metadata.
var headFields = map[string]headField{
	"Accept-Ranges":                   textField(func(o *headAnswer) **string { return &o.AcceptRanges }),
	"Cache-Control":                   textField(func(o *headAnswer) **string { return &o.CacheControl }),
	"Content-Disposition":             textField(func(o *headAnswer) **string { return &o.ContentDisposition }),
	"Content-Encoding":                textField(func(o *headAnswer) **string { return &o.ContentEncoding }),
	"Content-Language":                textField(func(o *headAnswer) **string { return &o.ContentLanguage }),
	"Content-Length":                  contentLength,
	"Content-Range":                   textField(func(o *headAnswer) **string { return &o.ContentRange }),
	"Content-Type":                    textField(func(o *headAnswer) **string { return &o.ContentType }),
	"Etag":                            textField(func(o *headAnswer) **string { return &o.ETag }),
	"Expires":                         expires,
	"Last-Modified":                   lastModified,
	"X-Amz-Archive-Status":            wordField(func(o *headAnswer) *types.ArchiveStatus { return &o.ArchiveStatus }),
	"X-Amz-Checksum-Crc32":            textField(func(o *headAnswer) **string { return &o.ChecksumCRC32 }),
	"X-Amz-Checksum-Crc32c":           textField(func(o *headAnswer) **string { return &o.ChecksumCRC32C }),
	"X-Amz-Checksum-Crc64nvme":        textField(func(o *headAnswer) **string { return &o.ChecksumCRC64NVME }),
	"X-Amz-Checksum-Md5":              textField(func(o *headAnswer) **string { return &o.ChecksumMD5 }),
	"X-Amz-Checksum-Sha1":             textField(func(o *headAnswer) **string { return &o.ChecksumSHA1 }),
	"X-Amz-Checksum-Sha256":           textField(func(o *headAnswer) **string { return &o.ChecksumSHA256 }),
	"X-Amz-Checksum-Sha512":           textField(func(o *headAnswer) **string { return &o.ChecksumSHA512 }),
	"X-Amz-Checksum-Type":             wordField(func(o *headAnswer) *types.ChecksumType { return &o.ChecksumType }),
	"X-Amz-Checksum-Xxhash128":        textField(func(o *headAnswer) **string { return &o.ChecksumXXHASH128 }),
	"X-Amz-Checksum-Xxhash3":          textField(func(o *headAnswer) **string { return &o.ChecksumXXHASH3 }),
	"X-Amz-Checksum-Xxhash64":         textField(func(o *headAnswer) **string { return &o.ChecksumXXHASH64 }),
	"X-Amz-Delete-Marker":             boolField(func(o *headAnswer) **bool { return &o.DeleteMarker }),
	"X-Amz-Expiration":                textField(func(o *headAnswer) **string { return &o.Expiration }),
	"X-Amz-Missing-Meta":              intField(func(o *headAnswer) **int32 { return &o.MissingMeta }),
	"X-Amz-Mp-Parts-Count":            intField(func(o *headAnswer) **int32 { return &o.PartsCount }),
	"X-Amz-Replication-Status":        wordField(func(o *headAnswer) *types.ReplicationStatus { return &o.ReplicationStatus }),
	"X-Amz-Request-Charged":           wordField(func(o *headAnswer) *types.RequestCharged { return &o.RequestCharged }),
	"X-Amz-Request-Id":                answeredID,
	"X-Amz-Restore":                   textField(func(o *headAnswer) **string { return &o.Restore }),
	"X-Amz-Storage-Class":             wordField(func(o *headAnswer) *types.StorageClass { return &o.StorageClass }),
	"X-Amz-Tagging-Count":             intField(func(o *headAnswer) **int32 { return &o.TagCount }),
	"X-Amz-Version-Id":                textField(func(o *headAnswer) **string { return &o.VersionId }),
	"X-Amz-Website-Redirect-Location": textField(func(o *headAnswer) **string { return &o.WebsiteRedirectLocation }),

	"X-Amz-Object-Lock-Event-Hold":                wordField(func(o *headAnswer) *types.ObjectLockEventHold { return &o.ObjectLockEventHold }),
	"X-Amz-Object-Lock-Event-Hold-Duration-Days":  intField(func(o *headAnswer) **int32 { return &o.ObjectLockEventHoldDurationDays }),
	"X-Amz-Object-Lock-Event-Hold-Duration-Years": intField(func(o *headAnswer) **int32 { return &o.ObjectLockEventHoldDurationYears }),
	"X-Amz-Object-Lock-Legal-Hold":                wordField(func(o *headAnswer) *types.ObjectLockLegalHoldStatus { return &o.ObjectLockLegalHoldStatus }),
	"X-Amz-Object-Lock-Mode":                      wordField(func(o *headAnswer) *types.ObjectLockMode { return &o.ObjectLockMode }),
	"X-Amz-Object-Lock-Retain-Until-Date":         retainUntil,

	"X-Amz-Server-Side-Encryption":                    wordField(func(o *headAnswer) *types.ServerSideEncryption { return &o.ServerSideEncryption }),
	"X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id":     textField(func(o *headAnswer) **string { return &o.SSEKMSKeyId }),
	"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": boolField(func(o *headAnswer) **bool { return &o.BucketKeyEnabled }),
	"X-Amz-Server-Side-Encryption-Customer-Algorithm": textField(func(o *headAnswer) **string { return &o.SSECustomerAlgorithm }),
	"X-Amz-Server-Side-Encryption-Customer-Key-Md5":   textField(func(o *headAnswer) **string { return &o.SSECustomerKeyMD5 }),
}

// headOutput reads the answer of status 200 to a HeadObject; nil where the SDK
// is to read it.
func headOutput(header []http1.Field) *headAnswer {
	out := &headAnswer{}
	values := make([]string, len(header))
	for i := range header {
		v := &values[i]
		*v = strings.TrimSpace(header[i].Value)
		take, known := headFields[header[i].Name]
		switch {
		case !known:
			userMetadata(out, header[i].Name, *v)
		case !take(out, v, header[i].Value):
			return nil
		}
	}
	return out
}

// userMetadata takes a header of the user's metadata, and passes over any other.
func userMetadata(o *headAnswer, name, value string) {
	const prefix = "x-amz-meta-"
	if len(name) < len(prefix) || !strings.EqualFold(name[:len(prefix)], prefix) {
		return
	}
	if o.Metadata == nil {
		o.Metadata = map[string]string{}
	}
	o.Metadata[strings.ToLower(name[len(prefix):])] = value
}

// textField is a header of which everything is text.
func textField(of func(*headAnswer) **string) headField {
	return func(o *headAnswer, v *string, _ string) bool {
		*of(o) = v
		return true
	}
}

// wordField is a header with one of a few words. The SDK takes any.
func wordField[T ~string](of func(*headAnswer) *T) headField {
	return func(o *headAnswer, v *string, _ string) bool {
		*of(o) = T(*v)
		return true
	}
}

// intField is a header with a number, read as the SDK reads it.
func intField(of func(*headAnswer) **int32) headField {
	return func(o *headAnswer, v *string, _ string) bool {
		n, err := strconv.ParseInt(*v, 0, 32)
		n32 := int32(n)
		*of(o) = &n32
		return err == nil
	}
}

// boolField is a header with a truth value, read as the SDK reads it.
func boolField(of func(*headAnswer) **bool) headField {
	return func(o *headAnswer, v *string, _ string) bool {
		is, err := strconv.ParseBool(*v)
		*of(o) = &is
		return err == nil
	}
}

func contentLength(o *headAnswer, v *string, _ string) bool {
	n, err := strconv.ParseInt(*v, 0, 64)
	o.ContentLength = &n
	return err == nil
}

// expires takes a header that often is no date.
func expires(o *headAnswer, v *string, raw string) bool {
	o.ExpiresString = v
	if t, err := smithytime.ParseHTTPDate(raw); err == nil {
		//lint:ignore SA1019 the SDK fills it, too, and the answers are compared as a whole
		o.Expires = &t
	}
	return true
}

func lastModified(o *headAnswer, v *string, _ string) bool {
	t, err := smithytime.ParseHTTPDate(*v)
	o.LastModified = &t
	return err == nil
}

func retainUntil(o *headAnswer, v *string, _ string) bool {
	t, err := smithytime.ParseDateTime(*v)
	o.ObjectLockRetainUntilDate = &t
	return err == nil
}

func answeredID(o *headAnswer, v *string, _ string) bool {
	awsmiddleware.SetRequestIDMetadata(&o.ResultMetadata, *v)
	return true
}
