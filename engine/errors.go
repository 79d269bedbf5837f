package engine

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

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
	Empty                  // answered, without what was asked for: the same again, a few times
	Changed                // the object is no longer what was decided on: read again, decide again
	Gone                   // the object is not there any more
	Refused                // the object is in a state in which S3 does not do this (archived, locked, too large)
	Denied                 // no permission for this object
	Expired                // the credentials have run out and may be renewed: wait for that, then the same again
	InParts                // only a copy in parts does it; nothing was written: decide again
	Fatal                  // pointless for every further object: key disabled, credentials refused, no such bucket
	numClasses
)

var classNames = [numClasses]string{"permanent", "throttled", "transient", "empty", "changed", "gone", "refused", "denied", "expired", "in-parts", "fatal"}

// String returns the class's name in logs.
func (c Class) String() string { return classNames[c] }

// passes tells whether sending the same again may help.
func (c Class) passes() bool { return c == Throttled || c == Transient || c == Empty || c == Expired }

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
	Said       string // what the service said, and what helps; "" where that was nothing
	KMSKey     string // the key that the error is about, "" where it is about none or not known

	// Lost is what a write lost of the object and what could not be put back, with
	// the values that it had, for Unfaithful.
	Lost []plan.Difference
	Err  error

	// InDoubt says that a client may have changed what is Lost: one such object stops no
	// run, and is a loss together with another.
	InDoubt bool

	// Untouched says that nothing was written, for Unfaithful: the object was refused
	// before it could lose something.
	Untouched bool

	// Unlisted says why no listing confirms that the object is gone, for Gone; ""
	// where one does.
	Unlisted string

	// Contradicted says that the endpoint says two things of the object, so that what
	// HeadObject shows of it is not to be sent along.
	Contradicted bool
}

// Error names operation, object and cause.
func (e *ObjectError) Error() string {
	version := ""
	if e.VersionID != "" {
		version = " version " + e.VersionID
	}
	if e.Key == "" { // about the bucket as a whole
		return fmt.Sprintf("%s s3://%s: %v", e.Op, e.Bucket, e.Err)
	}
	return fmt.Sprintf("%s s3://%s/%q%s: %v", e.Op, e.Bucket, e.Key, version, e.Err)
}

// Unwrap returns the cause.
func (e *ObjectError) Unwrap() error { return e.Err }

// Throttle returns the quota that was exceeded, for a Gate to slow down by.
func (e *ObjectError) Throttle() (plan.Quota, bool) { return e.Quota, e.Class == Throttled }

// maxWords bounds the length of Words, in bytes: the messages of S3 and KMS that
// name a role and a key take some 250.
const maxWords = 400

// secrets are what no message should hold, and no record keeps: ids of access
// keys, and signed parameters of a request.
var secrets = regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z0-9]{12,}|(?i)\b(?:x-amz-(?:signature|credential|security-token)|signature|credential|authorization)[=:]\s*[^\s&,"]+`)

// Words says what went wrong in one line that is fit to be kept: what the service
// said, else the cause. It is UTF-8 of 400 bytes at most without control
// characters, and holds no credentials and no addresses of requests.
func (e *ObjectError) Words() string {
	text := e.Said
	var request *url.Error
	switch {
	case text != "":
	case errors.As(e.Err, &request):
		text = request.Err.Error() // without the address, which names the object
	case e.Err != nil:
		text = e.Err.Error()
	}
	text = secrets.ReplaceAllString(strings.ToValidUTF8(text[:min(len(text), 4*maxWords)], "\uFFFD"), "[left out]")
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if len(text) > maxWords {
		cut := maxWords - len("…")
		for !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut] + "…"
	}
	return text
}
