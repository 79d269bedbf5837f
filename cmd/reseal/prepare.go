package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"reseal/control"
	"reseal/cost"
	"reseal/inventory"
	"reseal/job"
	"reseal/migrate"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
	"reseal/s3api"
)

// ground is what plan and run stand on: the report, the frozen decisions, and
// what was found out about bucket, key and quota.
type ground struct {
	client *s3api.Client
	report *inventory.Report
	frozen plan.Frozen

	keyStore string // custom key store that holds the key, "" for KMS's own
	policy   *plan.Policy
	unknown  []s3api.Unknown
	hazards  []preflight.Hazard
	locks    string   // what a default retention locks of the plan, and costs; "" where that is not known
	readers  []string // that cannot read what is under the key
	acls     preflight.ACLGrants
	prices   cost.Prices
	warned   []string // what a person should know, but what stops nothing
	ends     preflight.ReportEnd

	caps caps

	copies plan.Answer // whether the plan has any, Unknown before it was made
	parts  plan.Answer // whether it has copies in parts
	probed *verdict    // nil where no scratch objects were tried
	tried  s3api.Sent  // what that took

	skew time.Duration // of this machine's clock, as far as it was told

	canary       bool // some objects of each kind are tried first
	remember     int  // how many objects are read as a whole before they are re-encrypted
	locksShown   bool // objects' locks are shown to the caller
	updateProven bool // a probe showed that the endpoint understands UpdateObjectEncryption
}

