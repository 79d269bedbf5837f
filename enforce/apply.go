package enforce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"reseal/internal/wait"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// MeanwhileError says that the settings are not those that the change was made from.
type MeanwhileError struct{}

func (*MeanwhileError) Error() string {
	return "nothing was changed, as somebody else changed the bucket's settings meanwhile; look at the change again"
}

// FailedError is a change that was begun and does not hold.
type FailedError struct {
	Err     error // why
	Left    error // what is not as it was before, nil for nothing
	SetBack bool  // something had been written, and is as it was before
}

func (e *FailedError) Error() string {
	if e.Left != nil {
		return fmt.Sprintf("%v; %v", e.Err, e.Left)
	}
	return fmt.Sprintf("nothing is changed: %v", e.Err)
}

// Unwrap returns both errors.
func (e *FailedError) Unwrap() []error {
	if e.Left == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Left}
}

// ErrReadBack is what the endpoint does when it took a change and shows another.
var ErrReadBack = errors.New("what was read back is not what was written")

var (
	errForeign = errors.New("somebody else put another policy meanwhile")
	errNotYet  = errors.New("the change is not seen to be in force") // which may be because it is not in force everywhere yet
)

// backLimit is how long the requests that set back may take, also after an interruption.
const backLimit = 30 * time.Second

// Apply makes the change: the default first, so that no upload is denied that would
// have been let through under it. What somebody else changed meanwhile is not
// overwritten, up to the moment between reading and writing that S3 leaves; that is a
// MeanwhileError. Where a request fails, what is read back is not what was written, or
// uploads fail that did not, what was written is set back, also after an interruption;
// that is a FailedError.
func (e *Enforcer) Apply(ctx context.Context, c *Change) error {
	now, err := Read(ctx, e.Client, e.Bucket)
	if err != nil {
		return err
	}
	if !now.equal(c.Before) {
		return new(MeanwhileError)
	}
	w, err := e.write(ctx, c)
	if err == nil {
		err = e.proven(ctx, c)
	}
	if err == nil {
		return nil
	}
	if w == (written{}) {
		return &FailedError{Err: err}
	}
	back, cancel := context.WithTimeout(context.WithoutCancel(ctx), backLimit+e.Settle)
	defer cancel()
	left := e.undo(back, w, c)
	return &FailedError{Err: err, Left: left, SetBack: left == nil}
}

// written is which of the settings may be other than they were, by this change.
type written struct{ encryption, policy bool }

// write sends what differs, and notes what may have taken effect by it.
func (e *Enforcer) write(ctx context.Context, c *Change) (w written, err error) {
	encryptionOnly := Settings{Encryption: c.After.Encryption, Policy: c.Before.Policy}
	if !c.Before.equal(&encryptionOnly) {
		err := e.Client.SetBucketEncryption(ctx, e.Bucket, c.After.Encryption)
		if w.encryption = !s3api.Refused(err); err != nil {
			return w, err
		}
	}
	if !bytes.Equal(c.Before.Policy, c.After.Policy) {
		err = e.Client.SetBucketPolicy(ctx, e.Bucket, c.After.Policy)
		w.policy = !s3api.Refused(err)
	}
	return w, err
}

// proven reads the settings back, and tries uploads where it may.
func (e *Enforcer) proven(ctx context.Context, c *Change) error {
	err := e.settled(ctx, func() error {
		now, err := Read(ctx, e.Client, e.Bucket)
		switch {
		case err != nil:
			return fmt.Errorf("read back: %w", err)
		case now.same(c.After):
			return nil
		case !policy.Same(policy.Bucket, now.Policy, c.Before.Policy) && foreign(now.Policy, c.After.Policy):
			return errForeign
		}
		return ErrReadBack
	})
	if err != nil {
		return err
	}
	return e.tryAfter(ctx, c.After.Encryption)
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
func (e *Enforcer) settled(ctx context.Context, look func() error) error {
	began, pause := time.Now(), 50*time.Millisecond
	for {
		err := look()
		if err == nil || errors.Is(err, errForeign) || !errors.Is(err, errNotYet) && !errors.Is(err, ErrReadBack) && s3api.Refused(err) || time.Since(began) >= e.Settle {
			return err
		}
		if ended := wait.For(ctx, pause); ended != nil {
			return errors.Join(err, ended)
		}
		pause = min(2*pause, 5*time.Second)
	}
}
