package console

import (
	"cmp"
	"slices"
	"strings"

	"reseal/internal/shell"
	"reseal/job"
	"reseal/report"
	"reseal/verify"
)

// advice says what the verdicts mean for somebody who is to sign, and what to do
// about them; "" where there is nothing to do.
func advice(v *verify.Verification) string {
	var lines []string
	n := func(verdict verify.Verdict) int64 { return v.Verdicts[verdict] }
	add := func(is bool, text string) {
		if is {
			lines = append(lines, text)
		}
	}
	wrong := n(verify.ChangedNotUnderKey) + n(verify.NeverUnderKey) + n(verify.LostAttribute) + n(verify.CouldNotLook)
	add(wrong > 0, report.Plural(wrong, "row")+" not as promised. Nothing was changed by this look.")
	add(n(verify.ChangedNotUnderKey) > 0,
		"Not under the key: somebody wrote or changed them since. A new report and a new job do these objects again; CloudTrail says who it was.")
	add(n(verify.NeverUnderKey) > 0,
		"Never under the key: the endpoint said aws:kms and did not encrypt, and nobody "+
			"wrote them since. Ask who runs the endpoint. A new report and a new job do these "+
			"objects again.")
	add(n(verify.LostAttribute) > 0,
		"Lost: reseal writes no data of its own, S3 copies it; a lifecycle rule or another client may have changed attributes. Look at one such object, and at its old version where the bucket keeps them, before the source is given up. What was lost on purpose is accepted by name: reseal verify --accept NAME.")
	add(n(verify.CouldNotLook) > 0, "Could not look: see the reason beside each object, then run the same command again.")
	add(v.Uncompared > 0 && !v.Whole && !slices.Contains(v.Allowed, verify.NotCompared),
		report.Untold(v.Uncompared)+": the answers were lost. An endpoint other than AWS may have left something out. Look at them with "+
			OnJob("report", v.Job)+untoldLines+", where they have the reason repeat. "+OnJob("verify", cmp.Or(job.WholeOf(v.Job), v.Job))+allowUntold+" takes them as they are.")
	add(v.NeverBegan, "The job never began; "+OnJob("status", v.Job)+" says how to run it.")
	add(!v.NeverBegan && n(verify.NotDone) > 0, "Work is left; "+OnJob("status", v.Job)+" says how to go on.")
	if wrong > 0 {
		lines = append(lines, "Look at the first: "+headFirst(v))
	}
	return strings.Join(lines, "\n")
}

// headFirst is the command that looks at the first object that is listed.
func headFirst(v *verify.Verification) string {
	command := "aws s3api head-object --bucket " + shell.Word(v.Bucket)
	if v.Endpoint != "" {
		command += " --endpoint-url " + shell.Word(v.Endpoint)
	}
	if len(v.Differences) == 0 {
		return command + " --key KEY"
	}
	first := &v.Differences[0]
	command += " --key " + shell.Visible(first.Key)
	if first.VersionID != "" {
		command += " --version-id " + shell.Word(first.VersionID)
	}
	return command
}
