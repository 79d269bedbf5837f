package s3api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// debt is what must be seen to once an upload has become the object: what no
// request can give it before, and what others may have changed in the moment of
// the completion. It is part of the upload's note, and that is durable before the
// completion is sent, so a crash in between leaves it to the next run.
type debt struct {
	From  string `json:"from"` // ETag of the object that the copy was made from
	Size  int64  `json:"size"`
	Parts int64  `json:"parts"`

	// Source is the version that the copy was made from, where that stays when
	// a newer one is written. A client that changed its tags in the moment of the
	// completion changed it there, so they are compared.
	Source string `json:"source,omitempty"`
	Sent   string `json:"sent"` // hash of the tags that go with the upload

	// Kept is what went along with the upload and is compared with what came of it.
	Kept *kept `json:"kept,omitempty"`

	// ACLOwed: the grants of Kept did not go along with the upload.
	ACLOwed bool `json:"acl_owed,omitempty"`

	Tags        []plan.Tag          `json:"tags,omitempty"` // that do not fit the upload's header
	Annotations []annotationPayload `json:"annotations,omitempty"`
	Annotated   bool                `json:"annotated,omitempty"` // Source has annotations
}

// annotationPayload is an annotation to be put on the object.
type annotationPayload struct {
	Name    string `json:"name"`
	Payload string `json:"payload"`
}

// maxOwed is the largest debt, in bytes, that is written into a note: room for
// any tag set (10 tags of 128 and 256 characters), and for short annotations.
const maxOwed = 16 << 10

// survivor returns the version that the task's object stays as when a newer one
// is written, "" where that replaces it.
func (w *work) survivor() string { return w.staying(w.task.Head) }

// staying is survivor of the object that h was said of, which the task may not have yet.
func (w *work) staying(h *plan.Head) string {
	v := h.VersionID
	if v == "null" && w.config.Facts.Versioning != plan.VersioningEnabled {
		return ""
	}
	return v
}

// owed returns what an object with these attributes will be owed, nil for nothing.
func (w *work) owed(ctx context.Context, a *attributes) (*debt, error) {
	h := a.head
	d := &debt{From: h.ETag, Size: h.Size, Parts: plan.PartCount(h.Size), Source: w.survivor(), Sent: hashTags(a.sent()), Annotated: len(a.annotations) > 0}
	if a.oversized() {
		d.Tags = plainTags(a.tags)
	}
	d.Kept, d.ACLOwed = keptOf(h, a.sent(), a.grants), w.owesACL(a.grants)
	switch {
	case d.Source != "": // keeps the annotations, of any size
	case len(a.annotations) == 0 && d.Tags == nil && w.config.Facts.AWS == plan.Yes && !d.Kept.returnable():
		return nil, nil
	default:
		room := maxOwed
		for _, n := range a.annotations {
			payload, err := w.annotation(ctx, "", n.name)
			if err != nil {
				return nil, err
			}
			if room -= len(n.name) + len(payload); room < 0 {
				break
			}
			d.Annotations = append(d.Annotations, annotationPayload{n.name, payload})
		}
		if room < 0 {
			return nil, w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("the object has annotations of more than %d bytes, which a multipart copy does not keep, "+
				"and the bucket keeps no old version to take them from afterwards", maxOwed))
		}
	}
	if data, err := json.Marshal(d); err != nil || len(data) > 2*maxOwed {
		return nil, w.refuse(engine.Permanent, plan.Unfaithful, errors.New("what would have to be added after the copy is more than is kept for that"))
	}
	return d, nil
}

// promise makes sure that what the upload's object will be owed is not forgotten
// by a crash.
func (w *work) promise(ctx context.Context, up *upload) error {
	if up.owed == nil || w.config.Notes == nil {
		return nil
	}
	if err := w.config.Notes.Kept(ctx, w.task.Record.Pos); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return w.refuse(engine.Fatal, plan.RequestError, fmt.Errorf("remember what the object is owed: %w", err))
	}
	return nil
}

