package main

import (
	"context"
	"errors"

	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// survey reads the whole report, decides on every row, and sums up.
type survey struct {
	tally    *cost.Tally
	segments []inventory.Segment
	rows     int64
	todo     int64
	damage   []error // one a file that could not be read to its end
}

// takeSurvey sends nothing but the requests that read the report.
func takeSurvey(ctx context.Context, g *ground, tick func(rows int64)) (*survey, error) {
	segments, err := g.report.Segments(ctx)
	if err != nil {
		return nil, err
	}
	s := &survey{tally: cost.NewTally(g.policy.Now), segments: segments}
	for batch, err := range g.report.Read(ctx, segments) {
		if err != nil {
			return nil, err
		}
		for i := range batch.Records {
			task := g.policy.Decide(&batch.Records[i])
			s.tally.Add(&task)
			if task.Action != plan.Skip {
				s.todo++
			}
		}
		s.rows += int64(len(batch.Records))
		if batch.Err != nil {
			s.damage = append(s.damage, batch.Err)
		}
		if tick != nil {
			tick(s.rows)
		}
	}
	return s, nil
}

// damaged returns what is wrong with the report's files as one error, nil where
// all could be read.
func (s *survey) damaged() error { return errors.Join(s.damage...) }

// estimate prices the survey.
func (s *survey) estimate(g *ground, p pace) *cost.Estimate {
	return cost.New(s.tally, cost.Params{
		Prices:          cost.BuiltIn(),
		Region:          g.policy.Facts.Region,
		Options:         g.policy.Options,
		Facts:           g.policy.Facts,
		KMSPerSecond:    g.caps.kms,
		WritesPerSecond: g.caps.s3,
		Concurrency:     p.concurrency,
		MonthlyGets:     -1,
		MonthlyPuts:     -1,
	})
}
