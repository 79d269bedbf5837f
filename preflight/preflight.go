package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/partition"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// Status says what a check found.
type Status string

const (
	StatusOK      Status = "ok"
	StatusHazard  Status = "hazard"  // a run needs an --accept, of the name in Finding.Accept
	StatusWarning Status = "warning" // its owner should know; it stops no run
	StatusStop    Status = "stop"    // a run would not get anywhere
	StatusUnknown Status = "unknown" // the caller may not read it, or it cannot be told from outside
)

// Finding is one row of the preflight's table.
type Finding struct {
	Name   string `json:"check"`
	Status Status `json:"status"`
	Why    string `json:"why"`
	Mend   string `json:"mend,omitempty"` // the command that mends it

	// Accept is what --accept has to name before a run begins; "" where it need not.
	Accept string `json:"accept,omitempty"`

	ByProbe bool `json:"-"` // a probe on scratch objects would settle it, so that Accept need not

	Err error `json:"-"` // that says why, where nobody answered
}

// Checker looks at everything around a run without changing anything.
type Checker struct {
	Client   *s3api.Client
	Options  plan.Options
	Facts    plan.Facts
	Unknown  []s3api.Unknown
	Missing  inventory.Columns // that the report lacks
	Hazards  []Hazard
	Accepted []string    // names of hazards
	Table    TableFilled // whether the table has all objects, where one is the source
	Tasks    []plan.Task // some of each kind that the plan has; nil where there is no plan
	Probing  bool        // a probe on scratch objects is going to settle some of them
	NoTrials bool        // no object is tried first
	caller   s3api.Identity
	known    s3api.Key // what KMS told of the key just now, the zero value for nothing
	key      s3api.Key
	noKey    bool     // the key is not there or cannot be used, so no command may name it
	Listed   []string // some keys of the bucket, where it could be listed
	Findings []Finding
}

// Say adds a row; BUCKET and KEY in mend are filled in.
func (c *Checker) Say(name string, s Status, why, mend string) {
	key := c.Options.KMSKeyID
	if key == "" {
		key = "ARN" // a command has to show that something goes there
	}
	c.Findings = append(c.Findings, Finding{Name: name, Status: s, Why: why, Mend: strings.NewReplacer("BUCKET", c.Options.Bucket, "KEY", key).Replace(mend)})
}

// hazard adds a row that a run refuses over until accept was accepted.
func (c *Checker) hazard(name, accept, why, mend string) {
	if slices.Contains(c.Accepted, accept) {
		c.Say(name, StatusHazard, why+" (accepted)", "")
		return
	}
	c.Say(name, StatusHazard, why, mend)
	c.Findings[len(c.Findings)-1].Accept = accept
}

// LookBeforeRun makes the checks that a run makes before it begins: those of Look
// without the ones that no run has to do with. Hazards are found beforehand.
func (c *Checker) LookBeforeRun(ctx context.Context) {
	keyed := c.Options.SSE == plan.TargetKMS
	a := c.ask(ctx, keyed)
	c.Listed = a.listed
	c.identity(&a.caller)
	if keyed {
		c.target(ctx, &a.key)
		c.encryption(a)
	}
	c.unprovenUpdates()
	c.bucket()
	c.replication(a)
	c.listing(a)
	c.policy(a)
}

// partition is the one that key and bucket are in.
func (c *Checker) partition() partition.Partition {
	return partition.Of(cmp.Or(c.key.ARN, c.Options.KMSKeyID), c.Facts.Region)
}

// failed adds a row for a question that was not answered.
func (c *Checker) failed(name string, err error) {
	c.Say(name, StatusUnknown, err.Error(), "")
	c.Findings[len(c.Findings)-1].Err = err
}

// Look makes all checks that need no report.
func (c *Checker) Look(ctx context.Context) {
	c.endpoint()
	c.unprovenUpdates()
	keyed := c.Options.SSE != plan.TargetAES256
	a := c.ask(ctx, keyed)
	c.Listed = a.listed
	c.identity(&a.caller)
	if keyed {
		c.target(ctx, &a.key)
	}
	lockedOut, unknown := LockedOutReaders(ctx, c.Client, c.Options, c.Facts)
	c.Unknown = append(c.Unknown, unknown...)
	c.Hazards = append(Hazards(c.Options, c.Facts, plan.Unknown, nil, c.Missing), ReadersHazard(c.Options, c.Facts, lockedOut, c.lookAtACLs(ctx))...)
	if c.NoTrials {
		c.Hazards = append(c.Hazards, UnprovenParts(c.Options, c.Facts, plan.Unknown, nil)...)
	}
	c.Hazards = byName(append(c.Hazards, c.Table.hazards()...))
	c.bucket()
	if keyed {
		c.encryption(a)
	}
	c.replication(a)
	c.inventories(ctx)
	c.listing(a)
	c.policy(a)
	c.accessLogs(ctx)
	if quota, err := c.Client.Quota(ctx); err != nil {
		c.failed("KMS quota", err)
	} else {
		c.Say("KMS quota", StatusOK, report.Count(int64(quota.Rate))+" requests a second", "")
	}
}

