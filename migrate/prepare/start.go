package prepare

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reseal/checkpoint"
	"reseal/internal/connect"
	"reseal/internal/shell"
	"reseal/internal/signals"
	"reseal/job"
	"reseal/job/known"
	"reseal/migrate"
	"reseal/migrate/untilclean"
	"reseal/preflight"
)

// Told is what a run is told, as far as it decides how the run begins.
type Told struct {
	Name    string // of the job
	Command string // of the program, as others are told who holds the job
	Program string // name and version
	Share   job.Share
	Request *Request
	Known   connect.Known
	Options job.Told          // that the user named now
	Later   *untilclean.Later // of a run of a later generation; nil for the job itself
	Joins   Joins             // nil for a run of its own

	Rows   migrate.Selection
	AsMade bool // all options are the job's, so that what is left needs no look at the bucket

	Accepted  []string // hazards, by name
	Probe     string   // prefix of scratch objects, off AWS; "" for no probe
	Force     bool     // take a cap above the quota of the account
	FirstRows bool     // read no more of a report than a canary needs
	Whole     int      // objects that are read as a whole before they are re-encrypted

	Outage time.Duration // without any answer, at most
	Limits migrate.StartLimits
	Tick   func(rows int64) // told how many rows of the report were read; may be nil
}

// Joins has a run draw from what it shares with others, once its bucket was looked at.
type Joins interface {
	Join(ctx context.Context, e *preflight.Environment) error
}

// Screen shows a person how a run comes about, and asks. An error ends the run.
type Screen interface {
	// Met is called with what this machine knew of a job that was found, which is recorded
	// or was only compared, and Made with the same of one that was just made.
	Met(seen known.Met, recorded bool)
	Made(known.Met)
	// Crashed is called with the holder of the job that did not give it back.
	Crashed(before *checkpoint.Holder)
	// Unanswered is called before an endpoint is waited for that does not answer, and
	// ReportOutage when a file of the report cannot be had for now.
	Unanswered(why error)
	ReportOutage(file string, err error)

	// Surveyed is called with what the report says, as a plan is made of it.
	Surveyed(*migrate.Survey) error
	// Planned shows a plan that no run has begun. survey is that of a new one, nil for one
	// that was found.
	Planned(s *Start, survey *migrate.Survey) error
	// Resumed shows how far the job is, and Nothing that nothing is left to do in it.
	Resumed(*Start)
	Nothing(context.Context, *Start) error

	// Checked shows what a preflight found. A stop is an error.
	Checked([]preflight.Finding) error
	// Refused is the refusal over hazards that were not accepted.
	Refused(*Start, []preflight.Hazard) error
	// Consent asks whether the plan is to be carried out.
	Consent(context.Context, *job.Plan) error
	// Probed shows what a probe found out about the endpoint.
	Probed(*preflight.Verdict)
}

// Start is a run on its way to its first object: what it is told, and what was found and
// made so far. One goroutine uses it.
type Start struct {
	Told
	Screen Screen

	Claim *migrate.Claim
	Met   *connect.Met         // the job that was found, nil for a new one
	Pre   *Prepared            // nil until bucket, key and quota were looked at
	At    *checkpoint.Snapshot // of a job that was found
	Plan  *job.Plan            // of the job, found or new
	Fresh bool                 // no run has begun it yet
	Idle  bool                 // nothing is left to do in it, which was shown
}

// NewStart is that of a run of which nothing was done yet.
func NewStart(told Told, screen Screen) *Start {
	return &Start{Told: told, Screen: screen, Claim: &migrate.Claim{
		Jobs: told.Request.Via.Jobs(), Name: told.Name, Share: told.Share, Socket: job.Socket(told.Later.Whole(told.Name), told.Share), Program: told.Command}}
}

// NoPlanError is a share of a job that has no plan yet.
type NoPlanError struct {
	Name  string // of the job
	Share job.Share
}

