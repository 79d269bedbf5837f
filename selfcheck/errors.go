package selfcheck

import (
	"context"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// errorItems are answers that decide whether a run stops, waits, or goes on.
func errorItems() []Item {
	return []Item{
		{
			Number: "B50", Title: "A copy under a key that does not exist is refused with a KMS code", Docs: "400 KMS.NotFoundException.", Source: errorList,
			Effect: "the run stops at once in place of failing every object", demand: writes(2), ask: missingKey,
		},
		{
			Number: "B51", Title: "HeadObject of a missing key is 404", Docs: "404 for a caller with s3:ListBucket, 403 for one without.", Source: "S3 API Reference, HeadObject (read 2026-11-21)",
			Effect: "whether an object counts as gone or as denied", demand: reads(1), ask: missingObject,
		},
		{
			Number: "B52", Title: "A copy whose source is hidden by a delete marker is 404", Docs: "404 NoSuchKey where the current version is a delete marker.", Source: copyObject,
			Effect: "such objects are counted as gone", demand: writes(3), ask: hiddenSource,
		},
	}
}

// unknownKey is an ARN of the key's account and Region that no key has.
func unknownKey(arn string) string {
	i := strings.LastIndexByte(arn, '/')
	if !strings.HasPrefix(arn, "arn:") || i < 0 {
		return "no-such-key"
	}
	return arn[:i+1] + "00000000-0000-0000-0000-000000000000"
}

func missingKey(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "missing-key")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, NewMetadata: true, SSE: plan.TargetKMS, KMSKeyID: unknownKey(r.KeyARN), BucketKey: true})
	if e := r.copied(ctx); c.Err == nil && e.after != nil && e.after.Head.Encryption != inventory.SSEKMS {
		return skipped("the endpoint takes no notice of the headers at all")
	}
	if c.Code == "KMS.NotFoundException" {
		return holds(why(&c.Reply))
	}
	return refused("CopyObject", &c.Reply)
}

func missingObject(ctx context.Context, r *run) Finding {
	_, reply := r.scratch.Head(ctx, "never-written", "")
	switch {
	case reply.Status == 404:
		return holds(why(&reply))
	case reply.Lacks != "": // as documented for such a caller
		return lacking("s3:ListBucket", "HeadObject answered "+why(&reply))
	}
	return refused("HeadObject", &reply)
}

func hiddenSource(ctx context.Context, r *run) Finding {
	name, found, ok := r.hidden(ctx)
	if !ok {
		return found
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, NewMetadata: true, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true})
	if c.Status == 404 {
		return holds(why(&c.Reply))
	}
	return refused("CopyObject", &c.Reply)
}

// hidden makes an object and puts a delete marker above it. Where that cannot
// be done, ok is false and the finding says why.
func (r *run) hidden(ctx context.Context) (name string, f Finding, ok bool) {
	if r.Facts.Versioning != plan.VersioningEnabled {
		return "", skipped("versioning of the bucket is " + r.Facts.Versioning.String()), false
	}
	name, w := r.put(ctx, "hidden")
	if w.Err != nil {
		return "", unable("PutObject", &w.Reply), false
	}
	if _, reply := r.scratch.Hide(ctx, name); reply.Err != nil {
		return "", unable("DeleteObject", &reply), false
	}
	return name, Finding{}, true
}
