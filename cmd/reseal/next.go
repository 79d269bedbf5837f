package main

import (
	"fmt"
	"strings"

	"reseal/plan"
)

// next is the command that a person types after a look at a job, and what that does
// with it. What the job's documents do not hold, such as the pace and the hazards
// that were accepted, a person has to add.
func (s *jobStatus) next(job *jobPlan, part share) (command, does string) {
	at := "--job " + shellWord(s.Job)
	if part.count > 0 {
		at += " --shard " + part.String()
	}
	switch {
	case s.State == "not begun":
		return job.command() + " " + at, "carries the plan out"
	case s.State != "finished":
		return job.command() + " " + at, "goes on where it stopped; add the --accept, pace and limits that it had"
	case s.Failed > 0:
		return "reseal retry-failed " + at, "tries the failed objects again, and nothing else"
	}
	return "reseal verify --job " + shellWord(s.Job), "looks at every object again"
}

// command is the run that the job is bound to, without its folder.
func (j *jobPlan) command() string {
	words := []string{"reseal run --manifest " + shellWord(j.Manifest)}
	add := func(flag, value string) { words = append(words, "--"+flag+" "+shellWord(value)) }
	on := func(flag string, is bool) {
		if is {
			words = append(words, "--"+flag)
		}
	}
	size := func(flag string, n, usual int64) {
		if n != usual {
			add(flag, fmt.Sprint(n))
		}
	}
	o := &j.Options
	if o.SSE == plan.TargetKMS {
		add("sse-kms-key-id", o.KMSKeyID)
		if !o.BucketKey {
			words = append(words, "--bucket-key-enabled=false")
		}
	} else {
		add("sse", o.SSE)
	}
	if o.Method != plan.MethodCopy {
		add("method", string(o.Method))
	}
	if o.AllVersions {
		add("versions", "all")
	}
	if o.Unconfirmed > 0 {
		add("confirm", fmt.Sprintf("%.6f", 1-float64(o.Unconfirmed)/1e6))
	}
	if o.CopyVia != "" {
		add("copy-via", o.CopyVia)
	}
	on("rekey", o.Rekey)
	for _, p := range o.Prefixes {
		add("prefix", p)
	}
	for _, p := range o.Exclude {
		add("exclude-prefix", p)
	}
	size("min-size", o.MinSize, 0)
	size("max-size", o.MaxSize, 0)
	for _, c := range o.StorageClasses {
		add("storage-class", c)
	}
	on("trust-inventory", o.TrustInventory)
	on("inspect-all", o.InspectAll)
	size("multipart-threshold", o.Multipart, plan.SingleCopyLimit)
	if j.Endpoint != "" {
		add("endpoint-url", j.Endpoint)
	}
	return strings.Join(words, " ")
}

// shellWord writes a word as a shell takes it.
func shellWord(s string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./:=,@%+", r)
	}
	if s != "" && strings.IndexFunc(s, odd) < 0 {
		return s
	}
	return shellQuoted(s)
}

// shellQuoted writes a word so that a shell takes every character as it is.
func shellQuoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
