package s3api

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/plan"
)

// Upload is a multipart upload that a note of a Rewriter tells of.
type Upload struct {
	Key  string
	ID   string
	Owes bool // the object that it becomes is to be seen to afterwards
}

// NotedUpload reads a note that a Rewriter gave to its Notes; false where it
// tells of no upload.
func NotedUpload(note []byte) (Upload, bool) {
	var n uploadNote
	if json.Unmarshal(note, &n) != nil || n.Upload == "" || len(n.Key) == 0 {
		return Upload{}, false
	}
	return Upload{Key: string(n.Key), ID: n.Upload, Owes: n.Owed != nil}, true
}

// NotedStrays reads from a note of a Rewriter which uploads may be left of those that
// were begun without an answer. An ID is "" where the uploads could not be listed.
func NotedStrays(note []byte) (strays []Upload) {
	n := anyNote(note)
	for _, id := range n.Left {
		strays = append(strays, Upload{Key: string(n.Key), ID: id})
	}
	if n.Upload == "" && len(n.Lost) > 0 { // a crash came before it was known
		strays = append(strays, Upload{Key: string(n.Key)})
	}
	return strays
}

// UploadedParts returns how many parts of u there are and how many bytes they
// take; false where there is no such upload any more.
func (r *Rewriter) UploadedParts(ctx context.Context, u Upload) (parts, bytes int64, there bool, err error) {
	marker := ""
	for list := (leafing{most: plan.MaxParts}); ; {
		out, err := r.s3.ListParts(ctx, &s3.ListPartsInput{Bucket: &r.config.Options.Bucket, Key: &u.Key, UploadId: &u.ID,
			PartNumberMarker: optional(marker), ExpectedBucketOwner: r.owner, RequestPayer: r.payer})
		if a := answerOf(err); a.code == "NoSuchUpload" || a.code == "NoSuchKey" {
			return 0, 0, false, nil
		}
		if err != nil {
			return 0, 0, false, setupError("ListParts", "s3://"+r.config.Options.Bucket+"/"+u.Key, err)
		}
		for _, p := range out.Parts {
			parts++
			bytes += value(p.Size)
		}
		marker = value(out.NextPartNumberMarker)
		more, err := list.on(value(out.IsTruncated), marker, len(out.Parts) > 0)
		if err != nil {
			return 0, 0, true, &SetupError{Kind: Other, Op: "ListParts", Subject: "s3://" + r.config.Options.Bucket + "/" + u.Key, Err: err}
		}
		if !more {
			return parts, bytes, true, nil
		}
	}
}

// AbortUpload throws u away; no object is touched. It is no error that there is
// no such upload any more. Parts that were being copied at that moment may stay
// behind, so it asks until there is nothing left (Amazon S3 API Reference,
// AbortMultipartUpload, read 2026-11-21).
func (r *Rewriter) AbortUpload(ctx context.Context, u Upload) error {
	const most = 5
	for range most {
		_, err := r.s3.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: &r.config.Options.Bucket, Key: &u.Key, UploadId: &u.ID,
			ExpectedBucketOwner: r.owner, RequestPayer: r.payer})
		if err != nil && answerOf(err).code != "NoSuchUpload" {
			return setupError("AbortMultipartUpload", "s3://"+r.config.Options.Bucket+"/"+u.Key, err)
		}
		if _, _, there, err := r.UploadedParts(ctx, u); err != nil || !there {
			return err
		}
	}
	return &SetupError{Kind: Other, Op: "AbortMultipartUpload", Subject: "s3://" + r.config.Options.Bucket + "/" + u.Key,
		Err: errors.New("the upload is still there")}
}
