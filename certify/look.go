package certify

import (
	"context"
	"time"

	"reseal/enforce"
	"reseal/job"
	"reseal/job/status"
	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// State is state.json: how far the job was when the bundle was made.
type State struct {
	Job      string           `json:"job"` // as it was named
	Running  bool             `json:"running"`
	Segments int              `json:"segments"`
	Finished int              `json:"segments_finished"`
	Damages  []string         `json:"damages"` // why files of the report could not be read to the end
	Settled  int64            `json:"rows_settled"`
	Done     int64            `json:"done"`
	Failed   int64            `json:"failed"`
	Deferred int64            `json:"deferred"`
	Skipped  map[string]int64 `json:"skipped"` // by reason
	Written  time.Time        `json:"last_write"`
	Notices  []string         `json:"notices"`
}

// stateOf is the state of a job, as status sums it up.
func stateOf(s *status.Status) State {
	running := s.Run != nil && s.Run.Ended == nil || s.WorkedOn("")
	for i := range s.Shares {
		running = running || s.Shares[i].State == job.ShareRunning
	}
	return State{Job: s.Job, Running: running, Segments: s.Files, Finished: s.Finished, Damages: s.Damages, Settled: s.Settled, Done: s.Done,
		Failed: s.Failed, Deferred: s.Deferred, Skipped: s.Skipped, Written: s.LastWrite.UTC(), Notices: s.Notices}
}

// Bucket is bucket.json: what the settings of the bucket were when they were looked at.
type Bucket struct {
	Name       string    `json:"bucket"`
	Looked     time.Time `json:"looked_at"`
	Versioning string    `json:"versioning"`            // unversioned, enabled, suspended, unknown
	Algorithm  string    `json:"default_algorithm"`     // "" where the bucket has no default
	Key        string    `json:"default_key,omitempty"` // as it was put
	KeyARN     string    `json:"default_key_arn,omitempty"`
	Blocked    []string  `json:"blocked_encryption,omitempty"`
	Policy     string    `json:"policy"` // the text as S3 has it, "" for none

	JobKey *JobKey `json:"job_key,omitempty"` // of the job; nil for SSE-S3, and in bundles before version 3
}

// LookAt reads the settings of the bucket that a job is about, and the state of the key
// of the job, "" for none. client is of the bucket's Region. The name of the default key
// is resolved where KMS tells it.
func LookAt(ctx context.Context, client *s3api.Client, bucket, key string) (*Bucket, error) {
	b := &Bucket{Name: bucket, Looked: time.Now().UTC().Truncate(time.Millisecond)}
	facts, _, err := client.Facts(ctx, bucket)
	if err != nil {
		return nil, err
	}
	b.Versioning = facts.Versioning.String()
	settings, err := enforce.Read(ctx, client, bucket)
	if err != nil {
		return nil, err
	}
	e := &settings.Encryption
	b.Algorithm, b.Key, b.Blocked, b.Policy = e.Algorithm, e.KeyID, e.Blocked, string(settings.Policy)
	if b.Key != "" {
		put, _ := client.Key(ctx, b.Key) // without an answer the name that was put has to do
		b.KeyARN = put.ARN
	}
	if key != "" {
		b.JobKey, err = lookAtKey(ctx, client, key)
	}
	return b, err
}

// under tells whether uploads that say nothing get the key.
func (b *Bucket) under(key string) bool {
	return b.Algorithm == plan.TargetKMS && (plan.SameKey(b.Key, key) || plan.SameKey(b.KeyARN, key))
}

// closed tells whether the policy has the statements of reseal enforce for the key, on
// the bucket or on a prefix that all objects of the job are below. Their Sids do not
// matter, nor other statements: nothing takes a Deny back.
func (b *Bucket) closed(key string, prefixes []string) bool {
	for _, name := range []string{key, b.KeyARN, b.Key} {
		if !plan.SameKey(name, key) {
			continue
		}
		common := commonPrefix(prefixes)
		for n := range len(common) + 1 {
			if b.has(name, common[:n]) {
				return true
			}
		}
	}
	return false
}

// has tells whether the policy has the statements for one prefix, in one of the forms
// that enforce can give them.
func (b *Bucket) has(key, prefix string) bool {
	for _, unstated := range []bool{true, false} {
		for _, services := range []bool{true, false} {
			c := preflight.Closing{Bucket: b.Name, Partition: partition.OfARN(key), Key: key, Prefix: prefix, Unstated: unstated, Services: services}
			statements, err := c.Statements()
			if err != nil {
				return false
			}
			all := true
			for _, s := range statements {
				all = all && policy.Has([]byte(b.Policy), s)
			}
			if all {
				return true
			}
		}
	}
	return false
}

// commonPrefix is what all prefixes begin with; "" for none, which is the whole bucket.
func commonPrefix(prefixes []string) string {
	if len(prefixes) == 0 {
		return ""
	}
	common := prefixes[0]
	for _, p := range prefixes[1:] {
		n := 0
		for n < min(len(common), len(p)) && common[n] == p[n] {
			n++
		}
		common = common[:n]
	}
	return common
}
