package main

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"reseal/engine"
	"reseal/report"
	"reseal/s3api"
)

// What the AWS SDK says around the answer of a service. Code, status and request id
// are worth keeping, as AWS Support asks for them; the rest is how the SDK came by
// them, and an id of the host that nobody looks up.
var (
	sdkOperation = regexp.MustCompile(`operation error [A-Za-z0-9 ]+: \w+, (?:exceeded maximum number of attempts, \d+, )?`)
	sdkAnswer    = regexp.MustCompile(`https? response error StatusCode: (\d+), RequestID: ([^,]*), (?:HostID: [^,]*, )?(?:(?:api error )?(\w+):(?: |$))?`)
	sdkUnsent    = regexp.MustCompile(`request send failed, \w+ "[^"]*": `)
	nothingSaid  = regexp.MustCompile(`(\(\d+(?:, request id [^)]*)?\)): ?(;|\n|$)`)
)

// inWords says what went wrong as a person would, with what there is to look it up
// by.
func inWords(err error) string {
	text := err.Error()
	for _, e := range within(err) {
		text = strings.ReplaceAll(text, e.err.Error(), e.text)
	}
	return withoutPlumbing(text)
}

// reworded is an error in a chain, and what is said in its place.
type reworded struct {
	err  error
	text string
}

// within finds the errors that err wraps and that have words of their own here.
func within(err error) (all []reworded) {
	switch e := err.(type) {
	case nil:
		return nil
	case *s3api.SetupError:
		if e.Kind == s3api.NoBucket {
			return []reworded{{e, fmt.Sprintf("bucket %s does not exist%s", bucketOf(e.Subject), lookedUpBy(e.Err))}}
		}
	case *engine.BreakerError:
		var object *engine.ObjectError
		if errors.As(e.Err, &object) && object.Class == engine.Denied && e.Seen > 1 {
			return []reworded{{e, fmt.Sprintf("stopped, as access to %s was denied and none could be done: %v", report.Plural(e.Seen, "object"), e.Err)}}
		}
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return within(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			all = append(all, within(one)...)
		}
	}
	return all
}

// bucketOf is the bucket of a subject, which may be a key in it.
func bucketOf(subject string) string {
	bucket, _, _ := strings.Cut(strings.TrimPrefix(subject, "s3://"), "/")
	return bucket
}

// lookedUpBy gives status, code and request id of an answer, in brackets.
func lookedUpBy(err error) string {
	m := sdkAnswer.FindStringSubmatch(err.Error())
	if m == nil {
		return ""
	}
	text := " (" + strings.TrimSpace(m[1]+" "+m[3])
	if m[2] != "" {
		text += ", request id " + m[2]
	}
	return text + ")"
}

// answerOf is what a service answered to which request about an object.
func answerOf(e *engine.ObjectError) string {
	text := answerAlone(e)
	if e.Op != "" && !strings.HasPrefix(text, e.Op) {
		return e.Op + " " + text
	}
	return text
}

// answerAlone is what a service answered.
func answerAlone(e *engine.ObjectError) string {
	if e.Code == "" || e.HTTPStatus == 0 {
		return withoutPlumbing(e.Words())
	}
	text := fmt.Sprintf("%s (%d", e.Code, e.HTTPStatus)
	if e.RequestID != "" {
		text += ", request id " + e.RequestID
	}
	text += ")"
	if e.Said != "" {
		text += ": " + e.Words()
	}
	return text
}

// withoutPlumbing leaves of the SDK's errors what the service said.
func withoutPlumbing(text string) string {
	text = sdkOperation.ReplaceAllString(text, "")
	text = sdkAnswer.ReplaceAllStringFunc(text, func(s string) string {
		m := sdkAnswer.FindStringSubmatch(s)
		if m[1] == "0" {
			return "" // there was no answer
		}
		by := m[1]
		if m[2] != "" {
			by += ", request id " + m[2]
		}
		if m[3] == "" {
			return "status " + by + ": "
		}
		return m[3] + " (" + by + "): "
	})
	text = sdkUnsent.ReplaceAllString(text, "no answer: ")
	return nothingSaid.ReplaceAllString(text, "$1$2")
}
