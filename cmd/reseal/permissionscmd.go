package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"reseal/internal/connect"
	"reseal/internal/explain"
	"reseal/internal/options"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
	questions "reseal/survey/ask"
)

// permissionsFlags is the command line of permissions.
type permissionsFlags struct {
	request
	knownJobs
	job       string
	survey    bool
	probe     string
	principal string
	told      job.Told // on the command line
}

const permissionsLong = `permissions prints the smallest policies that exactly this plan, run and verify need,
as one JSON document: IdentityPolicy for the role that runs it, and for the policy
of the key KeyPolicyStatement for that role, and KeyPolicyOthers for everybody else:
administrators, readers and services, as the bucket's policy and its replication
name them. Each entry is a statement to paste.

  reseal permissions --manifest s3://reports/media/ \
                     --sse-kms-key-id arn:aws:kms:...
  reseal permissions ./job

With --manifest, --job s3://bucket/prefix adds what a job needs that is kept there,
and --probe-key-prefix what scratch objects take off AWS. --survey alone prints the policy for reseal survey. It reads the report and the bucket's configuration, so it is to be run by
somebody who may. What it could not read it takes to be needed.`

func newPermissionsCommand(p process) *cobra.Command {
	f := &permissionsFlags{}
	cmd := &cobra.Command{
		Use:   "permissions JOB | --manifest URI --sse-kms-key-id ARN",
		Short: "Print the smallest policies for exactly this plan",
		Long:  permissionsLong,
		Args:  jobArgument(&f.job),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.told = options.Given(cmd.Flags())
			if f.survey {
				return f.surveyPolicy(p)
			}
			return f.permissions(cmd.Context(), p)
		},
	}
	f.connection.bind(cmd)
	f.knownJobs.bind(cmd)
	f.selection.bind(cmd)
	f.pace.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of a job, in place of --manifest and its options; beside them, the s3://bucket/prefix that a job will be kept in")
	fs.BoolVar(&f.survey, "survey", false, "print the policy for reseal survey, and ask nobody")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "off AWS: the `prefix` of a run's scratch objects")
	fs.StringVar(&f.principal, "principal", "", "ARN of the role that the policies are for (default: the caller's)")
	return cmd
}

func (f *permissionsFlags) permissions(ctx context.Context, p process) error {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	made, err := f.readJob(ctx, p)
	if err != nil {
		return err
	}
	pre, err := f.request.prepare(ctx, nil)
	if err != nil {
		return err
	}
	env, frozen := pre.Env, pre.Env.Frozen()
	if made != nil {
		frozen, env.Policy.Options, env.Policy.Now = made.Frozen, made.Options, made.Now
	}
	n, err := preflight.FindNeeds(ctx, env.Client, env.Report, &frozen, env.Policy)
	if err != nil {
		return err
	}
	n.Headroom, n.Scratch = env.Caps.Headroom != nil, f.probe
	if env.Policy.Facts.AWS == plan.Yes {
		n.Scratch = "" // nothing is probed there
	}
	if job.InBucket(f.job) {
		n.KeepState(ctx, env.Client, f.job)
	}
	caller := s3api.Identity{ARN: f.principal}
	if caller.ARN == "" {
		caller = callerOf(ctx, env.Client, p.stderr)
	}
	policies := n.Policies(&env.Policy.Facts, caller)
	others, notes := n.Others(ctx, env.Client, &env.Policy.Facts)
	for _, note := range notes {
		fmt.Fprintf(p.stderr, "note: %s\n", s3api.PlainText(note))
	}
	policies.KeyPolicyOthers = others
	if err := writeJSON(p.stdout, policies); err != nil {
		return fmt.Errorf("print policies: %w", err)
	}
	return nil
}

// surveyPolicy prints what a survey takes: nothing but questions.
func (f *permissionsFlags) surveyPolicy(p process) error {
	if f.manifest != "" || f.job != "" {
		return usagef("--survey goes with no manifest and no job: a survey is of whole accounts")
	}
	anywhere, onBuckets := questions.Actions()
	return writeJSON(p.stdout, struct{ IdentityPolicy preflight.Grants }{preflight.Grants{Version: "2012-10-17", Statement: []preflight.Grant{
		{Sid: "Account", Effect: "Allow", Action: anywhere, Resource: []string{"*"}},
		{Sid: "Buckets", Effect: "Allow", Action: onBuckets, Resource: []string{"*"}},
	}}})
}

// readJob takes manifest and options from the job, where it is there in place of them;
// else it returns nil.
func (f *permissionsFlags) readJob(ctx context.Context, p process) (*job.Plan, error) {
	if f.job == "" || f.manifest != "" {
		return nil, nil
	}
	store, made, err := openJob(ctx, f.job)
	if err != nil {
		return nil, err
	}
	told, err := job.CurrentOptions(ctx, store, made)
	if err != nil {
		return nil, err
	}
	if f.probe == "" { // its runs try scratch objects each time they begin
		f.probe = told.Value("probe-key-prefix")
	}
	if f.Headroom == "" {
		f.Headroom = told.Value("kms-headroom")
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: f.told, Name: f.job, Plan: made}, false)
	if err != nil {
		return nil, err
	}
	if _, err := f.connection.Follow(ctx, met); err != nil {
		return nil, err
	}
	f.adopt(made)
	return made, nil
}

// callerOf is the caller as far as it is known; what is not is said.
func callerOf(ctx context.Context, client *s3api.Client, messages io.Writer) s3api.Identity {
	id, err := client.Identity(ctx)
	if err != nil {
		fmt.Fprintf(messages, "note: the caller is not known, so the key's statement names nobody; name the role with --principal: %s\n", explain.Words(err))
		return id
	}
	if id.Role, err = client.Role(ctx, id); err != nil {
		fmt.Fprintf(messages, "note: the path of the caller's role is not known, so the key's statement goes by the role's name; "+
			"grant iam:GetRole, or name the role with --principal: %s\n", explain.Words(err))
	}
	return id
}