// caps are the rates that a run stays below, and where they come from.
type caps struct {
	kms       float64 // KMS requests a second
	kmsSource string
	quota     float64 // KMS requests a second of the account, as read or else by the table
	raisable  float64 // the quota that the cap is a share of, where Service Quotas can raise it
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
func prepare(ctx context.Context, r *request, old *job.Plan, now time.Time) (*ground, error) {
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
	measured, err := r.pricing.readFacts()
	if err != nil {
		return nil, err
	}
	elsewhere, err := r.connection.follow(ctx, old)
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
	g := &ground{policy: &plan.Policy{}, prices: prices, report: found.Report}
	if note := fileRoom().note(r.concurrency); note != "" {
		g.warned = append(g.warned, note)
	}
	if elsewhere != "" {
		g.warned = append(g.warned, elsewhere)
	}
	if found.Newest != nil {
		g.warned = append(g.warned, fmt.Sprintf("the newest complete report is %s, %s old", found.URI, report.Duration(found.Newest.Age(time.Now()))))
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
	}
	if options.SSE == plan.TargetKMS {
		g.policy.Facts.ManagedKey = preflight.Managed(options.KMSKeyID, nil)
	}
	if options.SSE == plan.TargetKMS && !r.offline {
		if options.KMSKeyID, err = g.key(ctx, client, options.KMSKeyID); err != nil {
			return nil, &refusedError{err}
		}
		g.policy.Facts.ForeignKey = client.ForeignKey(options.KMSKeyID)
		lockedOut, unknown := preflight.LockedOutReaders(ctx, client, options, g.policy.Facts)
		g.readers, g.unknown = lockedOut, append(g.unknown, unknown...)
		if options.Method == plan.MethodAuto && g.policy.Facts.ForeignKey == plan.Yes {
			g.warned = append(g.warned, "the key is of another account than the bucket, which UpdateObjectEncryption does not take unless AWS has allowed it for the organisation: "+
				"--method auto copies instead; where it is allowed, use --method update")
		}
	}
	notes, err := r.take(measured, g.policy.Facts.Region)
	if err != nil {
		return nil, err
	}
	g.warned = append(g.warned, notes...)
	g.client = client
	if note := skewNote(client.Skew()); note != "" {
		g.warned, g.skew = append(g.warned, note), client.Skew()
	}
	if !r.offline && r.keepInventory == "" {
		g.ends = preflight.FindReportEnd(ctx, client, found.Report, found.URI)
	}
	g.frozen = plan.Frozen{Version: plan.DecisionVersion, Manifest: found.URI, ManifestMD5: manifest.MD5, Options: options, Now: now.UTC()}
	if old != nil {
		g.frozen.Now = old.Now
	}
	g.policy.Options, g.policy.Now, g.policy.Weights = options, g.frozen.Now, r.weights(options.BucketKey)
	g.canary, g.policy.NoTrials, g.policy.Snapshots, g.remember = !r.noCanary, r.noCanary, r.snapshots.share, r.snapshots.objects
	g.findHazards(nil)
	g.warned = append(g.warned, aboutVersions(options, g.policy.Facts)...)
	g.warned = append(g.warned, aboutUpdates(options, g.policy.Facts)...)
	g.caps = g.findCaps(ctx, r, share)
	return g, nil
}

// worthTelling is from where on it is said that the clocks differ: as far as the
// strictest of the services goes along with it.
const worthTelling = 5 * time.Minute

// skewNote says how far this machine's clock is from S3's, which is by later; ""
// where that is no matter.
func skewNote(by time.Duration) string {
	if max(by, -by) < worthTelling {
		return ""
	}
	return s3api.SkewWords(by) + ": requests are dated by that one; set this one, timedatectl shows it"
}

// tellSkew says so at the end of a run in the course of which the clocks went apart.
func (g *ground) tellSkew(w io.Writer) {
	if by := g.client.Skew(); max(by-g.skew, g.skew-by) >= worthTelling {
		if note := skewNote(by); note != "" {
			fmt.Fprintf(w, "note: %s\n", note)
		}
	}
}

// findHazards lists the hazards of the bucket, by what is known so far.
func (g *ground) findHazards(probed *verdict) {
	g.probed = probed
	g.hazards = g.hazardsWith(g.copies, g.parts)
}

func (g *ground) hazardsWith(copies, parts plan.Answer) []preflight.Hazard {
	o, f, probed := g.policy.Options, g.policy.Facts, g.probed.shown()
	all := preflight.Hazards(o, f, copies, probed, inventory.UsefulColumns.Without(g.report.Manifest().Columns))
	for i := range all {
		switch name := all[i].Name; {
		case name == plan.NewRetention.Hazard() && g.locks != "":
			all[i].Why = preflight.LocksWhy(f, g.locks)
		case name == preflight.PublicACL:
			all[i].Why = g.acls.Why()
		}
	}
	all = append(all, preflight.ReadersHazard(o, f, g.readers, g.acls)...)
	if !g.canary && copies != plan.No {
		all = append(all, preflight.UnprovenParts(o, f, parts, probed)...)
	}
	return all
}

// learn takes notice of what the plan holds, nil where the report was not read:
// a plan without copies brings with it nothing of what they do.
func (g *ground) learn(t *cost.Tally, whole bool) {
	if t == nil || !whole {
		return
	}
	g.locks = cost.RetentionPrice(t, cost.Params{Prices: g.prices, Region: g.policy.Facts.Region, Columns: g.report.Manifest().Columns,
		Options: g.policy.Options, Facts: g.policy.Facts})
	g.copies, g.parts = plan.No, plan.No
	if t.UnsizedTodo() > 0 { // the head of each tells
		g.parts = plan.Unknown
	}
	for _, a := range t.Actions() {
		if a.Objects > 0 && a.Action == plan.MultipartCopy {
			g.parts = plan.Yes
		}
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

// lookAtACLs looks at the ACLs of some objects of the plan: no report has them, and
// whoever reads by them may be in the way, or be locked out.
func (g *ground) lookAtACLs(ctx context.Context, some []job.Row) {
	o, f := &g.policy.Options, &g.policy.Facts
	if f.Bucket == "" || f.ACLs == plan.No || f.ACLs == plan.Unknown && f.AWS != plan.Yes {
		return
	}
	var tasks []plan.Task
	for i := range some {
		rec := some[i].Record(o.Bucket)
		t := g.policy.Decide(&rec)
		copied := t.Action == plan.Copy || t.Action == plan.MultipartCopy
		if t.Action != plan.Skip && (o.SSE == plan.TargetKMS || copied && f.BlocksPublicACLs == plan.Yes) {
			tasks = append(tasks, t)
		}
	}
	short, cancel := context.WithTimeout(ctx, migrate.LookTimeout)
	defer cancel()
	g.acls = preflight.LookAtACLs(short, g.client, o.Bucket, tasks)
	g.findHazards(g.probed)
}

// bindToPlan has the run make no copies, nor copies in parts, that the plan does not
// have, unless all that they bring with them was accepted; nor copy an object again for a bucket
// key that the endpoint does not keep.
func (g *ground) bindToPlan(a accepts) {
	g.policy.AnyBucketKey = a.has(plan.BucketKey.Hazard())
	g.policy.NoCopies = g.copies == plan.No && g.policy.Options.Method == plan.MethodAuto && len(preflight.Unaccepted(g.hazardsWith(plan.Yes, plan.Unknown), a)) > 0
	g.policy.NoParts = nil
	if g.parts == plan.No {
		for _, h := range preflight.Unaccepted(g.hazardsWith(plan.Yes, plan.Yes), a) {
			g.policy.NoParts = append(g.policy.NoParts, h.Name)
		}
	}
}

// client opens the connection to the services.
func (c *connection) client(ctx context.Context, concurrency int) (*s3api.Client, error) {
	return s3api.New(ctx, s3api.Config{
		Region: c.region, Profile: c.profile, EndpointURL: c.endpoint, S3EndpointURL: c.s3Only, CABundle: c.caBundle, AllowHTTP: c.allowHTTP,
		ExpectedBucketOwner: c.owner, Concurrency: concurrency, Connections: fileRoom().connections, Product: "reseal/" + version,
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
func openReport(ctx context.Context, client *s3api.Client, s *selection) (*inventory.Located, error) {
	memory, err := parseSize(s.memory)
	if err != nil || memory < 64<<20 {
		return nil, usagef("--memory %q: want a size of at least 64MiB", s.memory)
	}
	collectLess(memory)
	opts := inventory.Options{
		Open: fileRoom().report, Memory: memory / 2, // the other half is for what is in flight
		KeepDir: s.keepInventory, AllowNoChecksum: s.noChecksum, AllowBadChecksum: s.noChecksum,
	}
	at, err := inventory.ParseLocation(s.manifest)
	if err != nil {
		return nil, usagef("--manifest: %w", err)
	}
	return inventory.Locate(ctx, at, buckets(client), opts)
}

// key resolves and checks the key.
func (g *ground) key(ctx context.Context, client *s3api.Client, id string) (string, error) {
	key, err := client.Key(ctx, id)
	switch {
	case s3api.KindOf(err) == s3api.KeyUnchecked, s3api.KindOf(err) == s3api.AccessDenied && s3api.FullKeyARN(id):
		// A key's policy may allow its use through S3 alone: what tells then is the canary.
		g.warned = append(g.warned, fmt.Sprintf("the key could not be checked beforehand: %v", err))
		return id, nil
	case err != nil:
		return "", err
	}
	g.policy.Facts.ManagedKey, g.keyStore = preflight.Managed(id, &key), key.Store
	return key.ARN, nil
}

// storeCaps decides how fast a run may go with a key of a custom key store. Its
// quota is the store's own, whatever the account's is, and Service Quotas does
// not know it.
func (g *ground) storeCaps(c caps, r *request, share float64) caps {
	c.quota = cost.KMSStoreQuota
	whose := fmt.Sprintf("the quota of key store %s (KMS Developer Guide, 2026-11-29) of", g.keyStore)
	if r.headroom != "" { // CloudWatch counts what the account's shared quota holds
		r.headroom = ""
		g.warned = append(g.warned, "--kms-headroom is left out: it goes by the use of the account's shared quota, from which a key of a custom key store takes nothing")
	}
	if r.kmsRPS > 0 {
		c.kms, c.kmsSource = r.kmsRPS, "--kms-rps"
		if warning := control.AboveQuota(c.kms, c.quota, whose); warning != "" {
			g.warned = append(g.warned, warning)
		}
		return c
	}
	c.kms = c.quota * share
	c.kmsSource = fmt.Sprintf("%s of %s %s", report.Percent(int64(math.Round(share*1e6)), 1e6), whose, report.Rate(c.quota))
	g.warned = append(g.warned, fmt.Sprintf("the key is in the custom key store %s: all keys of the store share %s, and an external key manager may answer less. "+
		"The quota of a CloudHSM key store cannot be raised, that of an external one can; --kms-rps says what your key manager holds", g.keyStore, report.Rate(c.quota)))
	return c
}

// findCaps decides how fast a run may go: what the user says, else a share of
// the quota as AWS states it for this account, else of the dated table.
func (g *ground) findCaps(ctx context.Context, r *request, share float64) caps {
	c := caps{s3: r.s3RPS}
	if g.keyStore != "" {
		return g.storeCaps(c, r, share)
	}
	region := g.policy.Facts.Region
	whose := "the account's quota of"
	read := false
	if !r.offline {
		// Where the service cannot be reached, as from a subnet without a way to it, a start
		// must not hang for its sake.
		short, cancel := context.WithTimeout(ctx, migrate.LookTimeout)
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
	if h, _ := parseHeadroom(r.headroom); h != nil && c.quota > 0 && h.Of(c.quota) >= c.quota { // checked before
		g.warned = append(g.warned, fmt.Sprintf("--kms-headroom %s leaves nothing of %s %s: the run will crawl at a request a second", r.headroom, whose, report.Rate(c.quota)))
	}
	if r.kmsRPS == 0 {
		c.kms, c.raisable = c.quota*share, c.quota
		c.kmsSource = fmt.Sprintf("%s of %s %s in %s", report.Percent(int64(math.Round(share*1e6)), 1e6), whose, report.Rate(c.quota), region)
		return c
	}
	c.kms, c.kmsSource = r.kmsRPS, "--kms-rps"
	if warning := control.AboveQuota(c.kms, c.quota, whose); warning != "" {
		g.warned = append(g.warned, warning)
	}
	return c
}

// of returns the selection with the report of the job that is resumed, where
// the user names a folder: there may be a newer one in it by now.
func (s *selection) of(job *job.Plan) *selection {
	out := *s
	at, err := inventory.ParseLocation(s.manifest)
	if job == nil || err != nil {
		return &out
	}
	if info, err := os.Stat(at.Name); at.Folder() || at.Local() && err == nil && info.IsDir() {
		out.manifest = job.Manifest
	}
	return &out
}

// buckets opens buckets as places of reports.
func buckets(client *s3api.Client) func(name string) inventory.Source {
	return func(name string) inventory.Source { return client.Source(name) }
}
