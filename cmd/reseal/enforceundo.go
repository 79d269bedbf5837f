package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// undo sets back what was written, and reads that back. The policy goes first: it is
// what denies. What somebody else put in its place stays. The error says what is
// not as it was.
func (f *enforceFlags) undo(ctx context.Context, client *s3api.Client, w written, before, after *settings) error {
	now, err := readSettings(ctx, client, f.bucket)
	if err != nil {
		return fmt.Errorf("the settings could not be read, and so not be set back: %w; set them back by hand: %s", err, f.byHand(w, before))
	}
	var left, failed []error
	want := *before
	if w.policy {
		if want.policy, err = withoutOurs(now.policy, before.policy, after.policy); err != nil {
			left = append(left, fmt.Errorf("the policy is not what was written any more, and was left as it is: %w", err))
			w.policy = false
		} else {
			failed = append(failed, client.SetBucketPolicy(ctx, f.bucket, want.policy))
		}
	}
	switch is := (&settings{encryption: now.encryption}); {
	case !w.encryption:
	case !is.equal(&settings{encryption: after.encryption}) && !is.equal(&settings{encryption: before.encryption}):
		left = append(left, errors.New("the default encryption is not what was written any more, and was left as it is"))
		w.encryption = false
	case before.encryption.Algorithm == "":
		failed = append(failed, client.RemoveBucketEncryption(ctx, f.bucket))
	default:
		failed = append(failed, client.SetBucketEncryption(ctx, f.bucket, before.encryption))
	}
	err = f.settled(ctx, func() error {
		now, err := readSettings(ctx, client, f.bucket)
		if err != nil {
			return err
		}
		if w.policy && !policy.Same(policy.Bucket, now.policy, want.policy) || w.encryption && !(&settings{encryption: now.encryption}).equal(&settings{encryption: before.encryption}) {
			return errReadBack
		}
		return nil
	})
	if err != nil {
		left = append(left, fmt.Errorf("the settings could not be set back: %w; set them back by hand: %s", errors.Join(append(failed, err)...), f.byHand(w, before)))
	}
	return errors.Join(left...)
}

// withoutOurs is the policy that is there with reseal's statements as they were
// before, so that other changes of somebody else's stay. Without the statements that
// were written it is somebody else's as a whole.
func withoutOurs(now, before, after []byte) ([]byte, error) {
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
func (f *enforceFlags) byHand(w written, before *settings) string {
	var commands []string
	switch {
	case w.policy && before.policy != nil:
		commands = append(commands, "aws s3api put-bucket-policy --bucket "+f.bucket+" --policy "+shellQuoted(string(before.policy)))
	case w.policy:
		commands = append(commands, "aws s3api delete-bucket-policy --bucket "+f.bucket)
	}
	if w.encryption {
		commands = append(commands, restoring(f.bucket, before.encryption))
	}
	return strings.Join(commands, "; ")
}
