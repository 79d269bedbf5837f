package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"reseal/plan"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// errNotYet is what may be because a change is not in force everywhere yet.
var errNotYet = errors.New("the change is not seen to be in force")

// tryBefore uploads as clients do, on scratch objects: where that fails already,
// nothing could be told from it afterwards. Under statements of reseal's that are
// about to change it says nothing.
func (f *enforceFlags) tryBefore(ctx context.Context, client *s3api.Client, before, after *settings) error {
	if f.try == "" || f.remove {
		return nil
	}
	if ours, err := policy.Statements(before.policy, preflight.Sids); err != nil || len(ours) > 0 {
		return err
	}
	for _, o := range f.clients(after.encryption) {
		refused, err := f.upload(ctx, client, o)
		if err != nil {
			return err
		}
		if refused != nil {
			return fmt.Errorf("an upload that has to go on working fails already: %w", refused)
		}
	}
	return nil
}

// clients are the uploads that have to work: under the key and, unless the header is
// required, without a word on encryption.
func (f *enforceFlags) clients(under s3api.DefaultEncryption) []s3api.ScratchObject {
	uploads := []s3api.ScratchObject{{Name: "under the key", SSE: plan.TargetKMS, KMSKeyID: under.KeyID, BucketKey: under.BucketKey}}
	if !f.needHeader {
		uploads = append(uploads, s3api.ScratchObject{Name: "without a header"})
	}
	return uploads
}

// offenders are the uploads that have to be denied.
func (f *enforceFlags) offenders() []s3api.ScratchObject {
	if !strings.HasPrefix(f.try, f.prefix) {
		return nil
	}
	uploads := []s3api.ScratchObject{{Name: "under SSE-S3", SSE: plan.TargetAES256}}
	if f.needHeader {
		uploads = append(uploads, s3api.ScratchObject{Name: "without a header"})
	}
	return uploads
}

// tryAfter uploads what has to work and what has to be denied. A policy is not in
// force everywhere at once, so that each has some time.
func (f *enforceFlags) tryAfter(ctx context.Context, client *s3api.Client, under s3api.DefaultEncryption) error {
	if f.try == "" || f.remove {
		return nil
	}
	for _, o := range f.clients(under) {
		if err := f.settled(ctx, func() error {
			refused, err := f.upload(ctx, client, o)
			if err == nil && refused != nil {
				err = fmt.Errorf("%w: %w", errNotYet, refused)
			}
			return err
		}); err != nil {
			return err
		}
	}
	for _, o := range f.offenders() {
		if err := f.settled(ctx, func() error {
			refused, err := f.upload(ctx, client, o)
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
func (f *enforceFlags) upload(ctx context.Context, client *s3api.Client, o s3api.ScratchObject) (refused, err error) {
	scratch, err := client.Scratch(f.bucket, f.try)
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

// notTried says which uploads --probe-key-prefix leaves out.
func (f *enforceFlags) notTried(talk io.Writer) {
	if f.try != "" && !f.remove && len(f.offenders()) == 0 {
		fmt.Fprintf(talk, "note: no upload that has to be denied is tried, as %s is not below --policy-prefix %s\n", f.try, f.prefix)
	}
}
