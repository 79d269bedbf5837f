package s3api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/engine"
	"reseal/plan"
)

// attempt is the time, by this machine's clock, of a request to begin an upload that
// was not answered, or whose answer a crash may have kept from being written down.
type attempt struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// beginLimit is how long a request to begin an upload may take to have its effect.
const beginLimit = time.Minute

// apart is how far the times of S3 may be from those of its answers.
const apart = 2 * time.Second

// Stray is an upload that may have been begun by a request that was not answered,
// and that is not aborted as nothing proves that.
type Stray struct {
	Key string
	ID  string // "" where the uploads of the key could not be listed
	Why string
}

// strays are those of a Rewriter, the first ones by name.
type strays struct {
	mu    sync.Mutex
	first []Stray
	all   int
}

// Of how many uploads of a key it is kept that they may be left, and how many are
// looked at one by one.
const (
	maxStrays = 20
	maxJudged = 100
)

// MayBeLeft returns uploads that may be left behind, the first ones, and their number.
func (r *Rewriter) MayBeLeft() (first []Stray, all int) {
	r.left.mu.Lock()
	defer r.left.mu.Unlock()
	return slices.Clone(r.left.first), r.left.all
}

// mayBeLeft keeps an upload for the ending of the run, and for its note.
func (w *work) mayBeLeft(id, why string) {
	if slices.Contains(w.strays, id) {
		return
	}
	w.strays = append(w.strays, id)
	w.left.mu.Lock()
	defer w.left.mu.Unlock()
	if w.left.all++; len(w.left.first) < maxStrays {
		w.left.first = append(w.left.first, Stray{w.task.Record.Key, id, why})
	}
}

// sweep looks for uploads that were begun by requests which nobody had an answer to,
// and aborts those that are proven to be that: own, which is this object's upload,
// shows when S3 heard of the requests, by whom, and for which class. Others that may
// be are kept for the ending of the run. An error is about the end of the run.
func (w *work) sweep(ctx context.Context, own *upload) error {
	if len(own.lost) == 0 {
		return nil
	}
	all, err := w.listUploads(ctx)
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe):
		w.mayBeLeft("", "they could not be listed: "+oe.Words())
		own.lost = nil
		return nil
	case err != nil:
		return err
	}
	var like *types.MultipartUpload
	for i := range all {
		if value(all[i].UploadId) == own.id {
			mine := all[i]
			like = &mine
		}
	}
	all = slices.DeleteFunc(all, func(u types.MultipartUpload) bool { return !w.mayBeStray(own, like, &u) })
	for i := range all {
		if i == maxJudged || len(w.strays) >= maxStrays {
			w.mayBeLeft("", "there are more of them than are looked at one by one")
			break
		}
		if err := w.settleStray(ctx, like, &all[i]); err != nil {
			return err
		}
	}
	own.lost = nil
	return nil
}

// mayBeStray tells whether an upload of the object's key may be one that was begun
// without an answer: it is nobody's as far as the job knows, and nothing that is
// known of the object's own, which is like, tells it from one.
func (w *work) mayBeStray(own *upload, like, u *types.MultipartUpload) bool {
	if id := value(u.UploadId); id == own.id || w.noted(id) == known {
		return false
	}
	return like == nil || own.during(value(like.Initiated), value(u.Initiated)) && initiator(like) == initiator(u) && like.StorageClass == u.StorageClass
}

// settleStray deals with one upload that may be one that was begun without an answer.
func (w *work) settleStray(ctx context.Context, like, u *types.MultipartUpload) error {
	id := value(u.UploadId)
	const why = "it cannot be told from uploads of other clients"
	empty, err := w.empty(ctx, id)
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe):
		w.mayBeLeft(id, why)
		return nil
	case err != nil:
		return err
	case !empty: // nobody could add parts to one whose id was lost
		return nil
	case like == nil, w.config.Facts.AWS != plan.Yes, initiator(like) == "": // other servers name one initiator for all
		w.mayBeLeft(id, why)
		return nil
	}
	switch w.noted(id) { // at the last moment: others of the job begin theirs meanwhile
	case known:
		return nil
	case unclear:
		w.mayBeLeft(id, "it cannot be told from one that this job has begun for another row of the same key")
		return nil
	}
	if err := w.abort(ctx, id); err != nil {
		w.mayBeLeft(id, "it could not be aborted")
	}
	return nil
}

