package s3api

import (
	"errors"
	"fmt"

	"reseal/engine"
)

// SetupKind says what is wrong before, or for, every object alike; a command
// can give one hint for each.
type SetupKind string

// The kinds.
const (
	BadConfig     SetupKind = "bad-config"      // configuration files, profile or Region unusable
	BadBundle     SetupKind = "bad-ca-bundle"   // the file of certificate authorities is unusable
	BadEndpoint   SetupKind = "bad-endpoint"    // not a URL that can be an endpoint
	PlainHTTP     SetupKind = "plain-http"      // without TLS, and not on this machine
	NoCredentials SetupKind = "no-credentials"  // the chain has none
	BadCredential SetupKind = "bad-credentials" // unknown, expired, or signed with the wrong secret
	Clock         SetupKind = "clock"           // the clocks differ by more than the service allows
	Unreachable   SetupKind = "unreachable"     // no answer
	UnknownHost   SetupKind = "unknown-host"    // DNS does not know the name
	Proxy         SetupKind = "proxy"           // the proxy does not answer, or does not let requests through
	Middlebox     SetupKind = "middlebox"       // something between answered in the service's place
	NotTLS        SetupKind = "not-tls"         // the other side does not speak TLS
	OldTLS        SetupKind = "old-tls"         // no version or cipher of TLS that both sides speak
	OpenFiles     SetupKind = "open-files"      // this process may have no more files and connections open
	Certificate   SetupKind = "certificate"     // the endpoint's certificate was not verified
	NoBucket      SetupKind = "no-bucket"
	BucketOwner   SetupKind = "bucket-owner" // another account than the caller's, and not named
	WrongRegion   SetupKind = "wrong-region" // Region says which one, where known
	AccessDenied  SetupKind = "access-denied"
	Unsupported   SetupKind = "unsupported" // not for this kind of bucket or endpoint

	KeyUnknown     SetupKind = "key-unknown"
	KeyDisabled    SetupKind = "key-disabled"
	KeyDeleted     SetupKind = "key-pending-deletion"
	KeyUnavailable SetupKind = "key-unavailable" // any other state but enabled
	KeyRegion      SetupKind = "key-region"      // in another Region than the bucket
	KeyUsage       SetupKind = "key-usage"       // not a symmetric encryption key
	KeyUnchecked   SetupKind = "key-unchecked"   // the endpoint has no KMS API that could be asked
	KeyNotFull     SetupKind = "key-not-full"    // an alias or an id where a full key ARN is needed

	QuotaUnknown SetupKind = "quota-unknown"
	Unproven     SetupKind = "unproven" // the endpoint is not known to understand the request
	Other        SetupKind = "other"
)

// SetupError is why a run cannot begin, or cannot go on with any object.
type SetupError struct {
	Kind    SetupKind
	Op      string // what was tried, as a short verb phrase or the name of an operation
	Subject string // bucket, key, endpoint or file it was tried on
	Region  string // for WrongRegion and KeyRegion: the right one, "" where not known
	Code    string // error code of the service, "" where there was none

	// Expected is, for AccessDenied, the account that was named as the owner of the
	// bucket, "" where none was: S3 refuses with the same word where another owns it.
	Expected string

	Err error
}

// Error names operation, subject and cause.
func (e *SetupError) Error() string {
	subject := ""
	if e.Subject != "" {
		subject = " " + e.Subject
	}
	if e.Expected != "" {
		return fmt.Sprintf("%s%s, which has to belong to account %s: %v", e.Op, subject, e.Expected, e.Err)
	}
	return fmt.Sprintf("%s%s: %v", e.Op, subject, e.Err)
}

// Unwrap returns the cause.
func (e *SetupError) Unwrap() error { return e.Err }

// KindOf says what is wrong where err is, or wraps, a *SetupError or an
// *engine.ObjectError that was fatal to the run; "" for other errors.
func KindOf(err error) SetupKind {
	var setup *SetupError
	if errors.As(err, &setup) {
		return setup.Kind
	}
	var object *engine.ObjectError
	if errors.As(err, &object) && object.Class == engine.Transient && object.HTTPStatus == 0 {
		if kind := noAnswerKind(object.Err); kind != "" && object.Code == faultNetwork.code() {
			return kind
		}
		return kindOf(object.Code, 0)
	}
	if object != nil && (object.Class == engine.Fatal || object.Class == engine.Denied || object.Class == engine.Expired) {
		return kindOf(object.Code, object.HTTPStatus)
	}
	return ""
}

// setupError wraps the error of a preflight request; nil stays nil.
func setupError(op, subject string, err error) error {
	if err == nil {
		return nil
	}
	a := answerOf(err)
	out := &SetupError{Op: op, Subject: subject, Code: a.code, Err: err, Region: a.region}
	switch {
	case a.fault != faultNone:
		out.Kind = kindOf(a.fault.code(), 0)
		if kind := noAnswerKind(err); kind != "" && out.Kind == Unreachable {
			out.Kind = kind
		}
		out.Err = a.short(err)
	default:
		out.Kind = kindOf(a.code, a.status)
	}
	return out
}

// inShort is an error of which the SDK's text is longer than anybody needs.
type inShort struct {
	text string
	err  error
}

func (e *inShort) Error() string { return e.text }
func (e *inShort) Unwrap() error { return e.err }

// Unknown is a bucket fact that could not be read.
type Unknown struct {
	Fact string // as in plan.Facts, in plain words
	Op   string // operation that would have told
	Err  error  // *SetupError
}

// String says what is not known and why.
func (u Unknown) String() string { return fmt.Sprintf("%s: %v", u.Fact, u.Err) }
