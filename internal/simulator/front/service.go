package front

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"reseal/internal/simulator"
)

// Service names as they stand in a credential scope.
const (
	serviceS3     = "s3"
	serviceKMS    = "kms"
	serviceQuotas = "servicequotas"
	serviceSTS    = "sts"
	serviceMetric = "monitoring"
)

func knownService(name string) bool {
	switch name {
	case serviceS3, serviceKMS, serviceQuotas, serviceSTS, serviceMetric:
		return true
	}
	return false
}

// protocol is the service whose answers the client can read. Before the
// signature is known to be good, the shape of the request has to tell.
func (x *exchange) protocol() string {
	if x.signer != nil {
		return x.signer.service
	}
	target := x.r.Header.Get("X-Amz-Target")
	switch {
	case strings.HasPrefix(target, "TrentService."):
		return serviceKMS
	case strings.HasPrefix(target, "ServiceQuotas"):
		return serviceQuotas
	case x.r.Header.Get("Smithy-Protocol") == cborProtocol:
		return serviceMetric
	case x.r.Method == http.MethodPost && x.bucket == "" && strings.HasPrefix(x.r.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		return serviceSTS
	}
	return serviceS3
}

// action is one operation of a JSON service: it reads the request's document
// and gives the answer's.
type action func(x *exchange, body []byte) (any, error)

var actions = map[string]map[string]action{
	serviceKMS: {
		"TrentService.DescribeKey":         describeKey,
		"TrentService.GenerateDataKey":     generateDataKey,
		"TrentService.GetKeyPolicy":        getKeyPolicy,
		"TrentService.PutKeyPolicy":        putKeyPolicy,
		"TrentService.ListAliases":         listAliases,
		"TrentService.CreateKey":           createKey,
		"TrentService.CreateAlias":         createAlias,
		"TrentService.EnableKey":           enableKey,
		"TrentService.DisableKey":          disableKey,
		"TrentService.ScheduleKeyDeletion": scheduleKeyDeletion,
		"TrentService.CancelKeyDeletion":   cancelKeyDeletion,
	},
	serviceQuotas: {
		"ServiceQuotasV20190624.GetServiceQuota":           getServiceQuota,
		"ServiceQuotasV20190624.GetAWSDefaultServiceQuota": getDefaultServiceQuota,
	},
}

// serveService answers a request of a service other than S3. Its body is in
// memory since the signature was checked.
func (x *exchange) serveService() error {
	body, err := io.ReadAll(io.LimitReader(x.r.Body, maxServiceBody))
	if err != nil {
		return asWireError(err)
	}
	if err := x.front.pause(x.r.Context(), 0); err != nil {
		return err
	}
	switch x.signer.service {
	case serviceSTS:
		return x.serveSTS(body)
	case serviceMetric:
		return x.serveMetrics(body)
	}
	act := actions[x.signer.service][x.r.Header.Get("X-Amz-Target")]
	if act == nil {
		return newError(http.StatusBadRequest, "UnknownOperationException", "The operation is not one of this service, or not of this simulator.")
	}
	answer, err := act(x, body)
	if err != nil {
		return err
	}
	if answer == nil {
		return x.send(http.StatusOK, jsonType, nil)
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, jsonType, data)
}

const jsonType = "application/x-amz-json-1.1"

// parseJSON reads a request's document; unknown members are ignored.
func parseJSON[T any](body []byte) (T, error) {
	var v T
	if err := json.Unmarshal(body, &v); err != nil {
		return v, newError(http.StatusBadRequest, "SerializationException", "The request is not well-formed JSON of this operation.")
	}
	return v, nil
}

// writeJSONError answers an error of a JSON service.
func (x *exchange) writeJSONError(status int, e *wireError) {
	code, status := jsonCode(e.code), status
	if code != e.code {
		status = http.StatusBadRequest
	}
	data, _ := json.Marshal(map[string]string{"__type": code, "message": e.message}) // strings always marshal
	x.set("x-amzn-RequestId", x.requestID)
	x.set("x-amzn-ErrorType", code)
	_ = x.send(status, jsonType, data)
}

// jsonCode gives the name that JSON services have for an S3 signature error
// (KMS API Reference, "Common Errors", read 2026-11-21).
func jsonCode(code string) string {
	switch code {
	case "InvalidAccessKeyId", "InvalidToken":
		return "UnrecognizedClientException"
	case "SignatureDoesNotMatch", "RequestTimeTooSkewed":
		return "InvalidSignatureException"
	case "ExpiredToken":
		return "ExpiredTokenException"
	case "AuthorizationHeaderMalformed":
		return "IncompleteSignature"
	case anonymousCode:
		return "MissingAuthenticationTokenException"
	case "AccessDenied":
		return "AccessDeniedException"
	}
	return code
}

// anonymousCode marks a request that carries no signature; each protocol has
// its own word for that.
const anonymousCode = "AnonymousRequest"

// serveSTS answers the one operation of STS that tools need to learn who they
// are.
func (x *exchange) serveSTS(body []byte) error {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return newError(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
	}
	action := form.Get("Action")
	if action == "" {
		action = x.query.get("Action")
	}
	if action != "GetCallerIdentity" {
		return newError(http.StatusBadRequest, "InvalidAction", "Could not find operation "+action+" for version "+form.Get("Version"))
	}
	id := x.signer.identity
	d := &xmlDoc{}
	d.buf = append(d.buf, `<GetCallerIdentityResponse xmlns="`+stsNamespace+`">`...)
	d.open("GetCallerIdentityResult")
	d.text("Arn", id.ARN)
	d.text("UserId", id.AccessKeyID)
	d.text("Account", id.AccountID)
	d.close("GetCallerIdentityResult")
	d.open("ResponseMetadata")
	d.text("RequestId", x.requestID)
	d.close("ResponseMetadata")
	d.close("GetCallerIdentityResponse")
	x.set("x-amzn-RequestId", x.requestID)
	return x.send(http.StatusOK, "text/xml", d.buf)
}

const stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"

// writeQueryError answers an error of the query protocol.
func (x *exchange) writeQueryError(status int, e *wireError) {
	code := e.code
	switch code {
	case "InvalidAccessKeyId", "InvalidToken":
		code, status = "InvalidClientTokenId", http.StatusForbidden
	case "RequestTimeTooSkewed":
		code = "SignatureDoesNotMatch"
	case "ExpiredToken":
		status = http.StatusForbidden
	case anonymousCode:
		code = "MissingAuthenticationToken"
	}
	d := &xmlDoc{}
	d.buf = append(d.buf, `<ErrorResponse xmlns="`+stsNamespace+`">`...)
	d.open("Error")
	d.text("Type", "Sender")
	d.text("Code", code)
	d.text("Message", e.message)
	d.close("Error")
	d.text("RequestId", x.requestID)
	d.close("ErrorResponse")
	_ = x.send(status, "text/xml", d.buf)
}

// kmsFailure turns an error of the core's set-up calls, which are not part of
// any protocol, into one of KMS.
func kmsFailure(err error) error {
	var serr *simulator.Error
	if errors.As(err, &serr) {
		return serr
	}
	return newError(http.StatusBadRequest, "NotFoundException", err.Error())
}
