package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// placeholders are the words for the values of flags in help.
var placeholders = []struct {
	word  string
	flags []string
}{
	{"URI", []string{"manifest", "from-manifest"}},
	{"KEY", []string{"sse-kms-key-id", "from-key"}},
	{"JOB", []string{"job"}},
	{"BUCKET", []string{"bucket", "only-bucket"}},
	{"PREFIX", []string{"prefix", "exclude-prefix", "probe-key-prefix", "policy-prefix"}},
	{"PATTERN", []string{"include", "exclude"}},
	{"TAG", []string{"tag"}},
	{"AGE", []string{"older-than", "newer-than"}},
	{"CLASS", []string{"storage-class"}},
	{"SIZE", []string{"min-size", "max-size", "multipart-threshold", "memory", "object-size", "max-body"}},
	{"SHARE", []string{"kms-share", "confirm", "sample", "bodies", "bucket-key-weight"}},
	{"RATE", []string{"kms-rps", "s3-rps", "read-rps", "copy-rate"}},
	{"N", []string{"kms-headroom", "snapshot", "max-failures", "notify-failures", "concurrency", "limit", "attempts", "shards"}},
	{"USD", []string{"max-cost"}},
	{"TIME", []string{"max-duration", "max-outage", "drain-timeout", "latency", "jitter", "settle-timeout", "notify-throttled"}},
	{"HOURS", []string{"window"}},
	{"URL", []string{"endpoint-url", "notify-url"}},
	{"REGION", []string{"region"}},
	{"ACCOUNT", []string{"expected-bucket-owner", "job-bucket-owner", "destination-account", "out-bucket-owner"}},
	{"NAME", []string{"profile", "id"}},
	{"ADDRESS", []string{"metrics", "ui", "listen", "debug-addr"}},
	{"FOLDER", []string{"check", "keep-inventory", "dir", "report-dir"}},
	{"FILE", []string{"sign-ssh-key", "allowed-signers", "log-file", "metrics-file", "throttle-flag-file"}},
	{"COMMAND", []string{"notify-command"}},
	{"LEVEL", []string{"log-level"}},
	{"FORM", []string{"log-format"}},
}

// placeholder is the word for a flag's value, "" where pflag's own serves.
func placeholder(f *pflag.Flag) string {
	for _, p := range placeholders {
		if slices.Contains(p.flags, f.Name) {
			return p.word
		}
	}
	switch f.Value.Type() {
	case "string", "stringArray", pathType:
		return "VALUE"
	case "int", "int64":
		return "N"
	case "duration":
		return "TIME"
	}
	return ""
}

// shownValue is a flag's value with another word for it. It implements pflag.Value.
type shownValue struct {
	pflag.Value
	word string
}

func (s shownValue) Type() string { return s.word }

// shownFlag is a flag as help shows it: with a word for its value, and without a
// default that says nothing.
func shownFlag(f *pflag.Flag) *pflag.Flag {
	shown := *f
	name, usage := pflag.UnquoteUsage(f)
	word := placeholder(f)
	if word == "" {
		word = name
	}
	if word == "" { // a switch takes none
		return f
	}
	if name != f.Value.Type() {
		usage = strings.ReplaceAll(f.Usage, "`", "")
		if name == strings.ToUpper(name) {
			word = name
		}
	}
	shown.Usage, shown.Value = usage, shownValue{f.Value, strings.ToUpper(word)}
	if f.DefValue == "0s" || f.DefValue == "[]" {
		shown.DefValue = ""
	}
	return &shown
}
