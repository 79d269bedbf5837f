package selfcheck

import (
	"context"

	"reseal/plan"
	"reseal/s3api"
)

// otherETag is an ETag that no scratch object has.
const otherETag = "00000000000000000000000000000000"

// conditionItems are what keeps a newer write from being overwritten.
func conditionItems() []Item {
	return []Item{
		{
			Number: "B40", Title: "A condition on the source of a copy is honoured", Docs: "x-amz-copy-source-if-match with another ETag: 412.", Source: copyObject,
			Effect: "no newer write is overwritten", demand: writes(2), ask: sourceCondition,
		},
		{
			Number: "B41", Title: "A condition on the destination is honoured",
			Docs: "If-Match with another ETag: 412, on CopyObject and on CompleteMultipartUpload; with the right one both succeed.", Source: conditional,
			Effect: "no newer write is overwritten; --accept weak-conditions where it does not hold", demand: writes(10), ask: destinationCondition,
		},
		{
			Number: "B42", Title: "A copy in a bucket that keeps versions adds one", Docs: "The new version is current, the old one stays and is paid for.", Source: copyGuide,
			Effect: "hazard versioned, and the price of old versions", ask: addsVersion,
		},
	}
}

func sourceCondition(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "source-condition")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := r.scratch.Copy(ctx, s3api.ScratchCopy{Name: name, SourceIfMatch: otherETag, NewMetadata: true, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true})
	if c.Status == 412 {
		return holds(why(&c.Reply))
	}
	return refused("CopyObject", &c.Reply)
}

// destinationCondition tries conditions that do not hold and conditions that do:
// to refuse everything is not to honour them.
func destinationCondition(ctx context.Context, r *run) Finding {
	name, w := r.put(ctx, "destination-condition")
	if w.Err != nil {
		return unable("PutObject", &w.Reply)
	}
	c := s3api.ScratchCopy{Name: name, IfMatch: otherETag, NewMetadata: true, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true}
	if no := r.scratch.Copy(ctx, c); no.Status != 412 {
		return refused("CopyObject with another ETag", &no.Reply)
	}
	c.IfMatch = w.ETag
	yes := r.scratch.Copy(ctx, c)
	if yes.Err != nil {
		return refused("CopyObject with the right ETag", &yes.Reply)
	}
	p := s3api.ScratchParts{Name: name, Parts: 1, IfMatch: otherETag, Plain: true, SSE: plan.TargetKMS, KMSKeyID: r.KeyARN, BucketKey: true}
	no, step := r.scratch.CopyInParts(ctx, p)
	switch {
	case no.Err != nil && step != "CompleteMultipartUpload":
		return holds("412 on CopyObject; parts could not be tried: " + step + " answered " + why(&no.Reply))
	case no.Status != 412:
		return refused("CompleteMultipartUpload with another ETag", &no.Reply)
	}
	p.IfMatch = yes.ETag
	if yes, step := r.scratch.CopyInParts(ctx, p); yes.Err != nil {
		return refused(step+" with the right ETag", &yes.Reply)
	}
	return holds("412 on CopyObject and on CompleteMultipartUpload")
}

func addsVersion(ctx context.Context, r *run) Finding {
	if r.Facts.Versioning != plan.VersioningEnabled {
		return skipped("versioning of the bucket is " + r.Facts.Versioning.String())
	}
	e := r.copied(ctx)
	switch {
	case e.failed != "":
		return e.unable()
	case e.answer.VersionID == "" || e.answer.VersionID == e.before.Head.VersionID:
		return differs("the copy has the version id of what it replaced")
	}
	return holds("a new version id")
}
