package s3api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// ForBucket returns a client for the Region that bucket is in, which expects
// its owner: the account that Config or Expecting named, else the caller's own.
// A bucket of another account than the caller's is refused until that account
// is named, as names of deleted buckets can be taken by anybody.
func (c *Client) ForBucket(ctx context.Context, bucket string) (*Client, error) {
	region, err := c.bucketRegion(ctx, bucket)
	if err != nil {
		return nil, err
	}
	if c, err = c.InRegion(region); err != nil {
		return nil, err
	}
	c = c.locating(located{bucket, region})
	if c.endpoint.AWS == plan.No || c.owner != "" {
		return c, nil
	}
	id, err := c.Identity(ctx)
	if err != nil {
		return c, nil // no network path to STS, say: the owner stays unknown, which Owner tells
	}
	owned := c.Expecting(id.Account)
	in := &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: owned.bucketOwner()}
	if _, err := c.preflight.HeadBucket(ctx, in); err != nil {
		if err := setupError("HeadBucket", bucket, err); KindOf(err) != AccessDenied {
			return nil, err
		}
		if owned.isOthers(ctx, bucket) {
			return nil, &SetupError{Kind: BucketOwner, Op: "HeadBucket", Subject: bucket, Code: "AccessDenied",
				Err: fmt.Errorf("it does not belong to account %s, whose credentials these are", id.Account)}
		}
	}
	return owned, nil
}

// isOthers tells whether a bucket is shown to belong to another account than the
// expected one. A refusal alone shows nothing: S3 gives the same one to a caller
// that lacks the permission. So it takes a question that is answered without the
// expectation and refused with it. Where there is none, S3 itself holds every
// later request against the expectation.
func (c *Client) isOthers(ctx context.Context, bucket string) bool {
	for _, ask := range []func(owner *string) error{
		func(owner *string) error { // s3:ListBucket
			_, err := c.preflight.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket, ExpectedBucketOwner: owner})
			return err
		},
		func(owner *string) error {
			_, err := c.preflight.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket, ExpectedBucketOwner: owner})
			return err
		},
		func(owner *string) error {
			_, err := c.preflight.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: &bucket, ExpectedBucketOwner: owner})
			return err
		},
	} {
		if ask(nil) == nil {
			return KindOf(setupError("HeadBucket", bucket, ask(c.bucketOwner()))) == AccessDenied
		}
	}
	return false
}

// located is a bucket with the Region that it was found in.
type located struct{ bucket, region string }

// locating returns a client that knows where a bucket is.
func (c *Client) locating(l located) *Client {
	out := *c
	out.located = l
	return &out
}

// ForeignKey tells whether a key is of another account than the job's bucket.
func (c *Client) ForeignKey(arn string) plan.Answer {
	if c.owner == "" || !FullKeyARN(arn) {
		return plan.Unknown
	}
	return plan.AnswerOf(strings.Split(arn, ":")[4] != c.owner)
}

// Owner returns the account that requests about the job's bucket expect to own
// it, "" where none is known.
func (c *Client) Owner() string { return c.owner }

// bucketRegion asks S3 where a bucket is. It tells even a caller that may do
// nothing else with the bucket.
func (c *Client) bucketRegion(ctx context.Context, bucket string) (string, error) {
	if directoryBucket(bucket) {
		return "", &SetupError{Kind: Unsupported, Op: "HeadBucket", Subject: bucket,
			Err: fmt.Errorf("not a general purpose bucket: neither inventory reports nor in-place re-encryption work there")}
	}
	out, err := c.preflight.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &bucket})
	if err == nil {
		if region := value(out.BucketRegion); region != "" {
			return region, nil
		}
		return c.Region(), nil
	}
	setup := setupError("HeadBucket", bucket, err).(*SetupError)
	if setup.Region != "" {
		return setup.Region, nil
	}
	if setup.Code == "NotFound" {
		setup.Kind = NoBucket
	}
	if setup = c.revealed(ctx, bucket, setup); setup.Region != "" {
		return setup.Region, nil
	}
	return "", setup
}

