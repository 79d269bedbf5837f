package console

import (
	"fmt"
	"io"
	"slices"

	"reseal/certify"
	"reseal/internal/explain"
	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
	"reseal/s3api"
)

// Checked prints what a check found, for people.
func Checked(out io.Writer, dir string, c *certify.Checked, named bool) error {
	w := terminal.Folding(out)
	dir = plain.Text(dir)
	if n := len(c.Problems); n > 0 {
		fmt.Fprintf(w, "NOT TO BE RELIED ON: %s has %s\n", dir, report.Plural(int64(n), "problem"))
		for _, problem := range c.Problems {
			fmt.Fprintf(w, "  - %s\n", plain.Text(problem))
		}
		return nil
	}
	fmt.Fprintf(w, "WHOLE: the %s of %s are as SHA256SUMS says, and the certificate is what comes of them.\n", report.Plural(int64(c.Files), "file"), dir)
	switch {
	case !c.Signed:
		fmt.Fprintln(w, "It is not signed: whoever can write there can have made all of it.")
	case named:
		fmt.Fprintf(w, "Signed by %s, %s.\n", plain.Text(c.Principals), c.Signer)
	default:
		fmt.Fprintf(w, "Signed by %s. Whose key that is was not checked: --allowed-signers FILE does.\n", c.Signer)
	}
	if !c.Compared {
		fmt.Fprintf(w, "certificate.txt was not compared, as another version wrote it: %s. What is below is made of certificate.json.\n", plain.Text(c.Certificate.Program))
	}
	fmt.Fprintln(w)
	return c.Certificate.WriteText(out)
}

// AfterObjections are the commands that do something about what stands against a
// certificate, in order. While work is left, a verification would be in vain.
func AfterObjections(c *certify.Certificate, s *status.Status) (next []string) {
	working := false
	for _, o := range c.Against {
		command := ""
		switch o.Kind {
		case certify.Unfinished, certify.Failed:
			working = true
			command = NextStep(s, job.Share{}).Command
		case certify.Unverified, certify.Left, certify.Different:
			if !working {
				command = OnJob("verify", s.Job)
			}
		case certify.Untold:
			command = OnJob("report", s.Job) + untoldLines
		case certify.BadKey:
			command = explain.KeyCommand(s3api.SetupKind(c.KeyDoubt), c.Key)
		case certify.Open:
			command = "reseal enforce --bucket " + shell.Word(c.Bucket) + " --sse-kms-key-id " + shell.Word(c.Key)
		}
		if command != "" && !slices.Contains(next, command) {
			next = append(next, command)
		}
	}
	return next
}
