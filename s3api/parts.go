package s3api

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"golang.org/x/sync/errgroup"

	"reseal/engine"
	"reseal/plan"
)

// upload is one multipart upload in progress.
type upload struct {
	id   string
	owed *debt // once it is completed
	sent int   // how often its completion was sent

	began time.Time // when the request that began it was sent
	lost  []attempt // requests before it that may have begun others

	mu    sync.Mutex
	parts map[int32]types.CompletedPart // finished
}

// copyParts copies the parts that up has not, several at a time.
func (w *work) copyParts(ctx context.Context, up *upload) error {
	count := plan.PartCount(w.task.Head.Size)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(w.config.PartConcurrency)
	for n := int32(1); int64(n) <= count && ctx.Err() == nil; n++ {
		if up.has(n) {
			continue
		}
		in := w.partInput(up, n, count)
		group.Go(func() error {
			var out *s3.UploadPartCopyOutput
			err := w.do(ctx, plan.StepPart, func(ctx context.Context) (err error) {
				out, err = w.s3.UploadPartCopy(ctx, in)
				return err
			})
			if err != nil {
				return err
			}
			p := out.CopyPartResult
			if p == nil || p.ETag == nil {
				return w.refuse(engine.Permanent, plan.RequestError, fmt.Errorf("the answer to the copy of part %d has no ETag", n))
			}
			up.add(completedPart(n, p))
			return nil
		})
	}
	return group.Wait()
}

// partInput is the copy of part n of count.
func (w *work) partInput(up *upload, n int32, count int64) *s3.UploadPartCopyInput {
	o, h := &w.config.Options, w.task.Head
	source := copySource(o.Bucket, w.task.Record.Key, "")
	in := &s3.UploadPartCopyInput{
		Bucket: &o.Bucket, Key: &w.task.Record.Key, UploadId: &up.id, PartNumber: &n,
		CopySource: &source, CopySourceIfMatch: quoted(h.ETag),
		ExpectedBucketOwner: w.owner, ExpectedSourceBucketOwner: w.owner, RequestPayer: w.payer,
	}
	if count > 1 { // S3 takes ranges of large sources only
		size := plan.PartSize(h.Size)
		first := int64(n-1) * size
		r := fmt.Sprintf("bytes=%d-%d", first, min(first+size, h.Size)-1)
		in.CopySourceRange = &r
	}
	return in
}

// completedPart is what a completion says of part n.
func completedPart(n int32, p *types.CopyPartResult) types.CompletedPart {
	return types.CompletedPart{PartNumber: &n, ETag: p.ETag,
		ChecksumCRC32: p.ChecksumCRC32, ChecksumCRC32C: p.ChecksumCRC32C, ChecksumCRC64NVME: p.ChecksumCRC64NVME,
		ChecksumSHA1: p.ChecksumSHA1, ChecksumSHA256: p.ChecksumSHA256, ChecksumSHA512: p.ChecksumSHA512, ChecksumMD5: p.ChecksumMD5,
		ChecksumXXHASH64: p.ChecksumXXHASH64, ChecksumXXHASH3: p.ChecksumXXHASH3, ChecksumXXHASH128: p.ChecksumXXHASH128}
}

func (u *upload) add(p types.CompletedPart) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts[*p.PartNumber] = p
}

func (u *upload) has(n int32) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	_, ok := u.parts[n]
	return ok
}
