package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// Enforcer closes one bucket, or opens it again.
type Enforcer struct {
	Client         *s3api.Client // of the bucket's Region
	Bucket         string
	Key            string // that new objects are to be under: ARN, id or alias; not needed to remove
	Prefix         string // other encryption is denied below it; "" for the whole bucket
	RequireHeader  bool   // deny uploads that do not say how they are to be encrypted, too
	BucketKey      bool
	BlockSSEC      bool   // refuse uploads under keys of the client's own
	ExceptServices bool   // leave AWS services out of what is denied
	TLS            bool   // deny requests without TLS
	MinTLS         string // with TLS: deny older versions; "" for any
	Remove         bool   // take the statements out again; the default encryption stays

	ScratchPrefix string        // scratch objects below it try the change; "" tries none
	Settle        time.Duration // how long to wait for the bucket to show what was written, and to act by it

	Unchecked func(error) // is told why the key could not be looked at, which is no reason to stop
}

// Change is what the settings are and what they are to be.
type Change struct{ Before, After *Settings }

// Nothing tells whether there is nothing to change.
func (c *Change) Nothing() bool { return c.Before.equal(c.After) }

// Plan is the change that is asked for, checked as S3 would. Nothing is written.
func (e *Enforcer) Plan(ctx context.Context, before *Settings) (*Change, error) {
	if err := e.readable(before); err != nil {
		return nil, err
	}
	after := *before
	var put []json.RawMessage
	if !e.Remove {
		key, err := e.resolve(ctx)
		if err != nil {
			return nil, err
		}
		if put, err = e.closing(key).Statements(); err != nil {
			return nil, err
		}
		d := &after.Encryption
		d.Algorithm, d.KeyID, d.BucketKey = plan.TargetKMS, key, e.BucketKey
		if e.BlockSSEC && !slices.Contains(d.Blocked, "SSE-C") {
			d.Blocked = []string{"SSE-C"} // instead of NONE
		}
	}
	var err error
	if after.Policy, err = policy.Merge(before.Policy, put, preflight.Sids); err != nil {
		return nil, err
	}
	if after.Policy != nil {
		if _, err := policy.Parse(policy.Bucket, after.Policy); err != nil {
			return nil, fmt.Errorf("the policy with the new statements: %w", err)
		}
	}
	return &Change{before, &after}, nil
}

// readable refuses a policy that cannot be understood, or that is another bucket's.
func (e *Enforcer) readable(now *Settings) error {
	if now.Policy == nil {
		return nil
	}
	d, err := policy.Parse(policy.Bucket, now.Policy)
	if err == nil {
		err = d.Concerns(e.Bucket)
	}
	if err != nil {
		return fmt.Errorf("the policy that %s has: %w", e.Bucket, err)
	}
	return nil
}

// closing is what the bucket is to be closed against.
func (e *Enforcer) closing(key string) *preflight.Closing {
	return &preflight.Closing{Bucket: e.Bucket, Partition: partition.OfARN(key), Key: key, Prefix: e.Prefix, Unstated: !e.RequireHeader, Services: e.ExceptServices, TLS: e.TLS, MinTLS: e.MinTLS}
}

// Breaks says what works now and will not after the change.
func (e *Enforcer) Breaks(ctx context.Context, c *Change) []string {
	if e.Remove {
		return nil
	}
	return e.closing(c.After.Encryption.KeyID).Breaks(ctx, e.Client, c.Before.Encryption, c.Before.Policy)
}

// Allowed refuses a change that would lock out who makes it, and scratch objects in
// a bucket that would not let go of them. It writes nothing.
func (e *Enforcer) Allowed(ctx context.Context, c *Change) error {
	if e.Remove {
		return nil
	}
	caller, err := e.Client.Identity(ctx)
	if err == nil {
		caller.Role, _ = e.Client.Role(ctx, caller) // without it statements on the role are "maybe", which does not refuse
	}
	if err := e.closing(c.After.Encryption.KeyID).LockedOut(e.Client, caller, c.Before.Policy, c.After.Policy); err != nil {
		return err
	}
	if e.ScratchPrefix == "" {
		return nil
	}
	facts, _, err := e.Client.Facts(ctx, e.Bucket)
	if err == nil {
		err = preflight.KeepsScratch(e.Bucket, facts)
	}
	if err != nil {
		return fmt.Errorf("no upload can be tried: %w; leave out --probe-key-prefix", err)
	}
	return nil
}

// resolve checks the key and gives its full ARN. An alias is looked up in the
// account of whoever uploads, so one of another account would mean another key
// to each of them (Amazon S3 User Guide, "specifying-kms-encryption", read
// 2026-11-21).
func (e *Enforcer) resolve(ctx context.Context) (string, error) {
	if field := strings.SplitN(e.Key, ":", 6); len(field) == 6 && strings.HasPrefix(field[5], "alias/") {
		id, err := e.Client.Identity(ctx)
		if err == nil && id.Account != field[4] {
			return "", fmt.Errorf("alias %s is one of account %s, not of %s; name the key by its ARN", e.Key, field[4], id.Account)
		}
	}
	key, err := e.Client.Key(ctx, e.Key)
	if s3api.KindOf(err) == s3api.KeyUnchecked {
		e.Unchecked(err)
		return e.Key, nil
	}
	if err != nil {
		return "", err
	}
	if key.Manager == "AWS" {
		return "", errors.New("the key is AWS's own, aws/s3: its policy cannot be changed, and readers of other accounts would be locked out; use a customer managed key")
	}
	return key.ARN, nil
}
