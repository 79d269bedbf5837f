package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/certify"
	"reseal/console"
	"reseal/internal/connect"
	"reseal/internal/options"
	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/internal/terminal"
	"reseal/job"
	"reseal/job/status"
)

// certifyFlags is the command line of certify.
type certifyFlags struct {
	connection
	knownJobs
	job     string
	out     string
	key     string
	check   string
	signers string
	json    bool
	quiet   bool
	flags   *pflag.FlagSet
}

// certifyRecalls are the options of a job that a certificate goes by, too.
var certifyRecalls = []string{"endpoint-url", "region", "profile", "ca-bundle", "expected-bucket-owner", "allow-http", "sdk-client"}

const certifyLong = `certify says whether a migration is at its end: the job is done and nothing failed,
verify found every row as promised, the bucket's default encryption is the key, and
its policy denies other encryption, and the key is enabled. It looks at the bucket
and the key now, and changes nothing.

  reseal certify ./job
  reseal certify ./job --out ./evidence --sign-ssh-key ~/.ssh/id_ed25519
  reseal certify --check ./evidence --allowed-signers ./signers

--out writes the evidence into a new folder, which sha256sum and ssh-keygen can
check. Where something stands against it, nothing is written, and it ends with

  7   verify found rows that are not as promised, or --check a difference
  3   work is left: rows, a verification of the job as it is now
  5   the key is not enabled, or the bucket lets something arrive outside it`

func newCertifyCommand(p process) *cobra.Command {
	f := &certifyFlags{}
	cmd := &cobra.Command{
		Use:   "certify JOB",
		Short: "Certify the end of a migration, as evidence that others can check",
		Long:  certifyLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.flags = cmd.Flags()
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			if err := f.checkFlags(ctx); err != nil {
				return err
			}
			if f.check != "" {
				return causeOf(ctx, f.checkBundle(ctx, p))
			}
			return causeOf(ctx, f.certify(ctx, p))
		},
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job")
	fs.StringVar(&f.out, "out", "", "new `FOLDER` for the evidence")
	fs.StringVar(&f.key, "sign-ssh-key", "", "sign the evidence with this private key of SSH: `FILE`")
	fs.StringVar(&f.check, "check", "", "check the evidence in this `FOLDER`, which needs no job and no network")
	fs.StringVar(&f.signers, "allowed-signers", "", "with --check, the signature has to be by one of these keys: `FILE` as ssh-keygen has it")
	fs.BoolVar(&f.json, "json", false, "print the result as one JSON document on stdout")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but results and errors")
	return cmd
}

// checkFlags refuses flags that cannot be meant together.
func (f *certifyFlags) checkFlags(ctx context.Context) error {
	switch {
	case f.check != "" && (f.job != "" || f.out != "" || f.key != ""):
		return usagef("--check is about a folder of evidence, and takes no job, --out or --sign-ssh-key")
	case f.signers != "" && f.check == "":
		return usagef("--allowed-signers is about --check")
	case f.key != "" && f.out == "":
		return usagef("--sign-ssh-key signs what --out writes: name a new folder with --out")
	}
	return options.Spare(ctx, f.flags, "out", f.job)
}

func (f *certifyFlags) messages(p process) io.Writer { return (&output{quiet: f.quiet}).messages(p) }

func (f *certifyFlags) certify(ctx context.Context, p process) error {
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	b := &certify.Bundle{Store: store, Program: programVersion()}
	if f.key != "" {
		if b.Signer, err = certify.ReadSigner(f.key); err != nil {
			return err
		}
	}
	if f.out != "" {
		if err := certify.CheckNew(f.out); err != nil {
			return err
		}
	}
	if b.Bucket, err = f.look(ctx, p, store, made); err != nil {
		return err
	}
	if b.Read, err = status.Look(ctx, store, made, job.Share{}); err != nil {
		return err
	}
	if b.Later, err = f.later(ctx, b.Read.Chain); err != nil {
		return err
	}
	var c *certify.Certificate
	if f.out == "" {
		c, err = b.Preview(ctx)
	} else {
		c, err = b.Write(ctx, f.out)
	}
	if err != nil {
		return err
	}
	return f.tell(p, c, b.Read.Status())
}

