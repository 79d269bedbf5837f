// Package untilclean turns a bucket as it is now into the next generation of a job, until
// one finds nothing to do.
package untilclean

import (
	"context"
	"errors"
	"fmt"
	"time"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/internal/wait"
	"reseal/job/generations"
)

// Steps do the work of a generation.
type Steps interface {
	// Find fills in the report of a generation: where it is, and what of it is new. keep
	// writes the generation down as it is by then. ErrNoneNewer says that there is none yet.
	Find(ctx context.Context, g *generations.Generation, keep func(context.Context) error) error

	// Run plans the generation and runs it, or goes on with it. link binds it by the hash of its
	// plan, and is called before an object is touched. Nil says that it is at its end,
	// whatever of it failed.
	Run(ctx context.Context, g *generations.Generation, link func(ctx context.Context, plan string) error) error

	// Count fills in what the run of a generation came to.
	Count(ctx context.Context, g *generations.Generation) error
}

// ErrNoneNewer says that no report is newer than that of the generation before. It is a
// limit: the same command goes on once there is one.
var ErrNoneNewer error = noneNewer{}

type noneNewer struct{}

func (noneNewer) Error() string { return "no newer report" }

func (noneNewer) Unwrap() error { return &engine.StopError{Limit: "the newest report"} }

// Loop makes generations of a job.
type Loop struct {
	Chain  *generations.Chain
	Store  checkpoint.Store // of the job, which the caller holds
	Source generations.Source
	Steps  Steps

	Most  int           // generations that are begun at most
	Every time.Duration // from the end of one to the beginning of the next

	// Told is told of each generation that ended, and Waiting that the next one is waited
	// for. Either may be nil.
	Told    func(*generations.Generation)
	Waiting func(until time.Time)

	// Interruptible runs a part that a signal ends at once; nil runs it as it is. A run of a
	// generation takes signals by itself.
	Interruptible func(ctx context.Context, part func(context.Context) error) error
}

// MostError is a loop that was ended by its limit while there was still something new.
type MostError struct{ Most int }

func (e *MostError) Error() string {
	return fmt.Sprintf("stopped by --max-generations %d: the last one still found something to do", e.Most)
}

// Unwrap makes it a limit of the user's.
func (e *MostError) Unwrap() error {
	return &engine.StopError{Limit: fmt.Sprintf("--max-generations %d", e.Most)}
}

// IdleError is a loop that was ended while it waited for the next generation.
type IdleError struct{ Err error }

func (e *IdleError) Error() string {
	return fmt.Sprintf("%v while it waited for the next generation; nothing was under way", e.Err)
}

// Unwrap returns what ended it.
func (e *IdleError) Unwrap() error { return e.Err }

// Run makes generations until one finds nothing to do, and returns that one. What is
// recorded holds after an error, and the next call goes on with it.
func (l *Loop) Run(ctx context.Context) (*generations.Generation, error) {
	for begun := 0; ; {
		g := l.Chain.Last()
		if g == nil || g.Over() {
			if begun == l.Most {
				return g, &MostError{l.Most}
			}
			var err error
			if g, err = l.next(ctx, begun > 0); err != nil {
				return nil, err
			}
		}
		begun++
		if err := l.generation(ctx, g); err != nil {
			return nil, err
		}
		if l.Told != nil {
			l.Told(g)
		}
		if g.Verdict != generations.Worked {
			return g, nil
		}
	}
}

// next begins a generation, after a wait where one ended just before.
func (l *Loop) next(ctx context.Context, after bool) (*generations.Generation, error) {
	if after && l.Every > 0 {
		if err := l.wait(ctx); err != nil {
			return nil, err
		}
	}
	g, err := l.Chain.Begin(l.Source, time.Now())
	if err != nil {
		return nil, err
	}
	return g, l.save(ctx)
}

func (l *Loop) wait(ctx context.Context) error {
	if l.Waiting != nil {
		l.Waiting(time.Now().Add(l.Every))
	}
	err := l.part(ctx, func(ctx context.Context) error { return wait.For(ctx, l.Every) })
	if err != nil {
		return &IdleError{err}
	}
	return nil
}

func (l *Loop) part(ctx context.Context, part func(context.Context) error) error {
	if l.Interruptible == nil {
		return part(ctx)
	}
	return l.Interruptible(ctx, part)
}

func (l *Loop) save(ctx context.Context) error {
	if err := l.Chain.Save(ctx, l.Store); err != nil {
		return fmt.Errorf("record generation: %w", err)
	}
	return nil
}

// generation does what is left of g.
func (l *Loop) generation(ctx context.Context, g *generations.Generation) error {
	if err := l.find(ctx, g); err != nil {
		return err
	}
	if g.Rows == 0 && g.Source == generations.Listing {
		return l.end(ctx, g, generations.Clean)
	}
	link := func(ctx context.Context, plan string) error {
		if g.Plan == "" {
			g.Plan = plan
			return l.save(ctx)
		}
		if g.Plan != plan {
			return &generations.LinkError{What: fmt.Sprintf("the plan of generation %d is not the one that the job was told of", g.Number)}
		}
		return nil
	}
	if err := l.Steps.Run(ctx, g, link); err != nil {
		return err
	}
	if err := l.Steps.Count(ctx, g); err != nil {
		return err
	}
	return l.end(ctx, g, g.Ending())
}

// find finds the report of g, where that is not there yet.
func (l *Loop) find(ctx context.Context, g *generations.Generation) error {
	for g.Awaited() {
		g.Source = l.Source // which may be another one by now
		g.Attempt++         // of an earlier one, there may be files
		if err := l.save(ctx); err != nil {
			return err
		}
		err := l.part(ctx, func(ctx context.Context) error { return l.Steps.Find(ctx, g, l.save) })
		switch {
		case errors.Is(err, ErrNoneNewer) && l.Every > 0:
			if err := l.wait(ctx); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		if err := l.save(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) end(ctx context.Context, g *generations.Generation, v generations.Verdict) error {
	g.Ended, g.Verdict = time.Now().UTC().Truncate(time.Millisecond), v
	return l.save(ctx)
}
