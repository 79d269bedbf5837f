package s3api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// What lies between, or the endpoint itself, may take one key for another: proxies
// merge slashes and resolve "..", servers on file systems know no case. A request
// about such a key meets nothing, or another object. A listing names keys in a query
// and in a document, which nobody rewrites: it tells.

// Of the looks at plain keys that are to be confirmed by a listing, the first are,
// and then one of so many.
const (
	listedFirst = 1000
	listedEach  = 100
)

// met sends a HeadObject of kind k, and makes sure that it is about the task's object.
func (w *work) met(ctx context.Context, k plan.StepKind, version string) (*plan.Head, error) {
	head, err := w.look(ctx, k, version)
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe) && oe.Class == engine.Gone:
		head, err := w.absent(ctx, k, version, oe)
		if isGone(err) {
			err = w.misspelled(ctx, err)
		}
		return head, err
	case err != nil:
		return nil, err
	}
	if w.doubtful(head) {
		if head, err = w.same(ctx, k, version, head); err != nil {
			return nil, err
		}
	}
	return head, w.notAlias(ctx, version, head)
}

// absent asks a listing whether the object that HeadObject does not show is gone.
func (w *work) absent(ctx context.Context, k plan.StepKind, version string, gone *engine.ObjectError) (*plan.Head, error) {
	if w.config.Facts.AWS == plan.Yes && !w.asks() {
		gone.Unlisted = "of that many a listing is asked about a sample"
		return nil, gone
	}
	entry, err := w.listed(ctx, version)
	if why := unlistable(err); why != "" {
		gone.Unlisted = why
		return nil, gone
	}
	if err != nil {
		return nil, err
	}
	if entry == nil {
		return nil, gone
	}
	head, err := w.look(ctx, k, version) // it may have been written meanwhile
	var again *engine.ObjectError
	if !errors.As(err, &again) || again.Class != engine.Gone {
		return head, err
	}
	switch entry, err = w.listed(ctx, version); {
	case err != nil:
		return nil, err
	case entry == nil:
		return nil, gone // deleted meanwhile
	}
	return nil, w.unreached(gone.HTTPStatus, fmt.Errorf("a listing shows the object, and HeadObject answers %d: %w", gone.HTTPStatus, gone.Err))
}

// doubtful tells whether a look may have met another object than the task's: it does
// not show what the row says or the job wrote. AWS takes keys for what they are.
func (w *work) doubtful(h *plan.Head) bool {
	r := &w.task.Record
	switch {
	case w.config.Facts.AWS == plan.Yes, w.task.Wrote != nil && w.task.Wrote(h):
		return false
	case r.ETag == "": // nothing to go by
		return plan.OddKey(r.Key)
	}
	same := r.ETag == h.ETag && (r.Size < 0 || r.Size == h.Size) && (r.LastModified.IsZero() || near(r.LastModified, h.LastModified))
	return !same && (plan.OddKey(r.Key) || w.asks())
}

// same returns the look at the task's object once a listing shows the same, and an
// error where it shows another object under the key, twice.
func (w *work) same(ctx context.Context, k plan.StepKind, version string, head *plan.Head) (*plan.Head, error) {
	var entry *listEntry
	for round := range 2 {
		now, err := w.listed(ctx, version)
		switch {
		case unlistable(err) != "":
			return head, nil // as if nobody had asked
		case err != nil:
			return nil, err
		case now == nil && w.task.Record.ETag == "": // nothing says that there was an object of this key
			return head, nil
		case now != nil && now.shows(head, plan.OddKey(w.task.Record.Key)):
			return head, nil
		case round > 0 && !now.equal(entry):
			return nil, w.refuse(engine.Changed, plan.Changing, errors.New("other clients wrote the object while it was looked at"))
		case round > 0:
			return nil, w.unreached(http.StatusOK, another(now, head))
		}
		entry = now
		again, err := w.look(ctx, k, version)
		var oe *engine.ObjectError
		switch {
		case errors.As(err, &oe) && oe.Class == engine.Gone && now == nil:
			return nil, err // deleted meanwhile
		case err != nil:
			return nil, err
		case again.ETag != head.ETag || !again.LastModified.Equal(head.LastModified):
			return nil, w.refuse(engine.Changed, plan.Changing, errors.New("other clients wrote the object while it was looked at"))
		}
	}
	return head, nil
}

// another says what a look met, and what the listing shows in its place.
func another(now *listEntry, h *plan.Head) error {
	if now == nil {
		return fmt.Errorf("HeadObject shows an object with ETag %s, and a listing has no such key: requests meet another object", h.ETag)
	}
	return fmt.Errorf("HeadObject shows an object with ETag %s of %s, and a listing one with ETag %s of %s: requests meet another object",
		h.ETag, h.LastModified.UTC().Format(time.RFC3339), now.etag, now.modified.UTC().Format(time.RFC3339))
}

