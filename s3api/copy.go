package s3api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// copy copies an object onto itself with one CopyObject.
func (w *work) copy(ctx context.Context) (engine.Effect, error) {
	in, err := w.copyInput()
	if err == nil {
		err = w.lockShown(ctx)
	}
	if err != nil {
		return engine.Effect{}, err
	}
	var given grants
	var left []plan.Difference
	if w.config.Facts.ACLs != plan.No {
		if given, left, err = w.settable(ctx); err != nil {
			return engine.Effect{}, err
		}
		if w.owesACL(given) { // a copy in parts remembers what it has to put afterwards
			return engine.Effect{}, w.refuse(engine.InParts, "", errors.New("the ACL is more than the headers of a copy hold, or goes beside a canned one"))
		}
		in.GrantFullControl, in.GrantRead = optional(given.FullControl), optional(given.Read)
		in.GrantReadACP, in.GrantWriteACP = optional(given.ReadACP), optional(given.WriteACP)
	}
	if err := w.tried(ctx, given); err != nil {
		return engine.Effect{}, err
	}
	var out *s3.CopyObjectOutput
	err = w.do(ctx, plan.StepCopy, func(ctx context.Context) (err error) {
		out, err = w.objects().CopyObject(ctx, in)
		return err
	})
	if err != nil {
		return engine.Effect{}, inParts(err)
	}
	effect := engine.Effect{
		VersionID: value(out.VersionId),
		KMSKeyID:  value(out.SSEKMSKeyId),
		Source:    value(out.CopySourceVersionId),
		RequestID: requestID(out.ResultMetadata),
		LeftOut:   left,
	}
	if out.CopyObjectResult != nil {
		effect.ETag, effect.Modified = unquoted(out.CopyObjectResult.ETag), value(out.CopyObjectResult.LastModified)
	}
	if err := w.checkSource(ctx, effect.Source); err != nil {
		return effect, err
	}
	stated := w.statedSum(out.CopyObjectResult)
	switch {
	case effect.ETag != "" && w.target(out.ServerSideEncryption, effect.KMSKeyID):
		return effect, stated
	case w.task.Head == nil:
		effect, err = w.confirm(ctx, effect, nil)
	default:
		effect, err = w.confirm(ctx, effect, &kept{Head: *w.task.Head, ACL: given})
	}
	if err != nil {
		return effect, err
	}
	return effect, stated
}

// tried makes sure that an object which has something that no other was seen to keep
// is not written as any other; see plan.Task.Untried.
func (w *work) tried(ctx context.Context, given grants) error {
	var has []plan.Attribute
	for _, a := range w.task.Untried {
		switch a {
		case plan.ACL:
			if given != (grants{}) {
				has = append(has, a)
			}
		case plan.Tags:
			tagged, err := w.anyTags(ctx)
			if err != nil {
				return err
			}
			if tagged {
				has = append(has, a)
			}
		}
	}
	return w.untried(has)
}

// untried holds back an object that has these, nil for none.
func (w *work) untried(has []plan.Attribute) error {
	if len(has) == 0 {
		return nil
	}
	return &engine.HeldBack{Task: w.task, Why: fmt.Sprintf("no object was seen to keep its %s yet", plan.Words(has)), Unproven: has}
}

// inParts is the error of a copy, made one that has the object decided on anew where
// S3 refused it for its size: servers may set their own limit, and a report may be
// behind the truth.
func inParts(err error) error {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) || oe.Class != engine.Refused || oe.Reason != plan.TooLarge {
		return err
	}
	out := *oe
	out.Class = engine.InParts
	return &out
}

