package prepare

import (
	"context"
	"time"

	"reseal/cost"
	"reseal/internal/resources"
	"reseal/job"
	"reseal/migrate"
)

// patience is how an endpoint that does not answer is waited for, as the run would later,
// where a job was found: it worked there before. Of a new one, nobody knows whether the
// endpoint is the right one.
func (s *Start) patience() migrate.Patience {
	p := migrate.Patience{Closed: s.Limits.Closed, Waiting: s.Screen.Unanswered}
	if s.Claim.Found {
		p.Longest = s.Outage
	}
	return p
}

// UnpricedError is a plan without a price where there is a limit of money.
type UnpricedError struct{ Why string }

func (e *UnpricedError) Error() string {
	return "--max-cost cannot be kept: " + e.Why + "; --prices FILE can name it"
}

// LookAround finds out about bucket, key and quota.
func (s *Start) LookAround(ctx context.Context) error {
	if err := s.patience().Do(ctx, func() (err error) {
		s.Pre, err = Look(ctx, s.Request, s.Met, time.Now())
		return err
	}); err != nil {
		return err
	}
	e := s.Pre.Env
	e.Report.WaitFor(s.Outage, s.Screen.ReportOutage)
	e.Caps = e.Caps.Divided(s.Share.Count, s.Share.Name())
	if s.Joins == nil {
		return nil
	}
	return s.Joins.Join(ctx, e)
}

// PlanOrResume makes a plan and shows it, or shows how far the job is that is there.
func (s *Start) PlanOrResume(ctx context.Context) (err error) {
	if s.Claim.Found {
		err = s.resume(ctx)
	} else {
		err = s.plan(ctx)
	}
	if err == nil && s.Whole > 0 && s.Plan.Evidence != nil {
		s.Pre.Env.Policy.Remember = s.Plan.Evidence.Rows
	}
	return err
}

// plan finds out what a run would do, by reading the whole report, or no more than the
// first rows of it, to choose a canary of.
func (s *Start) plan(ctx context.Context) error {
	s.Fresh = true
	reads := migrate.Surveyor{Environment: s.Pre.Env, Keep: s.Whole, Tick: s.Tick}
	from := migrate.Origin{Program: s.Program, Endpoint: s.Request.Via.Endpoint, Told: s.Options, Generation: s.Later.Of()}
	survey, err := s.survey(ctx, reads)
	if err != nil {
		return err
	}
	if survey.Tally != nil {
		from.Estimate = cost.New(survey.Tally, s.Pre.Params())
	}
	s.Plan = migrate.NewJob(s.Pre.Env, survey, from)
	return s.Screen.Planned(s, survey)
}

func (s *Start) survey(ctx context.Context, reads migrate.Surveyor) (*migrate.Survey, error) {
	if s.FirstRows {
		return reads.FirstRows(ctx)
	}
	stop := resources.Fitting(ctx)
	defer stop()
	survey, err := reads.WholeReport(ctx)
	if err != nil {
		return nil, err
	}
	return survey, s.Screen.Surveyed(survey)
}

// resume goes on with a job that is there: what it was made of must be what is asked for
// now.
func (s *Start) resume(ctx context.Context) error {
	s.Plan = s.Claim.Plan
	if err := s.CheckSame(); err != nil {
		return err
	}
	e := s.Pre.Env
	if s.Plan.Tally != nil {
		e.Plan.Untiered = s.Plan.Tally.TierUnknown()
		if s.Plan.Unread == 0 {
			e.Learn(s.Plan.Tally)
		}
	}
	if s.Fresh = !job.Begun(s.At); s.Fresh {
		return s.Screen.Planned(s, nil)
	}
	if err := s.rest(ctx); s.Idle || err != nil {
		return err
	}
	s.Screen.Resumed(s)
	return nil
}

// CheckSame returns a *checkpoint.MismatchError where the job that was found was made of
// something else than what is asked for now. Bucket, key and report must have been looked at.
func (s *Start) CheckSame() error {
	e := s.Pre.Env
	return s.Claim.Plan.CheckSame(s.Name, e.Frozen(), e.Report.Manifest())
}

// rest ends a run that has nothing to do in its job, before it is held against the hazards
// of a bucket that it will not touch.
func (s *Start) rest(ctx context.Context) error {
	made := s.Claim.Plan
	if !made.Owns(s.At) { // opening it says so
		return nil
	}
	if left, err := s.Rows.Left(ctx, made, s.At); left || err != nil {
		return err
	}
	s.Idle = true
	return s.Screen.Nothing(ctx, s)
}

// consent asks the person at the terminal about a job that nobody has begun yet.
func (s *Start) consent(ctx context.Context) error {
	if !s.Fresh || s.Plan.Todo == 0 {
		return nil
	}
	return s.Screen.Consent(ctx, s.Plan)
}
