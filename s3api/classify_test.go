package s3api

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/engine"
	"reseal/plan"
)

// answered is an error as the SDK returns it for an answer of the service.
func answered(status int, code, message string, header ...string) error {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	var cause error = &smithy.GenericAPIError{Code: code, Message: message}
	if code == "" {
		cause = errors.New("error while deserializing xml error response")
	}
	return &smithy.OperationError{ServiceID: "S3", OperationName: "CopyObject", Err: &awshttp.ResponseError{
		RequestID: "REQ9",
		ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status, Header: h}}, Err: cause},
	}}
}

// unanswered is an error as the SDK returns it where no answer came.
func unanswered(err error) error {
	return &smithy.OperationError{ServiceID: "S3", OperationName: "CopyObject",
		Err: &smithyhttp.RequestSendError{Err: &url.Error{Op: "Put", URL: "https://h/", Err: err}}}
}

func TestClassify(t *testing.T) {
	const foreign = "arn:aws:kms:eu-west-1:111122223333:key/99999999-0000-0000-0000-000000000000"
	copying, reading := step{kind: plan.StepCopy, key: keyARN}, step{kind: plan.StepHead, key: keyARN}
	rekeying := step{kind: plan.StepCopy, key: keyARN, otherKey: true}
	toAlias := step{kind: plan.StepCopy, key: "arn:aws:kms:eu-west-1:111122223333:alias/photos"}
	for _, tt := range []struct {
		name   string
		err    error
		step   step
		class  engine.Class
		quota  plan.Quota
		reason plan.Reason
		code   string
	}{
		{"KMS SlowDown", answered(503, "SlowDown", "Please reduce your request rate for operations involving AWS KMS."), copying, engine.Throttled, plan.QuotaKMS, "", "SlowDown"},
		{"SlowDown of a write", answered(503, "SlowDown", "Please reduce your request rate."), copying, engine.Throttled, plan.QuotaWrites, "", "SlowDown"},
		{"SlowDown of a read", answered(503, "SlowDown", "Please reduce your request rate."), reading, engine.Throttled, plan.QuotaReads, "", "SlowDown"},
		{"SlowDown in a 200", answered(500, "SlowDown", "Please reduce your request rate."), copying, engine.Throttled, plan.QuotaWrites, "", "SlowDown"},
		{"503 HEAD", answered(503, "ServiceUnavailable", "Service Unavailable"), reading, engine.Throttled, plan.QuotaReads, "", "ServiceUnavailable"},
		{"503 without XML", answered(503, "", ""), copying, engine.Throttled, plan.QuotaWrites, "", ""},
		{"KMS.ThrottlingException", answered(400, "KMS.ThrottlingException", "x"), copying, engine.Throttled, plan.QuotaKMS, "", "KMS.ThrottlingException"},
		{"ThrottlingException", answered(400, "ThrottlingException", "Rate exceeded"), copying, engine.Throttled, plan.QuotaWrites, "", "ThrottlingException"},
		{"429", answered(429, "", ""), reading, engine.Throttled, plan.QuotaReads, "", ""},

		{"InternalError", answered(500, "InternalError", "We encountered an internal error."), copying, engine.Transient, 0, "", "InternalError"},
		{"502", answered(502, "", ""), copying, engine.Transient, 0, "", ""},
		{"504", answered(504, "GatewayTimeout", "Gateway Timeout"), reading, engine.Transient, 0, "", "GatewayTimeout"},
		{"RequestTimeout", answered(400, "RequestTimeout", "Your socket connection was not read"), copying, engine.Transient, 0, "", "RequestTimeout"},
		{"OperationAborted", answered(409, "OperationAborted", "try again"), copying, engine.Transient, 0, "", "OperationAborted"},
		{"RequestTimeTooSkewed", answered(403, "RequestTimeTooSkewed", "x"), copying, engine.Transient, 0, "", "RequestTimeTooSkewed"},
		{"2xx unreadable", answered(200, "", ""), copying, engine.Transient, 0, "", ""},
		{"reset", unanswered(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), copying, engine.Transient, 0, "", "NetworkError"},
		{"EOF", unanswered(io.ErrUnexpectedEOF), copying, engine.Transient, 0, "", "NetworkError"},
		{"timeout", unanswered(context.DeadlineExceeded), copying, engine.Transient, 0, "", "NetworkError"},
		{"DNS", unanswered(&net.DNSError{Err: "no such host", Name: "h", IsNotFound: true}), copying, engine.Transient, 0, "", "NetworkError"},
		{"KMSInternalException", answered(500, "KMS.KMSInternalException", "x"), copying, engine.Transient, 0, "", "KMS.KMSInternalException"},
		{"credentials renewal hiccup", fmt.Errorf("sign: %w", &credentialsError{renewal: true, err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}), copying, engine.Transient, 0, "", "CredentialsRenewal"},

		{"412", answered(412, "PreconditionFailed", "x"), copying, engine.Changed, 0, "", "PreconditionFailed"},
		{"412 HEAD", answered(412, "", ""), reading, engine.Changed, 0, "", ""},
		{"409 conditional", answered(409, "ConditionalRequestConflict", "x"), copying, engine.Changed, 0, "", "ConditionalRequestConflict"},
		{"NoSuchUpload", answered(404, "NoSuchUpload", "x"), step{kind: plan.StepPart}, engine.Changed, 0, "", "NoSuchUpload"},

		{"NoSuchKey", answered(404, "NoSuchKey", "x"), copying, engine.Gone, 0, "", "NoSuchKey"},
		{"404 HEAD", answered(404, "NotFound", "Not Found"), reading, engine.Gone, 0, "", "NotFound"},
		{"404 without XML", answered(404, "", ""), reading, engine.Gone, 0, "", ""},
		{"delete marker by id", answered(405, "MethodNotAllowed", "x", "X-Amz-Delete-Marker", "true"), reading, engine.Gone, 0, "", "MethodNotAllowed"},
		{"405 else", answered(405, "MethodNotAllowed", "x"), copying, engine.Permanent, 0, plan.RequestError, "MethodNotAllowed"},

		{"InvalidObjectState", answered(403, "InvalidObjectState", "x"), copying, engine.Refused, 0, plan.Archived, "InvalidObjectState"},
		{"ObjectNotInActiveTierError", answered(403, "ObjectNotInActiveTierError", "x"), copying, engine.Refused, 0, plan.Archived, "ObjectNotInActiveTierError"},
		{"too large", answered(400, "InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120"), copying, engine.Refused, 0, plan.TooLarge, "InvalidRequest"},
		{"SSE-C", answered(400, "InvalidRequest", "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object."), copying, engine.Refused, 0, plan.SSECustomer, "InvalidRequest"},

		{"AccessDenied", answered(403, "AccessDenied", "not authorized to perform: kms:GenerateDataKey"), copying, engine.Denied, 0, "", "AccessDenied"},
		{"403 HEAD", answered(403, "Forbidden", "Forbidden"), reading, engine.Denied, 0, "", "Forbidden"},

		{"NoSuchBucket", answered(404, "NoSuchBucket", "x"), copying, engine.Fatal, 0, plan.RequestError, "NoSuchBucket"},
		{"key disabled", answered(400, "KMS.DisabledException", keyARN+" is disabled."), copying, engine.Fatal, 0, plan.RequestError, "KMS.DisabledException"},
		{"key not found", answered(400, "KMS.NotFoundException", "Invalid keyId"), copying, engine.Fatal, 0, plan.RequestError, "KMS.NotFoundException"},
		{"key pending deletion", answered(400, "KMS.KMSInvalidStateException", keyARN+" is pending deletion."), rekeying, engine.Fatal, 0, plan.RequestError, "KMS.KMSInvalidStateException"},
		{"the object's own key disabled", answered(400, "KMS.DisabledException", foreign+" is disabled."), rekeying, engine.Permanent, 0, plan.RequestError, "KMS.DisabledException"},
		{"another key disabled, whatever the report said of the object", answered(400, "KMS.DisabledException", foreign+" is disabled."), copying, engine.Permanent, 0, plan.RequestError, "KMS.DisabledException"},
		{"another key not found", answered(400, "KMS.NotFoundException", "Key '"+foreign+"' does not exist"), reading, engine.Permanent, 0, plan.RequestError, "KMS.NotFoundException"},
		{"some key, perhaps the object's own", answered(400, "KMS.DisabledException", "The key is disabled."), rekeying, engine.Permanent, 0, plan.RequestError, "KMS.DisabledException"},
		{"the key of an alias disabled", answered(400, "KMS.DisabledException", foreign+" is disabled."), toAlias, engine.Fatal, 0, plan.RequestError, "KMS.DisabledException"},
		{"MinIO, key not found", answered(404, "kms:KeyNotFound", "The specified KMS key was not found"), copying, engine.Fatal, 0, plan.RequestError, "kms:KeyNotFound"},
		{"MinIO, key denied", answered(403, "kms:NotAuthorized", "x"), copying, engine.Fatal, 0, plan.RequestError, "kms:NotAuthorized"},
		{"InvalidAccessKeyId", answered(403, "InvalidAccessKeyId", "x"), copying, engine.Fatal, 0, plan.RequestError, "InvalidAccessKeyId"},
		{"SignatureDoesNotMatch", answered(403, "SignatureDoesNotMatch", "x"), copying, engine.Fatal, 0, plan.RequestError, "SignatureDoesNotMatch"},
		{"MinIO's key server throttles", answered(500, "kms:KeyGenerationFailed", "failed to generate data key with KMS key"), copying, engine.Throttled, plan.QuotaKMS, "", "kms:KeyGenerationFailed"},
		{"ExpiredToken", answered(400, "ExpiredToken", "x"), copying, engine.Expired, 0, "", "ExpiredToken"},
		{"PermanentRedirect", answered(301, "PermanentRedirect", "x"), copying, engine.Fatal, 0, plan.RequestError, "PermanentRedirect"},
		{"301 without XML", answered(301, "", ""), copying, engine.Fatal, 0, plan.RequestError, ""},
		{"AuthorizationHeaderMalformed", answered(400, "AuthorizationHeaderMalformed", "the region 'x' is wrong"), copying, engine.Fatal, 0, plan.RequestError, "AuthorizationHeaderMalformed"},
		{"disk full", answered(507, "XMinioStorageFull", "x"), copying, engine.Fatal, 0, plan.RequestError, "XMinioStorageFull"},
		{"certificate", unanswered(x509.UnknownAuthorityError{}), copying, engine.Fatal, 0, plan.RequestError, "CertificateError"},
		{"no credentials", fmt.Errorf("sign: %w", &credentialsError{err: errors.New("no EC2 IMDS role found")}), copying, engine.Fatal, 0, plan.RequestError, "NoCredentials"},
		{"credentials withdrawn", fmt.Errorf("sign: %w", &credentialsError{renewal: true, err: answered(403, "AccessDenied", "x")}), copying, engine.Expired, 0, "", "CredentialsExpired"},

		{"InvalidArgument", answered(400, "InvalidArgument", "x"), copying, engine.Permanent, 0, plan.RequestError, "InvalidArgument"},
		{"self-copy", answered(400, "InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing"), copying, engine.Permanent, 0, plan.SelfCopy, "InvalidRequest"},
		{"NotImplemented", answered(501, "NotImplemented", "x"), copying, engine.Permanent, 0, plan.RequestError, "NotImplemented"},
		{"new code", answered(400, "SomethingOf2031", "x"), copying, engine.Permanent, 0, plan.RequestError, "SomethingOf2031"},
		{"bad header", unanswered(errors.New(`net/http: invalid header field value for "X-Amz-Meta-A"`)), copying, engine.Permanent, 0, plan.RequestError, "InvalidRequestInput"},
	} {
		v, a := classify(tt.err, tt.step)
		if v.class != tt.class || v.quota != tt.quota || v.reason != tt.reason || a.code != tt.code {
			t.Errorf("%s: class %v quota %v reason %q code %q, want %v %v %q %q",
				tt.name, v.class, v.quota, v.reason, a.code, tt.class, tt.quota, tt.reason, tt.code)
		}
	}
}

