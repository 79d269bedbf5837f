package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// ground is what plan and run stand on: the report, the frozen decisions, and
// what was found out about bucket, key and quota.
type ground struct {
	client  *s3api.Client
	report  *inventory.Report
	frozen  plan.Frozen
	policy  *plan.Policy
	unknown []s3api.Unknown
	hazards []hazard
	prices  cost.Prices
	warned  []string // what a person should know, but what stops nothing
	ends    reportEnd

	caps caps

	copies plan.Answer // whether the plan has any, Unknown before it was made
	probed *verdict    // nil where no scratch objects were tried

	canary       bool // some objects of each kind are tried first
	locksShown   bool // objects' locks are shown to the caller
	updateProven bool // a probe showed that the endpoint understands UpdateObjectEncryption
}

// caps are the rates that a run stays below, and where they come from.
type caps struct {
	kms       float64 // KMS requests a second
	kmsSource string
	quota     float64 // KMS requests a second of the account, as read or else by the table
	s3        float64 // S3 write requests a second to start from
}

// request is all that plan and run are told on the command line to find the ground.
type request struct {
	connection
	selection
	pace
	pricing
}

// prepare finds the ground without changing anything: it reads the manifest,
// the key, the bucket's configuration and the quota. old is the job to be
// resumed, nil for a new one.
func prepare(ctx context.Context, r *request, old *jobPlan, now time.Time) (*ground, error) {
	options, err := r.options()
	if err != nil {
		return nil, err
	}
	share, err := r.pace.check()
	if err != nil {
		return nil, err
	}
	prices, err := r.pricing.prices()
	if err != nil {
		return nil, err
	}
	client, err := r.connection.client(ctx, r.concurrency)
	if err != nil {
		return nil, err
	}
	found, err := openReport(ctx, client, r.selection.of(old))
	if err != nil {
		return nil, err
	}
	g := &ground{policy: &plan.Policy{}, prices: prices, report: found.report}
	if found.note != "" {
		g.warned = append(g.warned, found.note)
	}
	for _, w := range g.report.Warnings() {
		g.warned = append(g.warned, w.Error())
	}
	manifest := g.report.Manifest()
	options.Bucket = manifest.SourceBucket
	g.policy.Facts.Region, g.policy.Facts.AWS = client.Region(), client.Endpoint().AWS
	if g.policy.Facts.AWS == plan.Yes {
		g.policy.Facts.IgnoresIfMatch = plan.No
	}
	if !r.offline {
		if client, g.policy.Facts, g.unknown, err = bucketFacts(ctx, client, options.Bucket); err != nil {
			return nil, &refusedError{err}
		}
		if options.SSE == plan.TargetKMS {
			if options.KMSKeyID, err = g.key(ctx, client, options.KMSKeyID); err != nil {
				return nil, &refusedError{err}
			}
		}
	}
	g.client = client
	if !r.offline && r.keepInventory == "" {
		g.ends = findReportEnd(ctx, client, found)
	}
	g.frozen = plan.Frozen{Version: plan.DecisionVersion, Manifest: found.uri, ManifestMD5: manifest.MD5, Options: options, Now: now.UTC()}
	if old != nil {
		g.frozen.Now = old.Now
	}
	g.policy.Options, g.policy.Now, g.policy.Weights = options, g.frozen.Now, r.weights(options.BucketKey)
	g.canary, g.policy.Snapshots = !r.noCanary, r.snapshots
	g.findHazards(nil)
	g.warned = append(g.warned, aboutVersions(options, g.policy.Facts)...)
	g.warned = append(g.warned, aboutUpdates(options, g.policy.Facts)...)
	g.caps = g.findCaps(ctx, r, share)
	return g, nil
}

// findHazards lists the hazards of the bucket, by what is known so far.
func (g *ground) findHazards(probed *verdict) {
	g.probed = probed
	g.hazards = g.hazardsWith(g.copies)
}

func (g *ground) hazardsWith(copies plan.Answer) []hazard {
	return hazards(g.policy.Options, g.policy.Facts, copies, g.probed, inventory.UsefulColumns.Without(g.report.Manifest().Columns))
}

// learn takes notice of what the plan holds, nil where the report was not read:
// a plan without copies brings with it nothing of what they do.
func (g *ground) learn(t *cost.Tally, whole bool) {
	if t == nil || !whole {
		return
	}
	g.copies = plan.No
	for _, a := range t.Actions() {
		if a.Objects > 0 && (a.Action == plan.Copy || a.Action == plan.MultipartCopy) {
			g.copies = plan.Yes
		}
	}
	if g.copies == plan.No {
		about := aboutVersions(g.policy.Options, g.policy.Facts)
		g.warned = slices.DeleteFunc(g.warned, func(w string) bool { return slices.Contains(about, w) })
	}
	g.findHazards(g.probed)
}

