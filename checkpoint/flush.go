package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
)

// idleFlushes is how many flushes without news it takes until a segment that
// is not finished leaves the memory.
const idleFlushes = 8

// Flush makes everything said so far durable: first the result lines, then
// the states that count on them. After an error it may be called again, and
// nothing is lost or doubled by that. It does nothing but return the error of
// ctx where that is cancelled; give the last Flush of a run one that is not.
//
// It takes a few writes for each segment with news, however many rows and
// objects there are; once a second is often enough for any job.
func (j *Journal) Flush(ctx context.Context) error {
	var dirty []*active
	for index, a := range j.active {
		if a == nil {
			continue
		}
		a.block = 0
		switch {
		case a.dirty:
			dirty = append(dirty, a)
		default:
			if a.idle++; a.idle >= idleFlushes {
				j.release(index)
			}
		}
	}
	return j.flush(ctx, dirty)
}

func (j *Journal) flush(ctx context.Context, dirty []*active) error {
	if err := j.each(dirty, func(a *active) error { return j.load(ctx, a) }); err != nil {
		return err
	}
	for _, a := range dirty {
		a.merge()
	}
	if err := j.each(dirty, func(a *active) error { return j.saveLines(ctx, a) }); err != nil {
		return fmt.Errorf("save result lines: %w", err)
	}
	if err := j.each(dirty, func(a *active) error { return j.saveState(ctx, a) }); err != nil {
		return fmt.Errorf("save state: %w", err)
	}
	return nil
}

// each calls do for every segment, several at once where the options say so,
// and returns when all calls have. After an error no more are begun.
func (j *Journal) each(dirty []*active, do func(*active) error) error {
	return inParallel(len(dirty), j.opts.Writers, func(i int) error { return do(dirty[i]) })
}

// inParallel calls do with 0 to n-1, at most atOnce at a time. After an error
// no more are begun; the error is that of the lowest number.
func inParallel(n, atOnce int, do func(i int) error) error {
	var (
		mu     sync.Mutex
		next   int
		failed = n
		first  error
		wg     sync.WaitGroup
	)
	for range min(n, atOnce) {
		wg.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= n || first != nil
				mu.Unlock()
				if stop {
					return
				}
				if err := do(i); err != nil {
					mu.Lock()
					if i < failed {
						failed, first = i, err
					}
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	return first
}

// load reads the state of a segment, once.
func (j *Journal) load(ctx context.Context, a *active) error {
	if a.state != nil {
		return nil
	}
	s, c, err := loadCopies(ctx, j.store, a.index)
	if err != nil {
		return err
	}
	if s == nil {
		s = newState(j.plan, a.index, a.segment)
	}
	if p := j.parts[a.index]; s.plan != j.plan || s.segment != a.segment || s.generation != p.generation {
		// Nobody else may write while the lock is held.
		return &ConflictError{Name: stateName(a.index, c.current), Expect: Version(fmt.Sprint("generation ", p.generation)), Have: Version(fmt.Sprint("generation ", s.generation))}
	}
	a.state, a.copies, a.reserved = s, c, s.admitted
	return nil
}

// tell adds a notice, once.
func (j *Journal) tell(notice string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Contains(j.notices, notice) {
		j.notices = append(j.notices, notice)
	}
}

// saveLines appends the waiting lines. What they were appended to is named by
// the state that is saved next, so that until then nobody reads them.
func (j *Journal) saveLines(ctx context.Context, a *active) error {
	if len(a.lines) == 0 {
		return nil
	}
	number, length := a.state.results, a.state.length
	var short *ShortError
	roll := number == 0 || length > 0 && length+int64(len(a.lines)) > j.store.SegmentBytes()
	switch {
	case !roll:
		a.tail = true
		err := j.store.Append(ctx, resultName(a.index, number), length, a.lines)
		if errors.As(err, &short) {
			short.Name = resultName(a.index, number)
			j.tell(short.Error())
			roll = true
		} else if err != nil {
			return err
		}
	case a.tail:
		// From the next segment on, this one is read to its end.
		err := j.store.Append(ctx, resultName(a.index, number), length, nil)
		if err != nil && !errors.As(err, &short) {
			return err
		}
	}
	if roll {
		number, length = number+1, 0
		if err := j.store.Append(ctx, resultName(a.index, number), length, a.lines); err != nil {
			return err
		}
	}
	a.state.results, a.state.length = number, length+int64(len(a.lines))
	a.tail = false
	j.mu.Lock()
	j.buffered -= len(a.lines)
	j.mu.Unlock()
	a.lines = a.lines[:0]
	if cap(a.lines) > defaultBuffer/16 {
		a.lines = nil // one burst of lines is not kept for the rest of the run
	}
	return nil
}

func (j *Journal) saveState(ctx context.Context, a *active) error {
	s := a.state
	s.written = j.opts.Now().Unix()
	if err := a.copies.save(ctx, j.store, s); err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	a.dirty, a.idle, a.reserved = false, 0, s.admitted
	p := &j.parts[a.index]
	p.summary = s.summary()
	for name, n := range a.unsaved {
		j.counters[name] += n
	}
	clear(a.unsaved)
	if s.low >= s.end() {
		j.release(a.index)
	}
	return nil
}

// release takes a segment out of memory. Where it is needed again, its state
// is read again.
func (j *Journal) release(index int) {
	j.last = nil
	j.active[index] = nil
}

// Snapshot is the job as of the last Flush, for another pass over the report.
func (j *Journal) Snapshot() *Snapshot {
	return &Snapshot{
		store: j.store, plan: j.plan,
		parts: j.own(), counters: maps.Clone(j.counters), notices: slices.Clone(j.notices),
	}
}

// Totals is the sum of what is durable.
func (j *Journal) Totals() Totals { return totalsOf(j.own(), j.counters) }

// own returns what is kept of the segments that are this process's.
func (j *Journal) own() []part {
	return slices.DeleteFunc(slices.Clone(j.parts), func(p part) bool { return !j.opts.Own(p.index) })
}
