package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/console"
	"reseal/internal/connect"
	"reseal/internal/options"
	"reseal/job"
	"reseal/plan"
	"reseal/preflight"
	"reseal/s3api"
)

// uploadsFlags is the command line of uploads.
type uploadsFlags struct {
	connection
	knownJobs
	job   string
	sweep bool
	json  bool
}

const uploadsLong = `uploads lists the multipart uploads that a job has begun and not ended: copies of
large objects that a stop or a crash cut off. The same run command goes on with
them. A job that is given up leaves them behind, and their parts
are paid for; --sweep throws them away.

Only uploads that the job's own files name are listed and swept, never those of
other writers to the bucket. The state "unsure" means that the answer which
began it got lost, so nothing proves whose it is. Such an upload is never swept;
the command that removes it is printed.`

func newUploadsCommand(p process) *cobra.Command {
	f := &uploadsFlags{}
	cmd := &cobra.Command{
		Use:   "uploads JOB",
		Short: "List a job's own unfinished multipart uploads, or throw them away",
		Long:  uploadsLong,
		Args:  jobArgument(&f.job),
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), p, options.Given(cmd.Flags())) },
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.knownJobs.bind(cmd)
	cmd.Flags().StringVar(&f.job, "job", "", "`folder` of the job")
	cmd.Flags().BoolVar(&f.sweep, "sweep", false, "abort them; what they copied so far has to be copied again")
	cmd.Flags().BoolVar(&f.json, "json", false, "print one JSON document")
	return cmd
}

func (f *uploadsFlags) run(ctx context.Context, p process, told job.Told) error {
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, made, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	met, err := f.meet(ctx, p, connect.Named{Via: f.connection.Settings, Told: told, Name: f.job, Plan: made}, false)
	if err != nil {
		return err
	}
	rewriter, err := f.rewriter(ctx, met)
	if err != nil {
		return err
	}
	var found []job.Upload
	if f.sweep {
		found, err = job.SweepUploads(ctx, store, made, rewriter)
	} else {
		var at *checkpoint.Snapshot
		if at, err = checkpoint.Read(ctx, store); err == nil {
			found, err = job.Uploads(ctx, at, rewriter)
		}
	}
	if err != nil {
		return err
	}
	if f.json {
		return writeJSON(p.stdout, map[string]any{"job": f.job, "bucket": made.Options.Bucket, "uploads": found})
	}
	endpoint := f.Endpoint
	if endpoint == "" {
		endpoint = made.Endpoint
	}
	return console.Uploads(p.stdout, endpoint, made.Options.Bucket, found)
}

// rewriter reaches the job's bucket; nothing of it but uploads is asked about.
func (f *uploadsFlags) rewriter(ctx context.Context, job *connect.Met) (*s3api.Rewriter, error) {
	conn := f.connection
	if _, err := conn.Follow(ctx, job); err != nil {
		return nil, err
	}
	client, err := conn.Client(ctx, 1)
	if err != nil {
		return nil, err
	}
	client, facts, _, err := preflight.BucketFacts(ctx, client, job.Plan().Options.Bucket)
	if err != nil {
		return nil, err
	}
	o := job.Plan().Options
	o.Method = plan.MethodCopy // no object is updated: the endpoint need not be proven
	return client.Rewriter(s3api.RewriteConfig{Options: o, Facts: facts})
}

// heldUploads is how many uploads a job that was just run tells of.
func heldUploads(at *checkpoint.Snapshot) int64 {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second) // the run is over, and may have been interrupted
	defer stop()
	return job.CountUploads(ctx, at)
}
