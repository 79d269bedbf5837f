package s3api

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/engine"
	"reseal/plan"
)

// fault is why there is no answer of the service to go by.
type fault uint8

const (
	faultNone        fault = iota // there is an answer
	faultNetwork                  // not sent, or the answer did not come through
	faultForeign                  // something between answered in the service's place
	faultClock                    // refused for the time in its signature
	faultCertificate              // TLS peer not verified
	faultProxy                    // the proxy was not reached, or did not let it through
	faultCredentials              // the chain never gave any
	faultRenewal                  // the chain gave some before, and cannot now
	faultExpired                  // the chain gave some before, and says that it will give no more
	faultRequest                  // the SDK could not make the request
)

// code is the word for a fault where there is no error code.
func (f fault) code() string {
	return [...]string{"", "NetworkError", "NotServiceAnswer", "RequestTimeTooSkewed", "CertificateError", "ProxyError",
		"NoCredentials", "CredentialsRenewal", "CredentialsExpired", "InvalidRequestInput"}[f]
}

// answer is what an error says, taken apart.
type answer struct {
	fault        fault
	code         string
	message      string
	status       int
	requestID    string
	region       string // of the bucket, where S3 names it
	deleteMarker bool
	hinted       string // code in a header, of MinIO's answers to HEAD
}

// answerOf takes an error of the SDK apart; nil says nothing.
func answerOf(err error) answer {
	var a answer
	if err == nil {
		return a
	}
	var creds *credentialsError
	if errors.As(err, &creds) { // an answer in there is that of the source of credentials
		a.fault = creds.fault()
		return a
	}
	var response *awshttp.ResponseError
	var plain *smithyhttp.ResponseError
	switch {
	case errors.As(err, &response):
		a.requestID = response.RequestID
		a.fromResponse(response.Response)
	case errors.As(err, &plain):
		a.fromResponse(plain.Response)
	}
	var api smithy.APIError
	var hollow *hollowError
	switch {
	case errors.As(err, &hollow):
		a.code, a.message, a.status = hollowCode, hollow.Error(), http.StatusOK
	case errors.As(err, &api):
		a.code, a.message = api.ErrorCode(), api.ErrorMessage()
	}
	if classByCode[a.hinted].reason == plan.Unaddressable {
		a.code = a.hinted
	}
	a.findRegion()
	if a.status == 0 && a.code == "" {
		a.fault = faultOf(err)
		a.message = noAnswer(err)
	}
	return a
}

// short returns err, or, where it says why there was no answer, that in short: the
// SDK's text names the address of the request and repeats itself.
func (a *answer) short(err error) error {
	if a.fault == faultNone || a.message == "" {
		return err
	}
	return &inShort{a.message, err}
}

// elsewhere are the codes of answers that mean that the bucket is in another Region.
var elsewhere = map[string]bool{"PermanentRedirect": true, "MovedPermanently": true, "AuthorizationHeaderMalformed": true, "IllegalLocationConstraintException": true}

// expecting is how S3 names the Region in the message of AuthorizationHeaderMalformed.
var expecting = regexp.MustCompile(`expecting '([a-z0-9-]+)'`)

// findRegion takes the Region off an answer that means that the bucket is in
// another one, and says it.
func (a *answer) findRegion() {
	if !elsewhere[a.code] {
		return
	}
	if m := expecting.FindStringSubmatch(a.message); a.region == "" && m != nil {
		a.region = m[1]
	}
	if a.region != "" {
		a.message = "the bucket is in Region " + a.region
	}
}

// RegionOf returns the Region where the bucket is, if err is the answer that it
// is in another one and names it; else "".
func RegionOf(err error) string {
	a := answerOf(err)
	if !elsewhere[a.code] {
		return ""
	}
	return a.region
}

func (a *answer) fromResponse(r *smithyhttp.Response) {
	if r == nil || r.Response == nil {
		return
	}
	a.status = r.StatusCode
	a.region = r.Header.Get("X-Amz-Bucket-Region")
	a.deleteMarker = r.Header.Get("X-Amz-Delete-Marker") == "true"
	a.hinted = r.Header.Get("X-Minio-Error-Code")
	if a.requestID == "" {
		a.requestID = r.Header.Get("X-Amz-Request-Id")
	}
}

