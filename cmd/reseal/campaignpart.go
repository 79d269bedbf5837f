package main

import (
	"context"
	"fmt"

	"reseal/campaign"
	"reseal/cost"
	"reseal/job/generations"
	"reseal/migrate/untilclean"
	"reseal/preflight"
	"reseal/ratelimit"
	"reseal/s3api"
)

// campaignPart is what the run of one bucket is given of what its campaign has. A nil
// one is a run of its own.
type campaignPart struct {
	shares *campaign.Shares
	quota  campaign.Quota // that the run draws from, once its bucket was looked at
	shared *ratelimit.Shared

	atMost cost.Money // the job may have cost at the end of the run; 0 for any amount
	whole  string     // --max-cost of the campaign

	tell func(*generations.Generation) // of each that ended
}

// Join implements prepare.Joins: it has the run draw from the cap of its account and Region.
func (c *campaignPart) Join(ctx context.Context, e *preflight.Environment) error {
	c.quota = campaign.Quota{Region: e.Policy.Facts.Region, KeyStore: e.KeyStore}
	short, cancel := context.WithTimeout(ctx, preflight.LookTimeout)
	defer cancel()
	who, err := e.Client.Identity(short)
	switch {
	case err == nil:
		c.quota.Account = who.Account
	case s3api.KindOf(err) != s3api.Unsupported: // off AWS there is no STS, and one account
		return fmt.Errorf("whose KMS quota the requests count against is not known: %w", err)
	}
	c.shared = c.shares.Of(c.quota, e.Caps.KMS)
	return nil
}

// cap is the shared cap on KMS requests, nil for none.
func (c *campaignPart) cap() *ratelimit.Shared {
	if c == nil {
		return nil
	}
	return c.shared
}

// limited tells whether the campaign has a limit of money.
func (c *campaignPart) limited() bool { return c != nil && c.atMost > 0 }

// limit is what the job may cost, or of it a generation, and that in words: what its own
// --max-cost says, or what the campaign set aside for it.
func (c *campaignPart) limit(own cost.Money, text string, g *untilclean.Later) (cost.Money, string) {
	if !c.limited() {
		return own, text
	}
	left := g.Left(c.atMost)
	if own > 0 && own <= left {
		return own, text
	}
	return left, fmt.Sprintf("%s (%s of it are for this bucket)", c.whole, c.atMost)
}
