package console

import (
	"fmt"
	"strings"

	"reseal/job"
)

// Loosened says in one line which limits of a job permit more than before.
func Loosened(changes []job.Change, usual func(option string) string) string {
	var words []string
	for _, c := range changes {
		if !c.Looser {
			continue
		}
		from := strings.Join(c.From, ", ")
		switch d := usual(c.Option); {
		case from != "":
		case d != "" && d != "[]":
			from = "not given, " + d + " by default"
		default:
			from = "not given"
		}
		to := strings.Join(c.To, ", ")
		if to == "" { // one value, and that is nothing
			to = "none"
		}
		words = append(words, fmt.Sprintf("--%s %s, was %s", c.Option, to, from))
	}
	if len(words) == 0 {
		return ""
	}
	return "this loosens what the job was told before: " + strings.Join(words, "; ") + " (recorded)"
}