// revealed returns what HeadBucket was refused for. Answers to HEAD have no body and so
// no error code: a wrong secret looks like a missing permission, an expired token like
// a bad request, as does, off AWS, a wrong Region. A listing of one key has a body that tells; it is asked for once.
func (c *Client) revealed(ctx context.Context, bucket string, refused *SetupError) *SetupError {
	if refused.Code != "Forbidden" && refused.Code != "BadRequest" {
		return refused
	}
	_, err := c.preflight.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &bucket, MaxKeys: aws.Int32(1), EncodingType: types.EncodingTypeUrl})
	if err == nil {
		return refused // the listing is allowed: it says nothing of what HeadBucket met
	}
	told := setupError(refused.Op, bucket, err).(*SetupError)
	switch told.Kind {
	case BadCredential, Clock, AccessDenied, WrongRegion:
		return told
	}
	return refused
}

// reservedEndings are those of names that no general purpose bucket can have: aliases of
// access points, those of Object Lambda and of several Regions, directory buckets and table
// buckets (Amazon S3 User Guide, bucketnamingrules; the first two and directory buckets
// read 2026-11-30, the others from memory).
var reservedEndings = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}

// directoryBucket tells by its name whether a bucket is a directory bucket, an
// access point or the like.
func directoryBucket(name string) bool {
	return strings.Contains(name, ":") || slices.ContainsFunc(reservedEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Facts reads what the bucket's configuration means for rewriting its objects,
// with one GET for each fact. What cannot be read stays unknown and is listed.
// An error is a *SetupError: the bucket is not there, or cannot be reached.
func (c *Client) Facts(ctx context.Context, bucket string) (plan.Facts, []Unknown, error) {
	facts := plan.Facts{Bucket: bucket, AWS: c.endpoint.AWS}
	region := c.located.region
	if c.located.bucket != bucket {
		var err error
		if region, err = c.bucketRegion(ctx, bucket); err != nil {
			return facts, nil, err
		}
	}
	facts.Region = region
	if region != c.Region() && c.endpoint.AWS != plan.No {
		return facts, nil, &SetupError{Kind: WrongRegion, Op: "HeadBucket", Subject: bucket, Region: region,
			Err: fmt.Errorf("the bucket is in %s, but requests are signed for %s", region, c.Region())}
	}
	switch c.endpoint.AWS {
	case plan.Yes:
		facts.IgnoresIfMatch = plan.No // Amazon S3 API Reference, CopyObject, If-Match, read 2026-11-21
	case plan.No:
		facts.IgnoresIfMatch = plan.Yes // every other server that was measured; ProbeIfMatch can show otherwise
	}
	unknown, err := c.findFacts(ctx, bucket, &facts)
	return facts, unknown, err
}

// findFacts asks for all facts side by side, as a start waits for them. What is said
// of them is in one order, whatever is answered first.
func (c *Client) findFacts(ctx context.Context, bucket string, facts *plan.Facts) (unknown []Unknown, err error) {
	finds := []func(*factFinder, context.Context) error{
		(*factFinder).versioning, (*factFinder).lifecycle, (*factFinder).objectLock, (*factFinder).acls, (*factFinder).website,
		(*factFinder).replication, (*factFinder).notifications, (*factFinder).payment, (*factFinder).encryption,
	}
	finders, errs := make([]factFinder, len(finds)), make([]error, len(finds))
	var asked sync.WaitGroup
	for i, find := range finds {
		finders[i] = factFinder{client: c, bucket: bucket, owner: c.bucketOwner(), facts: facts}
		asked.Go(func() { errs[i] = find(&finders[i], ctx) })
	}
	asked.Wait()
	for i := range finders {
		unknown = append(unknown, finders[i].unknown...)
		if errs[i] != nil {
			return unknown, errs[i]
		}
	}
	return unknown, nil
}

// factFinder reads facts of one bucket. Each fact has a finder of its own; no two of
// them write the same field of facts.
type factFinder struct {
	client  *Client
	bucket  string
	owner   *string
	facts   *plan.Facts
	unknown []Unknown
}

// got sorts the error of a request for one fact: absent tells that it is the
// answer of a bucket without such a configuration. An error is returned only
// where it will be the same for everything else.
func (f *factFinder) got(fact, op string, err error, none string) (present bool, fatal error) {
	if err == nil {
		return true, nil
	}
	setup := setupError(op, f.bucket, err).(*SetupError)
	if none != "" && setup.Code == none {
		return false, nil
	}
	switch setup.Kind {
	case NoBucket, NoCredentials, BadCredential, Clock, Unreachable, UnknownHost, Proxy, Middlebox, NotTLS, OpenFiles, Certificate, WrongRegion:
		return false, setup
	}
	f.unknown = append(f.unknown, Unknown{Fact: fact, Op: op, Err: setup})
	return false, errUnread
}

// errUnread marks a fact that stays unknown.
var errUnread = fmt.Errorf("not read")

// settle turns errUnread into "go on".
func settle(err error) error {
	if err == errUnread {
		return nil
	}
	return err
}

func (f *factFinder) versioning(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	if _, err := f.got("versioning", "GetBucketVersioning", err, ""); err != nil {
		return settle(err)
	}
	f.facts.MFADelete = plan.AnswerOf(out.MFADelete == types.MFADeleteStatusEnabled)
	switch out.Status {
	case types.BucketVersioningStatusEnabled:
		f.facts.Versioning = plan.VersioningEnabled
	case types.BucketVersioningStatusSuspended:
		f.facts.Versioning = plan.VersioningSuspended
	case "":
		f.facts.Versioning = plan.Unversioned
	}
	return nil
}

func (f *factFinder) lifecycle(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	present, err := f.got("lifecycle rules", "GetBucketLifecycleConfiguration", err, "NoSuchLifecycleConfiguration")
	if err != nil {
		return settle(err)
	}
	f.facts.Transitions, f.facts.Expirations = plan.No, plan.No
	if !present {
		return nil
	}
	for _, rule := range out.Rules {
		if rule.Status == types.ExpirationStatusDisabled {
			continue
		}
		// Rules for noncurrent versions count: such a version becomes current
		// again, in its new class, when the newer ones are deleted.
		if len(rule.Transitions) > 0 || len(rule.NoncurrentVersionTransitions) > 0 {
			f.facts.Transitions = plan.Yes
		}
		if e := rule.Expiration; e != nil && (e.Days != nil || e.Date != nil) {
			f.facts.Expirations = plan.Yes
		}
	}
	return nil
}

func (f *factFinder) objectLock(ctx context.Context) error {
	out, err := f.client.preflight.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	present, err := f.got("object lock", "GetObjectLockConfiguration", err, "ObjectLockConfigurationNotFoundError")
	if err != nil {
		return settle(err)
	}
	f.facts.ObjectLock, f.facts.Retention = plan.No, plan.No
	if present && out.ObjectLockConfiguration != nil {
		lock := out.ObjectLockConfiguration
		f.facts.ObjectLock = plan.AnswerOf(lock.ObjectLockEnabled == types.ObjectLockEnabledEnabled)
		f.facts.Retention = plan.AnswerOf(lock.Rule != nil && lock.Rule.DefaultRetention != nil)
		if f.facts.Retention == plan.Yes {
			f.facts.RetentionMode, f.facts.RetentionDays = retention(lock.Rule.DefaultRetention)
		}
	}
	return nil
}

// acls reads whether objects have ACLs, and then what S3 does about public ones.
func (f *factFinder) acls(ctx context.Context) error {
	if err := f.ownership(ctx); err != nil {
		return err
	}
	return f.publicAccess(ctx)
}

// retention reads a default retention; a year counts as 365 days.
func retention(r *types.DefaultRetention) (mode string, days int) {
	return string(r.Mode), int(value(r.Days)) + 365*int(value(r.Years))
}

func (f *factFinder) ownership(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	if f.client.endpoint.AWS == plan.No && answerOf(err).status == http.StatusNotImplemented && f.withoutACLs(ctx) {
		f.facts.ACLs = plan.No
		return nil
	}
	present, err := f.got("ACLs", "GetBucketOwnershipControls", err, "OwnershipControlsNotFoundError")
	if err != nil {
		return settle(err)
	}
	f.facts.ACLs = plan.Yes // also where there are no ownership controls: buckets made before 2023
	if present && out.OwnershipControls != nil {
		for _, rule := range out.OwnershipControls.Rules {
			if rule.ObjectOwnership == types.ObjectOwnershipBucketOwnerEnforced {
				f.facts.ACLs = plan.No
			}
		}
	}
	return nil
}

// withoutACLs tells whether the server has no ACLs at all, and shows a grant to
// nobody in their place.
func (f *factFinder) withoutACLs(ctx context.Context) bool {
	out, err := f.client.preflight.GetBucketAcl(ctx, &s3.GetBucketAclInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	return err == nil && len(out.Grants) == 1 && nobody(out.Grants[0].Grantee)
}

func (f *factFinder) website(ctx context.Context) error {
	_, err := f.client.preflight.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	present, err := f.got("website configuration", "GetBucketWebsite", err, "NoSuchWebsiteConfiguration")
	if err != nil {
		return settle(err)
	}
	f.facts.Website = plan.AnswerOf(present)
	return nil
}

func (f *factFinder) replication(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	present, err := f.got("replication", "GetBucketReplication", err, "ReplicationConfigurationNotFoundError")
	if err != nil {
		return settle(err)
	}
	f.facts.Replication = plan.No
	if present && out.ReplicationConfiguration != nil {
		for _, rule := range out.ReplicationConfiguration.Rules {
			if rule.Status != types.ReplicationRuleStatusDisabled {
				f.facts.Replication = plan.Yes
			}
		}
	}
	return nil
}

func (f *factFinder) notifications(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketNotificationConfiguration(ctx, &s3.GetBucketNotificationConfigurationInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	if _, err := f.got("event notifications", "GetBucketNotificationConfiguration", err, ""); err != nil {
		return settle(err)
	}
	var events []types.Event
	for _, n := range out.LambdaFunctionConfigurations {
		events = append(events, n.Events...)
	}
	for _, n := range out.QueueConfigurations {
		events = append(events, n.Events...)
	}
	for _, n := range out.TopicConfigurations {
		events = append(events, n.Events...)
	}
	heard := out.EventBridgeConfiguration != nil // gets every event of the bucket
	for _, e := range events {
		switch e {
		case types.EventS3ObjectCreated, types.EventS3ObjectCreatedCopy, types.EventS3ObjectCreatedCompleteMultipartUpload:
			heard = true
		}
	}
	f.facts.Events = plan.AnswerOf(heard)
	return nil
}

func (f *factFinder) payment(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	if _, err := f.got("who pays for requests", "GetBucketRequestPayment", err, ""); err != nil {
		return settle(err)
	}
	f.facts.Requester = plan.AnswerOf(out.Payer == types.PayerRequester)
	return nil
}

func (f *factFinder) encryption(ctx context.Context) error {
	out, err := f.client.preflight.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &f.bucket, ExpectedBucketOwner: f.owner})
	present, err := f.got("default encryption", "GetBucketEncryption", err, "ServerSideEncryptionConfigurationNotFoundError")
	if err != nil || !present {
		return settle(err)
	}
	if out.ServerSideEncryptionConfiguration == nil {
		return nil
	}
	for _, rule := range out.ServerSideEncryptionConfiguration.Rules {
		if by := rule.ApplyServerSideEncryptionByDefault; by != nil {
			f.facts.DefaultEncryption, f.facts.DefaultKey = string(by.SSEAlgorithm), value(by.KMSMasterKeyID)
		}
	}
	return nil
}
