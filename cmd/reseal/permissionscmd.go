package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reseal/plan"
	"reseal/s3api"
)

// permissionsFlags is the command line of permissions.
type permissionsFlags struct {
	request
	job       string
	principal string
}

const permissionsLong = `permissions prints the smallest policies that exactly this plan, run and verify need,
as one JSON document: IdentityPolicy for the role that runs it, and
KeyPolicyStatement for the policy of the key.

  reseal permissions --manifest s3://reports/…/manifest.json --sse-kms-key-id arn:aws:kms:...
  reseal permissions --job ./job

It reads the report and the bucket's configuration, so it is to be run by
somebody who may. What it could not read it takes to be needed.`

func newPermissionsCommand(p process) *cobra.Command {
	f := &permissionsFlags{}
	cmd := &cobra.Command{
		Use:   "permissions --manifest URI --sse-kms-key-id ARN",
		Short: "Print the smallest policies for exactly this plan",
		Long:  permissionsLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.permissions(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	f.selection.bind(cmd)
	f.pace.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of a job, in place of --manifest and its options")
	fs.StringVar(&f.principal, "principal", "", "ARN of the role that the policies are for (default: the caller's)")
	return cmd
}

func (f *permissionsFlags) permissions(ctx context.Context, p process) error {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var job *jobPlan
	if f.job != "" {
		var err error
		if _, job, err = openJob(ctx, f.job); err != nil {
			return err
		}
		o := &job.Options
		f.manifest, f.keyID, f.sse, f.method, f.bucketKey = job.Manifest, o.KMSKeyID, o.SSE, string(o.Method), o.BucketKey
	}
	g, err := prepare(ctx, &f.request, nil, time.Now())
	if err != nil {
		return err
	}
	if job != nil {
		g.frozen, g.policy.Options, g.policy.Now = job.Frozen, job.Options, job.Now
	}
	n, err := findNeeds(ctx, g)
	if err != nil {
		return err
	}
	n.headroom = f.headroom != ""
	caller := f.principal
	if caller == "" {
		if id, err := g.client.Identity(ctx); err == nil {
			caller = id.ARN
		}
	}
	e := json.NewEncoder(p.stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(n.policies(g, caller)); err != nil {
		return fmt.Errorf("print policies: %w", err)
	}
	return nil
}

// needs are what a plan does with the objects of a bucket.
type needs struct {
	copies, parts, updates, fromKMS bool
	headroom                        bool     // the use of KMS by others is to be read
	report                          []string // keys of the report's files
	key                             s3api.Key
}

// findNeeds decides on every row of the report.
func findNeeds(ctx context.Context, g *ground) (*needs, error) {
	n := &needs{}
	segments, err := g.report.Segments(ctx)
	if err != nil {
		return nil, err
	}
	for batch, err := range g.report.Read(ctx, segments) {
		if err == nil {
			err = batch.Err
		}
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			task := g.policy.Decide(&batch.Records[i])
			n.copies = n.copies || task.Action == plan.Copy
			n.parts = n.parts || task.Action == plan.MultipartCopy
			n.updates = n.updates || task.Action == plan.Update
			n.fromKMS = n.fromKMS || task.Action != plan.Skip && task.FromKMS
		}
	}
	n.key, err = g.client.Key(ctx, g.frozen.Options.KMSKeyID)
	if err != nil { // the ARN may be all that is known
		n.key.ARN = g.frozen.Options.KMSKeyID
	}
	for _, f := range g.report.Manifest().Files {
		n.report = append(n.report, f.Key)
	}
	return n, nil
}
