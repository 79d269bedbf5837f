package preflight

import (
	"context"
	"fmt"
	"math"

	"reseal/control"
	"reseal/cost"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// Rates are what was asked for about the pace of a run, in requests a second.
type Rates struct {
	KMS      float64 // cap on KMS requests; 0 for a share of the quota
	KMSShare float64 // of the quota, above 0 to 1
	S3Writes float64 // to start from

	Headroom     *control.Headroom // to leave free of the account's KMS quota, nil for none
	HeadroomText string            // as it was asked for
}

// Caps are the rates that a run stays below, and where they come from. They are
// requests a second.
type Caps struct {
	KMS      float64
	Source   string  // of the KMS cap, in words
	Quota    float64 // KMS quota that the key is under, as read or else by the table; 0 where nobody knows
	Raisable float64 // the quota that the cap is a share of, where Service Quotas can raise it; else 0
	S3Writes float64 // to start from

	Headroom *control.Headroom // to leave free of the account's KMS quota, nil for none
	Notes    []string          // what a person should know about them
	Above    string            // that the cap is above the quota, in words; "" where it is not, or nobody knows
}

// Divided returns the part of one of n processes that work on a job together; 0 is a
// job that is not divided. Share names the part.
func (c Caps) Divided(n int, share string) Caps {
	if n == 0 {
		return c
	}
	c.KMS /= float64(n)
	c.S3Writes /= float64(n)
	c.Source = fmt.Sprintf("share %s of %s", share, c.Source)
	return c
}

// quota is a limit of AWS on KMS requests, and how it is named before its rate.
type quota struct {
	rate  float64
	whose string
}

func (c *Caps) note(format string, args ...any) {
	c.Notes = append(c.Notes, fmt.Sprintf(format, args...))
}

// findCaps decides how fast a run may go: as the user says, else a share of the quota.
// stated is nil where nobody was asked for it.
func (e *Environment) findCaps(ask Rates, stated *quotaAnswer) Caps {
	if e.KeyStore != "" {
		return e.keyStoreCaps(ask)
	}
	c := Caps{S3Writes: ask.S3Writes, Headroom: ask.Headroom}
	q := e.accountQuota(&c, ask, stated)
	c.Quota = q.rate
	if h := ask.Headroom; h != nil && q.rate > 0 && h.Of(q.rate) >= q.rate {
		c.note("--kms-headroom %s leaves nothing of %s %s: the run will crawl at a request a second", ask.HeadroomText, q.whose, report.Rate(q.rate))
	}
	if c.named(ask, q) {
		return c
	}
	c.KMS, c.Raisable = q.rate*ask.KMSShare, q.rate
	c.Source = fmt.Sprintf("%s in %s", q.share(ask.KMSShare), e.Policy.Facts.Region)
	return c
}

// quotaAnswer is the KMS quota of the account as AWS states it, or why it does not.
type quotaAnswer struct {
	stated s3api.Quota
	err    error
}

// askQuota asks for the quota. A service that cannot be reached, as from a subnet without
// a way to it, must not hold up a start.
func askQuota(ctx context.Context, client *s3api.Client) (a quotaAnswer) {
	short, cancel := context.WithTimeout(ctx, LookTimeout)
	defer cancel()
	a.stated, a.err = client.Quota(short)
	return a
}

// accountQuota is the quota as AWS states it for this account, else that of the dated
// table.
func (e *Environment) accountQuota(c *Caps, ask Rates, a *quotaAnswer) quota {
	byTable := quota{cost.KMSQuota(e.Policy.Facts.Region), "the default quota (General Reference, 2026-11-21) of"}
	switch {
	case a == nil:
	case a.err == nil && a.stated.Default:
		return quota{a.stated.Rate, "AWS's default quota, as none is stated for the account, of"}
	case a.err == nil:
		return quota{a.stated.Rate, "the account's quota of"}
	case ask.KMS == 0 || ask.Headroom != nil:
		c.note("the account's KMS quota is not known, so the default of its Region is taken: %v", a.err)
	}
	return byTable
}

// keyStoreCaps are for a key of a custom key store. Its quota is the store's own,
// whatever the account's is, and Service Quotas does not know it.
func (e *Environment) keyStoreCaps(ask Rates) Caps {
	q := quota{cost.KMSStoreQuota, fmt.Sprintf("the quota of key store %s (KMS Developer Guide, 2026-11-29) of", e.KeyStore)}
	c := Caps{S3Writes: ask.S3Writes, Quota: q.rate}
	if ask.Headroom != nil { // CloudWatch counts what the account's shared quota holds
		c.note("--kms-headroom is left out: it goes by the use of the account's shared quota, from which a key of a custom key store takes nothing")
	}
	if c.named(ask, q) {
		return c
	}
	c.KMS, c.Source = q.rate*ask.KMSShare, q.share(ask.KMSShare)
	c.note("the key is in the custom key store %s: all keys of the store share %s, and an external key manager may answer less. "+
		"The quota of a CloudHSM key store cannot be raised, that of an external one can; --kms-rps says what your key manager holds", e.KeyStore, report.Rate(q.rate))
	return c
}

// named takes the cap that the user names, if there is one.
func (c *Caps) named(ask Rates, q quota) bool {
	if ask.KMS == 0 {
		return false
	}
	c.KMS, c.Source = ask.KMS, "--kms-rps"
	if warning := control.AboveQuota(c.KMS, q.rate, q.whose); warning != "" {
		c.note("%s", warning)
		c.Above = warning
	}
	return true
}

// share says which share of the quota is taken.
func (q quota) share(share float64) string {
	return fmt.Sprintf("%s of %s %s", report.Percent(int64(math.Round(share*1e6)), 1e6), q.whose, report.Rate(q.rate))
}

// FactsWithoutAsking are the facts of a bucket that need no request.
func FactsWithoutAsking(client *s3api.Client) plan.Facts {
	f := plan.Facts{Region: client.Region(), AWS: client.Endpoint().AWS}
	if f.AWS == plan.Yes {
		f.IgnoresIfMatch = plan.No
	}
	return f
}
