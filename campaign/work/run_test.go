package work

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"reseal/campaign"
	"reseal/campaign/list"
	"reseal/cost"
	"reseal/internal/signals"
	"reseal/job"
	"reseal/job/status"
	"reseal/migrate/prepare"
)

var errRun = errors.New("it failed")

// played runs buckets as a test says, and is the screen of it.
type played struct {
	run   func(b *Bucket, limit cost.Money, signals <-chan os.Signal) error
	began []string
	ended map[string]campaign.Outcome
}

func (p *played) Start(context.Context, *Bucket) (*prepare.Start, bool, error) {
	return nil, true, errRun
}
func (p *played) Run(_ context.Context, b *Bucket, limit cost.Money, signals <-chan os.Signal) error {
	return p.run(b, limit, signals)
}
func (p *played) Why(_ *Bucket, err error, _ *status.Status) (text, next string) {
	if err == nil {
		return "", ""
	}
	return err.Error(), "next"
}
func (p *played) Code(err error) int {
	if errors.As(err, new(*signals.Error)) {
		return 130
	}
	return 1
}
func (p *played) MoreMoney(limit cost.Money) string { return "--max-cost " + limit.String() }

func (p *played) Planned(int, int)                    {}
func (p *played) Begun(b *Bucket)                     { p.began = append(p.began, b.Name) }
func (p *played) Ended(b *Bucket, o campaign.Outcome) { p.ended[b.Name] = o }
func (p *played) NotRecorded(b *Bucket, why error) {
	p.ended[b.Name] = campaign.Outcome{Why: why.Error()}
}
func (p *played) Signal(os.Signal) {}
func (p *played) Taken(error)      {}
func (p *played) open(t *testing.T, c Config) *Campaign {
	t.Helper()
	p.ended = map[string]campaign.Outcome{}
	c.Name, c.Parallel, c.Began, c.Runner, c.Screen = filepath.Join(t.TempDir(), "camp"), 1, time.Now(), p, p
	var buckets []list.Bucket
	for _, name := range []string{"aaa", "bbb", "ccc"} {
		buckets = append(buckets, list.Bucket{Name: name, Manifest: "m", Key: "KEY"})
	}
	w, err := Open(t.Context(), c, buckets)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.GiveBack(context.Background()) })
	return w
}

// document is what the campaign wrote down.
func document(t *testing.T, c *Campaign) *campaign.Document {
	t.Helper()
	store, err := job.Opener{}.Open(t.Context(), c.Name, job.Share{})
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := campaign.Read(t.Context(), store)
	if err != nil || d == nil {
		t.Fatalf("%v, %v", d, err)
	}
	return d
}

// A bucket that cannot begin, and one whose run fails, hold up no other. How each ended is
// written down.
func TestOneBucketStopsNoOther(t *testing.T) {
	p := &played{run: func(b *Bucket, _ cost.Money, _ <-chan os.Signal) error {
		if b.Name == "bbb" {
			return errRun
		}
		return nil
	}}
	c := p.open(t, Config{})
	c.Foresee(t.Context())
	for _, b := range c.Buckets {
		if !errors.Is(b.Failed, errRun) || !b.Entry.UntilClean || b.Next != "next" {
			t.Errorf("%s: %v, %+v", b.Name, b.Failed, b.Entry)
		}
	}
	for _, b := range c.Buckets[1:] {
		b.Failed, b.Entry.Ended = nil, nil
	}
	if err := c.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	if codes := c.Run(t.Context(), nil); campaign.Worst(codes) != 1 || !slices.Equal(p.began, []string{"bbb", "ccc"}) {
		t.Errorf("codes %v, begun %q", codes, p.began)
	}
	d := document(t, c)
	for name, want := range map[string]int{"aaa": 1, "bbb": 1, "ccc": 0} {
		if e := d.Find(name); e.Ended == nil || e.Ended.Code != want || !e.Began.Equal(c.Began.UTC()) {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// The first signal lets no bucket begin any more, and goes on to the run under way.
func TestSignalEndsInOrder(t *testing.T) {
	from := make(chan os.Signal, 1)
	p := &played{run: func(_ *Bucket, _ cost.Money, mine <-chan os.Signal) error {
		from <- syscall.SIGINT
		return &signals.Error{Signal: <-mine}
	}}
	c := p.open(t, Config{})
	if err := c.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	codes := c.Run(t.Context(), from)
	if len(p.began) != 1 || len(codes) != 3 || campaign.Worst(codes) != 130 {
		t.Errorf("begun %q, codes %v", p.began, codes)
	}
	if e := document(t, c).Find("ccc"); e.Ended == nil || e.Ended.Code != 130 {
		t.Errorf("what did not begin: %+v", e)
	}
}

// A campaign that another process holds is not begun, and one of a job's folder neither.
func TestOnlyOneWorks(t *testing.T) {
	p := &played{run: func(*Bucket, cost.Money, <-chan os.Signal) error { return nil }}
	c := p.open(t, Config{})
	if err := c.Make(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), c.Config, nil); err == nil {
		t.Error("a second one was begun")
	}
	dry := c.Config
	dry.DryRun = true
	if second, err := Open(t.Context(), dry, nil); err != nil || len(second.leftOut) != 3 {
		t.Errorf("a look beside it: %v", err)
	}
}
