package job

import (
	"context"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/s3api"
)

// Upload is a multipart upload that the notes of a job tell of.
type Upload struct {
	Key   string `json:"key"`
	ID    string `json:"upload_id"`
	File  int    `json:"file"` // of its row
	Row   int64  `json:"row"`
	Parts int64  `json:"parts"` // that are there
	Bytes int64  `json:"bytes"` // of them
	State string `json:"state"`

	pos    inventory.Position
	upload s3api.Upload
}

// The states of an upload.
const (
	UploadUnfinished = "unfinished"
	UploadGone       = "gone"
	UploadSwept      = "swept"
	UploadUnsure     = "unsure" // begun by a request without an answer: it may be the job's own
)

// Uploads reads the notes of a job and asks what there is of each upload.
func Uploads(ctx context.Context, at *checkpoint.Snapshot, r *s3api.Rewriter) ([]Upload, error) {
	var found []Upload
	for note, err := range at.Notes(ctx) {
		if err != nil {
			return nil, err
		}
		if note.Key != UploadNote {
			continue
		}
		for _, u := range s3api.NotedStrays(note.Value) {
			found = append(found, Upload{Key: u.Key, ID: u.ID, File: note.Pos.File, Row: note.Pos.Row, State: UploadUnsure, upload: u})
		}
		u, ok := s3api.NotedUpload(note.Value)
		if !ok {
			continue
		}
		o := Upload{Key: u.Key, ID: u.ID, File: note.Pos.File, Row: note.Pos.Row, State: UploadGone, pos: note.Pos, upload: u}
		var there bool
		if o.Parts, o.Bytes, there, err = r.UploadedParts(ctx, u); err != nil {
			return nil, err
		}
		if there {
			o.State = UploadUnfinished
		}
		found = append(found, o)
	}
	return found, nil
}

// CountUploads is how many uploads the notes of a job tell of, those aside that are
// unsure. Where the notes cannot be read to their end, it is how many were read.
func CountUploads(ctx context.Context, at *checkpoint.Snapshot) (n int64) {
	for note, err := range at.Notes(ctx) {
		if err != nil {
			return n
		}
		if note.Key == UploadNote {
			if _, ok := s3api.NotedUpload(note.Value); ok {
				n++
			}
		}
	}
	return n
}

// SweepUploads aborts the uploads of a job that no run works on, and forgets them. Those
// that are unsure stay, and so does one that may be the object by now. It takes the
// job's lock: while a run holds it the error is a checkpoint.LockedError.
func SweepUploads(ctx context.Context, store Store, made *Plan, r *s3api.Rewriter) ([]Upload, error) {
	lock, err := store.Lock(ctx, checkpoint.Self("reseal uploads"))
	if err != nil {
		return nil, err
	}
	defer lock.Release()
	state, at, err := checkpoint.Open(ctx, store, made.StateHash(), made.Segments, checkpoint.Options{ReserveAdmitted: true})
	if err != nil {
		return nil, err
	}
	found, err := Uploads(ctx, at, r)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if err := found[i].sweep(ctx, state, r); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// sweep aborts one upload, and forgets it.
func (u *Upload) sweep(ctx context.Context, state *checkpoint.Journal, r *s3api.Rewriter) error {
	switch {
	case u.State == UploadUnsure:
		return nil
	case u.State == UploadUnfinished:
		if err := r.AbortUpload(ctx, u.upload); err != nil {
			return err
		}
		u.State = UploadSwept
	case u.upload.Owes:
		return nil // it may be the object by now, which the next run sees to by the note
	}
	if err := state.Note(u.pos, UploadNote, nil); err != nil {
		return err
	}
	return state.Flush(ctx) // each by itself, so that what is gone is not named for longer
}
