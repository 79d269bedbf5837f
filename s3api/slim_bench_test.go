package s3api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/http1"
)

// cannedCopy is S3's answer to a copy.
var cannedCopy = fmt.Sprintf("HTTP/1.1 200 OK\r\nx-amz-id-2: %s=\r\nx-amz-request-id: 4A9C2E7B5D1F8036\r\nDate: Fri, 20 Nov 2026 01:00:00 GMT\r\n"+
	"x-amz-server-side-encryption: aws:kms\r\nx-amz-server-side-encryption-aws-kms-key-id: %s\r\nx-amz-server-side-encryption-bucket-key-enabled: true\r\n"+
	"Content-Type: application/xml\r\nServer: AmazonS3\r\nContent-Length: %d\r\n\r\n%s", strings.Repeat("Kq3", 25), keyARN, len(okCopy), okCopy)

// aCopy is an input with all that a copy of an ordinary object has.
func aCopy() *s3.CopyObjectInput {
	name, key, source, arn, on := bucket, "a/long/enough/key.jpg", bucket+"/a/long/enough/key.jpg", keyARN, true
	return &s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source, CopySourceIfMatch: quoted(etag), IfMatch: quoted(etag),
		MetadataDirective: types.MetadataDirectiveCopy, TaggingDirective: types.TaggingDirectiveCopy, StorageClass: types.StorageClassStandardIa,
		ServerSideEncryption: types.ServerSideEncryptionAwsKms, SSEKMSKeyId: &arn, BucketKeyEnabled: &on}
}

// anUpdate is an input with all that an update has.
func anUpdate() *s3.UpdateObjectEncryptionInput {
	name, key, version, arn, on := bucket, "a/long/enough/key.jpg", "3/L4kqtJlcpXroDTDmJ+rmSpXd3dIbrHY", keyARN, true
	return &s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &key, VersionId: &version,
		ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: &arn, BucketKeyEnabled: &on}}}
}

// BenchmarkCopyObject sends a copy over loopback, one at a time, by the slim path
// over connections of its own, by it over net/http, and by the SDK's client. The
// server's time, some microseconds, is in it: compare with benchstat -col /via.
func BenchmarkCopyObject(b *testing.B) {
	in := aCopy()
	benchmarkPaths(b, cannedCopy, "\r\n\r\n", func(o objects) error { _, err := o.CopyObject(context.Background(), in); return err })
}

// BenchmarkUpdateObjectEncryption is the same for updates.
func BenchmarkUpdateObjectEncryption(b *testing.B) {
	in := anUpdate()
	const answer = "HTTP/1.1 200 OK\r\nx-amz-id-2: Kq3Kq3Kq3Kq3Kq3Kq3=\r\nx-amz-request-id: 4A9C2E7B5D1F8036\r\nDate: Fri, 20 Nov 2026 01:00:00 GMT\r\nServer: AmazonS3\r\nContent-Length: 0\r\n\r\n"
	benchmarkPaths(b, answer, "</ObjectEncryption>", func(o objects) error {
		_, err := o.UpdateObjectEncryption(context.Background(), in)
		return err
	})
}

// benchmarkPaths sends requests, of which each ends in end, by every path.
func benchmarkPaths(b *testing.B, canned, end string, send func(objects) error) {
	answer := []byte(canned)
	address := answering(b, func(c net.Conn, in *bufio.Reader) {
		for room, n := make([]byte, 16<<10), 0; ; {
			got, err := in.Read(room[n:])
			if err != nil {
				return
			}
			if n += got; !bytes.HasSuffix(room[:n], []byte(end)) {
				continue // the SDK writes head and body apart
			}
			n = 0
			if _, err := c.Write(answer); err != nil {
				return
			}
		}
	})
	creds := aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", SessionToken: strings.Repeat("t", 900)}
	transport := newTransport(4).GetTransport()
	transport.Proxy = nil
	b.Cleanup(transport.CloseIdleConnections)
	sdk, s := lab(b, "eu-west-1", "http://"+address, creds, transport.RoundTrip)
	own := overHTTP1(b, transport, address)
	for _, bb := range []struct {
		via string
		o   objects
		w   *http1.Client
	}{{"http1", s, own}, {"net-http", s, nil}, {"sdk", sdk, nil}} {
		b.Run("via="+bb.via, func(b *testing.B) {
			s.http1 = bb.w
			b.ReportAllocs()
			for b.Loop() {
				if err := send(bb.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRequest makes and signs a copy, without sending it. Budget: 5 us.
func BenchmarkRequest(b *testing.B) {
	_, s := lab(b, "eu-west-1", "", aws.Credentials{}, nil)
	creds := aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S", SessionToken: strings.Repeat("t", 900)}
	in := aCopy()
	b.ReportAllocs()
	for b.Loop() {
		m := takeMessage()
		m.copy(in)
		path := s.prefix + escaped(*in.Key, "/")
		authorization := s.signer.authorize(m, &creds, stamp(s.peer.clock.now()), http.MethodPut, path, "x-id=CopyObject")
		if err := m.write(s, http.MethodPut, path, "x-id=CopyObject", authorization); err != nil {
			b.Fatal(err)
		}
		m.release()
	}
}

// BenchmarkAnswer makes an output of S3's answer to a copy. Budget: 2 us.
func BenchmarkAnswer(b *testing.B) {
	response, err := http.ReadResponse(bufio.NewReader(strings.NewReader(cannedCopy)), nil)
	if err != nil {
		b.Fatal(err)
	}
	var a http1.Answer
	a.Take(response, []byte(okCopy), nil)
	b.ReportAllocs()
	for b.Loop() {
		if copyOutput(a.Header, a.Body) == nil {
			b.Fatal("not read")
		}
	}
}