// pay gives the object that a completed upload became, a version with its ETag,
// what it is owed, and returns the tags that it is to have, where they are known.
// Paying twice does no harm: what is there already is not put again, and what
// another client has put since stays.
func (w *work) pay(ctx context.Context, d *debt, version, etag string) (tags plan.Seen[[]plan.Tag], err error) {
	if d == nil {
		return tags, nil
	}
	paying := *w
	paying.committed = true
	if tags, err = paying.payTags(ctx, d, version); err == nil {
		err = paying.payACL(ctx, d, version)
	}
	if err == nil {
		err = paying.payAnnotations(ctx, d, version, etag)
	}
	return tags, w.owing(err)
}

// owing says of an error that something is still owed. An object that was deleted
// or replaced by another client is owed nothing any more.
func (w *work) owing(err error) error {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) {
		return err // none, or the run is being stopped
	}
	switch oe.Class {
	case engine.Gone, engine.Changed:
		return nil
	case engine.Fatal, engine.Expired:
		return err
	case engine.Refused:
		oe.Class = engine.Permanent
	}
	oe.Reason = plan.Unfaithful
	const owed = "the object is re-encrypted, but still lacks tags, grants or annotations, which retry-failed adds"
	if oe.Said != "" {
		oe.Said = owed + ": " + oe.Said
	}
	oe.Err = fmt.Errorf(owed+": %w", oe.Err)
	return err
}

// payTags compares the tags of the version that the copy was made from with what
// was sent along, and puts them on the new one where they differ: they did not fit
// the upload's header, or a client changed them in the moment of the completion.
// Tags that the new version was given since stay.
func (w *work) payTags(ctx context.Context, d *debt, version string) (expected plan.Seen[[]plan.Tag], err error) {
	want, known := d.Tags, d.Tags != nil
	if d.Source != "" {
		now, err := w.tags(ctx, d.Source)
		if err == nil && len(now) == 0 && d.Sent != hashTags(nil) {
			now, err = w.notEmptied(ctx, d.Source)
		}
		switch {
		case err == nil:
			want, known = plainTags(now), true
		case !isGone(err):
			return expected, err
		}
	}
	switch {
	case !known:
		return expected, nil
	case hashTags(want) == d.Sent:
		return plan.Saw(want), nil
	}
	return w.replaceTags(ctx, version, d.Sent, want)
}

// replaceTags gives a version tags in place of those that were sent along, and returns
// those that it has then: what a client has set stays. Where none are shown and
// HeadObject counts some, that is none to go by, and all is done again.
func (w *work) replaceTags(ctx context.Context, version, sent string, want []plan.Tag) (has plan.Seen[[]plan.Tag], err error) {
	const tries = 4
	for try := 1; ; try++ {
		is, replaced, err := w.replaceTagsOnce(ctx, version, sent, want)
		switch {
		case err != nil:
			return has, err
		case replaced:
			return plan.Saw(want), nil
		case len(is) > 0 || sent == hashTags(nil):
			return plan.Saw(is), nil
		}
		again, err := w.notEmptied(ctx, version)
		if err != nil || hashTags(plainTags(again)) != sent || try == tries {
			return plan.Saw(plainTags(again)), err
		}
	}
}

// replaceTagsOnce replaces the tags of a version, or returns those that it has where
// they are not what was sent along. S3 knows no condition for that. The step may have
// to wait for its turn, so the tags are read within it, right before.
func (w *work) replaceTagsOnce(ctx context.Context, version, sent string, want []plan.Tag) (is []plan.Tag, replaced bool, err error) {
	both := w.step(plan.StepPutTags)
	both.Demand = both.Demand.Add(w.step(plan.StepGetTags).Demand)
	err = w.doStep(ctx, both, func(ctx context.Context) error {
		now, err := w.askTags(ctx, version)
		if err != nil {
			return err
		}
		if is = plainTags(now); hashTags(is) != sent {
			return nil
		}
		replaced = true
		return w.sendTags(ctx, version, want)
	})
	return is, replaced, err
}

