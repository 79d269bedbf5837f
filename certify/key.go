package certify

import (
	"context"

	"reseal/internal/plain"
	"reseal/plan"
	"reseal/s3api"
)

// JobKey is what KMS said of the key of the job.
type JobKey struct {
	ID    string   `json:"id"`                // as the job has it
	State string   `json:"state"`             // Enabled, Disabled, PendingDeletion, …; "" where it is not known
	Doubt KeyDoubt `json:"problem,omitempty"` // why that is not Enabled
}

// KeyDoubt is why S3 cannot encrypt with a key, or why nobody knows; "" where it can.
type KeyDoubt s3api.SetupKind

// enabled is the one state in which a key can be used.
const enabled = "Enabled"

// lookAtKey asks KMS for the state of the key. An error is one that another try may not
// have.
func lookAtKey(ctx context.Context, client *s3api.Client, id string) (*JobKey, error) {
	key, err := client.Key(ctx, id)
	k := &JobKey{ID: id, State: key.State, Doubt: KeyDoubt(s3api.KindOf(err))}
	if err != nil && k.Doubt.words(k.State) == "" {
		return nil, err
	}
	return k, nil
}

// words say what a doubt means, of a key in a state; "" for one that is not about the key.
func (d KeyDoubt) words(state string) string {
	switch s3api.SetupKind(d) {
	case s3api.AccessDenied:
		return "the caller may not ask for the key's state (kms:DescribeKey)"
	case s3api.KeyUnchecked:
		return "there is no KMS API at the endpoint to ask"
	case s3api.KeyUnknown:
		return "KMS has no such key; what is encrypted under a key that was deleted is lost"
	case s3api.KeyDisabled:
		return "the key is disabled: what is encrypted under it cannot be read"
	case s3api.KeyDeleted:
		return "the key is waiting to be deleted; what is encrypted under it would be lost with it"
	case s3api.KeyUnavailable:
		return "the key is in state " + plain.Text(state)
	case s3api.KeyRegion:
		return "the key is in another Region than the bucket"
	case s3api.KeyUsage:
		return "the key is none that S3 can encrypt with"
	}
	return ""
}

// known tells whether KMS answered. A full ARN is good without: the policy of the key may
// allow its use through S3 alone, and other endpoints may have no KMS to ask.
func (k *JobKey) known() bool {
	switch s3api.SetupKind(k.Doubt) {
	case s3api.KeyUnchecked:
		return false
	case s3api.AccessDenied:
		return !s3api.FullKeyARN(k.ID)
	}
	return true
}

// key says of the job's key what stands against the certificate.
func (c *Certificate) key(e *evidence) {
	k := e.bucket.JobKey
	if c.Key == "" || k == nil && e.format < formatKeyed {
		return
	}
	if k == nil || !plan.SameKey(k.ID, c.Key) {
		c.against(BadKey, "nobody knows the state of the key")
		return
	}
	c.KeyState, c.KeyDoubt = k.State, k.Doubt
	switch {
	case k.State == enabled && k.Doubt == "", k.State == "" && !k.known():
	case k.Doubt.words(k.State) != "":
		c.against(BadKey, "%s", k.Doubt.words(k.State))
	case k.State == "":
		c.against(BadKey, "nobody knows the state of the key")
	default:
		c.against(BadKey, "the key is in state %s", plain.Text(k.State))
	}
}