// unreached is the error of a key that requests do not reach. From now on a listing
// is asked about each doubtful look.
func (w *work) unreached(status int, why error) error {
	w.blind.Store(true)
	return &engine.ObjectError{
		Op: plan.StepHead.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(),
		Class: engine.Permanent, Reason: plan.Unaddressable, HTTPStatus: status,
		Err: fmt.Errorf("the endpoint cannot address this key: %w", why),
	}
}

// asks tells whether a listing is asked about a look at the task's object, where not
// each one is.
func (w *work) asks() bool {
	n := w.checks.Add(1)
	return w.blind.Load() || plan.OddKey(w.task.Record.Key) || n <= listedFirst || n%listedEach == 0
}

// unlistable says why a listing tells nothing, "" where it does, or where its error
// is about more than the listing.
func unlistable(err error) string {
	var oe *engine.ObjectError
	if !errors.As(err, &oe) {
		return ""
	}
	switch oe.Class {
	case engine.Denied, engine.Permanent, engine.Gone, engine.Empty:
		return oe.Op + ": " + oe.Words()
	}
	return ""
}

// listEntry is what a listing shows of an object.
type listEntry struct {
	etag     string
	size     int64 // -1 where not stated
	modified time.Time
}

// equal tells whether two listings show the same, or nothing.
func (e *listEntry) equal(o *listEntry) bool {
	if e == nil || o == nil {
		return e == o
	}
	return e.etag == o.etag && e.size == o.size && e.modified.Equal(o.modified)
}

// shows tells whether the listing may be about what h is of. Some servers spell ETags
// otherwise in listings than in answers, so that only ETags of one form are compared.
// The times count for odd keys alone: objects of other keys are rarely alike.
func (e *listEntry) shows(h *plan.Head, strictly bool) bool {
	alike := len(e.etag) == len(h.ETag) && strings.Contains(e.etag, "-") == strings.Contains(h.ETag, "-")
	switch {
	case e.size >= 0 && e.size != h.Size, alike && e.etag != h.ETag:
		return false
	case strictly:
		return near(e.modified, h.LastModified)
	}
	return true
}

// near tells whether two times may be of one write: HTTP dates have no finer unit than
// a second, and some servers round.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < 2*time.Second }

// listed asks a listing for the task's key, and for a version of it unless that is "".
// It returns nil where there is none.
func (w *work) listed(ctx context.Context, version string) (entry *listEntry, err error) {
	whole := true
	err = w.do(ctx, plan.StepList, func(ctx context.Context) (err error) {
		if version == "" {
			entry, err = w.listedCurrent(ctx)
		} else {
			entry, whole, err = w.listedVersion(ctx, version)
		}
		return err
	})
	if err == nil && !whole {
		err = w.refuse(engine.Permanent, plan.RequestError, errors.New("the key has more versions than a page of the listing shows"))
	}
	return entry, err
}

// enough is how many keys are asked for: where they come in order, the first is the one.
const enough = 10

func (w *work) listedCurrent(ctx context.Context) (*listEntry, error) {
	out, err := w.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{
		Bucket: &w.config.Options.Bucket, Prefix: &w.task.Record.Key, EncodingType: types.EncodingTypeUrl, MaxKeys: nonzero(enough),
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	})
	if err != nil {
		return nil, err
	}
	for i := range out.Contents {
		if o := &out.Contents[i]; w.isKey(o.Key, out.EncodingType) {
			return entryOf(o.ETag, o.Size, o.LastModified), nil
		}
	}
	return nil, nil
}

// listedVersion looks for a version on the first page. whole tells whether that has
// all versions of the key, or the one.
func (w *work) listedVersion(ctx context.Context, version string) (entry *listEntry, whole bool, err error) {
	out, err := w.s3.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{
		Bucket: &w.config.Options.Bucket, Prefix: &w.task.Record.Key, EncodingType: types.EncodingTypeUrl,
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
	})
	if err != nil {
		return nil, true, err
	}
	for i := range out.Versions {
		if v := &out.Versions[i]; w.isKey(v.Key, out.EncodingType) && value(v.VersionId) == version {
			return entryOf(v.ETag, v.Size, v.LastModified), true, nil
		}
	}
	behind := value(out.NextKeyMarker) != "" && !w.isKey(out.NextKeyMarker, out.EncodingType) // goes on with another key
	return nil, !value(out.IsTruncated) || behind, nil
}

// isKey tells whether a listing's name is the task's key.
func (w *work) isKey(name *string, encoding types.EncodingType) bool {
	key, err := decodedName(value(name), encoding)
	return err == nil && key == w.task.Record.Key
}

func entryOf(etag *string, size *int64, modified *time.Time) *listEntry {
	e := &listEntry{etag: unquoted(etag), size: -1, modified: value(modified)}
	if size != nil {
		e.size = *size
	}
	return e
}