// The engine's gate slows down by what the error itself says.
func TestThrottledErrorsNameTheQuota(t *testing.T) {
	w := &work{Rewriter: &Rewriter{config: RewriteConfig{Options: anOptions()}}, task: &plan.Task{Record: aRecord("k")}}
	err := w.wrap(plan.StepCopy, answered(503, "SlowDown", "Please reduce your request rate for operations involving AWS KMS."))
	quota, throttled := objectError(t, err).Throttle()
	if quota != plan.QuotaKMS || !throttled {
		t.Errorf("Throttle() = %v, %v; want kms, true", quota, throttled)
	}
	if oe := objectError(t, err); oe.RequestID != "REQ9" || oe.HTTPStatus != 503 || oe.Op != "CopyObject" {
		t.Errorf("error = %+v; want request id, status and operation of the answer", oe)
	}
}

// S3's own throttles are charged to the quota that the request takes from.
func TestThrottlesGoByTheRequest(t *testing.T) {
	for k := range plan.NumSteps {
		d := plan.DefaultWeights(true).Of(k, false)
		v := classifyAnswer(answer{code: "SlowDown", status: 503, message: "Please reduce your request rate."}, step{kind: k})
		want := plan.QuotaWrites
		if d.Reads.Max > 0 {
			want = plan.QuotaReads
		}
		if v.class != engine.Throttled || v.quota != want {
			t.Errorf("%s: %v of %v, want of %v", k, v.class, v.quota, want)
		}
	}
}