func (e *NoPlanError) Error() string {
	return fmt.Sprintf("share %s of a job that has no plan yet: make it once, with reseal plan %s", e.Share, shell.Path(e.Name))
}

// Ready makes all ready for a run: looks first, then writes. Where nothing is left to do,
// it ends with Idle. The caller releases the claim, also after an error.
func (s *Start) Ready(ctx context.Context) error {
	for _, look := range []func(context.Context) error{s.find, s.LookAround, s.PlanOrResume, s.Check, s.consent} {
		if err := look(ctx); err != nil {
			return &preflight.UntouchedError{Err: signals.CauseOf(ctx, err)}
		}
		if s.Idle {
			return nil
		}
	}
	for _, write := range []func(context.Context) error{s.probe, s.make} {
		if err := write(ctx); err != nil {
			return signals.CauseOf(ctx, err)
		}
	}
	return nil
}

// find finds the job, and holds one that is there.
func (s *Start) find(ctx context.Context) error {
	if err := s.Known.Check(); err != nil {
		return err
	}
	if err := s.Claim.Find(ctx); err != nil {
		return err
	}
	if err := s.Later.Check(ctx, s.Claim); err != nil {
		return err
	}
	if !s.Claim.Found {
		if s.Share.Count > 0 {
			return &preflight.RefusedError{Err: &NoPlanError{s.Name, s.Share}}
		}
		return CheckNew(ctx, s.Claim.Jobs, s.Name)
	}
	if err := s.Meet(ctx, true); err != nil {
		return err
	}
	if err := s.Claim.Keep(ctx); err != nil {
		return err
	}
	s.tellCrash(ctx)
	var err error
	if s.At, err = checkpoint.Read(ctx, s.Claim.Store); err != nil || !s.AsMade {
		return err
	}
	return s.rest(ctx)
}

// Meet compares the job that was found with what this machine knows of it. With record, a
// job that is new here is written down.
func (s *Start) Meet(ctx context.Context, record bool) (err error) {
	if s.Met, err = s.Known.Meet(ctx, s.named(s.Claim.Plan), record); err == nil {
		s.Screen.Met(s.Met.Seen, record)
	}
	return err
}

func (s *Start) named(made *job.Plan) connect.Named {
	return connect.Named{Via: *s.Request.Via, Told: s.Options, Name: s.Name, Plan: made}
}

// CheckNew refuses a place where no new job can be kept, as a refusal where a bucket is
// the reason.
func CheckNew(ctx context.Context, jobs job.Opener, name string) error {
	err := jobs.CheckNew(ctx, name)
	switch {
	case errors.As(err, new(*job.UnwritableError)):
		return &preflight.RefusedError{Err: signals.CauseOf(ctx, err)}
	case errors.As(err, new(*job.RetentionError)):
		return &preflight.RefusedError{Err: err}
	}
	return err
}

// tellCrash shows that the run before this one crashed: as it did not give the job back, or,
// where somebody had that for a moment since, as it recorded no end.
func (s *Start) tellCrash(ctx context.Context) {
	l := s.Claim.Lock
	if l == nil {
		return
	}
	before := l.Previous
	if before == nil {
		if cut, _ := job.CutOff(ctx, s.Claim.Store, s.Share); cut != nil { // what cannot be read says nothing
			by := cut.Holder()
			before = &by
		}
	}
	if before != nil {
		s.Screen.Crashed(before)
	}
}

// make keeps the run to what was accepted, and makes and holds the job, as far as that was
// not done.
func (s *Start) make(ctx context.Context) error {
	s.Pre.Env.BindToPlan(s.Accepted)
	held := s.Claim.Lock != nil
	err := s.Claim.Make(ctx, s.Plan)
	if !held {
		s.tellCrash(ctx)
	}
	if err != nil || s.Claim.Found {
		return err
	}
	seen, err := s.Known.Made(ctx, s.named(s.Plan))
	if err == nil {
		s.Screen.Made(seen)
	}
	return err
}
