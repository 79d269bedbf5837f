package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// standing says what a check found.
type standing string

const (
	standOK      standing = "ok"
	standHazard  standing = "hazard"  // a run needs an --accept, or its owner should know
	standStop    standing = "stop"    // a run would not get anywhere
	standUnknown standing = "unknown" // the caller may not read it, or it cannot be told from outside
)

// check is one row of the preflight's table.
type check struct {
	Name   string   `json:"check"`
	Status standing `json:"status"`
	Why    string   `json:"why"`
	Mend   string   `json:"mend,omitempty"` // the command that mends it
}

// preflight looks at everything around a run without changing anything.
type preflight struct {
	client  *s3api.Client
	options plan.Options
	facts   plan.Facts
	unknown []s3api.Unknown
	missing inventory.Columns // that the report lacks
	hazards []hazard
	accept  accepts // of hazards, by the command line of a run
	probing bool    // a probe on scratch objects is going to settle some of them
	caller  s3api.Identity
	key     s3api.Key
	noKey   bool     // the key is not there or cannot be used, so no command may name it
	listed  []string // some keys of the bucket, where it could be listed
	checks  []check
}

func (c *preflight) say(name string, s standing, why, mend string) {
	key := c.options.KMSKeyID
	if key == "" {
		key = "ARN" // a command has to show that something goes there
	}
	c.checks = append(c.checks, check{name, s, why, strings.NewReplacer("BUCKET", c.options.Bucket, "KEY", key).Replace(mend)})
}

// failed adds a row for a question that was not answered.
func (c *preflight) failed(name string, err error) {
	c.say(name, standUnknown, err.Error(), hint(err))
}

// look makes all checks that need no report.
func (c *preflight) look(ctx context.Context) {
	c.endpoint()
	c.identity(ctx)
	c.target(ctx)
	c.hazards = hazards(c.options, c.facts, plan.Unknown, nil, c.missing)
	c.bucket()
	c.encryption(ctx)
	c.replication(ctx)
	c.inventories(ctx)
	c.listing(ctx)
	c.policy(ctx)
	if quota, err := c.client.Quota(ctx); err != nil {
		c.failed("KMS quota", err)
	} else {
		c.say("KMS quota", standOK, report.Count(int64(quota.Rate))+" requests a second", "")
	}
}

// listing finds out whether the caller may list the bucket.
func (c *preflight) listing(ctx context.Context) {
	var err error
	const name = "s3:ListBucket"
	switch c.listed, err = c.client.MayList(ctx, c.options.Bucket); {
	case err == nil:
		c.say(name, standOK, "held", "")
	case s3api.KindOf(err) == s3api.AccessDenied:
		c.say(name, standHazard, "not held: without it an object that is gone looks like one that is denied", "grant s3:ListBucket on arn:aws:s3:::BUCKET")
	default:
		c.failed(name, err)
	}
}

func (c *preflight) endpoint() {
	e := c.client.Endpoint()
	switch e.AWS {
	case plan.Yes:
		c.say("endpoint", standOK, "AWS's own", "")
	default:
		c.say("endpoint", standHazard, e.URL+" is not known to be AWS: what it keeps has to be proven", "reseal run … --probe-key-prefix reseal-probe/")
	}
}

func (c *preflight) identity(ctx context.Context) {
	var err error
	if c.caller, err = c.client.Identity(ctx); err != nil {
		c.failed("caller", err)
		return
	}
	c.say("caller", standOK, c.caller.ARN, "")
}

// target checks the key, by a dry run that makes no data key.
func (c *preflight) target(ctx context.Context) {
	if c.noKey = c.options.KMSKeyID == ""; c.noKey {
		c.say("key", standUnknown, "none was named", "reseal preflight --sse-kms-key-id ARN …")
		return
	}
	key, err := c.client.Key(ctx, c.options.KMSKeyID)
	switch kind := s3api.KindOf(err); {
	case err == nil:
	case kind == s3api.KeyUnchecked || kind == s3api.AccessDenied:
		c.failed("key", err)
		return
	default:
		c.noKey = true
		c.say("key", standStop, err.Error(), hint(err))
		return
	}
	c.key, c.options.KMSKeyID = key, key.ARN
	c.say("key", standOK, fmt.Sprintf("%s, %s, %s, in %s of account %s", key.State, key.Spec, key.Usage, key.Region, key.Account), "")
	if c.caller.Account != "" && key.Account != c.caller.Account {
		c.say("key account", standHazard, fmt.Sprintf("the key is one of account %s, the caller one of %s: key policy and identity policy both have to allow each use", key.Account, c.caller.Account),
			"aws kms get-key-policy --key-id KEY --policy-name default")
	}
	if key.Manager == "AWS" {
		c.say("key manager", standHazard, "AWS's own key aws/s3: its policy cannot be changed, and readers of other accounts will be locked out", "aws kms create-key")
	}
	err = c.client.CheckKey(ctx, key)
	switch kind := s3api.KindOf(err); {
	case err == nil:
		c.say("key use", standOK, "kms:GenerateDataKey is allowed (shown by a dry run)", "")
	case kind == s3api.KeyUnchecked:
		c.failed("key use", err)
	default:
		c.say("key use", standStop, err.Error(), "grant kms:GenerateDataKey on KEY; reseal permissions prints the statement")
	}
}

