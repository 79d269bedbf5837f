package s3api

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/internal/http1"
	"reseal/plan"
)

// Answers of every kind mean the same on both paths: the same output, or the
// same classed error.
func TestSlimReadsAsTheSDK(t *testing.T) {
	sse := http.Header{"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {keyARN},
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"true"}, "X-Amz-Version-Id": {" v1 "}, "X-Amz-Request-Id": {"REQ"},
		"X-Amz-Copy-Source-Version-Id": {"v0"}, "X-Amz-Expiration": {"e"}, "X-Amz-Request-Charged": {"requester"}}
	full := http.Header{"Accept-Ranges": {"bytes"}, "X-Amz-Archive-Status": {"ARCHIVE_ACCESS"}, "Cache-Control": {"no-store"},
		"X-Amz-Checksum-Crc32": {"a"}, "X-Amz-Checksum-Crc32c": {"b"}, "X-Amz-Checksum-Crc64nvme": {"c"}, "X-Amz-Checksum-Md5": {"d"},
		"X-Amz-Checksum-Sha1": {"e"}, "X-Amz-Checksum-Sha256": {"f"}, "X-Amz-Checksum-Sha512": {"g"}, "X-Amz-Checksum-Type": {"COMPOSITE"},
		"X-Amz-Checksum-Xxhash128": {"h"}, "X-Amz-Checksum-Xxhash3": {"i"}, "X-Amz-Checksum-Xxhash64": {"j"},
		"Content-Disposition": {"inline"}, "Content-Encoding": {"gzip"}, "Content-Language": {"de"}, "Content-Length": {"12345678901"},
		"Content-Range": {"bytes 0-1/2"}, "Content-Type": {"text/plain"}, "X-Amz-Delete-Marker": {"false"}, "Etag": {`"abc"`},
		"X-Amz-Expiration": {"soon"}, "Expires": {"Thu, 01 Dec 1994 16:00:00 GMT"}, "Last-Modified": {"Fri, 20 Nov 2026 10:00:00 GMT"},
		"X-Amz-Meta-One": {" 1 "}, "X-Amz-Meta-Two": {"=?UTF-8?B?w7w=?="}, "X-Amz-Missing-Meta": {"2"}, "X-Amz-Object-Lock-Event-Hold": {"ON"},
		"X-Amz-Object-Lock-Event-Hold-Duration-Days": {"3"}, "X-Amz-Object-Lock-Event-Hold-Duration-Years": {"4"},
		"X-Amz-Object-Lock-Legal-Hold": {"ON"}, "X-Amz-Object-Lock-Mode": {"GOVERNANCE"}, "X-Amz-Object-Lock-Retain-Until-Date": {"2030-01-02T03:04:05.678Z"},
		"X-Amz-Mp-Parts-Count": {"9"}, "X-Amz-Replication-Status": {"COMPLETED"}, "X-Amz-Request-Charged": {"requester"}, "X-Amz-Restore": {`ongoing-request="false"`},
		"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Customer-Algorithm": {"AES256"},
		"X-Amz-Server-Side-Encryption-Customer-Key-Md5": {"m"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {keyARN},
		"X-Amz-Server-Side-Encryption-Bucket-Key-Enabled": {"true"}, "X-Amz-Storage-Class": {"GLACIER"}, "X-Amz-Tagging-Count": {"2"},
		"X-Amz-Version-Id": {"v"}, "X-Amz-Website-Redirect-Location": {"/x"}, "X-Amz-Request-Id": {"REQ"}}
	with := func(h http.Header, name, value string) http.Header {
		h = h.Clone()
		h[name] = []string{value}
		return h
	}
	fault := func(code, message string) string {
		return xmlDeclaration + "<Error><Code>" + code + "</Code><Message>" + message + "</Message><RequestId>R9</RequestId></Error>"
	}
	for _, tt := range []struct {
		name   string
		status int
		header http.Header
		body   string
	}{
		{"plain", 200, sse, okCopy},
		{"every header", 200, full, okCopy},
		{"nothing", 200, http.Header{}, ""},
		{"white space before", 200, sse, "   \n " + strings.TrimPrefix(okCopy, xmlDeclaration)},
		{"white space before the declaration", 200, sse, " \n" + okCopy},
		{"white space after", 200, sse, okCopy + "\n "},
		{"error under a 200", 200, sse, fault("SlowDown", "Please reduce your request rate for operations involving AWS KMS.")},
		{"internal error under a 200", 200, sse, fault("InternalError", "We encountered an internal error.")},
		{"cut off", 200, sse, okCopy[:len(okCopy)-9]},
		{"something after", 200, sse, okCopy + "<x/>"},
		{"no XML", 200, sse, "<html>hello"},
		{"text", 200, sse, "hello"},
		{"other root", 200, sse, "<Other><ETag>x</ETag></Other>"},
		{"comment", 200, sse, strings.Replace(okCopy, "<ETag>", "<!-- c --><ETag>", 1)},
		{"numeric entity", 200, sse, strings.ReplaceAll(okCopy, "&quot;", "&#34;")},
		{"double escape", 200, sse, strings.Replace(okCopy, "&quot;abc", "&amp;quot;abc", 1)},
		{"bad date", 200, sse, strings.Replace(okCopy, "2026-11-21T", "yesterday", 1)},
		{"empty ETag", 200, sse, strings.Replace(okCopy, "&quot;abc&quot;", "", 1)},
		{"two ETags", 200, sse, strings.Replace(okCopy, "<ETag>", "<ETag>first</ETag><ETag>", 1)},
		{"nested", 200, sse, strings.Replace(okCopy, "<ETag>", "<ETag><b/>", 1)},
		{"unknown element", 200, sse, strings.Replace(okCopy, "<ETag>", "<New>n</New><ETag>", 1)},
		{"no namespace", 200, sse, strings.Replace(okCopy, xmlNamespace, "", 1)},
		{"another encoding", 200, sse, strings.Replace(okCopy, "UTF-8", "ISO-8859-1", 1)},
		{"too long", 200, sse, strings.Repeat(" ", http1.MaxBody+10)},
		{"not a truth value", 200, with(sse, "X-Amz-Server-Side-Encryption-Bucket-Key-Enabled", "maybe"), okCopy},
		{"not a number", 200, with(full, "X-Amz-Tagging-Count", "many"), okCopy},
		{"not a date", 200, with(full, "Last-Modified", "yesterday"), okCopy},
		{"not a lock date", 200, with(full, "X-Amz-Object-Lock-Retain-Until-Date", "never"), okCopy},
		{"Expires is text", 200, with(full, "Expires", " 0 "), okCopy},
		{"no content", 204, sse, ""},
		{"slow down", 503, sse, fault("SlowDown", "Please reduce your request rate.")},
		{"no body", 503, http.Header{}, ""},
		{"changed", 412, sse, fault("PreconditionFailed", "At least one of the pre-conditions you specified did not hold")},
		{"gone", 404, sse, fault("NoSuchKey", "The specified key does not exist.")},
		{"denied", 403, sse, fault("AccessDenied", "Access Denied")},
		{"expired", 400, sse, fault("ExpiredToken", "The provided token has expired.")},
		{"skewed", 403, sse, fault("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")},
		{"archived", 403, sse, fault("ObjectNotInActiveTierError", "The source object of the COPY action is not in the active tier")},
		{"too large", 400, sse, fault("InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")},
		{"key disabled", 400, sse, fault("KMS.DisabledException", "the key is disabled")},
		{"elsewhere", 301, with(sse, "X-Amz-Bucket-Region", "us-west-2"), fault("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.")},
		{"for a while", 307, with(sse, "Location", "https://elsewhere.example.com/"), fault("TemporaryRedirect", "Please re-send this request")},
		{"bad gateway", 502, http.Header{"Content-Type": {"text/html"}}, "<html><body>Bad Gateway</body></html>"},
		{"binary", 500, sse, "\x00\x01\xff"},
		{"a long error", 400, sse, fault("Odd", strings.Repeat("x", http1.MaxBody))},
	} {
		for _, direct := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/http1 %v", tt.name, direct), func(t *testing.T) { readsAsTheSDK(t, tt.name, direct, tt.status, tt.header, tt.body) })
		}
	}
}

