// Package generations turns the chain document of a job into its generations and back:
// what was listed after the first pass, what of it was new, and which plan did it.
//
// The first generation is the job itself. Each later one is a job of its own in a folder
// of the job, made by the same code. The chain says which there are, and binds each by
// the hash of its plan; the plan of each says by the same hash whose generation it is.
package generations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/job"
)

// File is the name of the chain document in the folder of a job.
const File = "generations.json"

// Folder and Listings are the folders of a job that hold its later generations, and the
// reports that they were made of.
const (
	Folder   = job.GenerationsFolder
	Listings = "listings"
)

const (
	format = 1

	// First is the generation that the job itself is.
	First = 1

	// MaxGenerations bounds a chain. At 2 KB each, the document stays below maxDocument.
	MaxGenerations = 1000

	maxDocument = 8 << 20
	maxText     = 4 << 10 // of one text in it
	MaxWriters  = 10      // that are named of a generation
)

// Chain is generations.json.
type Chain struct {
	Version     int          `json:"version"`
	Plan        string       `json:"plan_sha256"` // of the job's plan.json
	Generations []Generation `json:"generations"` // from the second on

	read checkpoint.Version
}

// Source says what a generation is made of.
type Source string

// The sources of a generation.
const (
	Listing Source = "listing" // of the bucket, made for it
	Report  Source = "report"  // that S3 delivered since
)

// Verdict is how a generation ended.
type Verdict string

// The verdicts.
const (
	Open   Verdict = ""       // it did not end yet
	Worked Verdict = "worked" // objects were re-encrypted: another generation has to look
	Clean  Verdict = "clean"  // nothing was found to do
	Left   Verdict = "left"   // nothing was done, and objects are left that failed or were put off
)

// Generation is one pass after the first.
type Generation struct {
	Number  int       `json:"number"`
	Source  Source    `json:"source"`
	Began   time.Time `json:"began"`
	Attempt int       `json:"attempt,omitempty"` // of its listing

	Manifest string    `json:"manifest,omitempty"` // of its report: below the job for a listing, an address or path for a report; "" until it is there
	Created  time.Time `json:"created,omitzero"`   // when the report was begun

	Listed  int64      `json:"listed"`                      // objects that a listing showed
	Rows    int64      `json:"rows"`                        // of its report: those that are not known to be as they are to be
	New     int64      `json:"new"`                         // of these: written since the one before, and not under the key
	Other   int64      `json:"under_another_key,omitempty"` // of those listed, left alone without --rekey, and not in the report
	Writers []Writer   `json:"writers,omitempty"`           // where these were written, the most first
	Asked   Requests   `json:"requests,omitzero"`           // of the listing
	Listing cost.Money `json:"listing_at_most_usd"`         // what that cost; ahead of it while it goes on

	Plan   string     `json:"plan_sha256,omitempty"` // of its plan.json; "" until that is there
	Done   int64      `json:"done"`                  // re-encrypted by it
	Bytes  int64      `json:"bytes,omitempty"`       // of those
	Left   int64      `json:"left_alone"`            // for a reason of its plan
	Failed int64      `json:"failed"`
	PutOff int64      `json:"put_off"` // not settled, as requests did not get through
	Spent  cost.Money `json:"spent_at_most_usd"`

	Ended   time.Time `json:"ended,omitzero"`
	Verdict Verdict   `json:"verdict,omitempty"`
}

// Writer is where objects arrive that are not under the key.
type Writer struct {
	Prefix  string    `json:"prefix"`
	Owner   string    `json:"owner,omitempty"` // of the objects, as the listing names it
	Objects int64     `json:"objects"`
	Last    time.Time `json:"last_written,omitzero"`
}

// Requests are those that a listing took.
type Requests struct {
	Lists int64 `json:"lists"`
	Heads int64 `json:"heads"`
}

// Over tells whether the generation ended.
func (g *Generation) Over() bool { return g.Verdict != Open }

// Awaited tells whether its report is not there yet.
func (g *Generation) Awaited() bool { return !g.Over() && g.Manifest == "" }

// Words are how the generation ended, or how far it is.
func (g *Generation) Words() string {
	switch {
	case g.Verdict == Clean:
		return "nothing to do"
	case g.Verdict == Worked:
		return "found something to do, and did it"
	case g.Verdict == Left:
		return "did nothing, and left what failed or was put off"
	case g.Awaited():
		return "being listed"
	}
	return "not at its end"
}

// Ending is how a generation of these numbers ends. What failed or was put off is work for
// nobody as long as nothing else is done: trying it again and again would never end.
func (g *Generation) Ending() Verdict {
	switch {
	case g.Done > 0:
		return Worked
	case g.Failed > 0 || g.PutOff > 0:
		return Left
	}
	return Clean
}

// Report is where the report of g is, of a job of that name, as a manifest is named: whole,
// where it is a path.
func (g *Generation) Report(name string) string {
	if g.Source != Listing {
		return g.Manifest
	}
	at := job.Below(name, g.Manifest)
	if job.InBucket(at) {
		return at
	}
	if abs, err := filepath.Abs(at); err == nil {
		return abs
	}
	return at
}