// faultOf tells why there was no answer.
func faultOf(err error) fault {
	var (
		between     *foreignError
		skewed      *skewError
		proxy       *proxyError
		send        *smithyhttp.RequestSendError
		serialize   *smithy.SerializationError
		params      *smithy.InvalidParamsError
		deserialize *smithy.DeserializationError
	)
	switch {
	case errors.As(err, &between):
		return faultForeign
	case errors.As(err, &skewed):
		return faultClock
	case errors.As(err, &proxy), proxyUnreached(err):
		return faultProxy
	case certificateProblem(err) != "":
		return faultCertificate
	case errors.As(err, &serialize), errors.As(err, &params), strings.Contains(err.Error(), "invalid header field"):
		return faultRequest // net/http names bad headers only in words
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		errors.As(err, &send), ofNetwork(err), errors.As(err, &deserialize):
		return faultNetwork
	}
	return faultRequest
}

// fault tells whether the chain gives out for good. That it never gave any is
// no hiccup, whatever it looks like: the last of the chain asks an address that
// exists only in AWS.
func (e *credentialsError) fault() fault {
	switch {
	case !e.renewal:
		return faultCredentials
	case temporary(e.err):
		return faultRenewal
	}
	return faultExpired
}

// temporary tells whether the source of credentials may just be hiccuping: it
// did not answer, or answered that it is not well.
func temporary(err error) bool {
	a := answer{}
	var plain *smithyhttp.ResponseError
	if errors.As(err, &plain) {
		a.fromResponse(plain.Response)
	}
	return a.status >= 500 || a.status == http.StatusTooManyRequests ||
		a.status == 0 && (ofNetwork(err) || errors.Is(err, context.DeadlineExceeded))
}

// ofNetwork tells whether err is one of the network. The number that the system gives
// an error looks like one, and those of files and programs have it too.
func ofNetwork(err error) bool {
	var (
		netErr  net.Error
		file    *fs.PathError
		link    *os.LinkError
		call    *os.SyscallError
		program *exec.Error
	)
	if !errors.As(err, &netErr) {
		return false
	}
	if _, number := netErr.(syscall.Errno); !number {
		return true
	}
	return !errors.As(err, &file) && !errors.As(err, &link) && !errors.As(err, &call) && !errors.As(err, &program)
}

// classification is what an error means for a task.
type classification struct {
	class  engine.Class
	quota  plan.Quota
	reason plan.Reason
}

// classifications are the codes with one meaning, whatever was asked. Names without a
// source are those of the Amazon S3 API Reference, ErrorResponses, read
// 2026-11-21.
var classByCode = map[string]classification{
	// Hiccups.
	"InternalError":           {class: engine.Transient},
	"InternalFailure":         {class: engine.Transient},
	"InternalServerError":     {class: engine.Transient},
	"RequestTimeout":          {class: engine.Transient},
	"RequestTimeoutException": {class: engine.Transient},
	"IncompleteBody":          {class: engine.Transient},
	"OperationAborted":        {class: engine.Transient}, // "a conflicting operation is in progress, try again"
	"RequestTimeTooSkewed":    {class: engine.Transient}, // the answer's date corrects the clock, see peer
	hollowCode:                {class: engine.Empty},
	"TemporaryRedirect":       {class: engine.Transient}, // of new buckets, until DNS knows them

	// The object is another one than was decided on.
	"PreconditionFailed":         {class: engine.Changed},
	"ConditionalRequestConflict": {class: engine.Changed},
	"NoSuchUpload":               {class: engine.Changed}, // aborted by somebody: from the beginning

	"NoSuchKey":     {class: engine.Gone},
	"NoSuchVersion": {class: engine.Gone},
	"NotFound":      {class: engine.Gone}, // HEAD: a status without a body

	"InvalidObjectState":         {class: engine.Refused, reason: plan.Archived},
	"ObjectNotInActiveTierError": {class: engine.Refused, reason: plan.Archived},
	"EntityTooLarge":             {class: engine.Refused, reason: plan.TooLarge},
	"InvalidStorageClass":        {class: engine.Permanent, reason: plan.UnknownClass},

	// The endpoint has no such names (the XMinio ones seen 2026-11).
	"KeyTooLongError":               {class: engine.Permanent, reason: plan.Unaddressable},
	"InvalidURI":                    {class: engine.Permanent, reason: plan.Unaddressable},
	"XMinioInvalidObjectName":       {class: engine.Permanent, reason: plan.Unaddressable},
	"XMinioInvalidResourceName":     {class: engine.Permanent, reason: plan.Unaddressable},
	"XMinioParentIsObject":          {class: engine.Permanent, reason: plan.Unaddressable},
	"XMinioObjectExistsAsDirectory": {class: engine.Permanent, reason: plan.Unaddressable},

	"AccessDenied":       {class: engine.Denied},
	"Forbidden":          {class: engine.Denied}, // HEAD
	"UnauthorizedAccess": {class: engine.Denied},

	// The chain may have newer ones.
	"ExpiredToken":          {class: engine.Expired},
	"ExpiredTokenException": {class: engine.Expired}, // STS and KMS
	"TokenRefreshRequired":  {class: engine.Expired},

	// True of every further object.
	"NoSuchBucket":                   {class: engine.Fatal},
	"InvalidAccessKeyId":             {class: engine.Fatal},
	"SignatureDoesNotMatch":          {class: engine.Fatal},
	"InvalidToken":                   {class: engine.Fatal},
	"InvalidClientTokenId":           {class: engine.Fatal}, // STS
	"UnrecognizedClientException":    {class: engine.Fatal}, // KMS
	"InvalidSecurity":                {class: engine.Fatal},
	"AccountProblem":                 {class: engine.Fatal},
	"AllAccessDisabled":              {class: engine.Fatal},
	"NotSignedUp":                    {class: engine.Fatal},
	"InvalidPayer":                   {class: engine.Fatal},
	"PermanentRedirect":              {class: engine.Fatal},
	"MovedPermanently":               {class: engine.Fatal}, // HEAD
	"AuthorizationHeaderMalformed":   {class: engine.Fatal},
	"XMinioStorageFull":              {class: engine.Fatal}, // MinIO, seen 2026-11
	"XMinioAdminBucketQuotaExceeded": {class: engine.Fatal},
}