func readsAsTheSDK(t *testing.T, test string, direct bool, status int, header http.Header, body string) {
	rec := &recorder{answer: respond(status, header, body)}
	sdk, s := lab(t, "eu-west-1", "", aws.Credentials{AccessKeyID: "A", SecretAccessKey: "S"}, rec.send)
	if direct {
		overHTTP1Pipes(t, s, rec.send)
	}
	name, key, source := bucket, "k", bucket+"/k"
	w := &work{Rewriter: &Rewriter{client: &Client{}, config: RewriteConfig{Options: anOptions()}}, task: &plan.Task{Record: aRecord("k")}}
	type outcome struct {
		out any
		err error
	}
	same := func(k plan.StepKind, got, want outcome) {
		t.Helper()
		if got.err == nil && want.err == nil {
			if !reflect.DeepEqual(got.out, want.out) {
				t.Errorf("%s: %+v, the SDK's is %+v", k, got.out, want.out)
			}
			return
		}
		if got.err == nil || want.err == nil {
			t.Fatalf("%s: error %v, the SDK's is %v", k, got.err, want.err)
		}
		a, b := objectError(t, w.wrap(k, got.err)), objectError(t, w.wrap(k, want.err))
		if len(body) > http1.MaxBody && a.HTTPStatus == b.HTTPStatus { // the SDK would have read on
			return
		}
		if a.Class != b.Class || a.Code != b.Code || a.HTTPStatus != b.HTTPStatus || a.Quota != b.Quota || a.Reason != b.Reason || a.RequestID != b.RequestID {
			t.Errorf("%s: %+v, the SDK's is %+v", k, *a, *b)
		}
	}
	copies := func(o objects) outcome {
		out, err := o.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &name, Key: &key, CopySource: &source})
		if err != nil {
			return outcome{nil, err}
		}
		id := requestID(out.ResultMetadata)
		out.ResultMetadata = zero(out.ResultMetadata)
		return outcome{[]any{out, id}, nil}
	}
	if test != "too long" {
		same(plan.StepCopy, copies(s), copies(sdk))
	} else if got := objectError(t, w.wrap(plan.StepCopy, copies(s).err)); got.Class != engine.Transient {
		t.Errorf("an answer of more than %d bytes: %v, class %s", http1.MaxBody, got, got.Class)
	}
	updates := func(o objects) outcome {
		out, err := o.UpdateObjectEncryption(t.Context(), &s3.UpdateObjectEncryptionInput{Bucket: &name, Key: &key,
			ObjectEncryption: &types.ObjectEncryptionMemberSSEKMS{Value: types.SSEKMSEncryption{KMSKeyArn: aws.String(keyARN), BucketKeyEnabled: aws.Bool(true)}}})
		if err != nil {
			return outcome{nil, err}
		}
		id := requestID(out.ResultMetadata)
		out.ResultMetadata = zero(out.ResultMetadata)
		return outcome{[]any{out, id}, nil}
	}
	if test != "too long" { // and no error either
		same(plan.StepUpdate, updates(s), updates(sdk))
	}
	if status == http.StatusOK {
		rec.answer = respond(status, header, "") // as S3 answers
		same(plan.StepUpdate, updates(s), updates(sdk))
	}
	body = "" // HEAD has none
	rec.answer = respond(status, header, "")
	looks := func(o objects) outcome {
		out, err := o.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &name, Key: &key})
		if err != nil {
			return outcome{nil, err}
		}
		id := requestID(out.ResultMetadata)
		out.ResultMetadata = zero(out.ResultMetadata)
		return outcome{[]any{out, id}, nil}
	}
	same(plan.StepHead, looks(s), looks(sdk))
}

func zero[T any](T) (none T) { return none }
