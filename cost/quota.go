package cost

import (
	"fmt"
	"math"
	"time"
)

// KMSQuotaCode is the quota "Cryptographic operations (symmetric) request rate"
// of KMS (AWS General Reference, kms, read 2026-11-21).
const KMSQuotaCode = "L-6E3AF000"

// quotaNote says what a higher KMS quota would save, and the command that asks
// for it. "" where KMS is not what a run waits for, or where its cap is not a
// share of a quota that Service Quotas can raise.
func (c *calculation) quotaNote(e *Estimate) string {
	d := &e.Duration
	if d.Binding != kmsLimit || c.KMSQuota <= 0 || c.KMSPerSecond <= 0 {
		return ""
	}
	kms, rest := d.Limits[0], time.Duration(0)
	for _, l := range d.Limits[1:] {
		rest = max(rest, l.Longest)
	}
	// The next limit decides from here on; where none is known, twice the quota.
	times := 2.0
	if rest > 0 {
		times = min(kms.Longest.Seconds()/rest.Seconds(), mostTimes)
	}
	if kms.Longest < worthAsking || times < 1.1 {
		return ""
	}
	desired := math.Ceil(c.KMSQuota*times/1000) * 1000
	shorter := time.Duration(float64(kms.Longest) * c.KMSQuota / desired)
	return fmt.Sprintf("KMS decides how long this takes: %s. With a quota of %s requests/s it would be %s. To ask AWS for it:\n"+
		"  aws service-quotas request-service-quota-increase --service-code kms \\\n    --quota-code %s --desired-value %.0f --region %s",
		kms.Longest.Round(time.Minute), thousands(int64(desired)), max(shorter, rest).Round(time.Minute), KMSQuotaCode, desired, c.Region)
}

const (
	kmsLimit    = "KMS requests"
	mostTimes   = 10        // more than that nobody is granted without a talk
	worthAsking = time.Hour // AWS takes days to decide
)
