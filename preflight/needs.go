package preflight

import (
	"context"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// Needs are what a plan does with the objects of a bucket.
type Needs struct {
	Headroom bool   // the use of KMS by others is to be read
	Scratch  string // prefix of scratch objects, "" for none
	State    string // s3://bucket/prefix of the job, "" for a local one; KeepState sets it

	frozen                          plan.Frozen
	copies, parts, updates, fromKMS bool
	report                          []string // keys of the report's files
	table                           *inventory.Table
	reportKey                       string // that they are under; "" for none, or keyUnknown
	stateKey                        string // that the bucket of the state encrypts under, likewise
	key                             s3api.Key
}

// FindNeeds decides on every row of the report.
func FindNeeds(ctx context.Context, client *s3api.Client, rep *inventory.Report, frozen *plan.Frozen, policy *plan.Policy) (*Needs, error) {
	n := &Needs{frozen: *frozen}
	segments, err := rep.Segments(ctx)
	if err != nil {
		return nil, err
	}
	for batch, err := range rep.Read(ctx, segments) {
		if err == nil {
			err = batch.Err
		}
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			task := policy.Decide(&batch.Records[i])
			n.copies = n.copies || task.Action == plan.Copy
			n.parts = n.parts || task.Action == plan.MultipartCopy
			n.updates = n.updates || task.Action == plan.Update
			n.fromKMS = n.fromKMS || task.Action != plan.Skip && task.FromKMS
		}
	}
	n.key, err = client.Key(ctx, frozen.Options.KMSKeyID)
	if err != nil { // the ARN may be all that is known
		n.key.ARN = frozen.Options.KMSKeyID
	}
	n.report, n.table = rep.Keys(), rep.Manifest().Table
	n.reportKey = n.keyOfReport(ctx, client)
	return n, nil
}

// keyUnknown stands for a key that could not be found out.
const keyUnknown = "*"

// keyOfReport is the key that the files of the report are under: reading them
// makes S3 ask KMS.
func (n *Needs) keyOfReport(ctx context.Context, client *s3api.Client) string {
	at, err := inventory.ParseLocation(n.frozen.Manifest)
	if err != nil || at.Local() || len(n.report) == 0 {
		return ""
	}
	depot, err := client.Foreign(ctx, at.Bucket, "")
	if err != nil {
		return keyUnknown
	}
	key, err := depot.KeyOf(ctx, at.Bucket, n.report[0])
	if err != nil {
		return keyUnknown
	}
	return key
}

// KeepState says that the job is kept at s3://bucket/prefix, and looks for the key
// that its documents will be under.
func (n *Needs) KeepState(ctx context.Context, client *s3api.Client, at string) {
	n.State = at
	bucket, _, _ := strings.Cut(strings.TrimPrefix(at, "s3://"), "/")
	n.stateKey = keyUnknown
	depot, err := client.Foreign(ctx, bucket, "")
	if err != nil {
		return
	}
	by, err := depot.BucketEncryption(ctx, bucket)
	switch {
	case err != nil:
		return
	case by.KeyID == "": // none, or aws/s3, which whoever may use the bucket may use
		n.stateKey = ""
	case s3api.FullKeyARN(by.KeyID):
		n.stateKey = by.KeyID
	default: // an alias, or an ID without its account
		if key, err := depot.Key(ctx, by.KeyID); err == nil {
			n.stateKey = key.ARN
		}
	}
}
