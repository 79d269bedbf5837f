package s3api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"reseal/engine"
	"reseal/plan"
)

// uploadNote is what is remembered of an upload across restarts. The parts that
// are finished are S3's to tell.
type uploadNote struct {
	Version int    `json:"v"`
	Upload  string `json:"upload"`
	Key     []byte `json:"key"`  // of the object; bytes, as a key need not be UTF-8
	Made    string `json:"made"` // hash of all that the upload was made from and as
	Owed    *debt  `json:"owed,omitempty"`

	Began time.Time `json:"began,omitzero"`
	Lost  []attempt `json:"lost,omitempty"` // requests that may have begun other uploads
	Left  []string  `json:"left,omitempty"` // ids of uploads that may be left, "" where nobody knows the id
}

const uploadNoteVersion = 1

// readNote reads a note; false where it is none of a Rewriter's.
func readNote(data []byte) (uploadNote, bool) {
	note := anyNote(data)
	return note, note.Upload != ""
}

// anyNote reads a note that need not tell of an upload.
func anyNote(data []byte) (note uploadNote) {
	if data == nil || json.Unmarshal(data, &note) != nil || note.Version != uploadNoteVersion {
		return uploadNote{}
	}
	return note
}

// upload goes on with the upload that the task's note tells of, where that was
// made from the same object in the same way, else begins one.
func (w *work) upload(ctx context.Context, in *s3.CreateMultipartUploadInput, owed *debt) (*upload, error) {
	made, err := w.fingerprint(in)
	if err != nil {
		return nil, err
	}
	var before uploadNote
	if w.config.Notes != nil {
		before = anyNote(w.config.Notes.Get(w.task.Record.Pos))
		w.strays = before.Left
	}
	up, err := w.resume(ctx, made)
	if err != nil {
		return nil, err
	}
	if up == nil {
		if up, err = w.begin(ctx, in, before.Lost); err != nil {
			return nil, err
		}
	} else {
		up.began, up.lost = before.Began, before.Lost
	}
	w.live.Store(up.id, nil)
	up.owed = owed
	return up, w.remember(ctx, up, made)
}

// sameExpires sends the Expires header as the object has it: the SDK would write
// its instant in another form where it is in one of HTTP's older ones.
func (w *work) sameExpires(o *s3.Options) {
	if h := w.task.Head; h != nil && h.Expires != "" {
		o.APIOptions = append(o.APIOptions, smithyhttp.SetHeaderValue("Expires", h.Expires))
	}
}

// begin begins an upload. That it is about to be is durable before: where a crash
// comes before its id is, the next run looks for it. lost are requests that may have
// begun one before.
func (w *work) begin(ctx context.Context, in *s3.CreateMultipartUploadInput, lost []attempt) (*upload, error) {
	now := time.Now()
	if err := w.beginning(ctx, append(slices.Clone(lost), attempt{now, now.Add(beginLimit)})); err != nil {
		return nil, err
	}
	up := &upload{parts: map[int32]types.CompletedPart{}, lost: lost}
	var out *s3.CreateMultipartUploadOutput
	err := w.do(ctx, plan.StepCreate, func(ctx context.Context) (err error) {
		up.began = time.Now()
		out, err = w.s3.CreateMultipartUpload(ctx, in, w.sameExpires)
		if v, _ := w.client.classify(err, step{kind: plan.StepCreate}); err != nil && v.class == engine.Transient {
			up.lost = append(up.lost, attempt{up.began, time.Now()})
		}
		return err
	})
	var oe *engine.ObjectError
	switch {
	case errors.As(err, &oe):
		_ = w.sweep(ctx, up) // with no upload to compare with, so that nothing is aborted
		w.forget()
		return nil, err
	case err != nil:
		return nil, err // the run is being stopped, and the note stays
	case value(out.UploadId) == "":
		return nil, w.refuse(engine.Permanent, plan.RequestError, errors.New("the new upload has no id"))
	}
	w.took(plan.StepCreate, out.ResultMetadata)
	up.id = *out.UploadId
	return up, nil
}