// look reads the settings of the job's bucket, where the job's requests go.
func (f *certifyFlags) look(ctx context.Context, p process, store job.Store, made *job.Plan) (*certify.Bucket, error) {
	told, err := job.CurrentOptions(ctx, store, made)
	if err != nil {
		return nil, err
	}
	now := options.Given(f.flags)
	if err := options.Recall(f.flags, told.Only(certifyRecalls)); err != nil {
		return nil, err
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: now, Name: f.job, Plan: made}, false)
	if err != nil {
		return nil, err
	}
	if text, err := f.Follow(ctx, met); err != nil {
		return nil, err
	} else if text != "" {
		fmt.Fprintf(f.messages(p), "note: %s\n", text)
	}
	client, err := f.connection.Client(ctx, 0)
	if err != nil {
		return nil, err
	}
	if client, err = client.ForBucket(ctx, made.Options.Bucket); err != nil {
		return nil, err
	}
	return certify.LookAt(ctx, client, made.Options.Bucket, made.Options.KMSKeyID)
}

// tell prints the certificate, or what stands against it with what to do next.
func (f *certifyFlags) tell(p process, c *certify.Certificate, s *status.Status) error {
	var err error
	if f.json {
		err = writeJSON(p.stdout, c)
	} else {
		err = c.WriteText(p.stdout)
	}
	if err != nil {
		return fmt.Errorf("print certificate: %w", err)
	}
	out := terminal.Folding(f.messages(p))
	if !c.Certified {
		for _, next := range console.AfterObjections(c, s) {
			fmt.Fprintf(out, "next: %s\n", next)
		}
		return &finding{objectionExit(c)}
	}
	if f.out == "" {
		fmt.Fprintf(out, "Nothing was written; %s --out FOLDER writes the evidence.\n", console.OnJob("certify", s.Job))
		return nil
	}
	tellWritten(out, f.out)
	return nil
}

// tellWritten names the bundle that was written, and says how it is checked.
func tellWritten(out io.Writer, folder string) {
	name := shell.Path(folder)
	fmt.Fprintf(out, "Written: %s. To check it:\n  reseal certify --check %s\n  (cd %s && sha256sum --strict -c SHA256SUMS)\n", plain.Text(folder), name, name)
}

// objectionExit is the exit code of what stands against a certificate, of the worst.
func objectionExit(c *certify.Certificate) int {
	has := func(kinds ...certify.Kind) bool {
		return slices.ContainsFunc(c.Against, func(o certify.Objection) bool { return slices.Contains(kinds, o.Kind) })
	}
	switch {
	case has(certify.Different):
		return exitDifferent
	case has(certify.Open, certify.NoKey, certify.BadKey) && !has(certify.Unfinished, certify.Failed, certify.Unverified, certify.Left, certify.Untold, certify.Nothing):
		return exitRefused
	}
	return exitFailures
}

// checkBundle checks a folder of evidence.
func (f *certifyFlags) checkBundle(ctx context.Context, p process) error {
	var signers certify.Signers
	if f.signers != "" {
		var err error
		if signers, err = certify.ReadSigners(f.signers); err != nil {
			return err
		}
	}
	c, err := certify.Check(ctx, f.check, signers, programVersion())
	if err != nil {
		return err
	}
	if f.json {
		err = writeJSON(p.stdout, c)
	} else {
		err = console.Checked(p.stdout, filepath.Clean(f.check), c, signers != nil)
	}
	if err == nil && len(c.Problems) > 0 {
		err = &finding{exitDifferent}
	}
	return err
}