// throttles are the codes of exceeded quotas that do not end in
// ThrottlingException (aws-sdk-go-v2, aws/retry, default throttle codes; the
// SlowDown variants are MinIO's).
var throttles = map[string]bool{
	"SlowDown": true, "SlowDownRead": true, "SlowDownWrite": true, "ServiceUnavailable": true,
	"Throttling": true, "ThrottledException": true, "RequestThrottled": true, "RequestThrottledException": true,
	"RequestLimitExceeded": true, "TooManyRequestsException": true, "TooManyRequests": true,
	"ProvisionedThroughputExceededException": true, "LimitExceededException": true,
	"BandwidthLimitExceeded": true, "TransactionInProgressException": true, "PriorRequestNotComplete": true,
}

// step is what classify has to know of the request.
type step struct {
	kind     plan.StepKind
	key      string // wanted key
	otherKey bool   // it may have read an object under another key than the wanted one
	own      string // that key, "" where it is not known
}

// classify says what an error of a step means. This function and those it
// calls are the only place that looks at error codes and texts.
func classify(err error, s step) (classification, answer) {
	a := answerOf(err)
	switch a.fault {
	case faultNetwork, faultForeign, faultClock, faultProxy, faultRenewal:
		a.code = a.fault.code()
		return classification{class: engine.Transient}, a
	case faultExpired:
		a.code = a.fault.code()
		return classification{class: engine.Expired}, a
	case faultCertificate, faultCredentials:
		a.code = a.fault.code()
		return classification{class: engine.Fatal, reason: plan.RequestError}, a
	case faultRequest:
		a.code = a.fault.code()
		return classification{class: engine.Permanent, reason: plan.RequestError}, a
	}
	v := classifyAnswer(a, s)
	if v.reason == "" && (v.class == engine.Permanent || v.class == engine.Fatal) {
		v.reason = plan.RequestError
	}
	return v, a
}

// classifyAnswer goes by code, then by what only the text tells, then by status.
func classifyAnswer(a answer, s step) classification {
	if throttles[a.code] || strings.HasSuffix(a.code, "ThrottlingException") {
		return classification{class: engine.Throttled, quota: quotaOf(a, s.kind)}
	}
	if v, ok := classByCode[a.code]; ok {
		return v
	}
	if keyService(a.code) {
		return judgeKey(a, s)
	}
	if v, ok := judgeText(a); ok {
		return v
	}
	switch {
	case a.status == http.StatusServiceUnavailable, a.status == http.StatusTooManyRequests:
		return classification{class: engine.Throttled, quota: quotaOf(a, s.kind)}
	case a.status == http.StatusInsufficientStorage:
		return classification{class: engine.Fatal}
	case a.status == http.StatusNotImplemented:
		return classification{class: engine.Permanent}
	case a.status >= 500, a.status == http.StatusRequestTimeout, a.status > 0 && a.status < 300:
		return classification{class: engine.Transient} // a 2xx whose body cannot be read proves nothing
	case a.status == http.StatusPreconditionFailed:
		return classification{class: engine.Changed}
	case a.status == http.StatusNotFound, a.status == http.StatusMethodNotAllowed && a.deleteMarker:
		return classification{class: engine.Gone}
	case a.status == http.StatusForbidden, a.status == http.StatusUnauthorized:
		return classification{class: engine.Denied}
	case a.status == http.StatusTemporaryRedirect:
		return classification{class: engine.Transient}
	case a.status >= 300 && a.status < 400:
		return classification{class: engine.Fatal}
	}
	return classification{class: engine.Permanent}
}