// listing says whether the caller may list the bucket.
func (c *Checker) listing(a *answers) {
	const name = "s3:ListBucket"
	switch err := a.listErr; {
	case err == nil:
		c.Say(name, StatusOK, "held", "")
	case s3api.KindOf(err) == s3api.AccessDenied:
		c.Say(name, StatusWarning, "not held: without it an object that is gone looks like one that is denied", "grant s3:ListBucket on "+c.partition().Bucket("BUCKET"))
	default:
		c.failed(name, err)
	}
}

// lookAtACLs looks at the ACLs of the objects that the listing showed, as a plan does
// at some of its own.
func (c *Checker) lookAtACLs(ctx context.Context) ACLGrants {
	if c.Facts.ACLs == plan.No {
		return ACLGrants{}
	}
	some := make([]plan.Task, len(c.Listed))
	for i, key := range c.Listed {
		some[i].Record.Key = key
		if some[i].Action = plan.Copy; c.Options.Method == plan.MethodUpdate {
			some[i].Action = plan.Update
		}
	}
	return LookAtACLs(ctx, c.Client, c.Options.Bucket, some)
}

func (c *Checker) endpoint() {
	e := c.Client.Endpoint()
	switch e.AWS {
	case plan.Yes:
		c.Say("endpoint", StatusOK, "AWS's own", "")
	default:
		c.Say("endpoint", StatusWarning, e.URL+" is not known to be AWS: what it keeps has to be proven", "reseal run JOB --probe-key-prefix reseal-probe/")
	}
}

// unprovenUpdates stops a run that would send updates to an endpoint of which nothing shows
// that it understands them, and nothing is going to.
func (c *Checker) unprovenUpdates() {
	if !Updates(&c.Options) || c.Facts.AWS == plan.Yes || c.Probing {
		return
	}
	c.Say("updates", StatusStop, fmt.Sprintf("--method %s sends UpdateObjectEncryption, and %s is not known to understand it: a server that does not replaces the object's data",
		c.Options.Method, c.Client.Endpoint().URL), "prove it on a scratch object with --probe-key-prefix reseal-probe/, or use --method copy")
}

func (c *Checker) identity(a *callerAnswer) {
	if c.caller = a.identity; a.err != nil {
		c.failed("caller", a.err)
		return
	}
	if a.roleErr != nil {
		c.Say("caller", StatusUnknown, c.caller.ARN+": the path of its role is not known, so what is said of that role may hold for it or not: "+a.roleErr.Error(), "grant iam:GetRole on the role")
		return
	}
	c.caller.Role = a.role
	c.Say("caller", StatusOK, c.caller.ARN, "")
}

// target says what is known of the key. Where its use was refused, it asks once more.
func (c *Checker) target(ctx context.Context, a *keyAnswer) {
	if c.noKey = c.Options.KMSKeyID == ""; c.noKey {
		c.Say("key", StatusUnknown, "none was named", "reseal preflight --sse-kms-key-id ARN …")
		return
	}
	key, err := a.key, a.err
	switch kind := s3api.KindOf(err); {
	case err == nil:
	case kind == s3api.KeyUnchecked || kind == s3api.AccessDenied:
		c.failed("key", err)
		if kind == s3api.AccessDenied && s3api.FullKeyARN(c.Options.KMSKeyID) {
			c.key = s3api.KeyOfARN(c.Options.KMSKeyID)
		}
		return
	default:
		c.noKey = true
		c.failed("key", err)
		c.Findings[len(c.Findings)-1].Status = StatusStop
		return
	}
	c.key, c.Options.KMSKeyID = key, key.ARN
	c.Say("key", StatusOK, fmt.Sprintf("%s, %s, %s, in %s of account %s", key.State, key.Spec, key.Usage, key.Region, key.Account), "")
	if c.caller.Account != "" && key.Account != c.caller.Account {
		c.Say("key account", StatusWarning, fmt.Sprintf("the key is one of account %s, the caller one of %s: key policy and identity policy both have to allow each use", key.Account, c.caller.Account),
			c.atKey("aws kms get-key-policy --key-id KEY --policy-name default"))
	}
	if c.Facts.ManagedKey = Managed(c.Options.KMSKeyID, &key); c.Facts.ManagedKey == plan.Yes && !slices.ContainsFunc(c.Hazards, func(h Hazard) bool { return h.Name == ManagedKey }) {
		c.Hazards = append(c.Hazards, Hazards(plan.Options{Method: plan.MethodUpdate, SSE: plan.TargetKMS}, plan.Facts{ManagedKey: plan.Yes}, plan.No, nil, 0)...)
	}
	switch err, kind := a.use, s3api.KindOf(a.use); {
	case err == nil:
		c.Say("key use", StatusOK, "kms:GenerateDataKey is allowed (shown by a dry run)", "")
	case kind == s3api.KeyUnchecked:
		c.failed("key use", err)
	case kind == s3api.AccessDenied:
		c.throughS3(ctx, err)
	default:
		c.Say("key use", StatusStop, err.Error(), "grant kms:GenerateDataKey on KEY; reseal permissions prints the statement")
	}
}

