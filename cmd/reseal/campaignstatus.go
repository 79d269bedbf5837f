package main

import (
	"context"
	"errors"

	"reseal/campaign"
	"reseal/console"
	"reseal/job"
)

// readCampaign reads how the campaign in a place stands, nil where there is none. What is
// wrong with a place of a job is said by who reads that.
func readCampaign(ctx context.Context, c connection, dir string) (*campaign.Status, *campaign.Document, error) {
	if dir == "" {
		return nil, nil, nil
	}
	store, err := c.Jobs().Open(ctx, dir, job.Share{})
	if err != nil {
		return nil, nil, nil
	}
	d, _, err := campaign.Read(ctx, store)
	switch {
	case errors.As(err, new(*campaign.DocumentError)), errors.As(err, new(*job.VersionError)):
		return nil, nil, err
	case err != nil || d == nil:
		return nil, nil, nil
	}
	s, err := campaign.ReadStatus(ctx, c.Jobs(), dir, d)
	if err != nil {
		return nil, nil, err
	}
	for i := range s.Buckets {
		s.Buckets[i].Next = nextOf(&s.Buckets[i])
	}
	return s, d, nil
}

// showCampaign prints how a campaign stands, or why that is not known.
func showCampaign(ctx context.Context, p process, s *campaign.Status, asJSON, ofOne bool, err error) error {
	switch {
	case err != nil:
		return causeOf(ctx, err)
	case ofOne:
		return usagef("%s is a campaign: --watch and --shard are for the job of one bucket, such as %s", s.Job, campaign.JobOf(s.Job, "BUCKET"))
	case asJSON:
		err = writeJSON(p.stdout, s)
	default:
		err = console.Campaign(p.stdout, s)
	}
	if err != nil {
		return err
	}
	if code := campaign.Worst(unreadable(s)); code != exitDone {
		return &finding{code}
	}
	return nil
}

// unreadable are the exit codes of the jobs of a campaign that cannot be read.
func unreadable(s *campaign.Status) (codes []int) {
	for i := range s.Buckets {
		if r := &s.Buckets[i]; r.Err != nil && r.State != campaign.LeftOut {
			codes = append(codes, exitCode(r.Err))
		}
	}
	return codes
}