// bucket adds a row for each fact: those that a run refuses over are hazards
// of the same names as for --accept.
func (c *preflight) bucket() {
	f := &c.facts
	owner := c.client.Owner()
	if owner == "" {
		owner = "not known"
	}
	c.say("bucket", standOK, fmt.Sprintf("in %s, owner %s", f.Region, owner), "")
	for _, u := range c.unknown {
		c.say(u.Fact, standUnknown, u.Err.Error(), "grant "+actionOf(u.Op))
	}
	for _, h := range c.hazards {
		switch {
		case c.accept.has(h.Name):
			c.say(h.Name, standHazard, h.Why+" (accepted)", "")
		case c.probing && h.byProbe:
			c.say(h.Name, standUnknown, h.Why+"; the probe is going to tell", "")
		default:
			c.say(h.Name, standHazard, h.Why, h.Mend)
		}
	}
	fine := func(name string, ok bool, why string) {
		if ok && !slices.ContainsFunc(c.hazards, func(h hazard) bool { return h.Name == name }) {
			c.say(name, standOK, why, "")
		}
	}
	fine("versioned", f.Versioning == plan.Unversioned, "not versioned: nothing is left behind")
	fine("lifecycle", f.Transitions == plan.No && f.Expirations == plan.No, "no rules that go by age")
	fine("acl", f.ACLs == plan.No, "ACLs are off (BucketOwnerEnforced)")
	fine("events", f.Events == plan.No, "nobody is told of copies")
	switch f.Website {
	case plan.Yes:
		c.say("website", standOK, "configured, so objects may redirect: each is looked at, and its redirect is sent again with the copy", "")
	case plan.No:
		c.say("website", standOK, "none, so redirects of objects are without effect; --inspect-all keeps them", "")
	}
	switch f.ObjectLock {
	case plan.Yes:
		why := "object lock is on: retention and legal holds are read and sent again with each copy"
		if f.Retention == plan.Yes {
			why += ", and new versions get the bucket's default retention where they have none"
		}
		c.say("object lock", standHazard, why, "aws s3api get-object-lock-configuration --bucket BUCKET")
	case plan.No:
		c.say("object lock", standOK, "off", "")
	}
	switch f.Requester {
	case plan.Yes:
		c.say("requester pays", standHazard, "whoever asks pays, so the caller's account does if it is not the owner's", "aws s3api get-bucket-request-payment --bucket BUCKET")
	case plan.No:
		c.say("requester pays", standOK, "no", "")
	}
}

func (c *preflight) encryption(ctx context.Context) {
	e, err := c.client.BucketEncryption(ctx, c.options.Bucket)
	if err != nil {
		if c.facts.DefaultEncryption != "" {
			c.failed("default encryption", err)
		}
		return // said with the facts
	}
	mend := c.enforce("")
	switch {
	case e.Algorithm != plan.TargetKMS:
		c.say("default encryption", standHazard, fmt.Sprintf("%q: objects that are written from now on are not under the key", e.Algorithm), mend)
	case c.key.ARN != "" && e.KeyID != c.key.ARN && !strings.HasSuffix(c.key.ARN, "/"+e.KeyID):
		c.say("default encryption", standHazard, fmt.Sprintf("aws:kms, but under another key: %q", e.KeyID), mend)
	default:
		c.say("default encryption", standOK, fmt.Sprintf("aws:kms under %s, bucket key %v", e.KeyID, e.BucketKey), "")
	}
	if slices.Contains(e.Blocked, "SSE-C") {
		c.say("SSE-C", standOK, "blocked", "")
	} else {
		c.say("SSE-C", standHazard, "clients can still bring keys of their own, which nobody else can read by", c.enforce(" --block-sse-c"))
	}
}

// enforce is the command that closes the bucket. A key that is not there, or not
// known, has no place in a command that somebody may paste.
func (c *preflight) enforce(more string) string {
	if c.noKey {
		return "first name a key that can be used, then: reseal enforce --bucket BUCKET --sse-kms-key-id ARN" + more + " --apply"
	}
	return "reseal enforce --bucket BUCKET --sse-kms-key-id KEY" + more + " --apply"
}

func (c *preflight) replication(ctx context.Context) {
	_, rules, err := c.client.Replication(ctx, c.options.Bucket)
	if err != nil {
		return // said with the facts
	}
	if len(rules) == 0 {
		c.say("replication", standOK, "none", "")
	}
	for _, r := range rules {
		if r.KMS && r.ReplicaKey != "" {
			c.say("replication rule "+r.ID, standOK, "has opted in to SSE-KMS, replicas are under "+r.ReplicaKey, "")
			continue
		}
		c.say("replication rule "+r.ID, standHazard, "has not opted in to SSE-KMS: objects stop being replicated once they are under the key",
			"aws s3api put-bucket-replication --bucket BUCKET … with SourceSelectionCriteria.SseKmsEncryptedObjects and ReplicaKmsKeyID")
	}
}

func (c *preflight) inventories(ctx context.Context) {
	all, err := c.client.Inventories(ctx, c.options.Bucket)
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
			c.say("inventory "+i.ID, standHazard, text+", without "+strings.Join(missing, ", ")+": one HeadObject more for each object",
				setUpInventory(i.ID, i.Destination[strings.LastIndexByte(i.Destination, ':')+1:]))
			continue
		}
		c.say("inventory "+i.ID, standOK, text, "")
	}
	if !slices.ContainsFunc(all, func(i s3api.InventoryConfig) bool { return i.Enabled }) {
		c.say("inventory", standHazard, "none is configured, so no newer report will come", setUpInventory("", "REPORTS"))
	}
}

// setUpInventory is the command that orders reports with all columns into a
// bucket, where there is a configuration of the given id.
func setUpInventory(id, into string) string {
	mend := "reseal inventory setup --bucket BUCKET --destination s3://" + into + "/inventory --apply"
	if id == setupID { // it is the one that setup writes
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
	case "GetBucketEncryption":
		return "s3:GetEncryptionConfiguration"
	}
	return "s3:" + op
}