// beginning makes it durable that an upload is about to be begun.
func (w *work) beginning(ctx context.Context, tries []attempt) error {
	if w.config.Notes == nil {
		return nil
	}
	pos := w.task.Record.Pos
	note, err := json.Marshal(uploadNote{Version: uploadNoteVersion, Key: []byte(w.task.Record.Key), Lost: tries, Left: w.strays})
	if err == nil {
		err = w.config.Notes.Put(pos, note)
	}
	if err == nil {
		err = w.config.Notes.Kept(ctx, pos)
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return w.unkept(err)
}

// unkept is the error of an upload that cannot be remembered.
func (w *work) unkept(err error) error {
	class := engine.Fatal
	if errors.Is(err, ErrNotesFull) {
		class = engine.Permanent
	}
	return w.refuse(class, plan.RequestError, fmt.Errorf("remember upload: %w", err))
}

// remember writes down all that a restart has to know of an upload. One that
// cannot be remembered is given up.
func (w *work) remember(ctx context.Context, up *upload, made string) error {
	if w.config.Notes == nil {
		return nil
	}
	note, err := json.Marshal(uploadNote{Version: uploadNoteVersion, Upload: up.id, Key: []byte(w.task.Record.Key), Made: made, Owed: up.owed,
		Began: up.began, Lost: up.lost, Left: w.strays})
	if err == nil {
		err = w.config.Notes.Put(w.task.Record.Pos, note)
	}
	if err == nil {
		return nil
	}
	_ = w.abort(ctx, up.id)
	return w.unkept(err)
}

// fingerprint is the same only for uploads of the same object, in the same
// parts, made with the same request.
func (w *work) fingerprint(in *s3.CreateMultipartUploadInput) (string, error) {
	h := w.task.Head
	data, err := json.Marshal(struct {
		Input    *s3.CreateMultipartUploadInput
		ETag     string
		Version  string
		Modified time.Time
		Size     int64
		Part     int64
	}{in, h.ETag, h.VersionID, h.LastModified.UTC(), h.Size, plan.PartSize(h.Size)})
	if err != nil {
		return "", w.refuse(engine.Permanent, plan.RequestError, fmt.Errorf("describe upload: %w", err))
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// resume returns the upload that the note tells of with its finished parts, nil
// where there is none to go on with. One that is of no use any more is aborted.
func (w *work) resume(ctx context.Context, made string) (*upload, error) {
	if w.config.Notes == nil {
		return nil, nil
	}
	note, ok := readNote(w.config.Notes.Get(w.task.Record.Pos))
	if !ok {
		return nil, nil
	}
	up := &upload{id: note.Upload, parts: map[int32]types.CompletedPart{}}
	if note.Made == made {
		err := w.listParts(ctx, up)
		var oe *engine.ObjectError
		switch {
		case err == nil:
			return up, nil
		case !errors.As(err, &oe):
			return nil, err // the run is being stopped
		case oe.Class == engine.Changed: // no such upload any more
			w.forget()
			return nil, nil
		case oe.Class == engine.Transient || oe.Class == engine.Empty || oe.Class == engine.Throttled || oe.Class == engine.Fatal:
			return nil, err
		}
	}
	_ = w.abort(ctx, up.id)
	w.forget()
	return nil, nil
}

// listParts reads which parts of up are finished. Parts of an unexpected size
// are not counted: they are copied again over what is there.
func (w *work) listParts(ctx context.Context, up *upload) error {
	size, whole := plan.PartSize(w.task.Head.Size), w.task.Head.Size
	marker := ""
	for {
		var out *s3.ListPartsOutput
		err := w.do(ctx, plan.StepListParts, func(ctx context.Context) (err error) {
			out, err = w.s3.ListParts(ctx, &s3.ListPartsInput{
				Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, UploadId: &up.id, PartNumberMarker: optional(marker),
				ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			return err
		})
		if err != nil {
			return err
		}
		before := len(up.parts)
		for _, p := range out.Parts {
			n := value(p.PartNumber)
			first := int64(n-1) * size
			if n < 1 || first >= max(whole, 1) || value(p.Size) != min(size, whole-first) || p.ETag == nil {
				continue
			}
			up.add(types.CompletedPart{PartNumber: &n, ETag: p.ETag,
				ChecksumCRC32: p.ChecksumCRC32, ChecksumCRC32C: p.ChecksumCRC32C, ChecksumCRC64NVME: p.ChecksumCRC64NVME,
				ChecksumSHA1: p.ChecksumSHA1, ChecksumSHA256: p.ChecksumSHA256, ChecksumSHA512: p.ChecksumSHA512, ChecksumMD5: p.ChecksumMD5,
				ChecksumXXHASH64: p.ChecksumXXHASH64, ChecksumXXHASH3: p.ChecksumXXHASH3, ChecksumXXHASH128: p.ChecksumXXHASH128})
		}
		next := value(out.NextPartNumberMarker)
		if !value(out.IsTruncated) || next == "" || next == marker || len(up.parts) == before {
			return nil // what a broken listing leaves out is copied again
		}
		marker = next
	}
}

// forget takes the task's note away. That it stays is no harm: the upload it
// tells of is gone, which a resume notices. Uploads that may be left keep a note.
func (w *work) forget() {
	if w.config.Notes == nil {
		return
	}
	var note []byte
	if len(w.strays) > 0 {
		note, _ = json.Marshal(uploadNote{Version: uploadNoteVersion, Key: []byte(w.task.Record.Key), Left: w.strays}) // has no value that cannot be written
	}
	_ = w.config.Notes.Put(w.task.Record.Pos, note)
}
