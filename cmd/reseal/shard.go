package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/inventory"
)

// maxShards bounds the number of shares; AWS Batch and Kubernetes stop at
// 10,000 and 100,000 (AWS Batch User Guide, array_jobs; Kubernetes, Indexed
// Jobs; both as of 2026-11).
const maxShards = 10_000

// splitRows is how many rows a segment has at most where the report's format
// can be cut: some minutes of work for one process, so that shares are even, and
// few enough segments that their states are read within seconds.
const splitRows = 1_000_000

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

// share is a part of a job. The zero value is all of it.
type share struct{ index, count int }

// share reads which share is meant: --shard, else --shards with the index of a
// Kubernetes Indexed Job, else the index and size of an AWS Batch array job.
func (f *shardFlags) share(getenv func(string) string, job string) (share, error) {
	index, count, from := "", "", ""
	switch {
	case f.text != "":
		i, n, ok := strings.Cut(f.text, "/")
		if !ok {
			return share{}, usagef("--shard %q: want I/N, such as 0/8", f.text)
		}
		index, count, from = i, n, "--shard "+f.text
		if f.shards != 0 && strconv.Itoa(f.shards) != n {
			return share{}, usagef("--shard %s and --shards %d contradict each other", f.text, f.shards)
		}
	case f.shards != 0:
		index, count = cmp.Or(getenv("JOB_COMPLETION_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_INDEX")), strconv.Itoa(f.shards)
		from = "--shards " + count + " with the index from the environment"
		if index == "" {
			return share{}, usagef("--shards %d needs JOB_COMPLETION_INDEX or AWS_BATCH_JOB_ARRAY_INDEX in the environment, or --shard I/N", f.shards)
		}
	case getenv("AWS_BATCH_JOB_ARRAY_INDEX") != "" && getenv("AWS_BATCH_JOB_ARRAY_SIZE") != "":
		index, count = getenv("AWS_BATCH_JOB_ARRAY_INDEX"), getenv("AWS_BATCH_JOB_ARRAY_SIZE")
		from = "AWS_BATCH_JOB_ARRAY_INDEX and AWS_BATCH_JOB_ARRAY_SIZE"
	case getenv("JOB_COMPLETION_INDEX") != "":
		return share{}, usagef("this is pod %s of an Indexed Job; say of how many with --shards", getenv("JOB_COMPLETION_INDEX"))
	default:
		return share{}, nil
	}
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	switch {
	case err1 != nil || err2 != nil || n < 1 || n > maxShards || i < 0 || i >= n:
		return share{}, usagef("%s: there is no share %s of %s; want 0 to N-1 of N, and N at most %d", from, index, count, maxShards)
	case !remoteJob(job):
		return share{}, usagef("%s: shares of a job need it in a bucket, where all of them see it: --job s3://bucket/prefix", from)
	}
	return share{i, n}, nil
}

// namedShare is the share of a job that is named on the command line, all of the
// job where none is.
func namedShare(text, job string) (share, error) {
	return (&shardFlags{text: text}).share(func(string) string { return "" }, job)
}

// environment is where a share is read from besides the command line.
func environment(name string) string { return os.Getenv(name) }

// String returns the share as --shard takes it.
func (s share) String() string { return fmt.Sprintf("%d/%d", s.index, s.count) }

// own tells which segments belong to the share: as much of the report by bytes
// as to any other, and the same ones in every process, as only the frozen list
// and the manifest's sizes count. nil means all.
func (s share) own(segments []inventory.Segment, files []inventory.File) func(index int) bool {
	if s.count == 0 {
		return nil
	}
	pieces := map[int]int64{}
	for _, seg := range segments {
		pieces[seg.File]++
	}
	weight := func(i int) int64 {
		f := segments[i].File
		if f < 0 || f >= len(files) {
			return 1
		}
		return files[f].Size/pieces[f] + 1
	}
	order := make([]int, len(segments))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight(b), weight(a)) })
	load := make([]int64, s.count)
	mine := make([]bool, len(segments))
	for _, i := range order { // the largest first, each to the share that has least
		least := 0
		for k := range load {
			if load[k] < load[least] {
				least = k
			}
		}
		load[least] += weight(i)
		mine[i] = least == s.index
	}
	return func(index int) bool { return index >= 0 && index < len(mine) && mine[index] }
}

// divide leaves the share its part of the rates, which are those of the whole job.
func (s share) divide(c *caps) {
	if s.count == 0 {
		return
	}
	c.kms /= float64(s.count)
	c.s3 /= float64(s.count)
	c.kmsSource = fmt.Sprintf("share %s of %s", s, c.kmsSource)
}

// of returns the job as far as the share goes, for what is shown of this run.
func (s share) of(job *jobPlan, own func(int) bool) *jobPlan {
	if own == nil {
		return job
	}
	part := *job
	part.Segments = nil
	for i, seg := range job.Segments {
		if own(i) {
			part.Segments = append(part.Segments, seg)
		}
	}
	part.Rows, part.Todo = unknown, unknown
	return &part
}

// stateOptions say how the state of a job is kept in its store.
func (f *runFlags) stateOptions(job *jobPlan, files []inventory.File, lock *checkpoint.Lock) checkpoint.Options {
	o := checkpoint.Options{ReserveAdmitted: true, Own: f.share.own(job.Segments, files)}
	if remoteJob(f.job) {
		o.Writers, o.Fence = storeWriters, lock.Previous != nil
	}
	return o
}

// historyName is the document of this process's looks back: shares write apart.
func (s share) historyName() string {
	if s.count == 0 {
		return historyFile
	}
	return fmt.Sprintf("%s/%d-of-%d.json", historyFolder, s.index, s.count)
}
