package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"sync"
)

// idleFlushes is how many flushes without news it takes until a segment that
// is not finished leaves the memory.
const idleFlushes = 8

// Flush makes everything said so far durable: first the result files, then the
// states that name them. After an error it may be called again, and
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
		for _, lines := range a.lines {
			j.buffered -= len(lines)
		}
		if err := a.merge(j.pack); err != nil {
			return err
		}
	}
	if err := j.each(dirty, func(a *active) error { return j.saveFiles(ctx, a) }); err != nil {
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
	if p := j.parts[a.index]; s.plan != j.plan || s.segment != a.segment || s.generation != p.generation || s.epoch > j.epoch {
		// Another holder came, or what there is was edited.
		return &ConflictError{Name: stateName(a.index, c.current), Expect: writeVersion(j.epoch, p.generation), Have: writeVersion(s.epoch, s.generation)}
	}
	a.state, a.copies, a.reserved = s, c, s.admitted
	return nil
}

func writeVersion(epoch, generation uint64) Version {
	return Version(fmt.Sprintf("epoch %d, generation %d", epoch, generation))
}

// smallTail is what a state may carry along for good, in bytes. Larger tails become a
// file once their segment is finished. So the states of a whole job are read within
// seconds.
const smallTail = 16 << 10

// saveFiles makes files of tails that have grown large. What they hold still
// counts as part of the tail, until the state that names the file is durable.
func (j *Journal) saveFiles(ctx context.Context, a *active) error {
	finished := a.state.low >= a.state.end()
	for kind := range a.state.lines {
		t := &a.state.lines[kind]
		if size := len(t.tail); size < j.store.TailBytes() && t.raw < maxRaw && (!finished || size <= smallTail) {
			continue
		}
		ref := resultRef{epoch: j.epoch, number: max(t.next(j.epoch), a.numbers[kind]), bytes: int64(len(t.tail)), raw: t.raw}
		for {
			name := resultName(a.index, kind, ref)
			_, err := j.store.Put(ctx, name, t.tail, "")
			// A name is used for one content only, whether or not it is known what
			// became of it: an attempt may take effect any time.
			a.numbers[kind] = ref.number + 1
			if err == nil {
				break
			}
			var conflict *ConflictError
			if !errors.As(err, &conflict) || path.Base(filepath.ToSlash(conflict.Name)) != path.Base(name) {
				return err
			}
			ref.number++ // this holder wrote it, before the state was read again
		}
		t.files, t.tail, t.raw = append(t.files, ref), nil, 0
	}
	return nil
}

func (j *Journal) saveState(ctx context.Context, a *active) error {
	s := a.state
	s.written, s.epoch = j.opts.Now().Unix(), j.epoch
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
