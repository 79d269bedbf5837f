package selfcheck

import (
	"context"
	"fmt"

	"reseal/inventory"
	"reseal/plan"
)

// encryptionItems are about what becomes encrypted, and who says so.
func encryptionItems() []Item {
	return []Item{
		{
			Number: "B01", Title: "A copy with KMS headers is under the key", Docs: "CopyObject with x-amz-server-side-encryption: aws:kms re-encrypts under the named key.",
			Source: copyObject, Effect: "everything: an object counts as done only when it is seen under the key", ask: underKey((*run).copied),
		},
		{
			Number: "B02", Title: "A copy in parts is under the key", Docs: "The upload's encryption headers decide; parts and completion carry none.",
			Source: multipartAPI, Effect: "objects above 5 GiB, and --copy-via multipart", ask: underKey((*run).inParts),
		},
		{
			Number: "B03", Title: "The answer to a copy states the encryption", Docs: "CopyObject answers with the encryption and the key that were used.",
			Source: copyObject, Effect: "one HeadObject fewer for each object", ask: stated,
		},
		{
			Number: "B04", Title: "The bucket-key flag is as it was sent", Docs: "x-amz-server-side-encryption-bucket-key-enabled decides for the object, on a copy and on an upload.",
			Source: copyObject, Effect: "the number of KMS requests of the run, and of all readers after it; --accept drops-bucket-key where it does not hold", ask: bucketKey,
		},
	}
}

// underKey compares the encryption that an experiment left with the wanted one.
func underKey(of func(*run, context.Context) *experiment) func(context.Context, *run) Finding {
	return func(ctx context.Context, r *run) Finding {
		e := of(r, ctx)
		switch {
		case e.lacks != "":
			return e.unable()
		case e.failed != "":
			return differs(e.failed)
		case e.after.Head.Encryption != inventory.SSEKMS:
			return differs(fmt.Sprintf("200, and the object is under %s", orNothing(string(e.after.Head.Encryption))))
		case !plan.SameKey(e.after.Head.KMSKeyID, r.KeyARN):
			return differs(fmt.Sprintf("200, and the object is under %s", e.after.Head.KMSKeyID))
		}
		return holds("HeadObject names the key")
	}
}

func orNothing(s string) string {
	if s == "" {
		return "no encryption"
	}
	return s
}

func stated(ctx context.Context, r *run) Finding {
	e := r.copied(ctx)
	switch {
	case e.failed != "":
		return e.unable()
	case e.answer.SSE == "":
		return differs("the answer is silent: one HeadObject more for each object")
	}
	return holds("the answer says " + e.answer.SSE)
}

func bucketKey(ctx context.Context, r *run) Finding {
	seen := ""
	for _, e := range []*experiment{r.copied(ctx), r.inParts(ctx)} {
		switch {
		case e.failed != "" || e.after.Head.Encryption != inventory.SSEKMS:
			continue
		case !e.after.Head.BucketKey:
			return differs("sent as true with a " + e.way + "; HeadObject does not show it")
		case seen != "":
			seen += " and "
		}
		seen += e.way
	}
	if seen == "" {
		return skipped("no object was re-encrypted")
	}
	return holds("true after " + seen)
}
