package work

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"reseal/campaign"
	"reseal/campaign/list"
	"reseal/checkpoint"
	"reseal/cost"
	"reseal/internal/connect"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate"
	"reseal/migrate/prepare"
	"reseal/preflight"
)

// Bucket is one bucket of a campaign on its way.
type Bucket struct {
	list.Bucket
	Entry campaign.Entry
	Job   string // its name

	Fresh  bool             // no run has begun its job
	Clean  bool             // its run lists the bucket until nothing is left
	Idle   bool             // nothing is left in it
	Made   bool             // its job was made by this process
	Of     *status.Status   // its job, nil where there is none
	Left   campaign.Figures // of what is left
	Failed error            // why it cannot begin
	Next   string           // command that is next

	start *prepare.Start // that planned it; nil once its job is made
	open  []job.OpenHazard
}

// HasJob tells whether there is a job that a person can name.
func (b *Bucket) HasJob() bool { return b.Of != nil || b.Made }

// What an entry of a list says too little for.
var (
	ErrNoKey    = errors.New("no key is named for it: put the ARN of one in place of KEY_ARN, or give --sse-kms-key-id for all that have none")
	ErrNoReport = errors.New("no report is named for it: set manifest to an inventory report, as reseal plan --manifest takes it")
)

// Foresee finds out what the run of each bucket would do, some at once, and writes nothing.
// What fails of one is with it.
func (c *Campaign) Foresee(ctx context.Context) {
	var each errgroup.Group
	each.SetLimit(c.Parallel)
	var showing sync.Mutex
	done := 0
	for _, b := range c.Buckets {
		each.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if b.Failed = c.foresee(ctx, b); b.Failed != nil {
				c.refused(b, b.Of)
			}
			if b.Failed == nil && b.Idle && b.Entry.Ended.Refused() { // no run comes that would end otherwise
				b.Entry.Ended = nil
			}
			if b.Of == nil && b.start != nil {
				b.Entry.Planned = &b.Left
			}
			showing.Lock()
			defer showing.Unlock()
			done++
			c.Screen.Planned(done, len(c.Buckets))
			return nil
		})
	}
	_ = each.Wait() // none returns an error
}

// refused writes down why a bucket cannot begin.
func (c *Campaign) refused(b *Bucket, of *status.Status) {
	text, next := c.Runner.Why(b, b.Failed, of)
	b.Next = next
	if other := (*campaign.OtherBucketError)(nil); errors.As(b.Failed, &other) && other.Job != "" {
		return // its folder says so for as long as it holds
	}
	b.Entry.Ended = campaign.NewEnding(c.Began, c.Runner.Code(b.Failed), text)
}

// OpenHazards are the names of what nobody accepted.
func (b *Bucket) OpenHazards() (names []string) {
	for _, h := range b.open {
		names = append(names, h.Name)
	}
	return names
}

// foresee finds out what the run of a bucket would do.
func (c *Campaign) foresee(ctx context.Context, b *Bucket) error {
	s, untilClean, err := c.Runner.Start(ctx, b)
	b.Clean = untilClean
	if err != nil { // what its job remembers may not be known
		untilClean = untilClean || b.Entry.UntilClean
	}
	b.Entry.UntilClean = untilClean
	if was := c.Document.Find(b.Name); was != nil && was.Made {
		if changed := was.Check(&b.Bucket); changed != nil {
			return changed
		}
	}
	if err != nil {
		return err
	}
	if err := c.findJob(ctx, s, b); err != nil || b.Idle && asListed(s) {
		return err
	}
	return c.lookAhead(ctx, s, b)
}

// findJob looks for the job of a bucket, without holding it.
func (c *Campaign) findJob(ctx context.Context, s *prepare.Start, b *Bucket) (err error) {
	claim := s.Claim
	if claim.Store, claim.Plan, err = claim.Jobs.Find(ctx, b.Job, job.Share{}); err != nil {
		return err
	}
	b.Fresh = true
	if claim.Found = claim.Plan != nil; !claim.Found {
		return prepare.CheckNew(ctx, claim.Jobs, b.Job)
	}
	if is := claim.Plan.Options.Bucket; is != b.Name {
		return &campaign.OtherBucketError{Bucket: b.Name, Is: is, Job: b.Job}
	}
	if err = s.Meet(ctx, false); err != nil {
		return err
	}
	if s.At, err = checkpoint.Read(ctx, claim.Store); err != nil {
		return err
	}
	read, err := status.LookWhole(ctx, claim.Jobs, claim.Store, claim.Plan, job.Share{})
	if err != nil {
		return err
	}
	b.Of = read.Status()
	b.Fresh = !job.Begun(s.At) && b.Of.Runs == 0
	left, err := s.Rows.Left(ctx, claim.Plan, s.At)
	s.Idle = err == nil && !left && claim.Plan.Owns(s.At)
	b.Idle = s.Idle && !b.Clean // else it is listed again
	return err
}