// payAnnotations puts those annotations on the new version that it has not.
func (w *work) payAnnotations(ctx context.Context, d *debt, version, etag string) error {
	want := d.Annotations
	if d.Source != "" {
		switch now, err := w.annotations(ctx, d.Source); {
		case err == nil:
			for _, n := range now {
				want = append(want, annotationPayload{Name: n.name})
			}
		case isGone(err) && d.Annotated:
			return w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("version %s is gone, and with it the object's annotations: %w", d.Source, err))
		case !isGone(err):
			return err
		}
	}
	if len(want) == 0 {
		return nil
	}
	there, err := w.annotations(ctx, version)
	if err != nil {
		return err
	}
	has := map[string]bool{}
	for _, n := range there {
		has[n.name] = true
	}
	for _, n := range want {
		if has[n.Name] {
			continue
		}
		if d.Source != "" {
			if n.Payload, err = w.annotation(ctx, d.Source, n.Name); isGone(err) {
				return w.refuse(engine.Permanent, plan.Unfaithful, fmt.Errorf("annotation %q went away while it was carried over: %w", n.Name, err))
			} else if err != nil {
				return err
			}
		}
		if err := w.annotate(ctx, version, etag, n.Name, n.Payload); err != nil {
			return err
		}
	}
	return nil
}

// settle pays what an earlier attempt at the task's object left owed, if h says
// that the object is what that attempt made. Where it says otherwise nothing was
// completed, or another client has written the object since.
// What that attempt lost and was put back is told in h.
func (w *work) settle(ctx context.Context, h *plan.Head) error {
	if w.config.Notes == nil {
		return nil
	}
	note, ok := readNote(w.config.Notes.Get(w.task.Record.Pos))
	if !ok || note.Owed == nil || !w.made(note.Owed, h) {
		return nil
	}
	tags, err := w.pay(ctx, note.Owed, h.VersionID, h.ETag)
	if err != nil {
		return err
	}
	effect := engine.Effect{ETag: h.ETag, VersionID: h.VersionID, KMSKeyID: h.KMSKeyID}
	if kept := note.Owed.Kept; kept != nil {
		if want, known := tags.Get(); known {
			kept.Tags = want
		}
		effect, err = w.returned(ctx, effect, kept, h)
	}
	h.PutBack = effect.PutBack
	w.settled(effect, err)
	return err
}

// settled forgets the note of an object to which nothing is owed any more. Where
// something was lost it stays until that is recorded.
func (w *work) settled(e engine.Effect, err error) {
	if !owes(err) && !Told(e, err) {
		w.forget()
	}
}

// made tells whether h is what an upload of the task's object became. Under
// SSE-KMS its ETag says nothing but in how many parts it was written.
func (w *work) made(d *debt, h *plan.Head) bool {
	return w.target(sseOf(h.Encryption), h.KMSKeyID) && h.Size == d.Size && h.ETag != d.From &&
		(d.Source == "" || h.VersionID != d.Source) && strings.HasSuffix(h.ETag, fmt.Sprintf("-%d", d.Parts))
}

// sendTags replaces the tags of a version, "" for the current one. It is called within
// a step.
func (w *work) sendTags(ctx context.Context, version string, tags []plan.Tag) error {
	set := tagsOf(tags)
	out, err := w.s3.PutObjectTagging(ctx, &s3.PutObjectTaggingInput{
		Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version), Tagging: &types.Tagging{TagSet: set},
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	})
	if err == nil {
		w.took(plan.StepPutTags, out.ResultMetadata)
	}
	return err
}

// plainTags are tags as they are written down.
func plainTags(tags []types.Tag) []plan.Tag {
	out := make([]plan.Tag, 0, len(tags))
	for _, t := range tags {
		out = append(out, plan.Tag{Key: value(t.Key), Value: value(t.Value)})
	}
	return out
}

// tagsOf is the reverse of plainTags. It is never nil: no tags is a set, too.
func tagsOf(tags []plan.Tag) []types.Tag {
	set := make([]types.Tag, 0, len(tags))
	for i := range tags {
		set = append(set, types.Tag{Key: &tags[i].Key, Value: &tags[i].Value})
	}
	return set
}

// hashTags is the same only for equal sorted tag sets.
func hashTags(tags []plan.Tag) string {
	h := sha256.New()
	for _, t := range tags {
		fmt.Fprintf(h, "%q=%q\n", t.Key, t.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func isGone(err error) bool {
	var oe *engine.ObjectError
	return errors.As(err, &oe) && oe.Class == engine.Gone
}
