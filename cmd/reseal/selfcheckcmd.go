package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/preflight"
	"reseal/selfcheck"
)

// selfcheckFlags is the command line of selfcheck.
type selfcheckFlags struct {
	connection
	bucket     string
	key        string
	prefix     string
	large      string
	out        string
	measureKMS bool
	list       bool
	yes        bool
	json       bool
	flags      *pflag.FlagSet // of the command
}

const selfcheckLong = `selfcheck asks your account what reseal believes of S3 and KMS, and what no
document of AWS's answers. It writes scratch objects under a random folder below
--prefix, deletes them by version id, and touches nothing else. It states its
price beforehand, which is cents.

  reseal selfcheck --bucket SCRATCH --sse-kms-key-id arn:aws:kms:...
  reseal plan ... --facts selfcheck.json

The findings go to selfcheck.json, to attach or to plan with: --facts takes over
what was measured. A belief that does not hold is said and exits with 7.`

func newSelfcheckCommand(p process) *cobra.Command {
	f := &selfcheckFlags{}
	cmd := &cobra.Command{
		Use:   "selfcheck --bucket SCRATCH --sse-kms-key-id ARN",
		Short: "Ask your account what reseal believes of AWS, on scratch objects",
		Long:  selfcheckLong,
		Args:  cli.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	f.flags = fs
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket for the scratch objects")
	fs.StringVar(&f.key, "sse-kms-key-id", "", "key that the scratch objects are put under")
	fs.StringVar(&f.prefix, "prefix", "reseal-selfcheck/", "prefix that the scratch objects are written below")
	fs.StringVar(&f.large, "large", "16MiB", "size of the one object whose copy is timed; 0 times none")
	fs.StringVar(&f.out, "out", "selfcheck.json", "`FILE` for the findings, /dev/stdout or a FIFO, too; \"\" for none")
	fs.BoolVar(&f.measureKMS, "measure-kms", false, "count KMS requests by CloudWatch, which takes about 15 minutes")
	fs.BoolVar(&f.list, "list", false, "print what would be asked, as Markdown, and ask nothing")
	fs.BoolVar(&f.yes, "yes", false, "do not ask")
	fs.BoolVar(&f.json, "json", false, "print the findings as one JSON document on stdout")
	return cmd
}

func (f *selfcheckFlags) run(ctx context.Context, p process) error {
	if f.list {
		return selfcheck.Markdown(p.stdout)
	}
	if err := onlyBucket(&f.bucket); err != nil {
		return err
	}
	large, err := cli.ParseSize(f.large)
	switch {
	case f.bucket == "" || f.key == "":
		return usagef("--bucket and --sse-kms-key-id are needed")
	case f.prefix == "":
		return usagef("--prefix: the scratch objects need a prefix of their own, such as reseal-selfcheck/")
	case err != nil || large > 5<<30:
		return usagef("--large %q: want a size up to 5GiB", f.large)
	}
	if err := options.Spare(ctx, f.flags, "out", ""); err != nil {
		return err
	}
	if f.out != "" {
		if err := outfile.Check(f.out); err != nil {
			return err
		}
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	conf, facts, err := f.prepare(ctx)
	if err != nil {
		return &preflight.UntouchedError{Err: err}
	}
	conf.Large = large
	if err := f.consent(ctx, p, conf); err != nil {
		return err
	}
	if !f.json {
		conf.Each = func(one selfcheck.Finding) { console.SelfcheckFinding(p.stdout, &one) }
	}
	var failed error
	facts.Findings, facts.Requests, failed = selfcheck.Run(ctx, conf)
	if len(facts.Findings) > 0 {
		failed = errors.Join(failed, f.deliver(ctx, p, facts))
	}
	if failed != nil {
		return failed
	}
	if len(facts.Differing()) > 0 {
		return &finding{exitDifferent}
	}
	return nil
}

// prepare reads the facts of the bucket and resolves the key. It refuses a
// bucket that would not let go of scratch objects.
func (f *selfcheckFlags) prepare(ctx context.Context) (selfcheck.Config, *selfcheck.Facts, error) {
	client, err := f.connection.Client(ctx, 0)
	if err != nil {
		return selfcheck.Config{}, nil, err
	}
	conf, facts, err := selfcheck.Prepare(ctx, client, f.bucket, f.key)
	if errors.As(err, new(*selfcheck.KeepsError)) {
		err = &preflight.RefusedError{Err: fmt.Errorf("refused, nothing was written: %w; name another bucket", err)}
	}
	if err != nil {
		return conf, nil, err
	}
	conf.Prefix, facts.Program = f.prefix, "reseal/"+programVersion()
	if f.measureKMS {
		conf.Usage = conf.Client.KMSUsage
	}
	return conf, facts, nil
}

// consent says what it is going to cost, and asks.
func (f *selfcheckFlags) consent(ctx context.Context, p process, conf selfcheck.Config) error {
	fmt.Fprintf(p.stderr, "selfcheck writes scratch objects under s3://%s/%s and deletes them again.\n", f.bucket, f.prefix)
	console.SelfcheckDemand(p.stderr, conf.Facts.Region, selfcheck.Demand(f.measureKMS))
	if f.yes {
		return nil
	}
	return ask(ctx, p, "Go on?", "declined: nothing was written")
}

// deliver writes the findings to the file, and says what they come to.
func (f *selfcheckFlags) deliver(ctx context.Context, p process, facts *selfcheck.Facts) error {
	if f.out != "" {
		if err := outfile.Write(ctx, f.out, facts.Write); err != nil {
			return err
		}
	}
	if f.json {
		return writeJSON(p.stdout, facts)
	}
	console.SelfcheckSum(p.stdout, facts.Findings, f.out)
	return nil
}
