package main

import (
	"slices"
	"strings"
	"unicode"

	"reseal/plan"
	"reseal/report"
)

// advice says what differences mean and what to do about them, "" where there
// are none.
func (v *verification) advice() string {
	var differ int64
	for verdict, n := range v.Verdicts {
		if verdict.Difference() {
			differ += n
		}
	}
	if differ == 0 {
		return ""
	}
	var lines []string
	add := func(verdicts []plan.Verdict, text string) {
		if slices.ContainsFunc(verdicts, func(x plan.Verdict) bool { return v.Verdicts[x] > 0 }) {
			lines = append(lines, text)
		}
	}
	lines = append(lines, report.Plural(differ, "difference")+" between what the job was to leave behind and what is there. Nothing was changed by this look.")
	add([]plan.Verdict{plan.NotUnderKMS, plan.WrongKey, plan.NoBucketKey},
		"Encryption: somebody may have changed it in place, which leaves no new date. A new report and a new job do these objects again; CloudTrail says who it was.")
	add([]plan.Verdict{plan.BodyDiffers, plan.SizeDiffers},
		"Data: reseal never writes data of its own, S3 copies it. Look at one such object, at its old version where the bucket keeps them, and at who else writes there, before the source is given up.")
	add([]plan.Verdict{plan.ClassDiffers, plan.Unfaithfully},
		"Attributes: a lifecycle rule or another client may have changed them. What was lost on purpose is accepted by name: reseal verify --accept NAME.")
	add([]plan.Verdict{plan.VerdictUnknown},
		"Could not check: see the reason beside each object, then run the same command again.")
	example := "KEY"
	if len(v.Differences) > 0 {
		example = quoted(v.Differences[0].Key)
	}
	return strings.Join(append(lines, "Look at the first: aws s3api head-object --bucket "+v.Bucket+" --key "+example), "\n")
}

// quoted writes a key as one word of a shell, and a key that no terminal shows as
// KEY.
func quoted(key string) string {
	if strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) || r == unicode.ReplacementChar }) {
		return "KEY"
	}
	return shellQuoted(key)
}