// bucket adds a row for each fact: those that a run refuses over are hazards
// of the same names as for --accept.
func (c *Checker) bucket() {
	f := &c.Facts
	owner := c.Client.Owner()
	if owner == "" {
		owner = "not known"
	}
	c.Say("bucket", StatusOK, fmt.Sprintf("in %s, owner %s", f.Region, owner), "")
	for _, u := range c.Unknown {
		c.Say(u.Fact, StatusUnknown, u.Err.Error(), "grant "+actionOf(u.Op))
	}
	for _, h := range c.Hazards {
		switch {
		case h.accepted(c.Accepted):
			c.Say(h.Name, StatusHazard, h.Why+" (accepted)", "")
		case c.Probing && h.ByProbe:
			c.Say(h.Name, StatusUnknown, h.Why+"; the probe is going to tell", "")
		default:
			c.hazard(h.Name, h.Name, h.Why, h.Mend)
			c.Findings[len(c.Findings)-1].ByProbe = h.ByProbe && KeepsScratch(c.Options.Bucket, c.Facts) == nil
		}
	}
	fine := func(name string, ok bool, why string) {
		if ok && !slices.ContainsFunc(c.Hazards, func(h Hazard) bool { return h.Name == name }) {
			c.Say(name, StatusOK, why, "")
		}
	}
	fine("versioned", f.Versioning == plan.Unversioned, "not versioned: nothing is left behind")
	fine("lifecycle", f.Transitions == plan.No && f.Expirations == plan.No, "no rules that go by age")
	fine("acl", f.ACLs == plan.No, "ACLs are off (BucketOwnerEnforced)")
	fine(PublicACL, f.ACLs != plan.No && f.BlocksPublicACLs == plan.No, "neither the bucket nor its account refuses copies with a grant to everybody")
	if f.ACLs == plan.Unknown && f.BlocksPublicACLs == plan.Yes && c.Options.Method != plan.MethodUpdate {
		c.Say(PublicACL, StatusUnknown, "S3 Block Public Access refuses copies of objects with a grant to everybody, and whether objects may have any could not be read", "grant s3:GetBucketOwnershipControls")
	}
	fine("events", f.Events == plan.No, "no event notifications are configured")
	switch f.Website {
	case plan.Yes:
		c.Say("website", StatusOK, "configured, so objects may redirect: each is looked at, and its redirect is sent again with the copy", "")
	case plan.No:
		c.Say("website", StatusOK, "none, so redirects of objects are without effect; --inspect-all keeps them", "")
	}
	switch f.ObjectLock {
	case plan.Yes:
		why := "object lock is on: retention and legal holds are read and sent again with each copy"
		if f.Retention == plan.Yes {
			why += ", and new versions get the bucket's default retention where they have none"
		}
		c.Say("object lock", StatusWarning, why, "aws s3api get-object-lock-configuration --bucket BUCKET")
	case plan.No:
		c.Say("object lock", StatusOK, "off", "")
	}
	switch err := KeepsScratch(c.Options.Bucket, c.Facts); {
	case c.Probing && err != nil:
		c.Say("probe", StatusStop, err.Error(), "leave out --probe-key-prefix, and accept by name what is not known of the endpoint")
	case f.MFADelete == plan.Yes:
		c.Say("MFA delete", StatusWarning, MFADelete, "leave out --probe-key-prefix, and let selfcheck have another bucket")
	}
	switch f.Requester {
	case plan.Yes:
		c.Say("requester pays", StatusWarning, "whoever asks pays, so the caller's account does if it is not the owner's", "aws s3api get-bucket-request-payment --bucket BUCKET")
	case plan.No:
		c.Say("requester pays", StatusOK, "no", "")
	}
}

