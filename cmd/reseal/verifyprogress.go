package main

import (
	"fmt"

	"reseal/console"
	"reseal/control"
	"reseal/cost"
	"reseal/job/verification"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/report"
)

// progress sets up what the user sees of a verification, and says its cap.
func (f *verifyFlags) progress(p process, l *verification.Live) *progress {
	st := l.Pace()
	caps := preflight.Caps{KMS: st.KMS.Cap, Source: "--kms-rps"}
	if f.kmsRPS == 0 {
		caps.Source = fmt.Sprintf("half of the default quota of %s in %s", report.Rate(cost.KMSQuota(l.Region)), l.Region)
	}
	console.Cap(f.output.messages(p), caps)
	return &progress{
		out: p.screen(), quiet: f.output.quiet || f.output.noProgress, total: l.Rows, handled: l.Seen.Load,
		status: func() control.Status { return shownPace(l.Pace()) },
		spent:  func() (cost.Money, bool) { return 0, false },
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
