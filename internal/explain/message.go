package explain

import (
	"regexp"
	"strings"
)

// Message says that a command ended with err: what happened, in plain words; what was
// answered, for those who look it up; whether anything was written, as written says where
// the error does not; and what to do next.
func Message(err error, written string, r Remedy) string {
	var b strings.Builder
	first, more, answers := parts(err)
	b.WriteString("reseal: " + first + "\n")
	if more != "" {
		b.WriteString(indented(more) + "\n")
	}
	for _, a := range answers {
		b.WriteString(a + "\n")
	}
	if written != "" && !saysWhatIsWritten(Words(err)) {
		b.WriteString(written + "\n")
	}
	if r.Say != "" {
		b.WriteString("hint: " + offset(r.Say) + "\n")
	}
	if r.Next != "" {
		b.WriteString("next: " + offset(r.Next) + "\n")
	}
	return b.String()
}

// heads are what a message begins with.
var heads = regexp.MustCompile(`(?mi)^(reseal|hint|next|note|warning|error):`)

// indented sets off each line that could be taken for a message of its own: an answer of
// a service may have line feeds.
func indented(text string) string { return heads.ReplaceAllString(text, "  $0") }

// offset is a text of which the lines after the first are set off likewise.
func offset(text string) string {
	first, more, broken := strings.Cut(text, "\n")
	if !broken {
		return first
	}
	return first + "\n" + indented(more)
}

// saysWhatIsWritten tells whether a text says so itself.
func saysWhatIsWritten(text string) bool {
	for _, words := range []string{"nothing was ", "is recorded", "nothing is lost", "counts"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}
