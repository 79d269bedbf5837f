package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// permissionsFlags is the command line of permissions.
type permissionsFlags struct {
	request
	job       string
	probe     string
	principal string
}

const permissionsLong = `permissions prints the smallest policies that exactly this plan, run and verify need,
as one JSON document: IdentityPolicy for the role that runs it, and
KeyPolicyStatement for the policy of the key.

  reseal permissions --manifest s3://reports/…/manifest.json --sse-kms-key-id arn:aws:kms:...
  reseal permissions --job ./job

With --manifest, --job s3://bucket/prefix adds what a job needs that is kept there,
and --probe-key-prefix what scratch objects take off AWS. It reads the report and the bucket's configuration, so it is to be run by
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
	fs.StringVar(&f.job, "job", "", "`folder` of a job, in place of --manifest and its options; beside them, the s3://bucket/prefix that a job will be kept in")
	fs.StringVar(&f.probe, "probe-key-prefix", "", "off AWS: the `prefix` of a run's scratch objects")
	fs.StringVar(&f.principal, "principal", "", "ARN of the role that the policies are for (default: the caller's)")
	return cmd
}

func (f *permissionsFlags) permissions(ctx context.Context, p process) error {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	var job *jobPlan
	if f.job != "" && f.manifest == "" {
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
	n.headroom, n.scratch = f.headroom != "", f.probe
	if g.policy.Facts.AWS == plan.Yes {
		n.scratch = "" // nothing is probed there
	}
	if remoteJob(f.job) {
		n.state = f.job
	}
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
	reportKey                       string   // that they are under; "" for none, or keyUnknown
	scratch                         string   // prefix of scratch objects, "" for none
	state                           string   // s3://bucket/prefix of the job, "" for a local one
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
	n.reportKey = keyOfReport(ctx, g, n.report)
	return n, nil
}

// keyUnknown stands for a key that could not be found out.
const keyUnknown = "*"

// keyOfReport is the key that the files of the report are under: reading them
// makes S3 ask KMS.
func keyOfReport(ctx context.Context, g *ground, files []string) string {
	at, err := inventory.ParseLocation(g.frozen.Manifest)
	if err != nil || at.Local() || len(files) == 0 {
		return ""
	}
	depot, err := g.client.Foreign(ctx, at.Bucket, "")
	if err != nil {
		return keyUnknown
	}
	key, err := depot.KeyOf(ctx, at.Bucket, files[0])
	if err != nil {
		return keyUnknown
	}
	return key
}
