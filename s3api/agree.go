package s3api

import (
	"context"
	"errors"
	"io"
	"reflect"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// classShown makes sure of an object that HeadObject shows in no other class than
// STANDARD, which is a header that is not there, where the report has it in another:
// no lifecycle rule moves an object back, and a write would have shown. GetObject has
// the same headers.
func (w *work) classShown(ctx context.Context, version string, h *plan.Head) error {
	rec := &w.task.Record
	if h.StorageClass != inventory.Standard || rec.StorageClass == inventory.Standard || rec.StorageClass == "" || h.Encryption == inventory.SSEC ||
		rec.ETag != h.ETag || !rec.LastModified.Truncate(time.Second).Equal(h.LastModified.Truncate(time.Second)) {
		return nil
	}
	got, err := w.firstByte(ctx, version, h)
	switch {
	case err != nil:
		return err
	case got.StorageClass == h.StorageClass:
		return w.agrees(ctx, version, h, got) // in all else that it shows
	}
	return w.contradicts("HeadObject shows the object in storage class %s, GetObject in %s, the report in %s; a copy by the first would lose its class",
		h.StorageClass, got.StorageClass, rec.StorageClass)
}

// firstByte reads what a GetObject of the first byte says of the object that h was said of.
func (w *work) firstByte(ctx context.Context, version string, h *plan.Head) (got *plan.Head, err error) {
	in := &s3.GetObjectInput{Bucket: &w.config.Options.Bucket, Key: &w.task.Record.Key, VersionId: optional(version),
		IfMatch: quoted(h.ETag), ExpectedBucketOwner: w.owner, RequestPayer: w.payer}
	if h.Size > 0 { // no range of nothing can be had
		in.Range = firstByte()
	}
	err = w.do(ctx, plan.StepGetBody, func(ctx context.Context) error {
		out, err := w.s3.GetObject(ctx, in)
		if err != nil {
			return err
		}
		got = headOfGet(out)
		_, err = io.Copy(io.Discard, io.LimitReader(out.Body, 1<<10))
		return errors.Join(err, out.Body.Close())
	})
	return got, err
}

// agrees holds what a GetObject said of an object against what HeadObject said. Where
// they differ in what only a write changes, HeadObject is asked again: it said less
// than there is, which is not to be gone by, or another client wrote the object.
func (w *work) agrees(ctx context.Context, version string, h, got *plan.Head) error {
	if len(disagreement(h, got)) == 0 {
		return nil
	}
	again, err := w.head(ctx, plan.StepHead, version)
	if err != nil {
		return err
	}
	differ := disagreement(again, got)
	if len(differ) == 0 || again.ETag != got.ETag || !again.LastModified.Equal(got.LastModified) {
		return w.refuse(engine.Changed, plan.Changing, errors.New("HeadObject shows the object otherwise than a moment ago"))
	}
	return w.contradicts("HeadObject and GetObject show the object with another %s", words(differ))
}

// disagreement names what two answers about one object say otherwise, of what only a
// write changes. Checksums are shown to who asks for them.
func disagreement(a, b *plan.Head) []plan.Attribute {
	return slices.DeleteFunc(lostByWrite(a, b), func(x plan.Attribute) bool {
		return !x.Lasts() || x == plan.ChecksumAlgorithm || x == plan.ChecksumType || x == plan.Body
	})
}

// headOfGet translates the headers of a GetObject: they have the names of those of a
// HeadObject. Of a range the size is that of the whole object.
func headOfGet(o *s3.GetObjectOutput) *plan.Head {
	as := new(s3.HeadObjectOutput)
	from, to := reflect.ValueOf(o).Elem(), reflect.ValueOf(as).Elem()
	for i := range to.NumField() {
		if f := from.FieldByName(to.Type().Field(i).Name); f.IsValid() && to.Field(i).CanSet() {
			to.Field(i).Set(f)
		}
	}
	if o.ContentRange != nil {
		size := totalOf(*o.ContentRange)
		as.ContentLength = &size
	}
	return headOf(as)
}
