package console

import (
	"fmt"

	"reseal/control"
	"reseal/cost"
	"reseal/internal/terminal"
	"reseal/job/verification"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
)

// VerifyCap is the cap on KMS requests of a verification, and who says so: the user, by
// stated, or where that is 0 the default quota.
func VerifyCap(l *verification.Live, stated float64) preflight.Caps {
	caps := preflight.Caps{KMS: l.Pace().KMS.Cap, Source: "--kms-rps"}
	if stated == 0 {
		caps.Source = fmt.Sprintf("half of the default quota of %s in %s", report.Rate(cost.KMSQuota(l.Region)), l.Region)
	}
	return caps
}

// VerifyProgress is the progress of a verification.
func VerifyProgress(out *terminal.Screen, quiet bool, l *verification.Live) *Progress {
	return &Progress{
		Out: out, Quiet: quiet, Total: l.Rows, Handled: l.Seen.Load,
		Status: func() control.Status { return shownPace(l.Pace()) },
		Spent:  func() (cost.Money, bool) { return 0, false },
	}
}

// shownPace is what is shown of the rates of a verification. What holds it back matters
// little, as it can be stopped and begun again at any time.
func shownPace(s ratelimit.Status) control.Status {
	return control.Status{
		KMS:     control.QuotaUsage{Cap: s.KMS.Cap, LastSecond: s.KMS.LastSecond},
		Binding: control.Binding{Limit: control.LimitNone, Since: s.Bottleneck.Since},
	}
}
