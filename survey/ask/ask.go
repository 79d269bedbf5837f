package ask

import (
	"context"
	"errors"
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
	Progress func(done, of int) // told after each bucket, one call at a time; may be nil
}

// Asker asks accounts. It is made by New and safe for concurrent use.
type Asker struct {
	o    Options
	gate *ratelimit.Governor

	mu       sync.Mutex
	done, of int
}

// New makes an asker. Its questions wait until Start was called.
func New(o Options) *Asker {
	pace := ratelimit.Limits{Reads: float64(o.Requests)}
	return &Asker{o: o, gate: ratelimit.New(ratelimit.Config{Caps: pace, Expected: pace, Start: 1, RampUp: -1})}
}

// Start lets questions be sent until stop is called or ctx ends.
func (a *Asker) Start(ctx context.Context) (stop func()) { return a.gate.Start(ctx) }

// paced sends one request in its turn.
func (a *Asker) paced(ctx context.Context, send func(context.Context) error) error {
	return a.gate.Do(ctx, plan.Step{Kind: plan.StepHead, Demand: plan.Demand{Reads: plan.Exactly(1)}}, send)
}

// Assume turns to the role of an account, with its errors in the account.
func (a *Asker) Assume(ctx context.Context, client *s3api.Client, to *survey.Account) (*s3api.Client, bool) {
	var out *s3api.Client
	err := a.paced(ctx, func(ctx context.Context) (err error) {
		out, err = client.Assume(ctx, s3api.Role{ARN: to.Role, ExternalID: to.ExternalID, Session: "reseal-survey"}, to.ID)
		return err
	})
	if err != nil {
		to.Error = unread("the role "+to.Role, "AssumeRole", err)
	}
	return out, err == nil
}

// Account asks about the buckets of an account. Only the end of ctx is an error; what the
// account refuses is in it, and in the facts of its buckets.
func (a *Asker) Account(ctx context.Context, client *s3api.Client, of *survey.Account) ([]survey.Facts, error) {
	if of.ID == "" {
		if err := a.paced(ctx, func(ctx context.Context) error {
			id, err := client.Identity(ctx)
			of.ID = id.Account
			return err
		}); err != nil && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	if of.ID != "" && client.Owner() == "" {
		client = client.Expecting(of.ID)
	}
	all, err := a.buckets(ctx, client, of)
	if err != nil || of.Error != nil {
		return nil, err
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
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return factsOf(all, of), nil
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

// buckets lists the buckets that are asked about, each with its Region.
func (a *Asker) buckets(ctx context.Context, client *s3api.Client, of *survey.Account) ([]asked, error) {
	var own []s3api.OwnBucket
	for _, name := range a.o.Buckets {
		own = append(own, s3api.OwnBucket{Name: name})
	}
	if len(a.o.Buckets) == 0 {
		turn := func(ctx context.Context) error { return a.paced(ctx, func(context.Context) error { return nil }) }
		var err error
		if own, err = client.Buckets(ctx, turn); err != nil {
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			of.Error = unread("the list of buckets", "ListBuckets", err)
			return nil, nil
		}
	}
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
				err := a.paced(ctx, func(ctx context.Context) (err error) { f.Region, err = client.BucketRegion(ctx, f.Name); return err })
				if err != nil {
					a.failed(f, "its Region", "HeadBucket", err)
				}
				return nil
			})
		}
	}
	_ = each.Wait() // none returns an error
	if len(a.o.Regions) > 0 {
		all = slices.DeleteFunc(all, func(b asked) bool { return b.Region != "" && !slices.Contains(a.o.Regions, b.Region) })
	}
	return all, nil
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
	var figures []s3api.Stored
	err := a.paced(ctx, func(ctx context.Context) (err error) { figures, err = there.Stored(ctx, names, a.o.Now); return err })
	for i, at := range batch {
		if err != nil {
			all[at].unstored = unread("objects and bytes", "GetMetricData", err)
			continue
		}
		s := &survey.Stored{Bytes: figures[i].Bytes, Day: figures[i].Day}
		if figures[i].Counted {
			s.Objects = &figures[i].Objects
		}
		all[at].stored = s
	}
}
