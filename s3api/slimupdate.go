package s3api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"

	"reseal/plan"
)

// order is the body of an UpdateObjectEncryption. All updates of a run have the
// same, so that it is made and hashed once.
type order struct {
	key       string // KMS key ARN
	bucketKey bool

	text   string
	length string
	sha256 string // in hex
	crc32  string // in base64
}

// orderFor returns the body that asks for a key; nil where the SDK has to make
// it, as the key has characters that XML escapes.
func (s *slim) orderFor(key string, bucketKey bool) *order {
	if o := s.order.Load(); o != nil && o.key == key && o.bucketKey == bucketKey {
		return o
	}
	for i := range len(key) {
		if c := key[i]; !unreserved(c) && c != ':' && c != '/' {
			return nil
		}
	}
	text := "<ObjectEncryption" + xmlNamespace + "><SSE-KMS><BucketKeyEnabled>" + strconv.FormatBool(bucketKey) +
		"</BucketKeyEnabled><KMSKeyArn>" + key + "</KMSKeyArn></SSE-KMS></ObjectEncryption>"
	hash := sha256.Sum256([]byte(text))
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(text)))
	o := &order{key: key, bucketKey: bucketKey, text: text, length: strconv.Itoa(len(text)),
		sha256: hex.EncodeToString(hash[:]), crc32: base64.StdEncoding.EncodeToString(sum)}
	s.order.Store(o)
	return o
}

// update fills m with an UpdateObjectEncryption, its headers in the order of
// their names.
func (m *message) update(in *s3.UpdateObjectEncryptionInput, o *order) {
	m.body, m.hash = o.text, o.sha256
	m.add("Accept-Encoding", "accept-encoding", "identity")
	m.add("Content-Length", fieldLength, o.length)
	m.add("Content-Type", "content-type", "application/xml")
	m.late("", fieldHost)
	m.add("X-Amz-Checksum-Crc32", "x-amz-checksum-crc32", o.crc32)
	m.add("X-Amz-Content-Sha256", "x-amz-content-sha256", o.sha256)
	m.late("X-Amz-Date", fieldDate)
	m.point("X-Amz-Expected-Bucket-Owner", "x-amz-expected-bucket-owner", in.ExpectedBucketOwner)
	m.add("X-Amz-Request-Payer", "x-amz-request-payer", string(in.RequestPayer))
	m.late("X-Amz-Security-Token", fieldAuth)
}

// unusualUpdate tells whether in has members that update does not know.
func unusualUpdate(in *s3.UpdateObjectEncryptionInput) bool {
	return in.ChecksumAlgorithm != "" || in.ContentMD5 != nil
}

// UpdateObjectEncryption is the SDK's.
func (s *slim) UpdateObjectEncryption(ctx context.Context, in *s3.UpdateObjectEncryptionInput, options ...func(*s3.Options)) (*s3.UpdateObjectEncryptionOutput, error) {
	var o *order
	if wanted, ok := in.ObjectEncryption.(*types.ObjectEncryptionMemberSSEKMS); ok && wanted.Value.KMSKeyArn != nil && wanted.Value.BucketKeyEnabled != nil {
		o = s.orderFor(*wanted.Value.KMSKeyArn, *wanted.Value.BucketKeyEnabled)
	}
	if o == nil || len(options) > 0 || in.Key == nil || *in.Key == "" || unusualUpdate(in) {
		return s.sdk.UpdateObjectEncryption(ctx, in, options...)
	}
	m := takeMessage()
	defer m.release()
	m.update(in, o)
	query := "encryption="
	if in.VersionId != nil {
		query += "&versionId=" + escaped(*in.VersionId, "")
	}
	if err := s.do(ctx, m, plan.StepUpdate, *in.Key, query); err != nil {
		return nil, err
	}
	got := &m.got
	if got.Err == nil && got.Status == http.StatusOK && got.Body == "" {
		out := &s3.UpdateObjectEncryptionOutput{RequestCharged: types.RequestCharged(got.Get("X-Amz-Request-Charged"))}
		if id := got.Get("X-Amz-Request-Id"); id != "" {
			awsmiddleware.SetRequestIDMetadata(&out.ResultMetadata, id)
		}
		return out, nil
	}
	return s.sdk.UpdateObjectEncryption(context.WithoutCancel(ctx), in, replay(got))
}
