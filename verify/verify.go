package verify

import (
	"context"
	"errors"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// Report is the inventory report that a job is about.
type Report interface {
	Read(ctx context.Context, segments []inventory.Segment) iter.Seq2[inventory.Batch, error]
}

// Config is what a verification needs. Report, Segments, Job, Rewriter, Gate and
// Policy must be set; Rewriter is only asked to Inspect.
type Config struct {
	Report   Report
	Segments []inventory.Segment // of the job, all of them
	Rows     int64               // of the whole report, where that is known; else 0 or below
	Job      *checkpoint.Snapshot
	Policy   *plan.Policy
	Accepted []plan.Attribute // whose loss is accepted

	HiddenLocks bool // from the caller
	Superseded  bool // there is a later generation, which may have done what this one did not

	Rewriter    engine.Rewriter
	Snapshotter engine.Snapshotter // reads what is compared with snapshots
	Gate        engine.Gate
	Workers     int // objects looked at at once; default 64
	Attempts    int // per request; default 12

	// Alive and Patience are those of engine.Config: while the endpoint is gone or
	// the credentials have run out, the verification waits.
	Alive    func(context.Context) error
	Patience time.Duration

	Sample float64 // share of the objects to look at, above 0 to 1
	Seed   uint64  // which ones: the same seed and share give the same objects

	// Bodies is the share of the objects, 0 to 1, whose data is read and compared
	// with the MD5 that their ETag in the report was. BodyReader reads it.
	Bodies     float64
	BodyReader engine.BodyReader

	Stats *engine.Stats // counted into where set
	Seen  *atomic.Int64 // rows that have a verdict, or are not in the sample; counted into where set

	// Noted is told what is missing, where the rest is verified all the same: result
	// lines that are lost. Called from one goroutine; nil for nobody.
	Noted func(error)
}

// Unread is a part of the report that cannot be read: each of its rows could not
// be looked at.
type Unread struct {
	Rows int64 // -1 where nobody knows how many
	Err  error
}

// Run gives every row of the report its verdict, and adds them up in into, from
// one goroutine; each is handed to found as well, where that is set. Objects that
// a snapshot was taken of are looked at whatever the sample is. The error is that
// of reading report or job, of found, or the cause of ctx.
func Run(ctx context.Context, cfg Config, into *Tally, found func(*Finding) error) error {
	if cfg.Workers == 0 {
		cfg.Workers = 64
	}
	if cfg.Stats == nil {
		cfg.Stats = new(engine.Stats)
	}
	into.Whole = cfg.Policy.Facts.AWS == plan.Yes
	if cfg.Seen == nil {
		cfg.Seen = new(atomic.Int64)
	}
	if cfg.Noted == nil {
		cfg.Noted = func(error) {}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	sending, gate, outlasted := engine.Outlast(ctx, engine.Endurance{Gate: cfg.Gate, Attempts: cfg.Attempts, Alive: cfg.Alive, Patience: cfg.Patience, Stats: cfg.Stats})
	v := &verification{
		Config: cfg, ctx: sending, gate: gate, judge: Judge{cfg.Policy, cfg.Accepted, cfg.HiddenLocks, cfg.Superseded},
		todo: make(chan look), seen: make(chan batch), status: map[int]*checkpoint.SegmentStatus{},
	}
	for _, s := range cfg.Job.Segments() {
		v.status[s.Index] = &s
	}
	var workers, feeder sync.WaitGroup
	for range v.Workers {
		workers.Go(v.work)
	}
	var readErr error
	feeder.Go(func() {
		defer close(v.todo)
		readErr = v.feed()
	})
	go func() {
		feeder.Wait()
		workers.Wait()
		outlasted()
		close(v.seen)
	}()
	var broken error
	for b := range v.seen { // to the end: nobody is left waiting
		if broken == nil {
			if broken = b.into(into, found); broken != nil {
				stop(broken)
			}
			cfg.Seen.Store(into.Rows)
		}
	}
	into.know(cfg.Rows)
	switch cause := context.Cause(sending); {
	case broken != nil:
		return broken
	case readErr != nil:
		return readErr
	case cause != nil && !errors.Is(cause, context.Canceled):
		return cause
	}
	return context.Cause(ctx)
}

// verification is one call of Run.
type verification struct {
	Config
	ctx    context.Context
	gate   engine.Gate
	judge  Judge
	todo   chan look
	seen   chan batch
	status map[int]*checkpoint.SegmentStatus // by index
}

// batch is what became known of some rows. At most one part is set.
type batch struct {
	findings  []Finding
	unsampled int64
	unread    *Unread
	noted     func() // to be called by the one goroutine
}

// into adds the batch up.
func (b *batch) into(t *Tally, found func(*Finding) error) error {
	if b.noted != nil {
		b.noted()
	}
	t.Rows += b.unsampled
	t.Unsampled += b.unsampled
	if b.unread != nil {
		t.addUnread(b.unread)
	}
	for i := range b.findings {
		t.Add(&b.findings[i])
		if found == nil {
			continue
		}
		if err := found(&b.findings[i]); err != nil {
			return err
		}
	}
	return nil
}

// say hands b to the one goroutine that adds up. It always takes it.
func (v *verification) say(b batch) { v.seen <- b }

// look is an object to be looked at.
type look struct {
	task    plan.Task
	promise Promise
	sampled bool
	before  *plan.Snapshot // to compare it with, nil for none
}

// chunkRows bounds how many rows are under way at once, as what the job recorded
// of each takes some 50 bytes.
const chunkRows = 2 << 20

// feed goes through the report, some files at a time.
func (v *verification) feed() error {
	for from := 0; from < len(v.Segments); {
		to, rows := from, int64(0)
		for to < len(v.Segments) {
			// The pieces of a file are read together, as it is fetched once.
			if to > from && v.Segments[to].File != v.Segments[to-1].File && rows >= chunkRows {
				break
			}
			rows += v.rowsOf(to)
			to++
		}
		if err := v.chunk(from, to); err != nil {
			return err
		}
		if v.ctx.Err() != nil {
			return nil
		}
		from = to
	}
	return nil
}

// rowsOf is about how many rows a segment has.
func (v *verification) rowsOf(index int) int64 {
	s := v.Segments[index]
	switch {
	case s.Last != inventory.OpenEnd:
		return s.Last - s.First + 1
	case v.status[index] != nil && v.status[index].Rows >= 0:
		return v.status[index].Rows
	}
	return chunkRows / 4 // a CSV file of some size, with others beside it
}

// sampled tells whether the row is one of the sample.
func (v *verification) sampled(p inventory.Position) bool { return plan.Sampled(p, v.Sample, v.Seed) }

// chunk goes through some segments.
func (v *verification) chunk(from, to int) error {
	accounts := make([]*account, 0, to-from)
	for i := from; i < to; i++ {
		a, err := openAccount(v.ctx, v.Job, v.status[i], v.Segments[i], i, v.sampled, func(err error) {
			v.say(batch{noted: func() { v.Noted(err) }})
		})
		if err != nil {
			return err
		}
		accounts = append(accounts, a)
	}
	for b, err := range v.Report.Read(v.ctx, v.Segments[from:to]) {
		if err != nil {
			return err
		}
		a := accounts[b.Segment]
		if !v.rows(b.Records, a) {
			return nil
		}
		if b.Err != nil {
			rows := int64(-1)
			if a.counted >= 0 {
				rows = max(a.counted-a.seen, 0)
			}
			v.say(batch{unread: &Unread{rows, b.Err}})
		}
	}
	for _, a := range accounts {
		if err := v.compare(a); err != nil {
			return err
		}
	}
	return nil
}

// rows judges what needs no look, and hands out the rest; false where the
// verification is stopping.
func (v *verification) rows(records []inventory.Record, a *account) bool {
	var b batch
	v.Stats.Rows.Add(int64(len(records)))
	a.seen += int64(len(records))
	for i := range records {
		rec := &records[i]
		p := a.of(rec.Pos.Row)
		p.restate(rec, v.Policy.Options.Rekey)
		t := v.Policy.Decide(rec)
		sampled := v.sampled(rec.Pos)
		f, ok := v.judge.Unlooked(&t, &p)
		switch {
		case ok:
			b.findings = append(b.findings, f)
		case p.Before && p.State == Settled:
			a.waiting[rec.Pos.Row] = sampled
		case !sampled && !v.judge.left(&t, &p):
			b.unsampled++
		case !v.hand(look{task: t, promise: p, sampled: sampled}):
			return false
		}
	}
	v.say(b)
	return true
}

// hand gives a look to a worker; false where the verification is stopping.
func (v *verification) hand(l look) bool {
	select {
	case v.todo <- l:
		return true
	case <-v.ctx.Done():
		return false
	}
}

// compare hands out what is to be compared with snapshots.
func (v *verification) compare(a *account) error {
	for c, err := range a.snapshots(v.ctx, v.Job, v.Policy) {
		if err != nil {
			return err
		}
		if !v.hand(c) {
			return nil
		}
	}
	var b batch
	for row := range a.waiting {
		t := plan.Task{Record: inventory.Record{Pos: inventory.Position{File: a.segment.File, Row: row}}}
		b.findings = append(b.findings, Finding{Task: t, Verdict: CouldNotLook, Why: "its snapshot cannot be read any more"})
	}
	v.say(b)
	return nil
}

// work looks at objects.
func (v *verification) work() {
	for l := range v.todo {
		f, ok := v.look(&l)
		if !ok {
			continue // stopping
		}
		f.Sampled = l.sampled
		v.say(batch{findings: []Finding{f}})
	}
}

// rounds is how often an object is looked at that is written meanwhile.
const rounds = 4

// look looks at one object; false where the verification is stopping.
func (v *verification) look(l *look) (f Finding, ok bool) {
	for range rounds {
		var err error
		if l.before != nil {
			f, err = v.compareOne(l)
		} else {
			f, err = v.lookOnce(l)
		}
		if err == nil {
			return f, true
		}
		f, ok = v.unseen(l, err)
		if !ok || f.Verdict != "" {
			return f, ok
		}
	}
	return Finding{Task: l.task, Looked: true, Verdict: CouldNotLook, Why: "other clients kept writing it while it was looked at"}, true
}

// now is the task of a look by what the object is now.
func (v *verification) now(l *look) plan.Task {
	t := v.Policy.ByNow(l.task)
	if l.promise.Write.known() {
		t.Wrote = l.promise.Write.is
	}
	return t
}

// lookOnce sends a HeadObject, and reads the data where that is asked for.
func (v *verification) lookOnce(l *look) (Finding, error) {
	t := v.now(l)
	head, err := v.Rewriter.Inspect(v.ctx, &t, v.gate)
	if err != nil {
		return Finding{}, err
	}
	f := v.judge.Look(&l.task, &l.promise, head)
	if f.Verdict != Proven {
		return f, nil
	}
	f.Body = plan.BodyUnproven // a look is at no data
	if v.Bodies <= 0 || !plan.Sampled(t.Record.Pos, v.Bodies, v.Seed+1) {
		return f, nil
	}
	want, readable := plan.MD5Of(&t.Record), !head.Archived || head.Restored
	if want == "" || !readable || head.Size != t.Record.Size {
		return f, nil
	}
	got, err := v.BodyReader.BodyMD5(v.ctx, &t, head, v.gate)
	switch {
	case err != nil:
		return Finding{}, err
	case got == want:
		f.Body = plan.BodyProven
	default:
		f.Verdict, f.Body = LostAttribute, "" // seen to differ, not unproven
		f.Why = "the data has MD5 " + got + ", but had " + want + unsure(l.promise.Write)
	}
	return f, nil
}

// compareOne reads all of an object and compares it with its snapshot.
func (v *verification) compareOne(l *look) (Finding, error) {
	t := v.now(l)
	after, err := v.Snapshotter.Snapshot(v.ctx, &t, v.gate)
	if err != nil {
		return Finding{}, err
	}
	return v.judge.Compare(&l.task, &l.promise, l.before, after, time.Now()), nil
}

// unseen is what comes of a look that did not work: no verdict where the object
// is to be looked at again; false where the verification is stopping.
func (v *verification) unseen(l *look, err error) (f Finding, ok bool) {
	var oe *engine.ObjectError
	switch {
	case v.ctx.Err() != nil:
		return f, false
	case !errors.As(err, &oe):
	case oe.Class == engine.Gone:
		f = v.judge.Absent(&l.task)
		f.Unlisted = oe.Unlisted
		return f, true
	case oe.Class == engine.Changed:
		return f, true
	case oe.Class == engine.Refused && oe.Reason == plan.SSECustomer: // which is all that a look without its key shows
		return v.judge.Look(&l.task, &l.promise, &plan.Head{Encryption: inventory.SSEC, Size: -1}), true
	}
	return Finding{Task: l.task, Looked: true, Verdict: CouldNotLook, Why: err.Error(), Err: err}, true
}
