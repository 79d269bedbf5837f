package s3api

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/plan"
)

// annotation names one annotation of an object, and tells its payload from another.
type annotation struct {
	name, etag string
	size       int64
}

// maxAnnotation is the largest payload of an annotation, and maxAnnotations the
// most that an object has (Amazon S3 API Reference, PutObjectAnnotation, read
// 2026-11-21).
const (
	maxAnnotation  = 1 << 20 // bytes
	maxAnnotations = 1000
)

// annotations lists the annotations of a version, "" for the current one, in
// order of their names. Servers other than AWS's have none to list.
func (w *work) annotations(ctx context.Context, version string) ([]annotation, error) {
	if w.config.Facts.AWS == plan.No {
		return nil, nil
	}
	var all []annotation
	list, more, token := leafing{}, true, ""
	for more {
		err := w.do(ctx, plan.StepListAnnotations, func(ctx context.Context) error {
			out, err := w.s3.ListObjectAnnotations(ctx, &s3.ListObjectAnnotationsInput{
				Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version), ContinuationToken: optional(token),
				ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
			})
			if err != nil {
				return err
			}
			for _, a := range out.Annotations {
				all = append(all, annotation{value(a.AnnotationName), value(a.ETag), value(a.Size)})
			}
			token = value(out.NextContinuationToken)
			if more, err = list.on(token != "", token, len(out.Annotations) > 0); err == nil && len(all) > maxAnnotations {
				err = errEndlessList
			}
			return err // of a list without end: what it did not show would be lost
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(all, func(a, b annotation) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// annotation reads the payload of one annotation of a version.
func (w *work) annotation(ctx context.Context, version, name string) (payload string, err error) {
	err = w.do(ctx, plan.StepGetAnnotation, func(ctx context.Context) error {
		out, err := w.s3.GetObjectAnnotation(ctx, &s3.GetObjectAnnotationInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version), AnnotationName: &name,
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		if err != nil {
			return err
		}
		data, err := io.ReadAll(io.LimitReader(out.AnnotationPayload, maxAnnotation+1))
		if err = errors.Join(err, out.AnnotationPayload.Close()); err == nil && len(data) > maxAnnotation {
			err = errors.New("the annotation is larger than S3 allows")
		}
		payload = string(data)
		return err
	})
	return payload, err
}

// annotate adds an annotation to a version, provided that it is the object with
// that ETag.
func (w *work) annotate(ctx context.Context, version, etag, name, payload string) error {
	return w.do(ctx, plan.StepPutAnnotation, func(ctx context.Context) error {
		out, err := w.s3.PutObjectAnnotation(ctx, &s3.PutObjectAnnotationInput{
			Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version), AnnotationName: &name,
			AnnotationPayload: strings.NewReader(payload), ObjectIfMatch: quoted(etag),
			ExpectedBucketOwner: w.owner, RequestPayer: w.payer,
		})
		if err == nil && len(w.answered) < maxSteps {
			w.took(plan.StepPutAnnotation, out.ResultMetadata)
		}
		return err
	})
}

// annotated is what a snapshot says of a version's annotations; nothing for
// servers that have none to list.
func (w *work) annotated(ctx context.Context, version string) (plan.Seen[[]plan.Annotation], error) {
	if w.config.Facts.AWS == plan.No {
		return plan.Seen[[]plan.Annotation]{}, nil
	}
	all, err := w.annotations(ctx, version)
	if err != nil {
		return plan.Seen[[]plan.Annotation]{}, err
	}
	list := make([]plan.Annotation, 0, len(all))
	for _, a := range all {
		list = append(list, plan.Annotation{Name: a.name, Size: a.size})
	}
	return plan.Saw(list), nil
}
