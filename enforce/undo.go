package enforce

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"reseal/internal/shell"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// undo sets back what was written, and reads that back. The policy goes first: it is
// what denies. What somebody else put in its place stays. The error says what is
// not as it was.
func (e *Enforcer) undo(ctx context.Context, w written, c *Change) error {
	now, err := Read(ctx, e.Client, e.Bucket)
	if err != nil {
		return fmt.Errorf("the settings could not be read, and so not be set back: %w; set them back by hand: %s", err, e.byHand(w, c.Before))
	}
	var left, failed []error
	want := *c.Before
	if w.policy {
		if want.Policy, err = withoutOurs(now.Policy, c); err != nil {
			left = append(left, fmt.Errorf("the policy is not what was written any more, and was left as it is: %w", err))
			w.policy = false
		} else {
			failed = append(failed, e.Client.SetBucketPolicy(ctx, e.Bucket, want.Policy))
		}
	}
	if w.encryption {
		if !sameEncryption(now.Encryption, c.After.Encryption) && !sameEncryption(now.Encryption, c.Before.Encryption) {
			left = append(left, errors.New("the default encryption is not what was written any more, and was left as it is"))
			w.encryption = false
		} else {
			failed = append(failed, e.setEncryption(ctx, c.Before.Encryption))
		}
	}
	err = e.settled(ctx, func() error {
		now, err := Read(ctx, e.Client, e.Bucket)
		if err != nil {
			return err
		}
		if w.policy && !policy.Same(policy.Bucket, now.Policy, want.Policy) || w.encryption && !sameEncryption(now.Encryption, c.Before.Encryption) {
			return ErrReadBack
		}
		return nil
	})
	if err != nil {
		left = append(left, fmt.Errorf("the settings could not be set back: %w; set them back by hand: %s", errors.Join(append(failed, err)...), e.byHand(w, c.Before)))
	}
	return errors.Join(left...)
}

// setEncryption sets a default encryption, or none.
func (e *Enforcer) setEncryption(ctx context.Context, to s3api.DefaultEncryption) error {
	if to.Algorithm == "" {
		return e.Client.RemoveBucketEncryption(ctx, e.Bucket)
	}
	return e.Client.SetBucketEncryption(ctx, e.Bucket, to)
}

// withoutOurs is the policy that is there with reseal's statements as they were
// before, so that other changes of somebody else's stay. Without the statements that
// were written it is somebody else's as a whole.
func withoutOurs(now []byte, c *Change) ([]byte, error) {
	before, after := c.Before.Policy, c.After.Policy
	if policy.Same(policy.Bucket, now, before) || policy.Same(policy.Bucket, now, after) {
		return before, nil
	}
	if foreign(now, after) {
		return nil, errForeign
	}
	was, err := policy.Statements(before, preflight.Sids)
	if err != nil {
		return nil, err
	}
	return policy.Merge(now, was, preflight.Sids)
}

// byHand are the commands that set back what was written.
func (e *Enforcer) byHand(w written, before *Settings) string {
	var commands []string
	switch {
	case w.policy && before.Policy != nil:
		commands = append(commands, "aws s3api put-bucket-policy --bucket "+shell.Word(e.Bucket)+" --policy "+shell.Quoted(string(before.Policy)))
	case w.policy:
		commands = append(commands, "aws s3api delete-bucket-policy --bucket "+shell.Word(e.Bucket))
	}
	if w.encryption {
		commands = append(commands, EncryptionCommand(e.Bucket, before.Encryption))
	}
	return strings.Join(commands, "; ")
}
