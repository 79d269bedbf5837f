package simulator

import (
	"maps"
	"slices"
	"time"
)

// usageKept is for how long minutes are remembered: CloudWatch keeps points of one minute for 15 days (CloudWatch User
// Guide, cloudwatch_concepts, read 2026-11-21).
const usageKept = 15 * 24 * time.Hour

// UsageMinute is the metric CallCount of AWS/Usage in one minute.
type UsageMinute struct {
	Minute time.Time // at which it begins
	Calls  int64
}

// countMinute counts one accepted request in its minute.
func (a *kmsAccount) countMinute(now time.Time) {
	minute := now.Unix() / 60
	if a.minutes == nil {
		a.minutes = map[int64]int64{}
	}
	if _, ok := a.minutes[minute]; !ok {
		oldest := minute - int64(usageKept/time.Minute)
		maps.DeleteFunc(a.minutes, func(m, _ int64) bool { return m < oldest })
	}
	a.minutes[minute]++
}

// UseKMS makes n symmetric cryptographic requests for other clients of the account: production. It returns how many
// were within the quota.
func (w *World) UseKMS(now time.Time, account string, n int) (accepted int) {
	now = w.clock(now)
	for range n {
		if w.takeKMS(now, account, new(Key), "Decrypt") {
			accepted++
		}
	}
	return accepted
}

// KMSUsage answers GetMetricData for CallCount of the symmetric cryptographic requests of the requester's account: the
// minutes that begin in [from, to), oldest first, without those that had no request and those that are not over for
// Config.UsageDelay.
func (w *World) KMSUsage(now time.Time, p Principal, from, to time.Time) ([]UsageMinute, *Error) {
	return kmsCall(w, now, OpGetMetricData, p, "", func(c *call) ([]UsageMinute, *Error) {
		if w.cfg.Authorize != nil {
			if err := w.cfg.Authorize(&AccessRequest{Principal: p, Action: "cloudwatch:GetMetricData", Owner: c.account()}); err != nil {
				return nil, err
			}
		}
		a := w.kms.accounts[c.account()]
		if a == nil {
			return nil, nil
		}
		var out []UsageMinute
		for _, m := range slices.Sorted(maps.Keys(a.minutes)) {
			begin := time.Unix(60*m, 0).UTC()
			if begin.Before(from) || !begin.Before(to) || begin.Add(time.Minute+w.cfg.UsageDelay).After(c.now) {
				continue
			}
			out = append(out, UsageMinute{begin, a.minutes[m]})
		}
		return out, nil
	})
}
