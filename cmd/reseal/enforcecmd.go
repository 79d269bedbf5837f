package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
	"reseal/preflight"
	"reseal/s3api"
)

// enforceFlags is the command line of enforce.
type enforceFlags struct {
	connection
	bucket     string
	key        string
	prefix     string
	needHeader bool
	bucketKey  bool
	blockSSEC  bool
	services   bool
	tls        bool
	minTLS     string
	apply      bool
	yes        bool
	try        string
	settle     time.Duration
	remove     bool
	output     output
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
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.enforce(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket")
	fs.StringVar(&f.key, "sse-kms-key-id", "", "key that new objects are to be under: ARN, id or alias")
	fs.StringVar(&f.prefix, "policy-prefix", "", "deny other encryption only below this `prefix`")
	fs.BoolVar(&f.needHeader, "require-header", false, "deny uploads that do not say how they are to be encrypted, too; without it they get the default")
	fs.BoolVar(&f.bucketKey, "bucket-key-enabled", true, "use bucket keys, for far fewer KMS requests")
	fs.BoolVar(&f.blockSSEC, "block-sse-c", false, "refuse uploads under keys of the client's own (SSE-C)")
	fs.BoolVar(&f.services, "except-services", true, "leave AWS services out of what is denied; servers other than AWS may not know that condition")
	fs.BoolVar(&f.tls, "require-tls", false, "deny requests without TLS, and by old versions of it")
	fs.StringVar(&f.minTLS, "min-tls", "1.2", "with --require-tls, deny older versions of TLS than this; 1.2, 1.3 or any")
	fs.BoolVar(&f.apply, "apply", false, "make the change, after a question")
	fs.BoolVarP(&f.yes, "yes", "y", false, "make the change without asking")
	fs.StringVar(&f.try, "probe-key-prefix", "", "try uploads before and after, on scratch objects under this `prefix` that are deleted again")
	fs.DurationVar(&f.settle, "settle-timeout", time.Minute, "how long to wait for the bucket to show what was written, and to act by it")
	fs.BoolVar(&f.remove, "remove", false, "take reseal's statements out of the policy; the default encryption stays, and the command that sets it back is printed")
	fs.BoolVarP(&f.output.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

func (f *enforceFlags) check() error {
	switch {
	case f.bucket == "":
		return usagef("--bucket is needed")
	case f.key == "" && !f.remove:
		return usagef("--sse-kms-key-id is needed: the key that new objects are to be under")
	case f.minTLS != "1.2" && f.minTLS != "1.3" && f.minTLS != "any":
		return usagef("--min-tls %q: want 1.2, 1.3 or any", f.minTLS)
	}
	return nil
}

// settings are the two things of a bucket that enforce changes.
type settings struct {
	encryption s3api.DefaultEncryption
	policy     []byte
}

func (s *settings) equal(o *settings) bool {
	return bytes.Equal(s.policy, o.policy) && s.encryption.Algorithm == o.encryption.Algorithm && s.encryption.KeyID == o.encryption.KeyID &&
		s.encryption.BucketKey == o.encryption.BucketKey && slices.Equal(s.encryption.Blocked, o.encryption.Blocked)
}

func (f *enforceFlags) enforce(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.client(ctx, 0)
	if err != nil {
		return err
	}
	if client, err = client.ForBucket(ctx, f.bucket); err != nil {
		return &refusedError{err}
	}
	talk := f.output.talk(p)
	before, err := readSettings(ctx, client, f.bucket)
	if err != nil {
		return &refusedError{err}
	}
	after, err := f.wanted(ctx, client, talk, before)
	if err != nil {
		return &refusedError{fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	if before.equal(after) {
		f.nothing(talk, before)
		return nil
	}
	if !f.output.quiet {
		before.diff(p.stdout, f.bucket, after)
	}
	if !f.remove {
		for _, w := range f.closing(after.encryption.KeyID).Breaks(ctx, client, before.encryption, before.policy) {
			fmt.Fprintf(talk, "warning: %s\n", w)
		}
	}
	if !f.apply {
		fmt.Fprintln(talk, "Nothing was changed; --apply makes the change.")
		return nil
	}
	if err := f.allowed(ctx, client, before, after); err != nil {
		return &refusedError{fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	f.notTried(talk)
	if !f.yes {
		if err := ask(ctx, p, "Change "+f.bucket+" as shown?", "declined: nothing was changed"); err != nil {
			return err
		}
	}
	if err := f.tryBefore(ctx, client, before, after); err != nil {
		return &refusedError{fmt.Errorf("refused: nothing was changed: %w", err)}
	}
	if err := f.set(ctx, client, talk, before, after); err != nil {
		return err
	}
	fmt.Fprintf(talk, "Done: read back from %s as shown.\n", f.bucket)
	if f.remove {
		f.stays(talk, after)
	} else if before.encryption.Algorithm != "" {
		fmt.Fprintf(talk, "The way back: reseal enforce --bucket %s --remove --apply, and for the default encryption\n  %s\n", f.bucket, restoring(f.bucket, before.encryption))
	}
	return nil
}

// nothing says why there is nothing to do.
func (f *enforceFlags) nothing(talk io.Writer, now *settings) {
	if !f.remove {
		fmt.Fprintf(talk, "Nothing to do: %s is closed like that already.\n", f.bucket)
		return
	}
	fmt.Fprintf(talk, "Nothing to do: the policy of %s has none of reseal's statements.\n", f.bucket)
	f.stays(talk, now)
}

// stays says what --remove leaves: a default encryption that other clients may
// have come to rely on, and that need not be of reseal's making.
func (f *enforceFlags) stays(talk io.Writer, now *settings) {
	e := now.encryption
	if e.Algorithm != plan.TargetKMS {
		return
	}
	back := s3api.DefaultEncryption{Algorithm: plan.TargetAES256, Blocked: e.Blocked}
	fmt.Fprintf(talk, "The default encryption stays: %s under %s, bucket key %v. To have new objects under SSE-S3 again:\n  %s\n", e.Algorithm, e.KeyID, e.BucketKey, restoring(f.bucket, back))
}

// restoring is the command that sets a default encryption as it is.
func restoring(bucket string, e s3api.DefaultEncryption) string {
	by := map[string]string{"SSEAlgorithm": e.Algorithm}
	if e.KeyID != "" {
		by["KMSMasterKeyID"] = e.KeyID
	}
	rule := map[string]any{"ApplyServerSideEncryptionByDefault": by, "BucketKeyEnabled": e.BucketKey}
	if len(e.Blocked) > 0 {
		rule["BlockedEncryptionTypes"] = map[string]any{"EncryptionType": e.Blocked}
	}
	data, err := json.Marshal(map[string]any{"Rules": []any{rule}})
	if err != nil {
		panic("reseal: a default encryption that cannot be written as JSON: " + err.Error())
	}
	return fmt.Sprintf("aws s3api put-bucket-encryption --bucket %s --server-side-encryption-configuration '%s'", bucket, data)
}

func readSettings(ctx context.Context, client *s3api.Client, bucket string) (*settings, error) {
	s := &settings{}
	var err error
	if s.encryption, err = client.BucketEncryption(ctx, bucket); err != nil {
		return nil, err
	}
	s.policy, err = client.BucketPolicy(ctx, bucket)
	return s, err
}

// wanted is what the bucket's settings are to be, checked as S3 would.
func (f *enforceFlags) wanted(ctx context.Context, client *s3api.Client, talk io.Writer, before *settings) (*settings, error) {
	if before.policy != nil {
		d, err := policy.Parse(policy.Bucket, before.policy)
		if err == nil {
			err = d.Concerns(f.bucket)
		}
		if err != nil {
			return nil, fmt.Errorf("the policy that %s has: %w", f.bucket, err)
		}
	}
	after := *before
	var put []json.RawMessage
	if !f.remove {
		key, err := f.resolve(ctx, client, talk)
		if err != nil {
			return nil, err
		}
		if put, err = f.closing(key).Statements(); err != nil {
			return nil, err
		}
		e := &after.encryption
		e.Algorithm, e.KeyID, e.BucketKey = plan.TargetKMS, key, f.bucketKey
		if f.blockSSEC && !slices.Contains(e.Blocked, "SSE-C") {
			e.Blocked = []string{"SSE-C"} // instead of NONE
		}
	}
	var err error
	if after.policy, err = policy.Merge(before.policy, put, preflight.Sids); err != nil {
		return nil, err
	}
	if after.policy != nil {
		if _, err := policy.Parse(policy.Bucket, after.policy); err != nil {
			return nil, fmt.Errorf("the policy with the new statements: %w", err)
		}
	}
	return &after, nil
}

// closing is what the bucket is to be closed against.
func (f *enforceFlags) closing(key string) *preflight.Closing {
	c := &preflight.Closing{Bucket: f.bucket, Partition: partition.OfARN(key), Key: key, Prefix: f.prefix, Unstated: !f.needHeader, Services: f.services, TLS: f.tls, MinTLS: f.minTLS}
	if f.minTLS == "any" {
		c.MinTLS = ""
	}
	return c
}

// resolve checks the key and gives its full ARN. An alias is looked up in the
// account of whoever uploads, so one of another account would mean another key
// to each of them (Amazon S3 User Guide, "specifying-kms-encryption", read
// 2026-11-21).
func (f *enforceFlags) resolve(ctx context.Context, client *s3api.Client, talk io.Writer) (string, error) {
	if field := strings.SplitN(f.key, ":", 6); len(field) == 6 && strings.HasPrefix(field[5], "alias/") {
		id, err := client.Identity(ctx)
		if err == nil && id.Account != field[4] {
			return "", fmt.Errorf("alias %s is one of account %s, not of %s; name the key by its ARN", f.key, field[4], id.Account)
		}
	}
	key, err := client.Key(ctx, f.key)
	if s3api.KindOf(err) == s3api.KeyUnchecked {
		fmt.Fprintf(talk, "note: the key could not be checked beforehand: %s\n", inWords(err))
		return f.key, nil
	}
	if err != nil {
		return "", err
	}
	if key.Manager == "AWS" {
		return "", errors.New("the key is AWS's own, aws/s3: its policy cannot be changed, and readers of other accounts would be locked out; use a customer managed key")
	}
	return key.ARN, nil
}

// same compares what was written with what the endpoint gives back, which need
// not be the same bytes.
func (s *settings) same(o *settings) bool {
	a, b := *s, *o
	a.policy, b.policy = nil, nil
	return a.equal(&b) && policy.Same(policy.Bucket, s.policy, o.policy)
}

// diff shows the change.
func (s *settings) diff(w io.Writer, bucket string, after *settings) {
	fmt.Fprintf(w, "default encryption of %s\n", bucket)
	writeDiff(w, s.encryptionText(), after.encryptionText())
	fmt.Fprintf(w, "policy of %s\n", bucket)
	writeDiff(w, indent(s.policy), indent(after.policy))
}

func (s *settings) encryptionText() string {
	e := s.encryption
	return fmt.Sprintf("algorithm   %s\nkey         %s\nbucket key  %v\nblocked     %s\n", e.Algorithm, e.KeyID, e.BucketKey, strings.Join(e.Blocked, " "))
}

// indent lays JSON out for reading.
func indent(data []byte) string {
	var out bytes.Buffer
	if data == nil || json.Indent(&out, data, "", "  ") != nil {
		return string(data)
	}
	return out.String() + "\n"
}