// judgeText tells causes apart that share the code InvalidRequest or InvalidArgument.
func judgeText(a answer) (classification, bool) {
	if a.code != "InvalidRequest" && a.code != "InvalidArgument" {
		return classification{}, false
	}
	text := strings.ToLower(a.message)
	switch {
	case strings.Contains(text, "larger than the maximum allowable size"):
		return classification{class: engine.Refused, reason: plan.TooLarge}, true
	case strings.Contains(text, "stored using a form of server side encryption"):
		return classification{class: engine.Refused, reason: plan.SSECustomer}, true
	case strings.Contains(text, "copy an object to itself without changing"):
		return classification{class: engine.Permanent, reason: plan.SelfCopy}, true
	}
	return classification{}, false
}

// keyService tells whether a code is KMS's, passed on by S3: AWS writes
// KMS.NotFoundException, MinIO kms:KeyNotFound.
func keyService(code string) bool {
	return strings.HasPrefix(code, "KMS.") || strings.HasPrefix(code, "kms:") || strings.HasPrefix(code, "KMS:")
}

// judgeKey judges the answers of KMS that S3 passes on. One about the wanted key is true
// of every further object. One about the key that an object is under is not.
func judgeKey(a answer, s step) classification {
	name := strings.ToLower(a.code[4:])
	switch {
	case name == "keygenerationfailed":
		// MinIO's word for all that keeps its key server from making a data key, a 429 of
		// that server included (seen 2026-11). Fewer requests help against it, or time.
		return classification{class: engine.Throttled, quota: plan.QuotaKMS}
	case strings.Contains(name, "internal"), strings.Contains(name, "timeout"),
		strings.Contains(name, "keyunavailable"), strings.Contains(name, "unreachable"), a.status >= 500:
		return classification{class: engine.Transient}
	}
	if _, wanted := s.keyOf(a); !wanted {
		return classification{class: engine.Permanent} // the next object may be under another key
	}
	return classification{class: engine.Fatal}
}

// quotaOf tells whose quota was exceeded. S3 answers for KMS with the same code
// as for itself, "Please reduce your request rate for operations involving AWS
// KMS.", so only the text tells (github.com/aws-samples/cql-replicator issue
// 92, read 2026-11-21).
func quotaOf(a answer, k plan.StepKind) plan.Quota {
	if keyService(a.code) || strings.Contains(strings.ToUpper(a.message), "KMS") {
		return plan.QuotaKMS
	}
	if plan.DefaultWeights(false).Of(k, false).Reads.Max > 0 {
		return plan.QuotaReads
	}
	return plan.QuotaWrites
}

// kindOf says what a code means for a whole run.
func kindOf(code string, status int) SetupKind {
	switch code {
	case "NoSuchBucket":
		return NoBucket
	case "NoCredentials", "CredentialsRenewal", "CredentialsExpired":
		return NoCredentials
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired",
		"InvalidToken", "InvalidClientTokenId", "UnrecognizedClientException", "InvalidSecurity", "NotSignedUp":
		return BadCredential
	case "RequestTimeTooSkewed":
		return Clock
	case "PermanentRedirect", "MovedPermanently", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		return WrongRegion
	case "NetworkError":
		return Unreachable
	case "NotServiceAnswer":
		return Middlebox
	case "ProxyError":
		return Proxy
	case "CertificateError":
		return Certificate
	case "InvalidRequestInput":
		return BadConfig
	case "NotImplemented", "MethodNotAllowed":
		return Unsupported
	case "KMS.NotFoundException", "kms:KeyNotFound":
		return KeyUnknown
	case "KMS.DisabledException":
		return KeyDisabled
	case "KMS.KMSInvalidStateException":
		return KeyUnavailable
	case "KMS.InvalidKeyUsageException":
		return KeyUsage
	case "AccessDenied", "AccessDeniedException", "Forbidden", "kms:NotAuthorized", "AllAccessDisabled":
		return AccessDenied
	}
	switch {
	case status == http.StatusForbidden || status == http.StatusUnauthorized:
		return AccessDenied
	case status == http.StatusNotImplemented:
		return Unsupported
	case status == http.StatusMovedPermanently:
		return WrongRegion
	}
	return Other
}
