package engine

import (
	"fmt"

	"reseal/plan"
)

// Class is what an error means for the run. The adapter to the store sets it;
// nobody else looks at error codes or texts.
type Class uint8

// The classes.
const (
	Permanent Class = iota // this request will never work; the object fails, the run goes on
	Throttled              // a quota was exceeded: wait, then the same again
	Transient              // the network or the service hiccupped: the same again
	Changed                // the object is no longer what was decided on: read again, decide again
	Gone                   // the object is not there any more
	Refused                // the object is in a state in which S3 does not do this (archived, locked, too large)
	Denied                 // no permission for this object
	Expired                // the credentials have run out and may be renewed: wait for that, then the same again
	Fatal                  // pointless for every further object: key disabled, credentials refused, no such bucket
	numClasses
)

var classNames = [numClasses]string{"permanent", "throttled", "transient", "changed", "gone", "refused", "denied", "expired", "fatal"}

// String returns the class's name in logs.
func (c Class) String() string { return classNames[c] }

// ObjectError is why a request about an object did not work.
type ObjectError struct {
	Op         string // S3 operation
	Bucket     string
	Key        string
	VersionID  string
	Class      Class
	Quota      plan.Quota  // for Throttled: which one
	Reason     plan.Reason // for Refused and Permanent: the word for it in reports
	Code       string      // error code of the service, "" where there was none
	HTTPStatus int         // 0 where there was no answer
	RequestID  string
	Err        error
}

// Error names operation, object and cause.
func (e *ObjectError) Error() string {
	version := ""
	if e.VersionID != "" {
		version = " version " + e.VersionID
	}
	return fmt.Sprintf("%s s3://%s/%q%s: %v", e.Op, e.Bucket, e.Key, version, e.Err)
}

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

// Throttle returns the quota that was exceeded, for a Gate to slow down by.
func (e *ObjectError) Throttle() (plan.Quota, bool) { return e.Quota, e.Class == Throttled }
