package preflight

import (
	"context"
	"fmt"
	"sync"
	"time"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// LookTimeout bounds one look at what a run can do without: quotas, ACLs, the caller.
const LookTimeout = 15 * time.Second

// Request says which surroundings FindEnvironment looks at.
type Request struct {
	Client *s3api.Client      // of the Region that the bucket is in
	Report *inventory.Located // of the bucket

	// Policy has the bucket's facts and the options that were asked for.
	// FindEnvironment fills in the ARN of the key and what it finds about the key.
	Policy  *plan.Policy
	Unknown []s3api.Unknown // facts of the bucket that could not be read

	Prices cost.Prices
	Rates  Rates

	Planned *inventory.Table // of the job that is resumed; nil for a new one, and where no table was its source

	Offline    bool // send no request
	ReportKept bool // the files of the report are kept elsewhere, so that it does not matter when they go
}

// Environment is what a plan or a run meets: bucket, key, quota, readers and clock.
// FindEnvironment makes it; Learn, LookAtACLs and TakeVerdict add what the plan and a
// probe show. It must not be used by several goroutines while it is added to.
type Environment struct {
	Client *s3api.Client // of the Region that the bucket is in
	Report *inventory.Report
	URI    string // of the report's manifest
	Prices cost.Prices

	// Policy decides about objects. It holds the options and the bucket's facts, and
	// nothing else does.
	Policy *plan.Policy

	Key       s3api.Key       // as KMS told of it, the zero value where it did not
	KeyStore  string          // custom key store that holds the key, "" for KMS's own
	Unknown   []s3api.Unknown // what could not be read
	Readers   []string        // who cannot read what is under the key
	ReportEnd ReportEnd       // when the files of the report go
	Skew      time.Duration   // of S3's clock from this machine's; 0 below WorthTelling
	Caps      Caps            // how fast a run may go
	KeyNotes  []string        // what a person should know about the key; stops nothing
	Table     TableFilled     // whether the table has all objects, where the source is one

	Plan    PlanShape  // what the plan holds
	Verdict *Verdict   // what a probe on scratch objects showed, nil where none was made
	Sent    s3api.Sent // the requests of the probe

	LocksShown bool // CheckRun found that objects' locks are shown to the caller
}

// PlanShape is what a plan was seen to hold. The zero value is that of a plan that
// nobody has made yet.
type PlanShape struct {
	Copies plan.Answer // whether it has any
	Parts  plan.Answer // whether it has copies in parts
	Locks  string      // what a default retention locks of it, and what that costs; "" where that is not known
	ACLs   ACLGrants   // of some of its objects

	// Untiered are its copies of objects that may be in an archive tier of
	// Intelligent-Tiering for all that the report says.
	Untiered int64
}

// FindEnvironment looks at key, readers, report and quota, and changes nothing. It
// fails where the key cannot be used.
func FindEnvironment(ctx context.Context, r *Request) (*Environment, error) {
	e := &Environment{Client: r.Client, Report: r.Report.Report, URI: r.Report.URI, Prices: r.Prices, Policy: r.Policy, Unknown: r.Unknown}
	beside := e.lookBeside(ctx, r)
	err := e.findKey(ctx, r.Offline)
	if err != nil {
		beside.cancel() // nobody needs to know the rest
	}
	beside.asked.Wait()
	if err == nil && beside.readers != nil {
		e.findReaders(ctx, beside.readers)
	}
	beside.cancel()
	if err != nil {
		return nil, err
	}
	if by := r.Client.Skew(); SkewNote(by) != "" {
		e.Skew = by
	}
	e.ReportEnd, e.Table = beside.reportEnd, beside.table
	e.Caps = e.findCaps(r.Rates, beside.quota)
	return e, nil
}

// besideKey is what is asked for while the key is looked at, as it has nothing to do
// with it. asked has to be waited for before the answers are read.
type besideKey struct {
	asked     sync.WaitGroup
	cancel    context.CancelFunc
	reportEnd ReportEnd
	table     TableFilled
	quota     *quotaAnswer   // nil where it was not asked for
	readers   *readersAnswer // likewise
}

// lookBeside begins to ask when the report goes, whether a table is filled, and for the
// quota.
func (e *Environment) lookBeside(ctx context.Context, r *Request) *besideKey {
	b := new(besideKey)
	ctx, b.cancel = context.WithCancel(ctx)
	bucket, source := r.Policy.Options.Bucket, TableSource{e.Report.Manifest().Table, e.URI, r.Planned, r.Offline}
	b.asked.Go(func() { b.table = LookAtTable(ctx, r.Client, bucket, source) })
	if r.Offline {
		return b
	}
	if !r.ReportKept {
		b.asked.Go(func() { b.reportEnd = FindReportEnd(ctx, r.Client, e.Report, e.URI) })
	}
	b.quota = new(quotaAnswer)
	b.asked.Go(func() { *b.quota = askQuota(ctx, r.Client) })
	if r.Policy.Options.SSE == plan.TargetKMS {
		b.readers = new(readersAnswer)
		facts := r.Policy.Facts // what is found out about the key is added to them meanwhile
		b.asked.Go(func() { *b.readers = *askReaders(ctx, r.Client, bucket, &facts) })
	}
	return b
}

// findReaders finds out who cannot read what is under the key, once that is resolved.
func (e *Environment) findReaders(ctx context.Context, a *readersAnswer) {
	c := &Checker{Client: e.Client, Options: e.Policy.Options, Facts: e.Policy.Facts}
	lockedOut, unknown := c.lockedOutReaders(ctx, a)
	e.Readers, e.Unknown = lockedOut, append(e.Unknown, unknown...)
}

// findKey resolves the key.
func (e *Environment) findKey(ctx context.Context, offline bool) error {
	o, f := &e.Policy.Options, &e.Policy.Facts
	if o.SSE != plan.TargetKMS {
		return nil
	}
	f.ManagedKey = Managed(o.KMSKeyID, nil)
	if offline {
		return nil
	}
	if err := e.checkKey(ctx); err != nil {
		return err
	}
	f.ForeignKey = e.Client.ForeignKey(o.KMSKeyID)
	if o.Method == plan.MethodAuto && f.ForeignKey == plan.Yes {
		e.KeyNotes = append(e.KeyNotes, "the key is of another account than the bucket, which UpdateObjectEncryption does not take unless AWS has allowed it for the organisation: "+
			"--method auto copies instead; where it is allowed, use --method update")
	}
	return nil
}

// checkKey makes sure that the key can be used, and takes its ARN for it. A key's
// policy may allow its use through S3 alone. Then the canary finds out.
func (e *Environment) checkKey(ctx context.Context) error {
	o, f := &e.Policy.Options, &e.Policy.Facts
	key, err := e.Client.Key(ctx, o.KMSKeyID)
	switch {
	case s3api.KindOf(err) == s3api.KeyUnchecked, s3api.KindOf(err) == s3api.AccessDenied && s3api.FullKeyARN(o.KMSKeyID):
		e.KeyNotes = append(e.KeyNotes, fmt.Sprintf("the key could not be checked beforehand: %v", err))
		return nil
	case err != nil:
		return err
	}
	f.ManagedKey, e.Key, e.KeyStore = Managed(o.KMSKeyID, &key), key, key.Store
	o.KMSKeyID = key.ARN
	return nil
}

// Frozen is what a job is bound to that is made of this policy and report.
func (e *Environment) Frozen() plan.Frozen {
	return plan.Frozen{Version: plan.DecisionVersion, Manifest: e.URI, ManifestMD5: e.Report.Manifest().MD5, Columns: e.Report.Manifest().Named, Options: e.Policy.Options, Now: e.Policy.Now}
}

// TablePlanned is the table that a job is made of, with what is known of it now; nil where
// the source is a report.
func (e *Environment) TablePlanned() *inventory.Table {
	t := e.Report.Manifest().Table
	if t == nil {
		return nil
	}
	planned := *t
	planned.Status = e.Table.Status
	return &planned
}

// Hazards lists the hazards of the bucket, by what is known so far.
func (e *Environment) Hazards() []Hazard { return e.hazardsWith(e.Plan.Copies, e.Plan.Parts) }

// hazardsWith lists the hazards of a plan that has copies, and some in parts, or not.
func (e *Environment) hazardsWith(copies, parts plan.Answer) []Hazard {
	o, f := e.Policy.Options, e.Policy.Facts
	all := Hazards(o, f, copies, e.Verdict, inventory.UsefulColumns.Without(e.Report.Manifest().Columns))
	for i := range all {
		switch name := all[i].Name; {
		case name == plan.NewRetention.Hazard() && e.Plan.Locks != "":
			all[i].Why = LocksWhy(f, e.Plan.Locks)
		case name == PublicACL:
			all[i].Why = e.Plan.ACLs.Why()
		}
	}
	all = tierHazard(all, e.Plan.Untiered, e.Report.Manifest().Columns)
	all = append(all, ReadersHazard(o, f, e.Readers, e.Plan.ACLs)...)
	all = append(all, e.Table.hazards()...)
	if e.Policy.NoTrials && copies != plan.No {
		all = append(all, UnprovenParts(o, f, parts, e.Verdict)...)
	}
	return byName(all)
}

// Learn takes notice of what the plan holds. A plan without copies has none of the
// hazards that copies bring.
func (e *Environment) Learn(t *cost.Tally) {
	e.Plan.Locks = cost.RetentionPrice(t, e.CostParams())
	e.Plan.Copies, e.Plan.Parts, e.Plan.Untiered = plan.No, plan.No, t.TierUnknown()
	if t.UnsizedTodo() > 0 { // a HeadObject of each tells
		e.Plan.Parts = plan.Unknown
	}
	for _, a := range t.Actions() {
		if a.Objects > 0 && a.Action == plan.MultipartCopy {
			e.Plan.Parts = plan.Yes
		}
		if a.Objects > 0 && (a.Action == plan.Copy || a.Action == plan.MultipartCopy) {
			e.Plan.Copies = plan.Yes
		}
	}
}

// LookAtACLs looks at the ACLs of some objects of the plan. No report has them, and
// they decide whether copies are refused and who is locked out.
func (e *Environment) LookAtACLs(ctx context.Context, some []inventory.Record) {
	o, f := &e.Policy.Options, &e.Policy.Facts
	if f.Bucket == "" || f.ACLs == plan.No || f.ACLs == plan.Unknown && f.AWS != plan.Yes {
		return
	}
	var tasks []plan.Task
	for i := range some {
		t := e.Policy.Decide(&some[i])
		copied := t.Action == plan.Copy || t.Action == plan.MultipartCopy
		if t.Action != plan.Skip && (o.SSE == plan.TargetKMS || copied && f.BlocksPublicACLs == plan.Yes) {
			tasks = append(tasks, t)
		}
	}
	short, cancel := context.WithTimeout(ctx, LookTimeout)
	defer cancel()
	e.Plan.ACLs = LookAtACLs(short, e.Client, o.Bucket, tasks)
}

// BindToPlan keeps the policy to what was accepted, by name. It then makes no copies,
// nor copies in parts, that the plan does not have, unless all of their hazards were
// accepted. It copies no object again for a bucket key that the endpoint does not keep.
func (e *Environment) BindToPlan(accepted []string) {
	has := map[string]bool{}
	for _, name := range accepted {
		has[name] = true
	}
	e.Policy.AnyBucketKey = has[plan.BucketKey.Hazard()]
	e.Policy.NoCopies = e.Plan.Copies == plan.No && e.Policy.Options.Method == plan.MethodAuto &&
		len(Unaccepted(e.hazardsWith(plan.Yes, plan.Unknown), accepted)) > 0
	e.Policy.NoParts = nil
	if e.Plan.Parts == plan.No {
		for _, h := range Unaccepted(e.hazardsWith(plan.Yes, plan.Yes), accepted) {
			e.Policy.NoParts = append(e.Policy.NoParts, h.Name)
		}
	}
}

// CostParams are what an estimate rests on here. How many requests are in flight, and
// how long one takes, is for the caller to add.
func (e *Environment) CostParams() cost.Params {
	return cost.Params{
		Prices: e.Prices, Region: e.Policy.Facts.Region, Options: e.Policy.Options, Facts: e.Policy.Facts, Columns: e.Report.Manifest().Columns,
		KMSPerSecond: e.Caps.KMS, KMSQuota: e.Caps.Raisable,
		WritesPerSecond: e.Caps.S3Writes, ReadsPerSecond: e.Caps.S3Writes * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix,
	}
}
