package s3api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// maxTagging is the size of an encoded tag set, in bytes, up to which it is
// sent as a header. S3 takes 8 KB of headers in all, of which 2 KB may be user
// metadata and the rest is needed for all else (Amazon S3 User Guide,
// UsingMetadata, read 2026-11-21).
const maxTagging = 2 << 10

// tags reads the tags of a version, "" for the current one, in order of their keys.
func (w *work) tags(ctx context.Context, version string) ([]types.Tag, error) {
	var tags []types.Tag
	err := w.do(ctx, plan.StepGetTags, func(ctx context.Context) (err error) {
		tags, err = w.askTags(ctx, version)
		return err
	})
	return tags, err
}

// anyTags tells whether the task's object, the current version, has tags. Those that
// the look read are not read again.
func (w *work) anyTags(ctx context.Context) (bool, error) {
	if h := w.task.Head; h != nil && h.TagsRead != nil {
		return len(h.TagsRead.Tags) > 0, nil
	}
	tags, err := w.tags(ctx, "")
	return len(tags) > 0, err
}

// askTags sends the request of tags, within a step.
func (w *work) askTags(ctx context.Context, version string) ([]types.Tag, error) {
	out, err := w.s3.GetObjectTagging(ctx, &s3.GetObjectTaggingInput{
		Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(out.TagSet, func(a, b types.Tag) int { return strings.Compare(value(a.Key), value(b.Key)) })
	return out.TagSet, nil
}

// contradiction is what an endpoint says in two ways of one object, also when it is
// asked again: no other client changed it meanwhile.
type contradiction struct{ text string }

// Error says which answers do not go together.
func (c *contradiction) Error() string {
	return "the endpoint contradicts itself: " + c.text
}

// contradicts is the error of an object of which the endpoint says two things.
func (w *work) contradicts(format string, args ...any) error {
	return &engine.ObjectError{
		Op: w.task.Action.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(), Contradicted: true,
		Class: engine.Permanent, Reason: plan.RequestError, Err: &contradiction{fmt.Sprintf(format, args...)},
	}
}

// tagsCounted reads the tags of what h was said of. Where they are not as many as
// HeadObject counts, both are read again, some times, as a client may be tagging the
// object. What then still does not go together is no tag set to go by.
func (w *work) tagsCounted(ctx context.Context, version string, h *plan.Head) ([]types.Tag, *plan.Head, error) {
	const tries = 4
	is := h
	for try := 1; ; try++ {
		tags, err := w.tags(ctx, version)
		switch {
		case err != nil || counts(is, tags):
			counted := *h
			counted.TagCount = is.TagCount
			return tags, &counted, err
		case try == tries:
			return nil, h, w.contradicts("HeadObject counts %d tags, and GetObjectTagging shows %d", is.TagCount, len(tags))
		}
		if is, err = w.head(ctx, plan.StepHead, version); err != nil {
			return nil, h, err
		}
		if is.ETag != h.ETag || is.VersionID != h.VersionID || !is.LastModified.Equal(h.LastModified) {
			return nil, h, w.refuse(engine.Changed, plan.Changing, errors.New("another client wrote the object while its tags were read"))
		}
	}
}

// selectingTags returns h with the tags that select its object. For a copy in parts
// they are read of the version that stays, as it reads them.
func (w *work) selectingTags(ctx context.Context, version string, h *plan.Head) (*plan.Head, error) {
	if w.task.Action == plan.MultipartCopy {
		version = w.staying(h)
	}
	tags, is, err := w.tagsCounted(ctx, version, h)
	if err != nil {
		return nil, err
	}
	with := *is
	with.TagsRead = &plan.TagsRead{Version: version, Tags: plainTags(tags)}
	return &with, nil
}

// selected makes sure that nothing is written to an object that its tags have not
// selected.
func (w *work) selected() error {
	o, h := &w.config.Options, w.task.Head
	if len(o.Tags) == 0 || h != nil && h.TagsRead != nil && o.SelectsTags(h.TagsRead.Tags) {
		return nil
	}
	return w.refuse(engine.Permanent, plan.RequestError, errors.New("nothing was written: the tags of the object were not read, and --tag selects by them"))
}

// notEmptied reads the tags of a version again that had some and shows none, provided
// that HeadObject counts some.
func (w *work) notEmptied(ctx context.Context, version string) ([]types.Tag, error) {
	h, err := w.head(ctx, plan.StepHead, version)
	if err != nil || counts(h, nil) {
		return nil, err
	}
	tags, _, err := w.tagsCounted(ctx, version, h)
	return tags, err
}

// counts tells whether tags are as many as HeadObject shows, where it shows that.
func counts(h *plan.Head, tags []types.Tag) bool { return h.TagCount < 0 || h.TagCount == len(tags) }

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
