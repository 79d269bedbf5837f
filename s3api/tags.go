package s3api

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// maxTagging is the size of an encoded tag set, in bytes, up to which it is
// sent as a header. S3 takes 8 KB of headers in all, of which 2 KB may be user
// metadata and the rest is needed for all else (Amazon S3 User Guide,
// UsingMetadata, read 2026-11-21).
const maxTagging = 2 << 10

// tags reads the tags of a version, "" for the current one, in order of their keys.
func (w *work) tags(ctx context.Context, version string) ([]types.Tag, error) {
	var out *s3.GetObjectTaggingOutput
	err := w.do(ctx, plan.StepGetTags, func(ctx context.Context) (err error) {
		out, err = w.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out.TagSet, func(a, b types.Tag) int { return strings.Compare(value(a.Key), value(b.Key)) })
	return out.TagSet, nil
}

// encodeTags writes tags as x-amz-tagging wants them, percent-encoded throughout.
func encodeTags(tags []types.Tag) string {
	var b strings.Builder
	for i, t := range tags {
		if i > 0 {
			b.WriteByte('&')
		}
		escapeTo(&b, value(t.Key), "")
		b.WriteByte('=')
		escapeTo(&b, value(t.Value), "")
	}
	return b.String()
}

// sameTags compares sorted tag sets.
func sameTags(a, b []types.Tag) bool {
	return slices.EqualFunc(a, b, func(x, y types.Tag) bool {
		return value(x.Key) == value(y.Key) && value(x.Value) == value(y.Value)
	})
}
