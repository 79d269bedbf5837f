package s3api

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// sumOf is the checksum that the answer to a copy states, with no algorithm for none.
func sumOf(r *types.CopyObjectResult) (sum plan.Checksum) {
	if r == nil {
		return sum
	}
	for _, of := range []struct {
		algorithm types.ChecksumAlgorithm
		value     *string
	}{
		{types.ChecksumAlgorithmCrc64nvme, r.ChecksumCRC64NVME},
		{types.ChecksumAlgorithmCrc32, r.ChecksumCRC32},
		{types.ChecksumAlgorithmCrc32c, r.ChecksumCRC32C},
		{types.ChecksumAlgorithmSha1, r.ChecksumSHA1},
		{types.ChecksumAlgorithmSha256, r.ChecksumSHA256},
		{types.ChecksumAlgorithmSha512, r.ChecksumSHA512},
		{types.ChecksumAlgorithmMd5, r.ChecksumMD5},
		{types.ChecksumAlgorithmXxhash64, r.ChecksumXXHASH64},
		{types.ChecksumAlgorithmXxhash3, r.ChecksumXXHASH3},
		{types.ChecksumAlgorithmXxhash128, r.ChecksumXXHASH128},
	} {
		if of.value != nil {
			return plan.Checksum{Algorithm: string(of.algorithm), Type: string(r.ChecksumType), Value: *of.value}
		}
	}
	return sum
}

// statedSum compares the checksum that the answer to a copy states with the one that
// the object had, and returns an error where another was made of it. An answer that
// states none says nothing. Where only the report tells of the one before, a client may
// have written the same bytes since.
func (w *work) statedSum(r *types.CopyObjectResult) error {
	after := sumOf(r)
	before, looked := plan.Checksum{Algorithm: w.task.Record.Checksum}, false
	if h := w.task.Head; h != nil && !h.Sum().IsZero() {
		before, looked = plan.Checksum{Algorithm: h.Checksum, Type: h.ChecksumType, Value: h.ChecksumValue}, true
	}
	algorithm := types.ChecksumAlgorithm(before.Algorithm)
	if w.leave || after.Algorithm == "" || !slices.Contains(algorithm.Values(), algorithm) { // or a list of several
		return nil
	}
	c := plan.CompareHeads(headWith(before), headWith(after), time.Now())
	lost := slices.DeleteFunc(c.Differences, func(d plan.Difference) bool { return slices.Contains(w.config.AcceptLoss, d.Attribute) })
	if len(lost) == 0 {
		return nil
	}
	err := w.lost(lost, nil)
	err.InDoubt = !looked
	return err
}

// headWith is a head that has a checksum, and nothing else.
func headWith(c plan.Checksum) *plan.Head {
	return &plan.Head{ChecksumAsked: true, Checksum: c.Algorithm, ChecksumType: c.Type, ChecksumValue: c.Value}
}
