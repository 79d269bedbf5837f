package options

import (
	"time"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/notify"
)

// Notify is who is told of a run, and of what.
type Notify struct {
	Command   string
	URL       string
	Failures  int64
	Throttled time.Duration
}

// Bind adds the flags of who is told.
func (n *Notify) Bind(f *pflag.FlagSet) {
	f.StringVar(&n.Command, "notify-command", "", "run this on events, without a shell: words with blanks between, or a JSON array; see docs/notify.md")
	f.StringVar(&n.URL, "notify-url", "", "post events as JSON to this https address; best set as RESEAL_NOTIFY_URL, as command lines can be seen")
	f.Int64Var(&n.Failures, "notify-failures", 0, "tell once more than this many objects failed")
	f.DurationVar(&n.Throttled, "notify-throttled", 10*time.Minute, "tell when KMS or S3 has throttled the run for so long; 0: never")
}

// Targets are who is told; none where nobody is.
func (n *Notify) Targets() (all []notify.Target, err error) {
	if n.Failures < 0 || n.Throttled < 0 {
		return nil, cli.Usagef("--notify-failures and --notify-throttled cannot be negative")
	}
	if n.Command != "" {
		c, err := notify.ParseCommand(n.Command)
		if err != nil {
			return nil, cli.Usagef("--notify-command: %w", err)
		}
		all = append(all, c)
	}
	if n.URL != "" {
		p, err := notify.ParseURL(n.URL)
		if err != nil {
			return nil, cli.Usagef("--notify-url: %w", err)
		}
		all = append(all, p)
	}
	return all, nil
}

// Thresholds are from where on somebody is told of failures and throttling.
func (n *Notify) Thresholds() notify.Thresholds {
	return notify.Thresholds{Failures: n.Failures, Throttled: n.Throttled}
}
