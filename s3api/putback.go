package s3api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// kept is what an object had and was sent along with a write, to be compared with
// what came of it, and put back where an endpoint lost it. Before a copy in parts
// is completed it is part of the upload's note, so a crash leaves it to the next run.
type kept struct {
	Head     plan.Head  `json:"head"`
	TagsRead bool       `json:"tags_read"` // Tags are all of them; elsewhere only their number is known
	Tags     []plan.Tag `json:"tags,omitempty"`
	ACL      grants     `json:"acl,omitzero"`

	// Missed is what was seen to be lost. It is written down before it is put back:
	// afterwards nothing shows that the endpoint loses it.
	Missed []plan.Difference `json:"missed,omitempty"`

	found []plan.Tag // in place of Tags, when they were seen to be lost
}

// keptOf says what an object had that was sent with these tags and grants.
func keptOf(h *plan.Head, tags []plan.Tag, g grants) *kept {
	return &kept{Head: *h, TagsRead: true, Tags: tags, ACL: g}
}

// returnable tells whether there is something that can be put back.
func (k *kept) returnable() bool {
	return len(k.Tags) > 0 || k.ACL != grants{} || k.Head.LockMode != "" || k.Head.LegalHold == "ON"
}

// returned compares an object that was written, by a look at it, with what it had,
// and puts back what can be put without writing it anew. What is lost for good is
// an error of class Permanent that has the values. Attributes that the user
// accepted to lose are put back where that works, and not spoken of.
func (w *work) returned(ctx context.Context, e engine.Effect, k *kept, after *plan.Head) (engine.Effect, error) {
	if w.leave {
		return e, nil
	}
	paying := *w
	paying.committed = true
	differences, err := paying.missing(ctx, e.VersionID, k, after)
	if err != nil {
		return e, w.owing(err)
	}
	for _, d := range k.Missed {
		if !slices.Contains(plan.NamesOf(differences), d.Attribute) {
			e.PutBack = append(e.PutBack, d) // by an attempt that was cut off
		}
	}
	if err := w.noteMissed(ctx, differences); err != nil {
		return e, err
	}
	var lost []plan.Difference
	var failed *engine.ObjectError
	for _, d := range differences {
		there, err := paying.putBack(ctx, e.VersionID, k, d)
		var oe *engine.ObjectError
		switch accepted := slices.Contains(w.config.AcceptLoss, d.Attribute); {
		case accepted && (err == nil || errors.As(err, &oe)):
		case there:
			e.PutBack = append(e.PutBack, d)
		case err != nil && !errors.As(err, &failed):
			return e, err // the run is being stopped, and the note stays
		default:
			lost = append(lost, d)
		}
	}
	if len(lost) == 0 {
		return e, nil
	}
	out := w.lost(lost, failed)
	out.InDoubt = w.unsourced(lost)
	return e, out
}

// unsourced tells whether all that differs may come of a client's write of the same
// bytes right before this one, of which no version is kept to look at.
func (w *work) unsourced(lost []plan.Difference) bool {
	return w.task.Head != nil && w.survivor() == "" &&
		!slices.ContainsFunc(lost, func(d plan.Difference) bool { return !d.ComesAlong(w.task.Action) })
}

// lost is the error of an object that lost something for good; failed is why it
// could not be put back, nil where no request could do that.
func (w *work) lost(lost []plan.Difference, failed *engine.ObjectError) *engine.ObjectError {
	out := &engine.ObjectError{Op: w.task.Action.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version()}
	if failed != nil {
		out.Op, out.Code, out.HTTPStatus, out.RequestID = failed.Op, failed.Code, failed.HTTPStatus, failed.RequestID
	}
	out.Class, out.Reason, out.Lost = engine.Permanent, plan.Unfaithful, lost
	out.Err = errors.New(plan.NotKept(plan.NamesOf(lost)))
	return out
}

// noteMissed adds what an object was seen to lack, and was not accepted to lose, to
// the note of its upload, and waits until that is durable.
func (w *work) noteMissed(ctx context.Context, missed []plan.Difference) error {
	missed = slices.DeleteFunc(slices.Clone(missed), func(d plan.Difference) bool { return slices.Contains(w.config.AcceptLoss, d.Attribute) })
	if len(missed) == 0 || w.config.Notes == nil {
		return nil
	}
	note, ok := readNote(w.config.Notes.Get(w.task.Record.Pos))
	if !ok || note.Owed == nil || note.Owed.Kept == nil {
		return nil // no copy in parts
	}
	for _, d := range missed {
		if k := note.Owed.Kept; !slices.Contains(plan.NamesOf(k.Missed), d.Attribute) {
			k.Missed = append(k.Missed, d)
		}
	}
	data, err := json.Marshal(note)
	if err == nil {
		err = w.config.Notes.Put(w.task.Record.Pos, data)
	}
	switch {
	case errors.Is(err, ErrNotesFull):
		return nil // what was lost matters more than that a crash is told of it
	case err == nil:
		err = w.config.Notes.Kept(ctx, w.task.Record.Pos)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return w.refuse(engine.Fatal, plan.RequestError, fmt.Errorf("remember what the object lost: %w", err))
}

// Told tells whether a note is of no more use once a result with this effect or
// error is recorded: the object lost something, which the note tells of until then.
func Told(e engine.Effect, err error) bool {
	var oe *engine.ObjectError
	lost := errors.As(err, &oe) && len(oe.Lost) > 0
	return (lost || len(e.PutBack) > 0) && !owes(err)
}

// owes tells whether what err is about may be put right by another attempt.
func owes(err error) bool {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) {
		return err != nil
	}
	return len(oe.Lost) == 0 || oe.HTTPStatus != 0 // a request failed that would have put it back
}

