package work

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"reseal/campaign"
	"reseal/campaign/list"
	"reseal/checkpoint"
	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate/prepare"
)

// Config says what a campaign is about, and how it is worked on.
type Config struct {
	Name     string // folder or prefix
	Jobs     job.Opener
	Program  string // version
	Order    campaign.Order
	Parallel int           // buckets at once
	MaxCost  cost.Money    // of all jobs, what they cost before included; 0 for no limit
	Lasts    time.Duration // counted from Began; 0 for no limit
	Began    time.Time
	DryRun   bool // nothing is written, and the campaign is not held
	Runner   Runner
	Screen   Screen
}

// Runner runs the jobs of single buckets. Its methods are called by several goroutines, for
// one bucket by one at a time.
type Runner interface {
	// Start is the run of a bucket of which nothing was done yet, and whether it lists the
	// bucket until nothing is left; that also beside an error, as far as it is known.
	Start(ctx context.Context, b *Bucket) (s *prepare.Start, untilClean bool, err error)
	// Run runs a bucket to its end. Its job may have cost limit in all by then, 0 for any
	// amount. It takes signals as a process does.
	Run(ctx context.Context, b *Bucket, limit cost.Money, signals <-chan os.Signal) error
	// Why says in one line why a run ended with err, and the command that is next. s is its
	// job, nil where that cannot be read.
	Why(b *Bucket, err error, s *status.Status) (text, next string)
	// Code is the exit code of an error.
	Code(err error) int
	// MoreMoney is the command of the campaign with a limit that covers as much.
	MoreMoney(limit cost.Money) string
}

// Screen shows a person how a campaign goes on. Calls may overlap.
type Screen interface {
	Planned(done, of int)
	Begun(*Bucket)
	Ended(b *Bucket, o campaign.Outcome)
	NotRecorded(b *Bucket, why error) // the end of its run, in the campaign
	Signal(os.Signal)                 // it ends the beginning of buckets
	Taken(by error)                   // by another process
}

// Campaign is a campaign that is worked on. One goroutine uses it.
type Campaign struct {
	Config
	Buckets  []*Bucket
	Document *campaign.Document
	Before   campaign.Sum     // of all jobs, as they were found
	Last     *campaign.Status // as it last was, nil where it was not read

	leftOut []campaign.Entry // of the document, that the list does not have
	store   job.Store        // nil until it is there
	version checkpoint.Version
	lock    *checkpoint.Lock
}

// JobError is the job of one bucket where a campaign is wanted.
type JobError struct{ Name string }

func (e *JobError) Error() string {
	return e.Name + " is the job of one bucket, and no campaign: name another folder"
}

// Open reads the campaign that is there, and holds it unless that is to be a dry run. Where
// there is none it is made later. The caller calls GiveBack, also after an error.
func Open(ctx context.Context, c Config, buckets []list.Bucket) (*Campaign, error) {
	w := &Campaign{Config: c, Document: &campaign.Document{Program: c.Program, Created: c.Began.UTC()}}
	var err error
	switch w.store, err = c.Jobs.Open(ctx, c.Name, job.Share{}); {
	case err == nil:
		if err := w.openFound(ctx); err != nil {
			return w, err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return w, fmt.Errorf("open campaign %s: %w", c.Name, err)
	}
	w.join(buckets)
	return w, nil
}

// join brings the list and the document together.
func (c *Campaign) join(buckets []list.Bucket) {
	for i := range buckets {
		b := &Bucket{Bucket: buckets[i], Entry: campaign.EntryOf(&buckets[i]), Job: campaign.JobOf(c.Name, buckets[i].Name)}
		if was := c.Document.Find(b.Name); was != nil {
			b.Entry.Ended, b.Entry.Planned = was.Ended, was.Planned
			if was.Made { // what the job was made of is what counts
				b.Entry = *was
				b.Entry.LeftOut = false
			}
		}
		b.Entry.Began = c.Began.UTC()
		c.Buckets = append(c.Buckets, b)
	}
	for _, e := range c.Document.Buckets {
		if !slices.ContainsFunc(buckets, func(b list.Bucket) bool { return b.Name == e.Name }) {
			e.LeftOut = true
			c.leftOut = append(c.leftOut, e)
		}
	}
}

// openFound reads the campaign of a place that is there. A job of one bucket is none.
func (c *Campaign) openFound(ctx context.Context) error {
	_, made, err := c.Jobs.Find(ctx, c.Name, job.Share{})
	if err != nil && !errors.As(err, new(*job.CampaignError)) {
		return err
	}
	if made != nil {
		return &JobError{c.Name}
	}
	d, version, err := campaign.Read(ctx, c.store)
	if err != nil {
		return err
	}
	if d == nil { // made later, once somebody said yes
		c.store = nil
		return prepare.CheckNew(ctx, c.Jobs, c.Name)
	}
	c.Document, c.version = d, version
	if c.DryRun {
		return nil
	}
	return c.hold(ctx)
}

// hold takes the campaign, so that no other process works on it: its cap on KMS requests
// would be another one.
func (c *Campaign) hold(ctx context.Context) (err error) {
	c.lock, err = c.store.Lock(ctx, checkpoint.Self("reseal campaign"))
	return err
}

// giveBackWithin is how long a store may take to give the campaign back.
const giveBackWithin = 10 * time.Second

// GiveBack gives the folder of the campaign back. It may be called again, and on nil.
func (c *Campaign) GiveBack(ctx context.Context) {
	if c == nil || c.lock == nil {
		return
	}
	short, cancel := context.WithTimeout(context.WithoutCancel(ctx), giveBackWithin)
	defer cancel()
	_ = c.lock.GiveBack(short) // one that cannot be given back is taken over
	c.lock = nil
}

// write writes the document as it is now.
func (c *Campaign) write(ctx context.Context) (err error) {
	c.Document.Buckets = nil
	for _, b := range c.Buckets {
		c.Document.Buckets = append(c.Document.Buckets, b.Entry)
	}
	c.Document.Buckets = append(c.Document.Buckets, c.leftOut...)
	c.version, err = c.Document.Write(ctx, c.store, c.version)
	return err
}

// Status is how the campaign stands: by its jobs as they are now, and by what this process
// knows of them. next is the command after a look at a bucket.
func (c *Campaign) Status(ctx context.Context, next func(*campaign.Row) string) (*campaign.Status, error) {
	known := &campaign.Document{}
	for _, b := range c.Buckets {
		known.Buckets = append(known.Buckets, b.Entry)
	}
	known.Buckets = append(known.Buckets, c.leftOut...)
	s, err := campaign.ReadStatus(ctx, c.Jobs, c.Name, known)
	if err != nil {
		return nil, err
	}
	if c.Last == nil {
		c.Before = s.Sum
	}
	c.Last = s
	for i, b := range c.Buckets {
		row := &s.Buckets[i]
		if row.Of != nil {
			b.Of = row.Of
		}
		if row.Next = b.Next; row.Next == "" && b.Failed == nil {
			row.Next = next(row)
		}
	}
	return s, nil
}