func (c *Checker) encryption(a *answers) {
	e, err := a.encryption, a.encryptionErr
	if err != nil {
		if c.Facts.DefaultEncryption != "" {
			c.failed("default encryption", err)
		}
		return // said with the facts
	}
	mend := c.enforce("")
	switch {
	case e.Algorithm != plan.TargetKMS:
		c.Say("default encryption", StatusWarning, fmt.Sprintf("%q: objects that are written from now on are not under the key", e.Algorithm), mend)
	case c.key.ARN != "" && e.KeyID != c.key.ARN && !strings.HasSuffix(c.key.ARN, "/"+e.KeyID):
		c.Say("default encryption", StatusWarning, fmt.Sprintf("aws:kms, but under another key: %q", e.KeyID), mend)
	default:
		c.Say("default encryption", StatusOK, fmt.Sprintf("aws:kms under %s, bucket key %v", e.KeyID, e.BucketKey), "")
	}
	if slices.Contains(e.Blocked, "SSE-C") {
		c.Say("SSE-C", StatusOK, "blocked", "")
	} else {
		c.Say("SSE-C", StatusWarning, "uploads with customer-provided keys are not blocked: what is written with one, nobody can read without it", c.enforce(" --block-sse-c"))
	}
}

// enforce is the command that closes the bucket. A key that is not there, or not
// known, has no place in a command that somebody may paste.
func (c *Checker) enforce(more string) string {
	if c.noKey {
		return "first name a key that can be used, then: reseal enforce --bucket BUCKET --sse-kms-key-id ARN" + more
	}
	return "reseal enforce --bucket BUCKET --sse-kms-key-id KEY" + more
}

func (c *Checker) replication(a *answers) {
	if a.replicationErr != nil {
		return // said with the facts
	}
	rules := a.replication
	if len(rules) == 0 {
		c.Say("replication", StatusOK, "none", "")
	}
	for _, r := range rules {
		if r.KMS && r.ReplicaKey != "" {
			c.Say("replication rule "+r.ID, StatusOK, "has opted in to SSE-KMS, replicas are under "+r.ReplicaKey, "")
			continue
		}
		c.Say("replication rule "+r.ID, StatusWarning, "has not opted in to SSE-KMS: objects stop being replicated once they are under the key",
			"aws s3api put-bucket-replication --bucket BUCKET … with SourceSelectionCriteria.SseKmsEncryptedObjects and ReplicaKmsKeyID")
	}
}

func (c *Checker) inventories(ctx context.Context) {
	all, err := c.Client.Inventories(ctx, c.Options.Bucket)
	if err != nil {
		c.failed("inventory", err)
		return
	}
	for _, i := range all {
		if !i.Enabled {
			continue
		}
		var missing []string
		for _, want := range inventory.UsefulColumns.Names() {
			if !slices.Contains(i.Fields, want) {
				missing = append(missing, want)
			}
		}
		text := fmt.Sprintf("%s %s to %s", i.Frequency, i.Format, i.Destination)
		if len(missing) > 0 {
			c.Say("inventory "+i.ID, StatusWarning, text+", without "+strings.Join(missing, ", ")+": one HeadObject more for each object",
				setUpInventory(i.ID, i.Destination[strings.LastIndexByte(i.Destination, ':')+1:]))
			continue
		}
		c.Say("inventory "+i.ID, StatusOK, text, "")
	}
	if !slices.ContainsFunc(all, func(i s3api.InventoryConfig) bool { return i.Enabled }) {
		c.Say("inventory", StatusWarning, "none is configured, so no newer report will come", setUpInventory("", "REPORTS"))
	}
}

// setUpInventory is the command that orders reports with all columns into a
// bucket, where there is a configuration of the given id.
// SetupID is the id of the inventory configuration that setup writes, where none
// is named.
const SetupID = "reseal"

func setUpInventory(id, into string) string {
	mend := "reseal inventory setup --bucket BUCKET --destination s3://" + into + "/inventory"
	if id == SetupID { // it is the one that setup writes
		mend += " --replace"
	}
	return mend
}

// actionOf is the permission that an operation of the preflight takes.
func actionOf(op string) string {
	switch op {
	case "GetBucketLifecycleConfiguration":
		return "s3:GetLifecycleConfiguration"
	case "GetObjectLockConfiguration":
		return "s3:GetBucketObjectLockConfiguration"
	case "GetBucketReplication":
		return "s3:GetReplicationConfiguration"
	case "GetBucketNotificationConfiguration":
		return "s3:GetBucketNotification"
	case "GetPublicAccessBlock":
		return "s3:GetBucketPublicAccessBlock"
	case "GetBucketEncryption":
		return "s3:GetEncryptionConfiguration"
	}
	return "s3:" + op
}