// asListed tells whether a job is spelled word for word as what is asked for now, so that
// there is no need to look at its bucket, its key and its report: those of a job that is
// finished may be gone. Else they tell whether the same is meant.
func asListed(s *prepare.Start) bool {
	made, asked := s.Claim.Plan, s.Request
	now := made.Frozen
	now.Options = asked.Options
	now.Options.Bucket = made.Options.Bucket
	region := asked.Via.Region
	return asked.Report.Of(made).Manifest == made.Manifest && (region == "" || region == made.Region) && now.Hash() == made.Hash
}

// lookAhead takes the steps of a run that look, up to its first one that writes. A plan
// that was made stays with the bucket, also where a hazard refuses it.
func (c *Campaign) lookAhead(ctx context.Context, s *prepare.Start, b *Bucket) error {
	if err := s.LookAround(ctx); err != nil {
		return err
	}
	if is := s.Pre.Env.Policy.Options.Bucket; is != b.Name {
		return &campaign.OtherBucketError{Bucket: b.Name, Is: is}
	}
	if s.Plan = s.Claim.Plan; !s.Idle {
		if err := s.PlanOrResume(ctx); err != nil {
			return err
		}
	} else if err := s.CheckSame(); err != nil || b.Idle { // else it goes on with its generations
		return err
	}
	if err := c.priced(s.Plan); err != nil {
		return err
	}
	if b.Idle = s.Idle && !b.Clean; b.Idle {
		return nil
	}
	b.Left = figuresOf(s.Plan, b.Of)
	if b.Clean {
		region, _ := s.Request.Prices.Region(s.Plan.Region)
		b.Left = withGenerations(b.Left, s.Plan, b.Of, &region)
	}
	if !s.Claim.Found {
		b.start = s
	}
	b.open = migrate.OpenHazards(s.Pre.Env, preflight.Unaccepted(s.Pre.Env.Hazards(), s.Accepted))
	return s.Check(ctx)
}

// priced refuses a plan without a price where there is a limit of money.
func (c *Campaign) priced(made *job.Plan) error {
	if c.MaxCost == 0 || made == nil {
		return nil
	}
	why := "its plan has no price"
	if e := made.Estimate; e != nil {
		why = e.Unpriced()
	}
	if why == "" {
		return nil
	}
	return &preflight.RefusedError{Err: &prepare.UnpricedError{Why: why}}
}

// Make makes the campaign and the jobs that are not there yet. From then on each can be used
// by itself.
func (c *Campaign) Make(ctx context.Context) error {
	if c.store == nil {
		store, err := c.Jobs.Create(ctx, c.Name, job.Share{})
		if err != nil {
			return fmt.Errorf("make campaign %s: %w", c.Name, err)
		}
		c.store = store
		if err := c.hold(ctx); err != nil {
			return err
		}
	}
	if err := c.write(ctx); err != nil { // from here on, the place is a campaign's
		return err
	}
	for _, b := range c.Buckets {
		err := c.freeze(ctx, b)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && b.Failed == nil {
			b.Failed = err
			c.refused(b, nil)
		}
		b.Entry.Made = b.Entry.Made || err == nil && b.Failed == nil && b.HasJob()
	}
	return c.write(ctx)
}

// freeze makes the job of a bucket that was planned.
func (c *Campaign) freeze(ctx context.Context, b *Bucket) error {
	s := b.start
	if s == nil {
		return nil
	}
	b.start = nil // the run reads it again
	s.Plan.Open = b.open
	jobs := s.Claim.Jobs
	if err := prepare.CheckNew(ctx, jobs, b.Job); err != nil {
		return err
	}
	if err := jobs.Freeze(ctx, b.Job, s.Plan); err != nil {
		return fmt.Errorf("make job %s: %w", b.Job, err)
	}
	b.Made = true
	seen, err := s.Known.Made(ctx, connect.Named{Via: *s.Request.Via, Told: s.Options, Name: b.Job, Plan: s.Plan})
	if err == nil {
		s.Screen.Made(seen)
	}
	return err
}

// Asked is how many buckets no run has begun that can begin, and their objects.
func (c *Campaign) Asked() (buckets, objects int64) {
	for _, b := range c.Buckets {
		if b.Fresh && b.Failed == nil {
			buckets++
			objects += b.Left.Objects
		}
	}
	return buckets, objects
}

// spentBy is what a job has cost at most, nothing where there is none.
func spentBy(s *status.Status) cost.Money {
	if s == nil {
		return 0
	}
	return s.Whole().Spent
}
