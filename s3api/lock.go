package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// The permissions without which HeadObject leaves an object's lock out, as if
// there were none (Amazon S3 API Reference, HeadObject, read 2026-11-21).
const (
	SeeRetention = "s3:GetObjectRetention"
	SeeLegalHold = "s3:GetObjectLegalHold"
)

// unlocked tells the answers about an object without the kind of lock that is
// asked for, and about any object of a bucket without object lock: both show
// that the caller may look. Other servers may know nothing of locks.
func (c *Client) unlocked(err error) bool {
	if absent(err, "NoSuchObjectLockConfiguration", "InvalidRequest") {
		return true
	}
	a := answerOf(err)
	return c.endpoint.AWS == plan.No && (a.status == http.StatusNotImplemented || a.status == http.StatusMethodNotAllowed)
}

// HiddenLocks returns which of SeeRetention and SeeLegalHold the caller lacks
// for an object; without one of them a copy loses a lock that it was not shown.
// It sends up to three GETs and HEADs. The error is a *SetupError: the object
// cannot be looked at at all, or there was no answer, so that nothing is known.
func (c *Client) HiddenLocks(ctx context.Context, f *plan.Facts, key string) (lacking []string, err error) {
	owner, subject := c.bucketOwner(), "s3://"+f.Bucket+"/"+key
	var payer types.RequestPayer
	if f.Requester == plan.Yes {
		payer = types.RequestPayerRequester
	}
	// An object that is gone is denied to whoever may not list the bucket, so
	// the answers below mean something only for one that is there.
	head, err := c.preflight.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &f.Bucket, Key: &key, ExpectedBucketOwner: owner, RequestPayer: payer})
	if err != nil {
		return nil, setupError("HeadObject", subject, err)
	}
	ask := func(op, action string, shown bool, send func() error) error {
		if shown {
			return nil
		}
		err := send()
		switch a := answerOf(err); {
		case err == nil, c.unlocked(err):
			return nil
		case a.status == http.StatusForbidden && kindOf(a.code, a.status) == AccessDenied:
			lacking = append(lacking, action)
			return nil
		}
		return setupError(op, subject, err)
	}
	err = ask("GetObjectRetention", SeeRetention, head.ObjectLockMode != "", func() error {
		_, err := c.preflight.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{Bucket: &f.Bucket, Key: &key, ExpectedBucketOwner: owner, RequestPayer: payer})
		return err
	})
	if err != nil {
		return nil, err
	}
	err = ask("GetObjectLegalHold", SeeLegalHold, head.ObjectLockLegalHoldStatus != "", func() error {
		_, err := c.preflight.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{Bucket: &f.Bucket, Key: &key, ExpectedBucketOwner: owner, RequestPayer: payer})
		return err
	})
	return lacking, err
}

// lockShown makes sure that the look at the task's object was not shown less of
// its lock than there is. Where nobody has shown beforehand that the caller may
// see locks, each kind that is not there is asked for; elsewhere only one that
// the report has, and the look has not: permissions can differ by prefix.
func (w *work) lockShown(ctx context.Context) error {
	h, rec := w.task.Head, &w.task.Record
	if h == nil || w.config.Facts.ObjectLock == plan.No {
		return nil
	}
	unsure := !w.config.LocksShown
	if h.LockMode == "" && (unsure || rec.LockMode != "" && inForce(rec.LockRetainUntil)) {
		err := w.askLock(ctx, plan.StepGetRetention, SeeRetention, func(ctx context.Context) (bool, error) {
			out, err := w.s3.GetObjectRetention(ctx, &s3.GetObjectRetentionInput{
				Bucket: &w.config.Options.Bucket, Key: &rec.Key, ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			return err == nil && out.Retention != nil && inForce(value(out.Retention.RetainUntilDate)), err
		})
		if err != nil {
			return err
		}
	}
	if h.LegalHold == "" && (unsure || rec.LegalHold == string(types.ObjectLockLegalHoldStatusOn)) {
		return w.askLock(ctx, plan.StepGetLegalHold, SeeLegalHold, func(ctx context.Context) (bool, error) {
			out, err := w.s3.GetObjectLegalHold(ctx, &s3.GetObjectLegalHoldInput{
				Bucket: &w.config.Options.Bucket, Key: &rec.Key, ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			return err == nil && out.LegalHold != nil && out.LegalHold.Status == types.ObjectLockLegalHoldStatusOn, err
		})
	}
	return nil
}

// askLock asks for one kind of lock. That there is one after all is a change
// since the look.
func (w *work) askLock(ctx context.Context, k plan.StepKind, action string, ask func(context.Context) (bool, error)) error {
	there := false
	err := w.do(ctx, k, func(ctx context.Context) (err error) {
		if there, err = ask(ctx); err != nil && w.client.unlocked(err) {
			err = nil
		}
		return err
	})
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.Class == engine.Denied:
		oe.Err = fmt.Errorf("without %s a copy would lose a lock that nobody was shown: %w", action, oe.Err)
		return err
	case err == nil && there:
		return w.refuse(engine.Changed, plan.Changing, errors.New("the object was locked after it was looked at"))
	}
	return err
}
