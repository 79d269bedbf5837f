package main

import (
	"time"

	"reseal/cost"
	"reseal/job"
)

// newJobPlan binds a job to what was decided, and attaches what was found out.
func newJobPlan(g *ground, endpoint string, s *survey, e *cost.Estimate) *job.Plan {
	return &job.Plan{
		Frozen: g.frozen, Hash: g.frozen.Hash(), Created: time.Now().UTC(), Program: "reseal " + version,
		Segments: s.segments, Sizes: job.SizesOf(g.report.Manifest().Files), Rows: s.rows, Todo: s.todo, Unread: len(s.damage), Region: g.policy.Facts.Region, Endpoint: endpoint, S3: g.client.Endpoint().URL, KMS: g.client.Endpoint().KMS, Estimate: e, Tally: s.tally, Canary: s.canary, Evidence: s.evidence,
	}
}