// copyInput is the copy of the task's object onto itself. Metadata, tags and
// annotations come along by themselves, all else is named.
//
// The source is always whatever is current, never a version by id. A version is
// immutable, so the condition on it would always hold, and a newer write of
// the same bytes, which has the same ETag, would pass the condition on the
// destination: the copy would then bring back the older write's metadata and
// tags over it. Unnamed, the copy takes the newer write's along.
func (w *work) copyInput() (*s3.CopyObjectInput, error) {
	o, rec := &w.config.Options, &w.task.Record
	etag := w.etag()
	switch {
	case !rec.Current():
		return nil, w.refuse(engine.Refused, plan.Noncurrent, errors.New("a copy of an old version would become the current one"))
	case etag == "":
		return nil, w.refuse(engine.Permanent, plan.RequestError, errors.New("no ETag to make the copy conditional on"))
	}
	carry, err := w.carry()
	if err != nil {
		return nil, err
	}
	source, condition := copySource(o.Bucket, rec.Key, ""), quoted(etag)
	in := &s3.CopyObjectInput{
		Bucket:              &o.Bucket,
		Key:                 &rec.Key,
		CopySource:          &source,
		CopySourceIfMatch:   condition,
		MetadataDirective:   types.MetadataDirectiveCopy,
		TaggingDirective:    types.TaggingDirectiveCopy,
		RequestPayer:        w.payer,
		ExpectedBucketOwner: w.owner,

		ExpectedSourceBucketOwner: w.owner,

		ServerSideEncryption: carry.sse,
		SSEKMSKeyId:          carry.key,
		BucketKeyEnabled:     carry.bucketKey,
		StorageClass:         carry.class,
		ACL:                  types.ObjectCannedACL(o.ACL),

		WebsiteRedirectLocation:          carry.redirect,
		ObjectLockMode:                   carry.lockMode,
		ObjectLockRetainUntilDate:        carry.lockUntil,
		ObjectLockLegalHoldStatus:        carry.legalHold,
		ObjectLockEventHold:              carry.eventHold,
		ObjectLockEventHoldDurationDays:  carry.eventHoldDays,
		ObjectLockEventHoldDurationYears: carry.eventHoldYears,
	}
	if w.task.Head != nil {
		in.ChecksumAlgorithm = types.ChecksumAlgorithm(w.task.Head.Checksum)
	}
	if w.config.Facts.IgnoresIfMatch != plan.Yes {
		in.IfMatch = condition
	}
	return in, nil
}

// carried is what every kind of copy has to name, as S3 does not keep it.
type carried struct {
	sse       types.ServerSideEncryption
	key       *string
	bucketKey *bool
	class     types.StorageClass
	redirect  *string

	lockMode       types.ObjectLockMode
	lockUntil      *time.Time
	legalHold      types.ObjectLockLegalHoldStatus
	eventHold      types.ObjectLockEventHold
	eventHoldDays  *int32
	eventHoldYears *int32
}

// carry collects what the copy has to name, from the object's head where it
// was read, else from the report.
func (w *work) carry() (carried, error) {
	o, rec := &w.config.Options, &w.task.Record
	c := carried{sse: types.ServerSideEncryption(o.SSE)}
	if o.SSE == plan.TargetKMS {
		c.key, c.bucketKey = &o.KMSKeyID, &o.BucketKey
	}
	if h := w.task.Head; h != nil {
		c.class = types.StorageClass(h.StorageClass)
		c.redirect = optional(h.Redirect)
		c.lock(h.LockMode, h.LockRetainUntil, h.LegalHold)
		if h.EventHold == string(types.ObjectLockEventHoldOn) {
			c.eventHold = types.ObjectLockEventHoldOn
			c.eventHoldDays, c.eventHoldYears = nonzero(h.EventHoldDays), nonzero(h.EventHoldYears)
		}
		return c, nil
	}
	switch {
	case rec.StorageClass == "":
		return c, w.refuse(engine.Permanent, plan.Unfaithful, errors.New("the report does not say the storage class, and the object was not looked at"))
	case rec.EventHold == "ON":
		return c, w.refuse(engine.Permanent, plan.Unfaithful, errors.New("the report does not say how long the event hold lasts, and the object was not looked at"))
	}
	c.class = types.StorageClass(rec.StorageClass)
	c.lock(rec.LockMode, rec.LockRetainUntil, rec.LegalHold)
	return c, nil
}

// lock sets retention and legal hold. A retention that has run out protects
// nothing any more, and S3 refuses to set one that ends in the past.
func (c *carried) lock(mode string, until time.Time, hold string) {
	if mode != "" && inForce(until) {
		c.lockMode, c.lockUntil = types.ObjectLockMode(mode), &until
	}
	if hold == string(types.ObjectLockLegalHoldStatusOn) { // OFF is refused by a bucket without object lock
		c.legalHold = types.ObjectLockLegalHoldStatusOn
	}
}

