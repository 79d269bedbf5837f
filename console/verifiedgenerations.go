package console

import (
	"fmt"
	"io"
	"strings"

	"reseal/internal/terminal"
	"reseal/report"
	"reseal/verify"
)

// VerifiedGeneration is a generation of a job and what was found of it. It is part of the
// document of reseal verify --json.
type VerifiedGeneration struct {
	Number       int                  `json:"number"`
	Verification *verify.Verification `json:"verification"`
}

// VerifiedGenerations prints what was found of all generations of a job, and what that
// comes to. over says that the last one ended.
func VerifiedGenerations(out io.Writer, job string, all []VerifiedGeneration, over bool) error {
	for _, g := range all {
		if _, err := fmt.Fprintf(out, "\nGeneration %d\n", g.Number); err != nil {
			return err
		}
		if err := printVerification(out, g.Verification); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(terminal.Folding(out), "\n%s\n", wholeText(job, all, over))
	return err
}

// wholeText says in one sentence what was found of the generations, and what is next.
func wholeText(job string, all []VerifiedGeneration, over bool) string {
	name := report.Plural(int64(len(all)), "verified generation")
	if open := not(all, verify.Fine); len(open) > 0 {
		worse, what := not(all, verify.Fine, verify.Open), "work is left"
		if len(worse) > 0 {
			open, what = worse, "not all is as promised"
		}
		if untold, only := untold(all); only {
			return fmt.Sprintf("Of %s, no work is left; %s, in generation %s.\nnext: %s", name, report.Untold(untold), strings.Join(open, ", "), OnJob("verify", job)+allowUntold)
		}
		return fmt.Sprintf("Of %s, %s in generation %s.\nnext: %s", name, what, strings.Join(open, ", "), OnJob("status", job))
	}
	if !over {
		return fmt.Sprintf("Of %s, all is as promised so far.", name)
	}
	text := fmt.Sprintf("Of %s, all is as promised.", name)
	return text + "\nnext: " + afterVerification(job)
}

// untold is how many objects nobody compared, and whether nothing else is left.
func untold(all []VerifiedGeneration) (n int64, only bool) {
	only = true
	for _, g := range all {
		if v := g.Verification; v.OnlyUntold() {
			n += v.Uncompared
		} else if v.Result() != verify.Fine {
			only = false
		}
	}
	return n, only && n > 0
}

// not are the numbers of the generations whose verification comes to none of the grades.
func not(all []VerifiedGeneration, grades ...verify.Grade) (numbers []string) {
	for _, g := range all {
		is := false
		for _, grade := range grades {
			is = is || g.Verification.Result() == grade
		}
		if !is {
			numbers = append(numbers, fmt.Sprint(g.Number))
		}
	}
	return numbers
}
