package selfcheck

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes docs/open-questions.md: what reseal believes and what it asks.
func Markdown(out io.Writer) error {
	var b strings.Builder
	b.WriteString(`# What reseal believes of AWS, and what it asks

reseal has not been run against AWS by its authors. Each belief below comes from a page of AWS's. Each question is one that no page answers.
` + "`reseal selfcheck --bucket SCRATCH --sse-kms-key-id ARN`" + ` asks all of them on your account, on scratch objects of its own.
Numbers are stable: one that is no longer asked is not used again.
This file is written by ` + "`reseal selfcheck --list`" + `; a test compares the two.
`)
	section := func(title string, question bool) {
		fmt.Fprintf(&b, "\n## %s\n\n| number | what | what the documents say | depends on it | source |\n|---|---|---|---|---|\n", title)
		for _, i := range Items() {
			if i.Question() != question {
				continue
			}
			note := ""
			if !i.Asked() {
				note = " (a person has to ask)"
			}
			fmt.Fprintf(&b, "| %s | %s%s | %s | %s | %s |\n", i.Number, i.Title, note, i.Docs, i.Effect, i.Source)
		}
	}
	section("Beliefs", false)
	section("Questions", true)
	_, err := io.WriteString(out, b.String())
	return err
}
