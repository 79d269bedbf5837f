package front

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
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
	serviceIAM    = "iam"
	serviceTables = "s3tables"
)

func knownService(name string) bool {
	switch name {
	case serviceS3, serviceKMS, serviceQuotas, serviceSTS, serviceMetric, serviceIAM, serviceTables:
		return true
	}
	return false
}

// regionless tells the services that sign for one Region wherever they are
// called, or that have an endpoint for all.
func regionless(name string) bool { return name == serviceSTS || name == serviceIAM }

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
		"TrentService.DescribeKey":     describeKey,
		"TrentService.GenerateDataKey": generateDataKey,
		"TrentService.Encrypt":         encrypt,
		"TrentService.Decrypt":         decrypt,
		"TrentService.ListKeys":        listKeys,

		"TrentService.GenerateDataKeyWithoutPlaintext": generateDataKeyAlone,

		"TrentService.GetKeyPolicy":        getKeyPolicy,
		"TrentService.PutKeyPolicy":        putKeyPolicy,
		"TrentService.CreateGrant":         createGrant,
		"TrentService.ListGrants":          listGrants,
		"TrentService.RevokeGrant":         revokeGrant,
		"TrentService.ListAliases":         listAliases,
		"TrentService.CreateKey":           createKey,
		"TrentService.CreateAlias":         createAlias,
		"TrentService.EnableKey":           enableKey,
		"TrentService.DisableKey":          disableKey,
		"TrentService.ScheduleKeyDeletion": scheduleKeyDeletion,
		"TrentService.CancelKeyDeletion":   cancelKeyDeletion,
	},
	serviceQuotas: {
		"ServiceQuotasV20190624.ListServiceQuotas":           listServiceQuotas,
		"ServiceQuotasV20190624.ListAWSDefaultServiceQuotas": listDefaultServiceQuotas,
		"ServiceQuotasV20190624.GetServiceQuota":             getServiceQuota,
		"ServiceQuotasV20190624.GetAWSDefaultServiceQuota":   getDefaultServiceQuota,
	},
}

// serveService answers a request of a service other than S3. Its body is in
// memory since the signature was checked.
func (x *exchange) serveService() error {
	body, err := io.ReadAll(io.LimitReader(x.r.Body, maxServiceBody))
	if err != nil {
		return asWireError(err)
	}
	if err := x.pause(0); err != nil {
		return err
	}
	switch x.signer.service {
	case serviceSTS, serviceIAM:
		return x.serveQuery(body)
	case serviceMetric:
		return x.serveMetrics(body)
	case serviceTables:
		return x.serveTables()
	}
	target := x.r.Header.Get("X-Amz-Target")
	act := actions[x.signer.service][target]
	if act == nil {
		return unknownOperation(target)
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

// unknownOperation refuses a request that names no operation, or one that is
// not here.
func unknownOperation(target string) *wireError {
	_, operation, _ := strings.Cut(target, ".")
	if operation == "" {
		return newError(http.StatusBadRequest, "UnknownOperationException", "The request names no operation.")
	}
	return notHere(operation)
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

// refuseMembers refuses a document with a member that would not be heeded.
func refuseMembers(body []byte, names ...string) error {
	in, err := parseJSON[map[string]any](body)
	if err != nil {
		return err
	}
	for _, name := range names {
		if list, ok := in[name].([]any); in[name] != nil && !(ok && len(list) == 0) {
			return notHere(name)
		}
	}
	return nil
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

// kmsFailure turns an error of the core's set-up calls, which are not part of
// any protocol, into one of KMS.
func kmsFailure(err error) error {
	var serr *simulator.Error
	if errors.As(err, &serr) {
		return serr
	}
	return newError(http.StatusBadRequest, "NotFoundException", err.Error())
}
