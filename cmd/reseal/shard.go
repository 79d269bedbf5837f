package main

import (
	"cmp"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/job"
)

// shardFlags say which share of a job this process does.
type shardFlags struct {
	text   string
	shards int
}

func (f *shardFlags) bind(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.text, "shard", "", "do share `I/N` of a job in a bucket, I from 0 (default: as Kubernetes or AWS Batch says in the environment)")
	fs.IntVar(&f.shards, "shards", 0, "number of shares, where only JOB_COMPLETION_INDEX says which one this is")
}

// Share reads which share is meant: --shard, else --shards with the index of a
// Kubernetes Indexed Job, else the index and size of an AWS Batch array job.
func (f *shardFlags) share(getenv func(string) string, dir string) (job.Share, error) {
	index, count, from := "", "", ""
	switch {
	case f.text != "":
		i, n, ok := strings.Cut(f.text, "/")
		if !ok {
			return job.Share{}, usagef("--shard %q: want I/N, such as 0/8", f.text)
		}
		index, count, from = i, n, "--shard "+f.text
		if f.shards != 0 && strconv.Itoa(f.shards) != n {
			return job.Share{}, usagef("--shard %s and --shards %d contradict each other", f.text, f.shards)
		}
	case f.shards != 0:
		index, count = cmp.Or(getenv("JOB_COMPLETION_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_INDEX")), strconv.Itoa(f.shards)
		from = "--shards " + count + " with the index from the environment"
		if index == "" {
			return job.Share{}, usagef("--shards %d needs JOB_COMPLETION_INDEX or AWS_BATCH_JOB_ARRAY_INDEX in the environment, or --shard I/N", f.shards)
		}
	case getenv("AWS_BATCH_JOB_ARRAY_INDEX") != "" && getenv("AWS_BATCH_JOB_ARRAY_SIZE") != "":
		index, count = getenv("AWS_BATCH_JOB_ARRAY_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_SIZE")
		from = "AWS_BATCH_JOB_ARRAY_INDEX and AWS_BATCH_JOB_ARRAY_SIZE"
	case getenv("JOB_COMPLETION_INDEX") != "":
		return job.Share{}, usagef("this is pod %s of an Indexed Job; say of how many with --shards", getenv("JOB_COMPLETION_INDEX"))
	default:
		return job.Share{}, nil
	}
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	switch {
	case err1 != nil || err2 != nil || n < 1 || n > job.MaxShares || i < 0 || i >= n:
		return job.Share{}, usagef("%s: there is no share %s of %s; want 0 to N-1 of N, and N at most %d", from, index, count, job.MaxShares)
	case !job.InBucket(dir):
		return job.Share{}, usagef("%s: shares of a job need it in a bucket, where all of them see it: --job s3://bucket/prefix", from)
	}
	return job.Share{Index: i, Count: n}, nil
}

// namedShare is the share of a job that is named on the command line, all of the
// job where none is.
func namedShare(text, job string) (job.Share, error) {
	return (&shardFlags{text: text}).share(func(string) string { return "" }, job)
}

// environment is where a share is read from besides the command line.
func environment(name string) string { return os.Getenv(name) }

// stateOptions say how the state of a job is kept in its store.
func (f *runFlags) stateOptions(made *job.Plan, files []inventory.File) checkpoint.Options {
	o := job.StateOptions(f.job, f.share, made, files)
	if f.maxCostText != "" {
		o.ReserveRows = 256 // what a crash sets aside comes back once the rows in doubt are settled
	}
	return o
}
