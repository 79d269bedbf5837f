package checkpoint

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"

	"reseal/inventory"
)

// Open reads the state of a job, which the caller has locked, and returns a
// journal to go on with and what was found. Segments are those of the plan,
// always the same in the same order. A job of another plan is a
// *MismatchError; state that cannot be believed is a *StateError or a
// *LostError; a holder that came after this one is a *ConflictError.
//
// The states of all own segments are written anew first, in the epoch of this
// holder. From then on no holder before it can write any of them.
func Open(ctx context.Context, store Store, plan PlanHash, segments []inventory.Segment, opts Options) (*Journal, *Snapshot, error) {
	pack, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		return nil, nil, err
	}
	j := &Journal{
		store: store, epoch: store.Epoch(), plan: plan, opts: opts.withDefaults(), pack: pack,
		parts: make([]part, len(segments)), byFile: map[int][]int{}, active: make([]*active, len(segments)),
	}
	if j.epoch == 0 {
		return nil, nil, fmt.Errorf("open the state of the job: %w", ErrNotLocked)
	}
	for i, s := range segments {
		j.parts[i] = part{index: i, segment: s, summary: newState(plan, i, s).summary()}
		j.byFile[s.File] = append(j.byFile[s.File], i)
	}
	if err := j.checkSegments(); err != nil {
		return nil, nil, err
	}
	found, err := readStates(ctx, store, j.opts.Own)
	if err != nil {
		return nil, nil, err
	}
	all, err := gather(store, found)
	if err != nil {
		return nil, nil, err
	}
	if err := j.match(all); err != nil {
		return nil, nil, err
	}
	j.notices = all.notices
	if found, err = j.carry(ctx, found); err != nil {
		return nil, nil, fmt.Errorf("take the states of the job over: %w", err)
	}
	if all, err = gather(store, found); err != nil {
		return nil, nil, err
	}
	for _, p := range all.parts {
		p.doubt = p.admitted
		j.parts[p.index] = p
	}
	j.counters = all.counters
	return j, j.Snapshot(), nil
}

// carry writes the states of all own segments anew, those too that nothing was
// written about, and returns what they say then. Only where there never was
// another holder nobody else can write them, and there is nothing to do.
func (j *Journal) carry(ctx context.Context, found []*loaded) ([]*loaded, error) {
	byIndex := map[int]*loaded{}
	for _, l := range found {
		byIndex[l.part.index] = l
	}
	var own []int
	all := make([]*loaded, len(j.parts))
	for i := range j.parts {
		all[i] = byIndex[i]
		if l := byIndex[i]; j.opts.Own(i) && (l == nil && j.epoch > 1 || l != nil && !l.copies.allOf(j.epoch)) {
			own = append(own, i)
		}
	}
	err := inParallel(len(own), j.opts.Writers, func(i int) (err error) {
		all[own[i]], err = j.carryOne(ctx, own[i])
		return err
	})
	return slices.DeleteFunc(all, func(l *loaded) bool { return l == nil }), err
}

// carryTries bounds how often a holder that is not as dead as it looks may be
// faster. It writes once a second at most, and ends with the first write that
// comes too late.
const carryTries = 100

// carryOne writes both copies of a state anew. One is not enough: an old holder that
// got no answer to its last write knows the version that this write left, and would
// write there once more.
func (j *Journal) carryOne(ctx context.Context, index int) (*loaded, error) {
	for try := 1; ; try++ {
		s, c, err := loadCopies(ctx, j.store, index)
		if err != nil {
			return nil, err
		}
		if s == nil {
			s = newState(j.plan, index, j.parts[index].segment)
		}
		if s.epoch > j.epoch {
			return nil, &ConflictError{Name: stateName(index, c.current), Expect: writeVersion(j.epoch, s.generation), Have: writeVersion(s.epoch, s.generation)}
		}
		s.epoch = j.epoch
		if s.generation == 0 {
			s.written = j.opts.Now().Unix()
		}
		for err == nil && !c.allOf(j.epoch) { // an answer to an earlier try may have been lost
			err = c.save(ctx, j.store, s)
		}
		if err == nil {
			return newLoaded(s, &c), nil
		}
		var conflict *ConflictError
		if !errors.As(err, &conflict) || strings.HasSuffix(conflict.Name, leaseName) || try == carryTries {
			return nil, err
		}
	}
}

// checkSegments sorts the segments of each file and refuses those that overlap.
func (j *Journal) checkSegments() error {
	for file, list := range j.byFile {
		slices.SortFunc(list, func(a, b int) int {
			return cmp.Compare(j.parts[a].segment.First, j.parts[b].segment.First)
		})
		next := int64(0)
		for _, i := range list {
			s := j.parts[i].segment
			if file < 0 || s.First < next || s.Last < s.First-1 {
				return fmt.Errorf("checkpoint: segment %d (file %d, rows %d to %d) overlaps another or ends before it begins", i, file, s.First, s.Last)
			}
			if next = s.Last; next != inventory.OpenEnd {
				next++
			}
		}
	}
	return nil
}

// match refuses state that was written for other segments or another plan.
func (j *Journal) match(found *Snapshot) error {
	e := MismatchError{Job: "the state of the job"}
	if len(found.parts) > 0 && found.plan != j.plan {
		e.Differences = append(e.Differences, Difference{"plan", found.plan.String(), j.plan.String()})
	}
	for _, p := range found.parts {
		d := Difference{Name: fmt.Sprintf("segment %d", p.index), Have: segmentText(p.segment), Want: "missing"}
		if p.index < len(j.parts) {
			d.Want = segmentText(j.parts[p.index].segment)
		}
		if d.Have != d.Want && len(e.Differences) < 3 { // more would not say more
			e.Differences = append(e.Differences, d)
		}
	}
	if len(e.Differences) > 0 {
		return &e
	}
	return nil
}

func segmentText(s inventory.Segment) string {
	if s.Last == inventory.OpenEnd {
		return fmt.Sprintf("file %d from row %d", s.File, s.First)
	}
	return fmt.Sprintf("file %d rows %d to %d", s.File, s.First, s.Last)
}
