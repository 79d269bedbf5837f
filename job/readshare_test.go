package job_test

import (
	"strings"
	"testing"

	"reseal/job"
)

// A share is read from the command line, or from what Kubernetes or AWS Batch says. What
// names none of the job's shares, or a job that others cannot see, is refused.
func TestReadShare(t *testing.T) {
	const bucket = "s3://b/j"
	for _, tt := range []struct {
		text   string
		shards int
		env    map[string]string
		dir    string
		want   job.Share
		err    string
	}{
		{dir: "./j"},
		{text: "3/8", dir: bucket, want: job.Share{Index: 3, Count: 8}},
		{text: "3/8", shards: 8, dir: bucket, want: job.Share{Index: 3, Count: 8}},
		{text: "3/8", shards: 9, dir: bucket, err: "contradict each other"},
		{text: "3", dir: bucket, err: "want I/N"},
		{text: "8/8", dir: bucket, err: "no share 8 of 8"},
		{text: "-1/8", dir: bucket, err: "no share -1 of 8"},
		{text: "0/0", dir: bucket, err: "no share 0 of 0"},
		{text: "a/8", dir: bucket, err: "no share a of 8"},
		{text: "0/8", dir: "./j", err: "need it in a bucket"},
		{shards: 4, env: map[string]string{"JOB_COMPLETION_INDEX": "2"}, dir: bucket, want: job.Share{Index: 2, Count: 4}},
		{shards: 4, env: map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "1"}, dir: bucket, want: job.Share{Index: 1, Count: 4}},
		{shards: 4, dir: bucket, err: "in the environment"},
		{env: map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "1", "AWS_BATCH_JOB_ARRAY_SIZE": "2"}, dir: bucket, want: job.Share{Index: 1, Count: 2}},
		{env: map[string]string{"JOB_COMPLETION_INDEX": "2"}, dir: bucket, err: "say of how many with --shards"},
	} {
		got, err := job.ReadShare(tt.text, tt.shards, func(name string) string { return tt.env[name] }, tt.dir)
		if got != tt.want || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%+v: %v, %v", tt, got, err)
		}
	}
}
