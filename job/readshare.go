package job

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// ReadShare reads which share of the job in dir is meant: --shard I/N, which is text, else
// --shards with the index of a
// Kubernetes Indexed Job, else the index and size of an AWS Batch array
func ReadShare(text string, shards int, getenv func(string) string, dir string) (Share, error) {
	index, count, from := "", "", ""
	switch {
	case text != "":
		i, n, ok := strings.Cut(text, "/")
		if !ok {
			return Share{}, fmt.Errorf("--shard %q: want I/N, such as 0/8", text)
		}
		index, count, from = i, n, "--shard "+text
		if shards != 0 && strconv.Itoa(shards) != n {
			return Share{}, fmt.Errorf("--shard %s and --shards %d contradict each other", text, shards)
		}
	case shards != 0:
		index, count = cmp.Or(getenv("JOB_COMPLETION_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_INDEX")), strconv.Itoa(shards)
		from = "--shards " + count + " with the index from the environment"
		if index == "" {
			return Share{}, fmt.Errorf("--shards %d needs JOB_COMPLETION_INDEX or AWS_BATCH_JOB_ARRAY_INDEX in the environment, or --shard I/N", shards)
		}
	case getenv("AWS_BATCH_JOB_ARRAY_INDEX") != "" && getenv("AWS_BATCH_JOB_ARRAY_SIZE") != "":
		index, count = getenv("AWS_BATCH_JOB_ARRAY_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_SIZE")
		from = "AWS_BATCH_JOB_ARRAY_INDEX and AWS_BATCH_JOB_ARRAY_SIZE"
	case getenv("JOB_COMPLETION_INDEX") != "":
		return Share{}, fmt.Errorf("this is pod %s of an Indexed Job; say of how many with --shards", getenv("JOB_COMPLETION_INDEX"))
	default:
		return Share{}, nil
	}
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	switch {
	case err1 != nil || err2 != nil || n < 1 || n > MaxShares || i < 0 || i >= n:
		return Share{}, fmt.Errorf("%s: there is no share %s of %s; want 0 to N-1 of N, and N at most %d", from, index, count, MaxShares)
	case !InBucket(dir):
		return Share{}, fmt.Errorf("%s: shares of a job need it in a bucket, where all of them see it: --job s3://bucket/prefix", from)
	}
	return Share{Index: i, Count: n}, nil
}