// inForce tells whether a retention until that date still protects.
func inForce(until time.Time) bool { return until.After(time.Now()) }

// checkSource looks at the version that a copy took its data from. When that is
// not the one decided on, another client wrote the same bytes again between
// decision and copy: its metadata and tags came along, but class, lock and
// redirect were sent as the older write had them.
func (w *work) checkSource(ctx context.Context, source string) error {
	decided := w.namedVersion()
	if source == "" || decided == "" || source == decided {
		return nil
	}
	newer, err := w.head(ctx, plan.StepConfirm, source)
	if err != nil {
		return err
	}
	was := w.task.Head
	if was == nil {
		rec := &w.task.Record
		was = &plan.Head{StorageClass: rec.StorageClass, LockMode: rec.LockMode, LockRetainUntil: rec.LockRetainUntil, LegalHold: rec.LegalHold}
	}
	if lost := lostByCopy(newer, was); len(lost) > 0 {
		return w.refuse(engine.Permanent, plan.Unfaithful,
			fmt.Errorf("version %s was written with the same bytes in the meantime and was sent what the older write had: %s", source, plan.NotKept(lost)))
	}
	return nil
}

// confirm proves the effect of a write by HeadObject, where the answer to the
// write did not say it, and compares what came through with what the object had,
// nil where nobody looked. What got lost is put back, where that is possible.
func (w *work) confirm(ctx context.Context, e engine.Effect, had *kept) (engine.Effect, error) {
	after, err := w.head(ctx, plan.StepConfirm, e.VersionID)
	if err != nil {
		var oe *engine.ObjectError
		if errors.As(err, &oe) && oe.Class == engine.Gone {
			oe.Class = engine.Changed // written, and deleted before it was looked at
		}
		return e, err
	}
	if e.ETag == "" {
		e.ETag = after.ETag
	}
	if !sameWrite(&e, after) {
		return e, w.refuse(engine.Changed, plan.Changing, errors.New("another client wrote the object right after it was re-encrypted"))
	}
	e.ETag, e.KMSKeyID = after.ETag, after.KMSKeyID
	if !w.target(sseOf(after.Encryption), after.KMSKeyID) {
		return e, w.refuse(engine.Permanent, plan.NotEncrypted, w.notEncrypted(after))
	}
	if had == nil {
		return e, nil
	}
	return w.returned(ctx, e, had, after)
}

// sameWrite tells whether a look shows what the answer to a write says was made.
// MinIO keeps the ETags of encrypted objects sealed, and answers HeadObject on a key
// that ends with a slash with the sealed one: 48 bytes in hex, of which the answer to
// the copy is the last 16, the seal's own tag (release of 2026-02-12, seen 2026-11-29).
func sameWrite(e *engine.Effect, after *plan.Head) bool {
	const tag, seal = 32, 96 // hex digits
	sealed := len(e.ETag) == tag && len(after.ETag) == seal && strings.HasSuffix(after.ETag, e.ETag)
	return e.ETag == after.ETag || sealed
}

// notEncrypted says what an object is under instead of the wanted key.
func (w *work) notEncrypted(h *plan.Head) error {
	is := string(h.Encryption)
	if h.KMSKeyID != "" {
		is += " with key " + h.KMSKeyID
	}
	if w.config.Options.SSE == plan.TargetAES256 {
		return fmt.Errorf("the endpoint answered 200, but the object is under %s", is)
	}
	return fmt.Errorf("the endpoint answered 200, but the object is under %s, not under SSE-KMS with key %s", is, w.config.Options.KMSKeyID)
}

// sseOf is the reverse of encryptionOf.
func sseOf(e inventory.Encryption) types.ServerSideEncryption {
	switch e {
	case inventory.SSES3:
		return types.ServerSideEncryptionAes256
	case inventory.SSEKMS:
		return types.ServerSideEncryptionAwsKms
	case inventory.DSSEKMS:
		return types.ServerSideEncryptionAwsKmsDsse
	}
	return ""
}
