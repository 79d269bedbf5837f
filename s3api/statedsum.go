package s3api

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/plan"
)

// sumAlgorithms are the algorithms of checksums that an answer may state, in the order
// in which firstSum takes their values.
var sumAlgorithms = [...]types.ChecksumAlgorithm{
	types.ChecksumAlgorithmCrc64nvme, types.ChecksumAlgorithmCrc32, types.ChecksumAlgorithmCrc32c,
	types.ChecksumAlgorithmSha1, types.ChecksumAlgorithmSha256, types.ChecksumAlgorithmSha512, types.ChecksumAlgorithmMd5,
	types.ChecksumAlgorithmXxhash64, types.ChecksumAlgorithmXxhash3, types.ChecksumAlgorithmXxhash128,
}

// firstSum returns the first checksum that is stated; both are "" where none is.
func firstSum(values [len(sumAlgorithms)]*string) (algorithm, value string) {
	for i, v := range values {
		if v != nil {
			return string(sumAlgorithms[i]), *v
		}
	}
	return "", ""
}

// sumOf is the checksum that the answer to a copy states, with no algorithm for none.
func sumOf(r *types.CopyObjectResult) (sum plan.Checksum) {
	if r == nil {
		return sum
	}
	sum.Algorithm, sum.Value = firstSum([...]*string{r.ChecksumCRC64NVME, r.ChecksumCRC32, r.ChecksumCRC32C, r.ChecksumSHA1, r.ChecksumSHA256,
		r.ChecksumSHA512, r.ChecksumMD5, r.ChecksumXXHASH64, r.ChecksumXXHASH3, r.ChecksumXXHASH128})
	if sum.Algorithm != "" {
		sum.Type = string(r.ChecksumType)
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
