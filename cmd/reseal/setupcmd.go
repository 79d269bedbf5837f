package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/explain"
	"reseal/inventory"
	"reseal/inventory/setup"
	"reseal/preflight"
	"reseal/s3api"
)

// setupFlags is the command line of inventory setup.
type setupFlags struct {
	connection
	wish        setup.Wish
	destination string
	format      string
	schedule    string
	versions    string
	apply       bool
	replace     bool
	output      output
}

const setupLong = `setup lets S3 take an inventory of a bucket, with every column that plan and run can
use, and lets S3 write it to its destination.

  reseal inventory setup --bucket media --destination s3://reports/media
  reseal inventory setup --bucket media --destination s3://reports/media --apply

Without --apply it only shows: on stdout, as JSON, the inventory configuration as the
AWS CLI takes it and the statement that the destination's bucket policy needs; on
stderr what of it is not there yet. Other statements of that policy stay as they are.
A configuration of the same id that says something else is left alone without --replace.

The first report comes up to 48 hours later.`

func newSetupCommand(p process) *cobra.Command {
	f := &setupFlags{}
	cmd := &cobra.Command{
		Use:   "setup --bucket NAME --destination s3://BUCKET/PREFIX",
		Short: "Let S3 make inventory reports of a bucket, with all useful columns",
		Long:  setupLong,
		Args:  cli.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.setup(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.wish.Bucket, "bucket", "", "`name` of the bucket to take the inventory of")
	fs.StringVar(&f.destination, "destination", "", "s3://bucket/prefix that reports go to, in the same Region")
	fs.StringVar(&f.wish.DestinationOwner, "destination-account", "", "`account` that owns the destination (default: the one of the bucket)")
	fs.StringVar(&f.format, "format", string(inventory.Parquet), "CSV, ORC or Parquet; Parquet and ORC are smaller and faster to read")
	fs.StringVar(&f.schedule, "schedule", "daily", "daily or weekly")
	fs.StringVar(&f.versions, "versions", "current", "current, or all: noncurrent versions and delete markers, too")
	fs.StringVar(&f.wish.Prefix, "prefix", "", "only keys with this prefix")
	fs.StringVar(&f.wish.ID, "id", preflight.SetupID, "`name` of the configuration")
	fs.StringVar(&f.wish.KMSKeyARN, "sse-kms-key-id", "", "customer managed `key`, as an ARN, to put the reports under (default: SSE-S3)")
	fs.BoolVar(&f.apply, "apply", false, "make the change")
	fs.BoolVar(&f.replace, "replace", false, "replace a configuration of the same id that says something else")
	fs.BoolVarP(&f.output.quiet, "quiet", "q", false, "print nothing but results and errors")
	return cmd
}

func (f *setupFlags) check() error {
	if err := onlyBucket(&f.wish.Bucket); err != nil {
		return err
	}
	switch {
	case f.wish.Bucket == "":
		return usagef("--bucket is needed: the bucket to take the inventory of")
	case f.destination == "":
		return usagef("--destination is needed: s3://bucket/prefix for the reports")
	case !inventory.ValidID(f.wish.ID):
		return usagef("--id %q: want 1 to 64 letters, digits, dots, dashes or underscores", f.wish.ID)
	case f.wish.KMSKeyARN != "" && !strings.HasPrefix(f.wish.KMSKeyARN, "arn:"):
		return usagef("--sse-kms-key-id %q: S3 Inventory wants the ARN of a customer managed key", f.wish.KMSKeyARN)
	}
	return errors.Join(cli.ChooseFold("--format", f.format, "CSV", "ORC", "Parquet"), cli.ChooseFold("--schedule", f.schedule, "daily", "weekly"),
		cli.ChooseFold("--versions", f.versions, versionChoices()...))
}

func (f *setupFlags) setup(ctx context.Context, p process) error {
	if err := f.check(); err != nil {
		return err
	}
	to, err := s3Location("destination", f.destination)
	if err != nil {
		return err
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.Client(ctx, 4)
	if err != nil {
		return err
	}
	if client, err = client.ForBucket(ctx, f.wish.Bucket); err != nil {
		return &preflight.UntouchedError{Err: &preflight.RefusedError{Err: err}}
	}
	s, err := f.wanted(ctx, client, to)
	if err != nil {
		return err
	}
	if err := writeJSON(p.stdout, s); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	destination, err := client.Foreign(ctx, to.Bucket, f.wish.DestinationOwner)
	if err != nil {
		return &preflight.UntouchedError{Err: &preflight.RefusedError{Err: err}}
	}
	if destination.Region() != client.Region() {
		return &preflight.RefusedError{Err: fmt.Errorf("%s is in %s, and S3 delivers the reports of a bucket only within its Region, %s", to.Bucket, destination.Region(), client.Region())}
	}
	messages := f.output.messages(p)
	if err := s.Read(ctx, client, destination); err != nil {
		if f.apply {
			return &preflight.RefusedError{Err: fmt.Errorf("nothing was changed: %w", err)}
		}
		fmt.Fprintf(messages, "note: what is there could not be read: %s\n", explain.Words(err))
		return nil
	}
	return f.carryOut(ctx, messages, s, client, destination, to.Bucket)
}

// carryOut shows what is not there yet, and makes the change where it may.
func (f *setupFlags) carryOut(ctx context.Context, messages io.Writer, s *setup.Setup, client, destination *s3api.Client, to string) error {
	if s.Configured() && s.Allowed() {
		fmt.Fprintf(messages, "Nothing to do: all of it is there already.\n")
		return nil
	}
	f.diff(messages, s, to)
	if s.Exists() && !s.Configured() && !f.replace {
		return &preflight.RefusedError{Err: fmt.Errorf("%s has an inventory configuration %q that says something else; --replace overwrites it, --id names another", f.wish.Bucket, f.wish.ID)}
	}
	if !f.apply {
		fmt.Fprintln(messages, "Nothing was changed; --apply makes the change.")
		return nil
	}
	if err := s.Apply(ctx, client, destination); errors.As(err, new(*setup.ChangedError)) {
		return &preflight.RefusedError{Err: err}
	} else if err != nil {
		return err
	}
	fmt.Fprintf(messages, "Done. The first report comes up to 48 hours from now; until then: reseal inventory snapshot --bucket %s\n", f.wish.Bucket)
	if s.KeyPolicy != nil {
		fmt.Fprintln(messages, "note: the policy of the key needs the statement shown as KeyPolicyStatement; reseal does not change key policies.")
	}
	return nil
}

// wanted is what the user asks for.
func (f *setupFlags) wanted(ctx context.Context, client *s3api.Client, to inventory.Location) (*setup.Setup, error) {
	account := client.Owner()
	if account == "" {
		id, err := client.Identity(ctx)
		if err != nil {
			return nil, fmt.Errorf("find out the bucket's account, which --expected-bucket-owner can name: %w", err)
		}
		account = id.Account
	}
	w := f.wish
	w.Account, w.Region, w.Destination = account, client.Region(), to
	w.AllVersions, w.Weekly = strings.EqualFold(f.versions, "all"), strings.EqualFold(f.schedule, "weekly")
	for _, format := range []inventory.Format{inventory.CSV, inventory.ORC, inventory.Parquet} {
		if strings.EqualFold(f.format, string(format)) {
			w.Format = format
		}
	}
	return setup.New(w), nil
}

// diff shows what is to be changed.
func (f *setupFlags) diff(w io.Writer, s *setup.Setup, destination string) {
	if !s.Configured() {
		fmt.Fprintf(w, "inventory configuration %s of %s\n", f.wish.ID, f.wish.Bucket)
		before, after := s.Configurations()
		console.Diff(w, before, after)
	}
	if !s.Allowed() {
		fmt.Fprintf(w, "policy of %s\n", destination)
		before, after := s.Policies()
		console.Diff(w, console.Indent(before), console.Indent(after))
	}
}
