package s3api

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/engine"
	"reseal/plan"
)

var (
	_ engine.Snapshotter = (*Rewriter)(nil)
	_ engine.BodyReader  = (*Rewriter)(nil)
)

// Snapshot reads all of the task's object that a re-encryption has to keep; see
// engine.Snapshotter.
func (r *Rewriter) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	w := &work{Rewriter: r, task: t, gate: g}
	version := w.meant()
	head, err := w.met(ctx, plan.StepHeadChecksum, version)
	if err != nil {
		return nil, err
	}
	w.shown(head)
	s := &plan.Snapshot{Head: *head, LocksShown: r.config.LocksShown || r.config.Facts.ObjectLock == plan.No}
	tags, head, err := w.tagsCounted(ctx, version, head)
	if err != nil {
		return nil, err
	}
	s.Head, s.Tags = *head, plan.Saw(plainTags(tags))
	if len(r.config.Options.Tags) > 0 {
		s.Head.TagsRead = &plan.TagsRead{Version: version, Tags: plainTags(tags)}
	}
	var acl grants // where ACLs are not in force every object has the default one
	if r.config.Facts.ACLs != plan.No {
		if acl, err = w.grants(ctx, version); err != nil {
			return nil, err
		}
	}
	s.ACL = plan.Saw(acl.text())
	if s.Annotations, err = w.annotated(ctx, version); err != nil {
		return nil, err
	}
	if head.Size <= plan.SnapshotBody && (!head.Archived || head.Restored) {
		body, err := w.digest(ctx, version, head, sha256.New())
		if err != nil {
			return nil, err
		}
		s.Body = plan.Saw(body)
	}
	return s, nil
}

// BodyMD5 reads the data that h was said of; see engine.BodyReader.
func (r *Rewriter) BodyMD5(ctx context.Context, t *plan.Task, h *plan.Head, g engine.Gate) (string, error) {
	w := &work{Rewriter: r, task: t, gate: g}
	w.shown(h)
	return w.digest(ctx, w.meant(), h, md5.New()) // MD5 is what S3 made ETags of, nothing is secured by it
}

// digest reads the body that h was said of through a hash, and returns that in
// hex. What has another ETag by now is an error of class Changed.
func (w *work) digest(ctx context.Context, version string, h *plan.Head, sum hash.Hash) (string, error) {
	var got *plan.Head
	err := w.do(ctx, plan.StepGetBody, func(ctx context.Context) error {
		sum.Reset()
		out, err := w.s3.GetObject(ctx, &s3.GetObjectInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version), IfMatch: quoted(h.ETag),
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		if err != nil {
			return err
		}
		got = headOfGet(out)
		n, err := io.Copy(sum, out.Body)
		if err = errors.Join(err, out.Body.Close()); err == nil && n != h.Size {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err == nil {
		err = w.agrees(ctx, version, h, got)
	}
	if err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// text is the same for equal ACLs, and "" for the default one.
func (g grants) text() string {
	if g == (grants{}) {
		return ""
	}
	return "full control: " + g.FullControl + "; read: " + g.Read + "; read ACP: " + g.ReadACP + "; write ACP: " + g.WriteACP
}