// HasJob tells whether the generation is a job of its own: one without a row has none.
func (g *Generation) HasJob() bool { return g.Plan != "" }

// Name is the name of the job that a generation of the job of that name is.
func Name(of string, number int) string { return job.GenerationName(of, number) }

// Last is the newest generation, nil where there is only the job itself.
func (c *Chain) Last() *Generation {
	if c == nil || len(c.Generations) == 0 {
		return nil
	}
	return &c.Generations[len(c.Generations)-1]
}

// Supersedes tells whether there is a later generation than that of the number, which may
// have done what that one did not. It need not: its report may be of new objects alone.
func (c *Chain) Supersedes(number int) bool {
	last := c.Last()
	return last != nil && number < last.Number
}

// Begin adds a generation.
func (c *Chain) Begin(source Source, now time.Time) (*Generation, error) {
	if len(c.Generations) >= MaxGenerations {
		return nil, fmt.Errorf("the job has %d generations, and no more fit in it; make a new job", MaxGenerations+First)
	}
	c.Generations = append(c.Generations, Generation{Number: First + 1 + len(c.Generations), Source: source, Began: now.UTC().Truncate(time.Millisecond)})
	return c.Last(), nil
}

// Spent is what all generations after the first may have cost, their listings included,
// but for the run of that number.
func (c *Chain) Spent(except int) (sum cost.Money) {
	for i := range c.Generations {
		g := &c.Generations[i]
		sum = sum.Add(g.Listing)
		if g.Number != except {
			sum = sum.Add(g.Spent)
		}
	}
	return sum
}

// LinkError says that a chain or a generation is not that of its job.
type LinkError struct{ What string }

func (e *LinkError) Error() string {
	return e.What + ". Nothing was read or written by it. Put both back from one copy of the job"
}

// LostError says that a part of a job with later generations is missing, or is there
// without being known.
type LostError struct{ What string }

func (e *LostError) Error() string {
	return e.What + ". No object in the bucket was lost or changed by this, and nothing was written. Without that part nobody can say what the later generations did. Put the whole job back from a copy; without one make a new job, with reseal run and another --job"
}

// Holds refuses a plan that is not the one of generation g of this chain.
func (c *Chain) Holds(g *Generation, made *job.Plan) error {
	is, err := made.Digest()
	if err != nil {
		return err
	}
	if is != g.Plan || made.Generation == nil || *made.Generation != (job.Generation{Of: c.Plan, Number: g.Number}) {
		return &LinkError{fmt.Sprintf("generation %d has another plan than %s was told of", g.Number, File)}
	}
	return nil
}

// Load opens generation g of the chain of the job of that name, once its plan is the one
// that the chain was told of. Errors are those of jobs, with the number, and of Holds.
func (c *Chain) Load(ctx context.Context, jobs job.Opener, name string, g *Generation) (job.Store, *job.Plan, error) {
	store, made, err := jobs.Load(ctx, Name(name, g.Number))
	if err != nil {
		return nil, nil, fmt.Errorf("generation %d: %w", g.Number, err)
	}
	if err := c.Holds(g, made); err != nil {
		return nil, nil, err
	}
	return store, made, nil
}

// Read reads the chain of the job that made is the plan of. A job without one has an
// empty chain. A job whose folders are not those of its chain is a *LostError.
func Read(ctx context.Context, store checkpoint.Reader, made *job.Plan) (*Chain, error) {
	for try := 0; ; try++ {
		c, err := ReadDocument(ctx, store, made)
		if err != nil {
			return nil, err
		}
		lost, err := c.lost(ctx, store)
		if err != nil {
			return nil, err
		}
		if lost == nil {
			return c, nil
		}
		if try > 0 { // a run may have begun a generation between the two looks
			return nil, lost
		}
	}
}

// ReadDocument is Read by the document alone, where the folders are not at hand.
func ReadDocument(ctx context.Context, store checkpoint.Reader, made *job.Plan) (*Chain, error) {
	plan, err := made.Digest()
	if err != nil {
		return nil, err
	}
	data, version, err := store.Get(ctx, File)
	if errors.Is(err, fs.ErrNotExist) {
		return &Chain{Version: format, Plan: plan}, nil
	}
	if err != nil {
		return nil, err
	}
	c, err := decode(data)
	if err != nil {
		return nil, err
	}
	if c.Plan != plan {
		return nil, &LinkError{fmt.Sprintf("%s is of another job than the %s beside it", File, job.PlanFile)}
	}
	c.read = version
	return c, nil
}

// Save writes the chain, if it still is the one that was read. The caller holds the job.
func (c *Chain) Save(ctx context.Context, store checkpoint.Store) error {
	if err := c.check(); err != nil {
		return err
	}
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return fmt.Errorf("encode %s: %w", File, err)
	}
	version, err := store.Put(ctx, File, append(data, '\n'), c.read)
	if err == nil {
		c.read = version
	}
	return err
}
