package ask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"reseal/campaign/list"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/s3api"
	"reseal/survey"
)

// Options say what is asked, and how fast.
type Options struct {
	Requests int      // a second, over all accounts
	Parallel int      // buckets at once
	Regions  []string // only buckets in these; none is all
	Buckets  []string // only these, and the account is not asked for others; none is all
	Now      time.Time
	Limit    time.Duration      // for the answer to one request; 0 is AnswerLimit
	Progress func(done, of int) // told after each bucket, one call at a time; may be nil
}

// AnswerLimit is how long an answer may take: all questions are small ones, and one that is
// never answered is not to hold the others.
const AnswerLimit = 10 * time.Second

// Asker asks accounts. It is made by New and safe for concurrent use.
type Asker struct {
	o    Options
	gate *ratelimit.Governor

	mu       sync.Mutex
	done, of int
}

// New makes an asker. Its questions wait until Start was called.
func New(o Options) *Asker {
	o.Limit = cmp.Or(o.Limit, AnswerLimit)
	pace := ratelimit.Limits{Reads: float64(o.Requests)}
	return &Asker{o: o, gate: ratelimit.New(ratelimit.Config{Caps: pace, Expected: pace, Start: 1, RampUp: -1})}
}

// Start lets questions be sent until stop is called or ctx ends.
func (a *Asker) Start(ctx context.Context) (stop func()) { return a.gate.Start(ctx) }

// turn waits until one more request may be sent.
func (a *Asker) turn(ctx context.Context) error {
	return a.gate.Do(ctx, plan.Step{Kind: plan.StepHead, Demand: plan.Demand{Reads: plan.Exactly(1)}}, func(context.Context) error { return nil })
}

// Assume turns to the role of an account, with its errors in the account.
func (a *Asker) Assume(ctx context.Context, client *s3api.Client, to *survey.Account) (*s3api.Client, bool) {
	client, err := client.Paced(a.turn, a.o.Limit)
	var out *s3api.Client
	if err == nil {
		out, err = client.Assume(ctx, s3api.Role{ARN: to.Role, ExternalID: to.ExternalID, Session: "reseal-survey"}, to.ID)
	}
	if err != nil {
		to.Error = unread("the role "+to.Role, "AssumeRole", why(ctx, err))
	}
	return out, err == nil
}

// why is the reason for an error of a question: where ctx has ended, that.
func why(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("not asked to the end: %w", context.Cause(ctx))
	}
	return err
}

// Account asks about the buckets of an account. What the account refuses, and what was not
// answered when ctx ended, is in it, and in the facts of its buckets.
func (a *Asker) Account(ctx context.Context, client *s3api.Client, of *survey.Account) []survey.Facts {
	client, err := client.Paced(a.turn, a.o.Limit)
	if err != nil {
		of.Error = unread("the list of buckets", "ListBuckets", err)
		return nil
	}
	if of.ID == "" {
		if id, err := client.Identity(ctx); err == nil { // else nobody is expected
			of.ID = id.Account
		}
	}
	if of.ID != "" && client.Owner() == "" {
		client = client.Expecting(of.ID)
	}
	all := a.buckets(ctx, client, of)
	if of.Error != nil {
		return nil
	}
	a.mu.Lock()
	a.of += len(all)
	a.mu.Unlock()
	there := a.regional(client, all)
	var each errgroup.Group
	each.SetLimit(a.o.Parallel)
	figures := batches(all)
	for _, batch := range figures {
		each.Go(func() error {
			a.stored(ctx, there[all[batch[0]].Region], all, batch)
			return nil
		})
	}
	for i := range all {
		each.Go(func() error {
			a.bucket(ctx, there[all[i].Region], &all[i].Facts)
			a.mu.Lock()
			defer a.mu.Unlock()
			a.done++
			if a.o.Progress != nil {
				a.o.Progress(a.done, a.of)
			}
			return nil
		})
	}
	_ = each.Wait() // none returns an error
	return factsOf(all, of)
}

// asked is a bucket on its way. Facts and the rest are written by a goroutine each.
type asked struct {
	survey.Facts
	stored   *survey.Stored
	unstored *survey.Unread
}

