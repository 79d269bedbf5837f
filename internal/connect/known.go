package connect

import (
	"context"

	"reseal/job"
	"reseal/job/known"
)

// Known is what this machine knows of jobs.
type Known struct {
	File known.File
	Off  bool // nothing is written down, and nothing compared
}

// Named is a job with what the user named of it now.
type Named struct {
	Via  Settings
	Told job.Told // options by name
	Name string   // folder or address
	Plan *job.Plan
}

// Met is a job that was compared with what this machine knows of it. Only such a job can
// say where requests go: Follow takes no other. Only Meet makes one.
type Met struct {
	plan *job.Plan
	Seen known.Met
}

// Plan is that of the job, nil where there is no job.
func (m *Met) Plan() *job.Plan {
	if m == nil {
		return nil
	}
	return m.plan
}

// Check returns the *known.FileError of a file that cannot be believed, before there is a
// job to compare.
func (k Known) Check() error {
	if k.Off {
		return nil
	}
	return k.File.Check()
}

// Meet refuses a job that shows another key, bucket or server than it first showed on this
// machine. With record, a job that is new here is written down.
func (k Known) Meet(ctx context.Context, n Named, record bool) (*Met, error) {
	if k.Off {
		return &Met{plan: n.Plan}, nil
	}
	shown, err := n.shown(ctx)
	if err != nil {
		return nil, err
	}
	seen, err := k.File.Meet(ctx, shown, record)
	if err != nil {
		return nil, err
	}
	return &Met{plan: n.Plan, Seen: seen}, nil
}

// Made writes down a job that this process has just made. The job is good without it.
func (k Known) Made(ctx context.Context, n Named) (known.Met, error) {
	if k.Off {
		return known.Met{}, nil
	}
	shown, err := n.shown(ctx)
	if err != nil {
		return known.Met{}, err
	}
	return k.File.Made(ctx, shown)
}

// Forget takes a job out of the file. It tells whether it was there.
func (k Known) Forget(ctx context.Context, s Settings, name string) (was bool, err error) {
	server, err := s.server(ctx)
	if err != nil {
		return false, err
	}
	place, err := known.PlaceOf(name, server)
	if err != nil {
		return false, err
	}
	return k.File.Forget(ctx, place)
}

// shown is what the job shows now.
func (n Named) shown(ctx context.Context) (*known.Job, error) {
	_, namesEndpoint := n.Told["endpoint-url"]
	_, namesOwner := n.Told["expected-bucket-owner"]
	users := n.Via // without what the job says
	if users.S3Only = ""; !namesEndpoint {
		users.Endpoint = ""
	}
	own, err := users.server(ctx)
	if err != nil {
		return nil, err
	}
	followed := n.Via
	if _, err := followed.follow(ctx, n.Plan); err != nil { // to compare: nothing is sent
		return nil, err
	}
	server, err := followed.server(ctx)
	if err != nil {
		return nil, err
	}
	place, err := known.PlaceOf(n.Name, own)
	if err != nil {
		return nil, err
	}
	digest, err := n.Plan.Digest()
	if err != nil {
		return nil, err
	}
	o := &n.Plan.Options
	return &known.Job{
		Name: n.Name, Place: place, Pin: known.Pin{Plan: digest, Bucket: o.Bucket, SSE: o.SSE, Key: o.KMSKeyID},
		Endpoint: known.Named{Value: server, ByUser: namesEndpoint || server == own && own != known.AWS},
		Owner:    known.Named{Value: n.Via.Owner, ByUser: namesOwner},
	}, nil
}
