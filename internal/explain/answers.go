package explain

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"reseal/engine"
	"reseal/internal/plain"
	"reseal/s3api"
)

// AnswerOf is what a service answered to which request about an object.
func AnswerOf(e *engine.ObjectError) string {
	text := answerAlone(e)
	if e.Op != "" && !strings.HasPrefix(text, e.Op) {
		return e.Op + " " + text
	}
	return text
}

// answerAlone is what a service answered.
func answerAlone(e *engine.ObjectError) string {
	if e.Code == "" || e.HTTPStatus == 0 {
		return plain.Text(s3api.PlainText(e.Words()))
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

// parts are what a person is told of an error: what happened, in one line; the lines
// after that, "" where there are none; and what was answered, a line each, which those
// need who look it up.
func parts(err error) (first, more string, answers []string) {
	first, more, _ = strings.Cut(Words(err), "\n")
	first, references := withoutReferences(first)
	for _, a := range answerLines(err, references) {
		answers = append(answers, plain.Text(a))
	}
	return first, more, answers
}

// Both forms of s3api.PlainText and s3api.Reference.
var reference = regexp.MustCompile(`([\w.:]+)?( \((?:\d{3}, request id [^)]*|\d{3} [A-Z]\w+(?:, request id [^)]*)?)\))`)

// withoutReferences takes off a text what answers are looked up by. It returns each,
// with the code of the answer.
func withoutReferences(text string) (rest string, references []string) {
	for _, m := range reference.FindAllStringSubmatch(text, 3) {
		if ref := strings.Trim(m[2], " ()"); strings.HasPrefix(m[2][1:], "(") && ref[3] == ',' {
			references = append(references, m[1]+m[2])
		} else {
			references = append(references, ref)
		}
	}
	return reference.ReplaceAllString(text, "$1"), references
}

// answerLines are about what a service answered, or why it did not.
func answerLines(err error, references []string) (lines []string) {
	var setup *s3api.SetupError
	switch {
	case errors.As(err, &setup) && setup.Code != "" && sentence(setup) != "":
		return []string{"answer: " + doing(setup) + ": " + s3api.PlainText(setup.Err.Error())}
	case setup != nil && setup.Kind == s3api.NoCredentials:
		return []string{"cause: " + s3api.PlainText(setup.Err.Error())}
	}
	for _, r := range references {
		lines = append(lines, "answer: "+r)
	}
	return lines
}