// claim is what the job knows of an upload.
type claim uint8

const (
	unknown claim = iota
	known         // it is that of a row of the job
	unclear       // it may be
)

// noted tells whether an upload is that of a row of the job, under way or left by an
// earlier run. A row whose upload is being begun knows no id yet, and other shares of
// a job keep notes of their own.
func (w *work) noted(id string) claim {
	if _, live := w.live.Load(id); live {
		return known
	}
	out := unknown
	if w.config.Divided {
		out = unclear
	}
	if w.config.Notes == nil {
		return out
	}
	for row, data := range w.config.Notes.All() {
		switch note := anyNote(data); {
		case row == w.task.Record.Pos:
		case note.Upload == id:
			return known
		case note.Upload == "" && len(note.Lost) > 0 && string(note.Key) == w.task.Record.Key:
			out = unclear
		}
	}
	return out
}

// empty tells whether an upload is there and has no parts.
func (w *work) empty(ctx context.Context, id string) (bool, error) {
	var out *s3.ListPartsOutput
	err := w.do(ctx, plan.StepListParts, func(ctx context.Context) (err error) {
		out, err = w.s3.ListParts(ctx, &s3.ListPartsInput{Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, UploadId: &id,
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer})
		return err
	})
	var oe *engine.ObjectError
	if errors.As(err, &oe) && oe.Code == "NoSuchUpload" {
		return false, nil
	}
	return err == nil && len(out.Parts) == 0, err
}

func initiator(u *types.MultipartUpload) string { return value(value(u.Initiator).ID) }

// during tells whether an upload was begun in the time of the requests that were not
// answered, by the clock of S3: mine is when S3 began the one that was.
func (u *upload) during(mine, other time.Time) bool {
	offset := mine.Sub(u.began)
	return slices.ContainsFunc(u.lost, func(s attempt) bool {
		return !other.Before(s.From.Add(offset-apart)) && !other.After(s.To.Add(offset+apart))
	})
}

// maxUploadPages bounds the lists of the uploads of one key, of a thousand each.
const maxUploadPages = 10

// listUploads lists the uploads in progress of the object's key. Beyond the bound it
// is said that there may be more.
func (w *work) listUploads(ctx context.Context) (of []types.MultipartUpload, err error) {
	key := w.task.Record.Key
	in := &s3.ListMultipartUploadsInput{Bucket: &w.config.Options.Bucket, Prefix: &key, EncodingType: types.EncodingTypeUrl,
		ExpectedBucketOwner: w.owner, RequestPayer: w.payer}
	const maybe = "there may be more uploads of the key than are listed"
	for list := (leafing{most: maxUploadPages}); ; {
		var out *s3.ListMultipartUploadsOutput
		err = w.do(ctx, plan.StepListUploads, func(ctx context.Context) (err error) {
			out, err = w.s3.ListMultipartUploads(ctx, in)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, u := range out.Uploads {
			if w.isKey(u.Key, out.EncodingType) {
				of = append(of, u)
			}
		}
		nextKey, err := decodedName(value(out.NextKeyMarker), out.EncodingType)
		if err != nil {
			return nil, fmt.Errorf("ListMultipartUploads s3://%s/%s: %w", w.config.Options.Bucket, key, err)
		}
		nextID := value(out.NextUploadIdMarker)
		next := ""
		if nextKey != "" {
			next = nextKey + "\x00" + nextID
		}
		more, err := list.on(value(out.IsTruncated) && nextKey <= key, next, len(out.Uploads) > 0) // they come in the order of keys
		if err != nil {
			w.mayBeLeft("", maybe)
		}
		if !more {
			return of, nil
		}
		in.KeyMarker, in.UploadIdMarker = &nextKey, &nextID
	}
}