func factsOf(all []asked, of *survey.Account) []survey.Facts {
	out := make([]survey.Facts, len(all))
	for i := range all {
		f := all[i].Facts
		f.Stored = all[i].stored
		if u := all[i].unstored; u != nil && !f.Failed {
			f.Unread = append(f.Unread, *u)
		}
		out[i] = f
	}
	of.Buckets = len(out)
	return out
}

// buckets lists the buckets that are asked about, each with its Region, and each once.
func (a *Asker) buckets(ctx context.Context, client *s3api.Client, of *survey.Account) []asked {
	var own []s3api.OwnBucket
	for _, name := range a.o.Buckets {
		own = append(own, s3api.OwnBucket{Name: name})
	}
	if len(a.o.Buckets) == 0 {
		var err error
		if own, err = client.Buckets(ctx); err != nil {
			of.Error = unread("the list of buckets", "ListBuckets", why(ctx, err))
			return nil
		}
	}
	seen := map[string]bool{}
	own = slices.DeleteFunc(own, func(b s3api.OwnBucket) bool {
		again := seen[b.Name]
		seen[b.Name] = true
		return again
	})
	all := make([]asked, len(own))
	var each errgroup.Group
	each.SetLimit(a.o.Parallel)
	for i, b := range own {
		f := &all[i].Facts
		f.Name, f.Region = b.Name, b.Region
		f.Settings.Bucket = b.Name
		switch {
		case !list.ValidBucket(b.Name): // by an answer that S3 would not give
			a.failed(f, "the bucket", "ListBuckets", errors.New("its name cannot be one of a bucket"))
		case b.Region == "":
			each.Go(func() error {
				var err error
				if f.Region, err = client.BucketRegion(ctx, f.Name); err != nil {
					a.failed(f, "its Region", "HeadBucket", why(ctx, err))
				}
				return nil
			})
		}
	}
	_ = each.Wait() // none returns an error
	if len(a.o.Regions) > 0 {
		all = slices.DeleteFunc(all, func(b asked) bool {
			out := b.Region != "" && !slices.Contains(a.o.Regions, b.Region)
			if out {
				of.Elsewhere = counted(of.Elsewhere, b.Region)
			}
			return out
		})
	}
	return all
}

func counted(m map[string]int, name string) map[string]int {
	if m == nil {
		m = map[string]int{}
	}
	m[name]++
	return m
}

func (a *Asker) failed(f *survey.Facts, question, op string, err error) {
	f.Failed, f.Unread = true, append(f.Unread, *unread(question, op, err))
}

// regional makes a client for each Region of the buckets. Those of a Region that none can
// be made for have failed.
func (a *Asker) regional(client *s3api.Client, all []asked) map[string]*s3api.Client {
	there := map[string]*s3api.Client{}
	for i := range all {
		f := &all[i].Facts
		if f.Failed || there[f.Region] != nil {
			continue
		}
		c, err := client.InRegion(f.Region)
		if err != nil {
			a.failed(f, "the bucket", "HeadBucket", err)
			continue
		}
		there[f.Region] = c
	}
	return there
}

// batches are the indices of buckets of one Region whose figures are asked for together.
func batches(all []asked) (out [][]int) {
	byRegion := map[string][]int{}
	for i := range all {
		if !all[i].Failed {
			byRegion[all[i].Region] = append(byRegion[all[i].Region], i)
		}
	}
	for _, region := range slices.Sorted(maps.Keys(byRegion)) {
		out = slices.AppendSeq(out, slices.Chunk(byRegion[region], s3api.StorageBatch))
	}
	return out
}

// stored reads the sizes of a batch of buckets, in one request.
func (a *Asker) stored(ctx context.Context, there *s3api.Client, all []asked, batch []int) {
	names := make([]string, len(batch))
	for i, at := range batch {
		names[i] = all[at].Name
	}
	figures, err := there.Stored(ctx, names, a.o.Now)
	for i, at := range batch {
		if err != nil {
			all[at].unstored = unread("objects and bytes", "GetMetricData", why(ctx, err))
			continue
		}
		s := &survey.Stored{Bytes: figures[i].Bytes, Tiers: figures[i].Tiers, Day: figures[i].Day}
		if figures[i].Counted {
			s.Objects = &figures[i].Objects
		}
		all[at].stored = s
	}
}
