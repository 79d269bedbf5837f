package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// attributes are what of an object a multipart copy has to bring along by hand.
type attributes struct {
	head   *plan.Head
	tags   []types.Tag // sorted
	grants grants
	left   []plan.Difference // of the ACL, as it cannot be set

	annotations []annotation
}

// oversized tells whether the tags are more than a header holds, so that they
// are put after the copy.
func (a *attributes) oversized() bool { return len(encodeTags(a.tags)) > maxTagging }

// among returns which of some attributes the object has.
func (a *attributes) among(some []plan.Attribute) (has []plan.Attribute) {
	for _, s := range some {
		if s == plan.ACL && a.grants != (grants{}) || s == plan.Tags && len(a.tags) > 0 {
			has = append(has, s)
		}
	}
	return has
}

// sent are the tags that go with the upload.
func (a *attributes) sent() []plan.Tag {
	if a.oversized() {
		return nil
	}
	return plainTags(a.tags)
}

// attributes reads what HeadObject did not say.
func (w *work) attributes(ctx context.Context) (attributes, error) {
	a := attributes{head: w.task.Head}
	h := a.head
	switch {
	case !w.task.Record.Current():
		return a, w.refuse(engine.Refused, plan.Noncurrent, errors.New("a copy of an old version would become the current one"))
	case h == nil || h.ETag == "":
		return a, w.refuse(engine.Permanent, plan.RequestError, errors.New("a multipart copy needs a look at the object first"))
	case h.MissingMeta > 0:
		return a, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("%d metadata entries cannot be written as headers, so a multipart copy would lose them", h.MissingMeta))
	}
	if h.Expires != "" {
		if _, err := http.ParseTime(h.Expires); err != nil {
			return a, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("the header Expires is %q, which is no date, so a multipart copy would lose it", h.Expires))
		}
	}
	if err := w.lockShown(ctx); err != nil {
		return a, err
	}
	if err := w.readChecksum(ctx, &a); err != nil {
		return a, err
	}
	if err := w.keepsSum(a.head); err != nil {
		return a, err
	}
	if err := w.readAnnotationsAndACL(ctx, &a); err != nil {
		return a, err
	}
	return a, w.readTags(ctx, &a)
}

// readChecksum asks for the stored checksum where the look at the object has not:
// the new object is to have one of the same kind, and S3 is to compare them.
func (w *work) readChecksum(ctx context.Context, a *attributes) error {
	if !a.head.Sum().IsZero() {
		return nil
	}
	h, err := w.head(ctx, plan.StepHeadChecksum, "")
	switch {
	case err != nil:
		return err
	case h.ETag != a.head.ETag || h.VersionID != a.head.VersionID:
		return w.refuse(engine.Changed, plan.Changing, errors.New("another client wrote the object before its parts were copied"))
	}
	with := *a.head
	with.ChecksumAsked, with.Checksum, with.ChecksumType, with.ChecksumValue = true, h.Checksum, h.ChecksumType, h.ChecksumValue
	a.head = &with
	return nil
}

// keepsSum refuses an object with a checksum over the whole of it by an algorithm that
// an upload in parts has only over those of its parts, as SHA-256, unless that loss is
// accepted. Where only that of the algorithm is, the object is copied without.
func (w *work) keepsSum(h *plan.Head) error {
	algorithm, kind := w.checksum(h)
	if h.ChecksumType != string(types.ChecksumTypeFullObject) || kind != types.ChecksumTypeComposite || slices.Contains(w.config.AcceptLoss, plan.ChecksumType) {
		return nil
	}
	if slices.Contains(w.config.AcceptLoss, plan.ChecksumAlgorithm) {
		w.plainParts = true
		return nil
	}
	return w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("nothing was written: the object has a checksum by %s over the whole of it, "+
		"and S3 makes one of the parts' for a copy in parts (--accept %s, or no --copy-via multipart)", algorithm, plan.ChecksumType.Hazard()))
}

// readAnnotationsAndACL reads what can be changed without writing the object.
func (w *work) readAnnotationsAndACL(ctx context.Context, a *attributes) (err error) {
	if a.annotations, err = w.annotations(ctx, ""); err != nil {
		return err
	}
	if w.config.Facts.ACLs != plan.No {
		a.grants, a.left, err = w.settable(ctx)
	}
	return err
}

// readTags reads the tags, as those of a version that stays where there is one:
// so it is known before the copy that they can be compared after it.
func (w *work) readTags(ctx context.Context, a *attributes) (err error) {
	if a.head.TagCount == 0 { // -1: not shown to who may not read them, which does not mean that there are none
		return nil
	}
	if read := a.head.TagsRead; read != nil && read.Version == w.survivor() { // by the look
		a.tags = tagsOf(read.Tags)
		return nil
	}
	a.tags, a.head, err = w.tagsCounted(ctx, w.survivor(), a.head)
	return err
}

// unchanged reads the object once more, and fails with class Changed where it
// is not what the upload was made from. Tags, which change most often, are read
// last.
func (w *work) unchanged(ctx context.Context, before attributes) error {
	now := attributes{}
	if err := w.readAnnotationsAndACL(ctx, &now); err != nil {
		return err
	}
	head, err := w.head(ctx, plan.StepHead, "")
	if err != nil {
		return err
	}
	changed := func(what string) error {
		return w.refuse(engine.Changed, plan.Changing, fmt.Errorf("another client changed %s while its parts were copied", what))
	}
	h := before.head
	if head.ETag != h.ETag || head.VersionID != h.VersionID || !head.LastModified.Equal(h.LastModified) {
		return changed("the object")
	}
	if lost := append(lostByWrite(h, head), lostByWrite(head, h)...); len(lost) > 0 {
		return changed(words(slices.Compact(lost)))
	}
	now.head = head
	if err := w.readTags(ctx, &now); err != nil {
		return err
	}
	switch {
	case !sameTags(before.tags, now.tags):
		return changed("the tags")
	case !slices.Equal(before.annotations, now.annotations):
		return changed("the annotations")
	case before.grants != now.grants:
		return changed("the ACL")
	}
	return nil
}
