package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/explain"
	"reseal/internal/plain"
	"reseal/job"
	"reseal/job/known"
	"reseal/s3api"
)

// knownOff is the --known-jobs with which nothing is written down, and nothing compared.
const knownOff = "off"

// knownJobs is the file that says what jobs first showed on this machine.
type knownJobs struct{ named string }

func (k *knownJobs) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.named, "known-jobs", "", "`FILE` of what jobs first showed on this machine, or off (default: reseal/known-jobs in the user's configuration folder)")
}

func (k *knownJobs) file() known.File {
	if k.named != "" {
		return known.At(k.named)
	}
	return known.Default()
}

// metJob is a job that was compared with what this machine knows of it. Only such a job
// can say where requests go: follow and prepare take no other. Only meet makes one.
type metJob struct{ plan *job.Plan }

// made is the plan of the job, nil where there is no job.
func (m *metJob) made() *job.Plan {
	if m == nil {
		return nil
	}
	return m.plan
}

// check refuses a file that cannot be believed, before there is a job to compare.
func (k *knownJobs) check() error {
	if k.named == knownOff {
		return nil
	}
	return k.file().Check()
}

// meet refuses a job that shows another key, bucket or server than it first showed on
// this machine. told is what the user named now. With record, a job that is new here is
// written down.
func (k *knownJobs) meet(ctx context.Context, p process, c connection, told job.Told, name string, made *job.Plan, record bool) (*metJob, error) {
	if k.named == knownOff {
		return &metJob{made}, nil
	}
	shown, err := c.shown(ctx, told, name, made)
	if err != nil {
		return nil, err
	}
	met, err := k.file().Meet(ctx, shown, record)
	if err != nil {
		return nil, err
	}
	if record && met.New && met.Unrecorded == nil {
		fmt.Fprintf(p.stderr, "note: this machine has not seen this job before: what it shows now, it has to show from now on (%s)\n", k.file().Path())
	}
	k.tellUnrecorded(p, met)
	return &metJob{made}, nil
}

// made writes down a job that this command has just made. The job is good without it.
func (k *knownJobs) made(ctx context.Context, p process, c connection, told job.Told, name string, made *job.Plan) error {
	if k.named == knownOff {
		return nil
	}
	shown, err := c.shown(ctx, told, name, made)
	if err != nil {
		return err
	}
	met, err := k.file().Made(ctx, shown)
	if err != nil {
		return err
	}
	if met.Outdated {
		fmt.Fprintf(p.stderr, "note: this machine still knows the job that was in %s before, and will refuse this one: %s;\nonce that is mended: %s\n",
			plain.Text(name), explain.Words(met.Unrecorded), console.OnJob("forget", name))
		return nil
	}
	k.tellUnrecorded(p, met)
	return nil
}

// tellUnrecorded says that a change of the job will not be noticed.
func (k *knownJobs) tellUnrecorded(p process, met known.Met) {
	if met.New && met.Unrecorded != nil {
		fmt.Fprintf(p.stderr, "note: this machine cannot write down what the job shows, and will not notice a change: %s;\n--known-jobs FILE names a file for it, --known-jobs off leaves it\n", explain.Words(met.Unrecorded))
	}
}

// shown is what a job shows now, over this connection. told is what of it the user named.
func (c connection) shown(ctx context.Context, told job.Told, name string, made *job.Plan) (*known.Job, error) {
	_, namesEndpoint := told["endpoint-url"]
	_, namesOwner := told["expected-bucket-owner"]
	users := c // without what the job says
	if users.s3Only = ""; !namesEndpoint {
		users.endpoint = ""
	}
	own, err := users.server(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := c.follow(ctx, &metJob{made}); err != nil { // to compare: nothing is sent
		return nil, err
	}
	server, err := c.server(ctx)
	if err != nil {
		return nil, err
	}
	place, err := known.PlaceOf(name, own)
	if err != nil {
		return nil, err
	}
	digest, err := made.Digest()
	if err != nil {
		return nil, err
	}
	o := &made.Options
	return &known.Job{
		Name: name, Place: place, Pin: known.Pin{Plan: digest, Bucket: o.Bucket, SSE: o.SSE, Key: o.KMSKeyID},
		Endpoint: known.Named{Value: server, ByUser: namesEndpoint || server == own && own != known.AWS},
		Owner:    known.Named{Value: c.owner, ByUser: namesOwner},
	}, nil
}

// server is where the requests of a connection go. Nothing is sent.
func (c connection) server(ctx context.Context) (string, error) {
	client, err := c.client(ctx, 1)
	if err != nil {
		return "", err
	}
	if url := client.Endpoint().URL; !s3api.Own(url) {
		return url, nil
	}
	return known.AWS, nil
}
