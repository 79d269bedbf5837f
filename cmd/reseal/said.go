package main

import (
	"errors"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/job"
	"reseal/s3api"
)

// said is how a command says that it ended with err: what happened, in plain words;
// what was answered, for those who look it up; whether anything was written; and what
// to do next.
func (p process) said(cmd *cobra.Command, err error) string {
	var b strings.Builder
	text := inWords(err)
	first, more, broken := strings.Cut(text, "\n")
	first, references := withoutReferences(first)
	b.WriteString("reseal: " + first + "\n")
	if broken {
		b.WriteString(indented(more) + "\n")
	}
	for _, a := range answerLines(err, references) {
		b.WriteString(plain.Text(a) + "\n")
	}
	if u := untouched(cmd, err); u != "" && !saysWhatIsWritten(text) {
		b.WriteString(u + "\n")
	}
	r := remedyOf(err, p.again(cmd)).within(cmd)
	if r.next == "" && exitCode(err) == exitUsage {
		r.next = cmd.CommandPath() + " --help"
	}
	if r.say != "" {
		b.WriteString("hint: " + offset(r.say) + "\n")
	}
	if r.next != "" {
		b.WriteString("next: " + offset(r.next) + "\n")
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

// untouched says that a command ended before it wrote anything, "" where it may have.
func untouched(cmd *cobra.Command, err error) string {
	switch {
	case exitCode(err) == exitUsage, errors.As(err, new(*job.NameError)):
		return "Nothing was done."
	case onlyLooks(cmd), errors.As(err, new(*job.NoJobError)), errors.As(err, new(*job.NotJobError)), errors.As(err, new(*untouchedError)):
		return "Nothing was written."
	}
	return ""
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

// onlyLooks tells whether a command writes nothing to any bucket.
func onlyLooks(cmd *cobra.Command) bool {
	switch strings.TrimPrefix(cmd.CommandPath(), "reseal ") {
	case "plan", "preflight", "status", "report", "verify", "jobs", "ui", "permissions", "inventory ls", "export batch-operations":
		return true
	}
	return false
}

// again returns the command line of cmd with another value of a flag, as one that can be
// pasted; "" where cmd has no such flag.
func (p process) again(cmd *cobra.Command) func(flag, value string) string {
	return func(flag, value string) string {
		if cmd.Flag(flag) == nil {
			return ""
		}
		return p.with(flag, value)
	}
}

// with is the command line with other values of a flag.
func (p process) with(flag string, values ...string) string {
	words := []string{"reseal"}
	for i := 0; i < len(p.args); i++ {
		switch a := p.args[i]; {
		case a == "--"+flag:
			i++
		case strings.HasPrefix(a, "--"+flag+"="):
		default:
			words = append(words, shell.Word(a))
		}
	}
	for _, v := range values {
		words = append(words, "--"+flag, shell.Word(v))
	}
	return strings.Join(words, " ")
}