// missing says what of k an object has not. What a client may have changed since
// the write is no loss: tags and locks that were not there, a longer retention,
// another ACL than the default one.
func (w *work) missing(ctx context.Context, version string, k *kept, after *plan.Head) ([]plan.Difference, error) {
	c := plan.CompareHeads(&k.Head, after, time.Now())
	all := slices.DeleteFunc(c.Differences, func(d plan.Difference) bool {
		switch d.Attribute {
		case plan.Tags, plan.NewRetention:
			return true
		case plan.LegalHold, plan.EventHold:
			return d.Change == plan.WasAdded
		case plan.Retention:
			return d.Change == plan.WasChanged && k.Head.LockMode == after.LockMode && after.LockRetainUntil.After(k.Head.LockRetainUntil)
		}
		return false
	})
	tags, err := w.missingTags(ctx, version, k, after)
	if err != nil {
		return nil, err
	}
	all = append(all, tags...)
	if k.ACL == (grants{}) || w.config.Facts.ACLs == plan.No {
		return all, nil
	}
	now, err := w.grants(ctx, version)
	if err == nil && now == (grants{}) {
		all = append(all, plan.Difference{Attribute: plan.ACL, Change: plan.WasLost, Before: k.ACL.text()})
	}
	return all, err
}

// missingTags says whether tags are gone or mangled. Tags that were sent are read
// again, and compared by their values. Where only their number is known, that is
// enough. It goes by this one object: that others have theirs says nothing of it.
func (w *work) missingTags(ctx context.Context, version string, k *kept, after *plan.Head) ([]plan.Difference, error) {
	had := len(k.Tags)
	if !k.TagsRead {
		had = max(k.Head.TagCount, 0)
	}
	count, shown := after.Tagged().Get()
	switch {
	case had == 0, !k.TagsRead && shown && count >= had:
		return nil, nil
	case w.config.Facts.AWS == plan.Yes: // which keeps tags: a client took these away
		return nil, nil
	}
	lost := plan.Difference{Attribute: plan.Tags, Change: plan.WasLost}
	if !k.TagsRead && !w.readSource(ctx, k) { // only counted: nothing to compare with
		if !shown && w.config.Facts.AWS != plan.No {
			return nil, nil // hidden from the caller
		}
		return []plan.Difference{lost}, nil
	}
	now, err := w.tags(ctx, version)
	if err != nil {
		return nil, err
	}
	is := plainTags(now)
	if !spoiltTags(k.Tags, is) {
		return nil, nil
	}
	k.found = is
	before, after2 := &plan.Snapshot{Tags: plan.Saw(k.Tags)}, &plan.Snapshot{Tags: plan.Saw(is)}
	for _, d := range before.Compare(after2, time.Now()).Differences {
		lost = d
	}
	return []plan.Difference{lost}, nil
}

// readSource reads the tags of the version that a single copy was made from, where
// that is still there.
func (w *work) readSource(ctx context.Context, k *kept) bool {
	if w.task.Action == plan.Update || w.task.Head == nil || w.survivor() == "" {
		return false
	}
	tags, err := w.tags(ctx, w.survivor())
	if err != nil || !counts(&k.Head, tags) {
		return false
	}
	k.Tags, k.TagsRead = plainTags(tags), true
	return true
}

// putBack gives a version back what it lost, and tells whether that was possible.
func (w *work) putBack(ctx context.Context, version string, k *kept, d plan.Difference) (bool, error) {
	if d.Change == plan.WasAdded {
		return false, nil
	}
	var err error
	switch h := &k.Head; d.Attribute {
	case plan.Tags:
		if !k.TagsRead {
			return false, nil
		}
		_, err = w.replaceTags(ctx, version, hashTags(k.found), k.Tags)
	case plan.ACL:
		var owner *string
		if k.ACL.oversized() {
			owner, _, err = w.readACL(ctx, version)
		}
		if err == nil {
			err = w.putACL(ctx, version, k.ACL, owner)
		}
	case plan.Retention:
		err = w.do(ctx, plan.StepPutRetention, func(ctx context.Context) error {
			_, err := w.s3.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{
				Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
				Retention:           &types.ObjectLockRetention{Mode: types.ObjectLockRetentionMode(h.LockMode), RetainUntilDate: &h.LockRetainUntil},
				ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			return err
		})
	case plan.LegalHold:
		err = w.do(ctx, plan.StepPutLegalHold, func(ctx context.Context) error {
			_, err := w.s3.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
				Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
				LegalHold:           &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn},
				ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			return err
		})
	default:
		return false, nil // only writing the object anew could
	}
	return err == nil, err
}
