package enforce

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"reseal/plan"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// TryBefore uploads as clients do, on scratch objects: where that fails already,
// nothing could be told from it afterwards. Under statements of reseal's that are
// about to change it says nothing.
func (e *Enforcer) TryBefore(ctx context.Context, c *Change) error {
	if !e.tries() {
		return nil
	}
	if ours, err := policy.Statements(c.Before.Policy, preflight.Sids); err != nil || len(ours) > 0 {
		return err
	}
	for _, o := range e.clients(c.After.Encryption) {
		refused, err := e.upload(ctx, o)
		if err != nil {
			return err
		}
		if refused != nil {
			return fmt.Errorf("an upload that has to go on working fails already: %w", refused)
		}
	}
	return nil
}

// tries tells whether uploads are tried at all.
func (e *Enforcer) tries() bool { return e.ScratchPrefix != "" && !e.Remove }

// TriesNoOffender tells whether uploads are tried, but none that must be denied, as
// the scratch objects are not below the prefix of the policy.
func (e *Enforcer) TriesNoOffender() bool { return e.tries() && len(e.offenders()) == 0 }

// clients are the uploads that have to work: under the key and, unless the header is
// required, without a word on encryption.
func (e *Enforcer) clients(under s3api.DefaultEncryption) []s3api.ScratchObject {
	uploads := []s3api.ScratchObject{{Name: "under the key", SSE: plan.TargetKMS, KMSKeyID: under.KeyID, BucketKey: under.BucketKey}}
	if !e.RequireHeader {
		uploads = append(uploads, s3api.ScratchObject{Name: "without a header"})
	}
	return uploads
}

// offenders are the uploads that must be denied.
func (e *Enforcer) offenders() []s3api.ScratchObject {
	if !strings.HasPrefix(e.ScratchPrefix, e.Prefix) {
		return nil
	}
	uploads := []s3api.ScratchObject{{Name: "under SSE-S3", SSE: plan.TargetAES256}}
	if e.RequireHeader {
		uploads = append(uploads, s3api.ScratchObject{Name: "without a header"})
	}
	return uploads
}

// tryAfter uploads what has to work and what must be denied. A policy is not in
// force everywhere at once, so that each has some time.
func (e *Enforcer) tryAfter(ctx context.Context, under s3api.DefaultEncryption) error {
	if !e.tries() {
		return nil
	}
	for _, o := range e.clients(under) {
		if err := e.settled(ctx, func() error {
			refused, err := e.upload(ctx, o)
			if err == nil && refused != nil {
				err = fmt.Errorf("%w: %w", errNotYet, refused)
			}
			return err
		}); err != nil {
			return err
		}
	}
	for _, o := range e.offenders() {
		if err := e.settled(ctx, func() error {
			refused, err := e.upload(ctx, o)
			if err == nil && refused == nil {
				err = fmt.Errorf("%w: upload %s, which has to be denied, was let through", errNotYet, o.Name)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// upload makes one scratch object and deletes it again. refused is why S3 did not
// take it; err is why nothing more may be tried.
func (e *Enforcer) upload(ctx context.Context, o s3api.ScratchObject) (refused, err error) {
	scratch, err := e.Client.Scratch(e.Bucket, e.ScratchPrefix)
	if err != nil {
		return nil, err
	}
	o.Plain = true
	if w := scratch.Put(ctx, o); w.Err != nil {
		refused = fmt.Errorf("upload %s: %w", o.Name, w.Err)
		if !s3api.Refused(w.Err) {
			return nil, errors.Join(refused, scratch.Clean(ctx))
		}
	}
	return refused, scratch.Clean(ctx)
}
