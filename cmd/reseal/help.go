package main

import "reseal/internal/cli"

// helpInGroups has help show flags in groups, the common ones first.
var helpInGroups = cli.Help{Flags: flagGroups, Commands: commandGroups, Placeholders: placeholders}

// flagGroups are the groups in the order of help. Every flag stands in one of them.
var flagGroups = []cli.FlagGroup{
	{Title: "What", Common: []string{"manifest", "sse-kms-key-id", "job", "check", "bucket", "prefix", "regions", "accounts", "destination", "allow", "sample", "apply"}, Rest: []string{
		"columns", "only-bucket", "exclude-prefix", "include", "exclude", "tag", "from-key", "older-than", "newer-than", "min-size", "max-size", "storage-class", "rekey", "versions", "sse", "objects", "object-size", "keep-inventory", "no-manifest-checksum",
		"from-manifest", "id", "schedule", "destination-account", "replace", "principal", "survey", "readers", "head", "rows", "remove", "seed", "bodies", "large", "list",
		"shard", "shards", "facts", "requester-pays", "policy-prefix", "except-services", "require-header", "require-tls", "min-tls", "block-sse-c",
		"out-bucket-owner", "report-dir", "dir", "users"}},
	{Title: "How", Common: []string{"accept", "method", "dry-run", "yes"}, Rest: []string{
		"dryrun", "bucket-key-enabled", "copy-via", "acl", "confirm", "snapshot", "no-canary", "no-plan-pass", "until-clean", "every", "max-generations", "delta-from", "trust-inventory", "inspect-all", "multipart-threshold",
		"probe-key-prefix", "offline", "sweep", "measure-kms"}},
	{Title: "Pace", Common: []string{"kms-share", "kms-rps", "window"}, Rest: []string{"kms-headroom", "force", "s3-rps", "read-rps", "survey-rps", "concurrency", "parallel-buckets", "order", "window-exit", "throttle-flag-file"}},
	{Title: "Limits", Common: []string{"max-cost", "max-duration", "max-failures"}, Rest: []string{"limit", "max-outage", "attempts", "drain-timeout", "settle-timeout", "memory"}},
	{Title: "Money and time", Rest: []string{"prices", "object-rps", "monthly-gets", "monthly-puts", "copy-rate", "latency", "update-kms-weight", "bucket-key-weight"}},
	{Title: "Output", Common: []string{"out", "sign-ssh-key", "format", "output", "html", "campaign", "json", "watch"}, Rest: []string{"allowed-signers", "quiet", "no-progress", "results", "ui", "ui-expose", "metrics", "metrics-file", "debug-addr", "debug-expose", "notify-command", "notify-url", "notify-failures", "notify-throttled", "log-file", "log-level", "log-format", "csv-exact"}},
	{Title: "Connection", Common: []string{"region", "profile", "endpoint-url"}, Rest: []string{
		"expected-bucket-owner", "job-bucket-owner", "known-jobs", "ca-bundle", "allow-http", "sdk-client"}},
	{Title: "Simulator", Common: []string{"listen", "tls"}, Rest: []string{
		"http-is-insecure", "kms-quota", "s3-quota", "kms-load", "client-load", "jitter", "max-body"}},
	{Title: "This program", Common: []string{"help"}, Rest: []string{cli.ConfigFlag, cli.HelpAll, "version"}},
}

// commandGroups are the commands in the order of help: those of a migration as they
// follow each other, then the others.
var commandGroups = []cli.CommandGroup{
	{Title: "A migration", Names: []string{"survey", "inventory", "plan", "preflight", "run", "campaign", "status", "ui", "jobs", "ctl", "retry-failed", "verify", "report", "certify"}},
	{Title: "Around it", Names: []string{"permissions", "enforce", "selfcheck", "uploads", "forget", "export", "import"}},
	{Title: "To try it", Names: []string{"demo", "simulate"}},
}

// placeholders are the words for the values of flags in help.
var placeholders = []cli.Placeholder{
	{Word: "URI", Flags: []string{"manifest", "from-manifest"}},
	{Word: "KEY", Flags: []string{"sse-kms-key-id", "from-key"}},
	{Word: "JOB", Flags: []string{"job"}},
	{Word: "BUCKET", Flags: []string{"bucket", "only-bucket"}},
	{Word: "PREFIX", Flags: []string{"prefix", "exclude-prefix", "probe-key-prefix", "policy-prefix"}},
	{Word: "PATTERN", Flags: []string{"include", "exclude"}},
	{Word: "TAG", Flags: []string{"tag"}},
	{Word: "AGE", Flags: []string{"older-than", "newer-than"}},
	{Word: "CLASS", Flags: []string{"storage-class"}},
	{Word: "SIZE", Flags: []string{"min-size", "max-size", "multipart-threshold", "memory", "object-size", "max-body"}},
	{Word: "SHARE", Flags: []string{"kms-share", "confirm", "sample", "bodies", "bucket-key-weight"}},
	{Word: "RATE", Flags: []string{"kms-rps", "s3-rps", "read-rps", "survey-rps", "object-rps", "copy-rate"}},
	{Word: "N", Flags: []string{"parallel-buckets", "kms-headroom", "snapshot", "max-failures", "notify-failures", "concurrency", "limit", "attempts", "shards", "max-generations"}},
	{Word: "USD", Flags: []string{"max-cost"}},
	{Word: "TIME", Flags: []string{"max-duration", "max-outage", "drain-timeout", "latency", "jitter", "settle-timeout", "notify-throttled", "every"}},
	{Word: "HOURS", Flags: []string{"window"}},
	{Word: "URL", Flags: []string{"endpoint-url", "notify-url"}},
	{Word: "REGION", Flags: []string{"region", "regions"}},
	{Word: "ACCOUNT", Flags: []string{"expected-bucket-owner", "job-bucket-owner", "destination-account", "out-bucket-owner"}},
	{Word: "NAME", Flags: []string{"profile", "id"}},
	{Word: "ADDRESS", Flags: []string{"metrics", "ui", "listen", "debug-addr"}},
	{Word: "FOLDER", Flags: []string{"check", "keep-inventory", "dir", "report-dir"}},
	{Word: "FILE", Flags: []string{"sign-ssh-key", "allowed-signers", "log-file", "metrics-file", "throttle-flag-file"}},
	{Word: "COMMAND", Flags: []string{"notify-command"}},
	{Word: "LEVEL", Flags: []string{"log-level"}},
	{Word: "FORM", Flags: []string{"log-format"}},
}
