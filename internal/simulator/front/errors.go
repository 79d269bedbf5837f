package front

import (
	"fmt"
	"net/http"
)

// wireError is an error as a client sees it: the code and status of the AWS
// document, a message, and the further elements some S3 errors carry.
type wireError struct {
	status  int
	code    string
	message string
	extra   []param // further elements of the XML document, in order
}

func (e *wireError) Error() string {
	return fmt.Sprintf("%s (%d): %s", e.code, e.status, e.message)
}

// newError builds an error of the S3 error list (Amazon S3 API Reference,
// "Error responses", read 2026-11-21).
func newError(status int, code, message string) *wireError {
	return &wireError{status: status, code: code, message: message}
}

func (e *wireError) with(name, value string) *wireError {
	e.extra = append(e.extra, param{name, value})
	return e
}

func errInvalidRequest(message string) *wireError {
	return newError(http.StatusBadRequest, "InvalidRequest", message)
}

func errInvalidArgument(message, name, value string) *wireError {
	return newError(http.StatusBadRequest, "InvalidArgument", message).
		with("ArgumentName", name).with("ArgumentValue", value)
}

func errAccessDenied(message string) *wireError {
	return newError(http.StatusForbidden, "AccessDenied", message)
}

func errNotImplemented(what string) *wireError {
	return newError(http.StatusNotImplemented, "NotImplemented",
		"A header or query you provided requested a function that is not implemented: "+what)
}

// notHere refuses, in any protocol, what AWS has and this simulator has not.
func notHere(what string) *wireError {
	return newError(http.StatusNotImplemented, "NotImplemented", "This simulator does not implement it: "+what)
}

func errMalformedXML() *wireError {
	return newError(http.StatusBadRequest, "MalformedXML",
		"The XML you provided was not well-formed or did not validate against our published schema")
}

func errIncompleteBody(message string) *wireError {
	return newError(http.StatusBadRequest, "IncompleteBody", message)
}
