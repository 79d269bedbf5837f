package s3api

import (
	"regexp"
	"strings"
)

// What the AWS SDK says around the answer of a service. Code, status and request id
// are worth keeping, as AWS Support asks for them; the rest is how the SDK came by
// them, and an id of the host that nobody looks up.
var (
	sdkOperation = regexp.MustCompile(`operation error [A-Za-z0-9 ]+: \w+, (?:exceeded maximum number of attempts, \d+, )?`)
	sdkAnswer    = regexp.MustCompile(`https? response error StatusCode: (\d+), RequestID: ([^,]*), (?:HostID: [^,]*, )?(?:(?:api error )?([\w.]+(?::\w+)?):(?: |$))?`)
	sdkUnsent    = regexp.MustCompile(`request send failed, \w+ "[^"]*": `)
	nothingSaid  = regexp.MustCompile(`(\(\d+(?:, request id [^)]*)?\)): ?(;|\n|$)`)
)

// PlainText leaves of an error's text what the service said, with code, status and
// request id. It takes away what the SDK says around that, and puts plain words in the
// place of those of Go's libraries. All text that people read goes through it.
func PlainText(text string) string {
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
	return nothingSaid.ReplaceAllString(withoutGoWords(text), "$1$2")
}

// Reference returns status, code and request id of the answer that an error is about,
// in brackets after a space; "" where it is about none.
func Reference(err error) string {
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
