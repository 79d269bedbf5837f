package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/enforce"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
)

// enforceFlags is the command line of enforce.
type enforceFlags struct {
	connection
	wish   enforce.Enforcer
	minTLS string
	apply  bool
	yes    bool
	output output
}

const enforceLong = `enforce closes a bucket for everything that is not under the key: uploads that say
nothing get it by default, and a policy denies those that ask for something else.
--require-header denies uploads that say nothing, too, and --require-tls whatever
comes without TLS.

  reseal enforce --bucket media --sse-kms-key-id arn:aws:kms:...
  reseal enforce --bucket media --sse-kms-key-id arn:aws:kms:... --apply

Without --apply it only shows the change; with it, it asks first (--yes does not).
It refuses what would lock out the caller, and sets everything back where what it
reads back is not what it wrote. Statements of the bucket's policy that
are not its own stay as they are. --remove takes its own out again; the default
encryption stays, with the command that sets it back. Nothing of the objects that
are there is changed: that is what run is for.`

func newEnforceCommand(p process) *cobra.Command {
	f := &enforceFlags{}
	cmd := &cobra.Command{
		Use:   "enforce --bucket NAME --sse-kms-key-id ARN",
		Short: "Make new objects arrive under the key: bucket default and policy",
		Long:  enforceLong,
		Args:  cli.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.enforce(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.wish.Bucket, "bucket", "", "`name` of the bucket")
	fs.StringVar(&f.wish.Key, "sse-kms-key-id", "", "key that new objects are to be under: ARN, id or alias")
	fs.StringVar(&f.wish.Prefix, "policy-prefix", "", "deny other encryption only below this `prefix`")
	fs.BoolVar(&f.wish.RequireHeader, "require-header", false, "deny uploads that do not say how they are to be encrypted, too; without it they get the default")
	fs.BoolVar(&f.wish.BucketKey, "bucket-key-enabled", true, "use bucket keys, for far fewer KMS requests")
	fs.BoolVar(&f.wish.BlockSSEC, "block-sse-c", false, "refuse uploads under keys of the client's own (SSE-C)")
	fs.BoolVar(&f.wish.ExceptServices, "except-services", true, "leave AWS services out of what is denied; servers other than AWS may not know that condition")
	fs.BoolVar(&f.wish.TLS, "require-tls", false, "deny requests without TLS, and by old versions of it")
	fs.StringVar(&f.minTLS, "min-tls", "1.2", "with --require-tls, deny older versions of TLS than this; 1.2, 1.3 or any")
	fs.BoolVar(&f.apply, "apply", false, "make the change, after a question")
	fs.BoolVarP(&f.yes, "yes", "y", false, "make the change without asking")
	fs.StringVar(&f.wish.ScratchPrefix, "probe-key-prefix", "", "try uploads before and after, on scratch objects under this `prefix` that are deleted again")
	fs.DurationVar(&f.wish.Settle, "settle-timeout", time.Minute, "how long to wait for the bucket to show what was written, and to act by it")
	fs.BoolVar(&f.wish.Remove, "remove", false, "take reseal's statements out of the policy; the default encryption stays, and the command that sets it back is printed")
	fs.BoolVarP(&f.output.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

func (f *enforceFlags) check() error {
	if err := onlyBucket(&f.wish.Bucket); err != nil {
		return err
	}
	switch {
	case f.wish.Bucket == "":
		return usagef("--bucket is needed")
	case f.wish.Key == "" && !f.wish.Remove:
		return usagef("--sse-kms-key-id is needed: the key that new objects are to be under")
	}
	return cli.Choose("--min-tls", f.minTLS, "1.2", "1.3", "any")
}

func (f *enforceFlags) enforce(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	e, err := f.enforcer(ctx, f.output.messages(p))
	if err != nil {
		return err
	}
	before, err := enforce.Read(ctx, e.Client, f.wish.Bucket)
	if err != nil {
		return &preflight.UntouchedError{Err: &preflight.RefusedError{Err: err}}
	}
	c, err := e.Plan(ctx, before)
	if err != nil {
		return &preflight.RefusedError{Err: fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	if c.Nothing() {
		f.nothing(f.output.messages(p), before)
		return nil
	}
	f.show(ctx, p, e, c)
	if !f.apply {
		fmt.Fprintln(f.output.messages(p), "Nothing was changed; --apply makes the change.")
		return nil
	}
	return f.carryOut(ctx, p, e, c)
}

// enforcer is what the flags ask for, on the bucket that they name.
func (f *enforceFlags) enforcer(ctx context.Context, messages io.Writer) (*enforce.Enforcer, error) {
	client, err := f.connection.Client(ctx, 0)
	if err != nil {
		return nil, err
	}
	if client, err = client.ForBucket(ctx, f.wish.Bucket); err != nil {
		return nil, &preflight.UntouchedError{Err: &preflight.RefusedError{Err: err}}
	}
	e := f.wish
	e.Client, e.MinTLS = client, f.minTLS
	if f.minTLS == "any" {
		e.MinTLS = ""
	}
	e.Unchecked = func(err error) {
		fmt.Fprintf(messages, "note: the key could not be checked beforehand: %s\n", explain.Words(err))
	}
	return &e, nil
}

// show prints the change, and what it breaks.
func (f *enforceFlags) show(ctx context.Context, p process, e *enforce.Enforcer, c *enforce.Change) {
	if !f.output.quiet {
		console.Change(p.stdout, f.wish.Bucket, c)
	}
	for _, w := range e.Breaks(ctx, c) {
		fmt.Fprintf(f.output.messages(p), "warning: %s\n", w)
	}
}

// carryOut asks, makes the change, and says how that went.
func (f *enforceFlags) carryOut(ctx context.Context, p process, e *enforce.Enforcer, c *enforce.Change) error {
	messages := f.output.messages(p)
	if err := e.Allowed(ctx, c); err != nil {
		return &preflight.RefusedError{Err: fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	if e.TriesNoOffender() {
		fmt.Fprintf(messages, "note: no upload that has to be denied is tried, as %s is not below --policy-prefix %s\n", f.wish.ScratchPrefix, f.wish.Prefix)
	}
	if !f.yes {
		if err := ask(ctx, p, "Change "+f.wish.Bucket+" as shown?", "declined: nothing was changed"); err != nil {
			return err
		}
	}
	if err := e.TryBefore(ctx, c); err != nil {
		return &preflight.RefusedError{Err: fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	if err := e.Apply(ctx, c); err != nil {
		return f.notMade(messages, err)
	}
	fmt.Fprintf(messages, "Done: read back from %s as shown.\n", f.wish.Bucket)
	if f.wish.Remove {
		f.stays(messages, c.After)
	} else if c.Before.Encryption.Algorithm != "" {
		fmt.Fprintf(messages, "The way back: reseal enforce --bucket %s --remove --apply, and for the default encryption\n  %s\n", f.wish.Bucket, enforce.EncryptionCommand(f.wish.Bucket, c.Before.Encryption))
	}
	return nil
}

// notMade says why the change was not made, and turns that into the command's ending.
func (f *enforceFlags) notMade(messages io.Writer, err error) error {
	var failed *enforce.FailedError
	switch {
	case errors.As(err, new(*enforce.MeanwhileError)):
		return &preflight.RefusedError{Err: fmt.Errorf("refused: %w", err)}
	case !errors.As(err, &failed) || !failed.SetBack:
		return err
	}
	fmt.Fprintf(messages, "Set back: the settings of %s are as they were.\n", f.wish.Bucket)
	if errors.Is(err, enforce.ErrReadBack) {
		fmt.Fprintf(messages, "%v\n", failed.Err)
		return &finding{exitDifferent}
	}
	return err
}

// nothing says why there is nothing to do.
func (f *enforceFlags) nothing(messages io.Writer, now *enforce.Settings) {
	if !f.wish.Remove {
		fmt.Fprintf(messages, "Nothing to do: %s is closed like that already.\n", f.wish.Bucket)
		return
	}
	fmt.Fprintf(messages, "Nothing to do: the policy of %s has none of reseal's statements.\n", f.wish.Bucket)
	f.stays(messages, now)
}

// stays says what --remove leaves: a default encryption that other clients may
// have come to rely on, and that need not be of reseal's making.
func (f *enforceFlags) stays(messages io.Writer, now *enforce.Settings) {
	e := now.Encryption
	if e.Algorithm != plan.TargetKMS {
		return
	}
	back := s3api.DefaultEncryption{Algorithm: plan.TargetAES256, Blocked: e.Blocked}
	fmt.Fprintf(messages, "The default encryption stays: %s under %s, bucket key %v. To have new objects under SSE-S3 again:\n  %s\n", e.Algorithm, e.KeyID, e.BucketKey, enforce.EncryptionCommand(f.wish.Bucket, back))
}
