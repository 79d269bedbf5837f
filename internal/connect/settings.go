// Package connect turns what is told of an endpoint, and of who asks, into clients of it,
// and into the jobs and reports that are reached by them.
package connect

import (
	"context"
	"time"

	"reseal/checkpoint"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/s3api"
)

// Settings say where the store is and who asks. The zero value is AWS, as environment and
// profile say.
type Settings struct {
	Endpoint  string // URL of S3 and KMS, "" for what environment and profile say
	S3Only    string // URL of S3 alone, as the job knows it
	Region    string
	Profile   string
	CABundle  string // file
	Owner     string // account that must own the bucket, "" for the caller's
	JobOwner  string // the same of the bucket that a job is kept in
	AllowHTTP bool
	SDKClient bool
	Product   string // of the program, as name/version

	Role   s3api.Role // that works on the bucket; the zero value for none
	Keeper *Settings  // over which jobs are kept, nil for these

	Waits Waits // may be nil
}

// Waits tells a person what a command waits for, so that nobody takes it for stuck.
type Waits interface {
	// StateUnreachable is called when the bucket of a job does not answer.
	StateUnreachable(why error)
	// Held is called before a job or a share is taken over from its holder, whose next
	// sign of life is waited for until then.
	Held(name string, h checkpoint.Holder, until time.Time)
}

// Client opens the connection to the services, for so many requests at once.
func (s *Settings) Client(ctx context.Context, concurrency int) (*s3api.Client, error) {
	c := s3api.Config{
		Region: s.Region, Profile: s.Profile, EndpointURL: s.Endpoint, S3EndpointURL: s.S3Only, CABundle: s.CABundle, AllowHTTP: s.AllowHTTP,
		ExpectedBucketOwner: s.Owner, Concurrency: concurrency, Connections: resources.FileRoom().Connections, Product: s.Product,
		SDKClient: s.SDKClient,
	}
	if s.Waits != nil {
		c.Waiting = s.Waits.StateUnreachable
	}
	return s3api.New(ctx, c)
}

// Worker is Client for the work on a bucket, as the role that is named for it.
func (s *Settings) Worker(ctx context.Context, concurrency int) (*s3api.Client, error) {
	client, err := s.Client(ctx, concurrency)
	if err != nil || s.Role.ARN == "" {
		return client, err
	}
	return client.Assume(ctx, s.Role, s.Owner)
}

// Jobs opens jobs, those in a bucket over these settings, or over those of the keeper.
func (s Settings) Jobs() job.Opener {
	if s.Keeper != nil {
		return s.Keeper.Jobs()
	}
	o := job.Opener{Connect: s.Client, BucketOwner: s.JobOwner}
	if s.Waits != nil {
		o.Waiting = s.Waits.Held
	}
	return o
}

// server is where requests go: a URL, or known.AWS. Nothing is sent.
func (s Settings) server(ctx context.Context) (string, error) {
	client, err := s.Client(ctx, 1)
	if err != nil {
		return "", err
	}
	return serverOf(client), nil
}
