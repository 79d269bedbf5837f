package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"reseal/internal/wait"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// allowed refuses a change that would lock out who makes it, and scratch objects in
// a bucket that would not let go of them. It writes nothing.
func (f *enforceFlags) allowed(ctx context.Context, client *s3api.Client, before, after *settings) error {
	if f.remove {
		return nil
	}
	caller, err := client.Identity(ctx)
	if err == nil {
		caller.Role, _ = client.Role(ctx, caller) // without it statements on the role are "maybe", which does not refuse
	}
	if err := f.closing(after.encryption.KeyID).LockedOut(client, caller, before.policy, after.policy); err != nil {
		return err
	}
	if f.try == "" {
		return nil
	}
	facts, _, err := client.Facts(ctx, f.bucket)
	if err == nil {
		err = keepsScratch(f.bucket, facts)
	}
	if err != nil {
		return fmt.Errorf("no upload can be tried: %w; leave out --probe-key-prefix", err)
	}
	return nil
}

// written is which of the settings may be other than they were, by this command.
type written struct{ encryption, policy bool }

// set makes the change: the default first, so that no upload is denied that would
// have been let through under it. What somebody else changed meanwhile is not
// overwritten, up to the moment between reading and writing that S3 leaves. Where
// a request fails, what is read back is not what was written, or uploads fail that
// did not, what was written is set back.
func (f *enforceFlags) set(ctx context.Context, client *s3api.Client, talk io.Writer, before, after *settings) error {
	now, err := readSettings(ctx, client, f.bucket)
	if err != nil {
		return err
	}
	if !now.equal(before) {
		return &refusedError{errors.New("refused: nothing was changed, as somebody else changed the bucket's settings meanwhile; look at the change again")}
	}
	var w written
	if err = w.write(ctx, client, f.bucket, before, after); err == nil {
		err = f.proven(ctx, client, before, after)
	}
	if err == nil {
		return nil
	}
	if w == (written{}) {
		return fmt.Errorf("nothing is changed: %w", err)
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), backLimit+f.settle)
	defer cancel()
	if left := f.undo(back, client, w, before, after); left != nil {
		return fmt.Errorf("%w; %w", err, left)
	}
	fmt.Fprintf(talk, "Set back: the settings of %s are as they were.\n", f.bucket)
	if errors.Is(err, errReadBack) {
		fmt.Fprintf(talk, "%v\n", err)
		return &finding{exitDifferent}
	}
	return fmt.Errorf("nothing is changed: %w", err)
}

// backLimit is how long the requests that set back may take, also after an interruption.
const backLimit = 30 * time.Second

var (
	errReadBack = errors.New("what was read back is not what was written")
	errForeign  = errors.New("somebody else put another policy meanwhile")
)

// write sends what differs, and notes what may have taken effect by it.
func (w *written) write(ctx context.Context, client *s3api.Client, bucket string, before, after *settings) error {
	encryptionOnly := settings{encryption: after.encryption, policy: before.policy}
	if !before.equal(&encryptionOnly) {
		err := client.SetBucketEncryption(ctx, bucket, after.encryption)
		if w.encryption = !s3api.Refused(err); err != nil {
			return err
		}
	}
	if !bytes.Equal(before.policy, after.policy) {
		err := client.SetBucketPolicy(ctx, bucket, after.policy)
		w.policy = !s3api.Refused(err)
		return err
	}
	return nil
}

// proven reads the settings back, and tries uploads where it may.
func (f *enforceFlags) proven(ctx context.Context, client *s3api.Client, before, after *settings) error {
	err := f.settled(ctx, func() error {
		now, err := readSettings(ctx, client, f.bucket)
		switch {
		case err != nil:
			return fmt.Errorf("read back: %w", err)
		case now.same(after):
			return nil
		case !policy.Same(policy.Bucket, now.policy, before.policy) && foreign(now.policy, after.policy):
			return errForeign
		}
		return errReadBack
	})
	if err != nil {
		return err
	}
	return f.tryAfter(ctx, client, after.encryption)
}

// foreign tells whether a policy was put by somebody else: it lacks statements of
// reseal's that were written.
func foreign(now, written []byte) bool {
	ours, err := policy.Only(written, preflight.Sids)
	if err != nil {
		return true
	}
	there, err := policy.Only(now, preflight.Sids)
	return err != nil || !policy.Same(policy.Bucket, there, ours)
}

// settled repeats a look until it is content: what S3 says and does of a bucket's
// configuration may for some time be what it was before a change (Amazon S3 User
// Guide, Welcome, "Amazon S3 data consistency model", read 2026-11-29).
func (f *enforceFlags) settled(ctx context.Context, look func() error) error {
	began, pause := time.Now(), 50*time.Millisecond
	for {
		err := look()
		if err == nil || errors.Is(err, errForeign) || !errors.Is(err, errNotYet) && !errors.Is(err, errReadBack) && s3api.Refused(err) || time.Since(began) >= f.settle {
			return err
		}
		if ended := wait.For(ctx, pause); ended != nil {
			return errors.Join(err, ended)
		}
		pause = min(2*pause, 5*time.Second)
	}
}