// bindToPlan has the run make no copies that the plan does not have, unless all
// that copies bring with them was accepted.
func (g *ground) bindToPlan(a accepts) {
	g.policy.NoCopies = g.copies == plan.No && g.policy.Options.Method == plan.MethodAuto && len(unaccepted(g.hazardsWith(plan.Yes), a)) > 0
}

// client opens the connection to the services.
func (c *connection) client(ctx context.Context, concurrency int) (*s3api.Client, error) {
	return s3api.New(ctx, s3api.Config{
		Region: c.region, Profile: c.profile, EndpointURL: c.endpoint, CABundle: c.caBundle, AllowHTTP: c.allowHTTP,
		ExpectedBucketOwner: c.owner, Concurrency: concurrency, Product: "reseal/" + version,
		SDKClient: c.sdkClient,
	})
}

// bucketFacts turns to the Region of the bucket and reads what its configuration says.
func bucketFacts(ctx context.Context, client *s3api.Client, bucket string) (*s3api.Client, plan.Facts, []s3api.Unknown, error) {
	client, err := client.ForBucket(ctx, bucket)
	if err != nil {
		return nil, plan.Facts{}, nil, err
	}
	facts, unknown, err := client.Facts(ctx, bucket)
	return client, facts, unknown, err
}

// openReport opens the report that the user names, in S3 or in a local folder.
func openReport(ctx context.Context, client *s3api.Client, s *selection) (*opened, error) {
	memory, err := parseSize(s.memory)
	if err != nil || memory < 64<<20 {
		return nil, usagef("--memory %q: want a size of at least 64MiB", s.memory)
	}
	collectLess(memory)
	opts := inventory.Options{
		Open: openFiles(), Memory: memory / 2, // the other half is for what is in flight
		KeepDir: s.keepInventory, AllowNoChecksum: s.noChecksum, AllowBadChecksum: s.noChecksum,
	}
	return findReport(ctx, client, s.manifest, opts)
}

// key resolves and checks the key.
func (g *ground) key(ctx context.Context, client *s3api.Client, id string) (string, error) {
	key, err := client.Key(ctx, id)
	switch {
	case s3api.KindOf(err) == s3api.KeyUnchecked:
		g.warned = append(g.warned, fmt.Sprintf("the key could not be checked beforehand: %v", err))
		return id, nil
	case err != nil:
		return "", err
	}
	return key.ARN, nil
}

// findCaps decides how fast a run may go: what the user says, else a share of
// the quota as AWS states it for this account, else of the dated table.
func (g *ground) findCaps(ctx context.Context, r *request, share float64) caps {
	c := caps{s3: r.s3RPS}
	region := g.policy.Facts.Region
	whose := "the account's quota of"
	read := false
	if !r.offline {
		// Where the service cannot be reached, as from a subnet without a way to it, a start
		// must not hang for its sake.
		short, cancel := context.WithTimeout(ctx, lookPatience)
		quota, err := g.client.Quota(short)
		cancel()
		switch {
		case err == nil:
			c.quota, read = quota.Rate, true
			if quota.Default {
				whose = "AWS's default quota, as none is stated for the account, of"
			}
		case r.kmsRPS == 0 || r.headroom != "":
			g.warned = append(g.warned, fmt.Sprintf("the account's KMS quota is not known, so the default of its Region is taken: %v", err))
		}
	}
	if !read {
		c.quota = cost.KMSQuota(region)
		whose = "the default quota (General Reference, 2026-11-21) of"
	}
	if h, _ := parseHeadroom(r.headroom); h != nil && c.quota > 0 && h.of(c.quota) >= c.quota { // checked before
		g.warned = append(g.warned, fmt.Sprintf("--kms-headroom %s leaves nothing of %s %s: the run will crawl at a request a second", r.headroom, whose, report.Rate(c.quota)))
	}
	if r.kmsRPS == 0 {
		c.kms = c.quota * share
		c.kmsSource = fmt.Sprintf("%s of %s %s in %s", report.Percent(int64(math.Round(share*1e6)), 1e6), whose, report.Rate(c.quota), region)
		return c
	}
	c.kms, c.kmsSource = r.kmsRPS, "--kms-rps"
	if warning := aboveQuota(c.kms, c.quota, whose); warning != "" {
		g.warned = append(g.warned, warning)
	}
	return c
}
