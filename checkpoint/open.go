package checkpoint

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"reseal/inventory"
)

// Open reads the state of a job, which the caller has locked, and returns a
// journal to go on with and what was found. Segments are those of the plan,
// always the same in the same order. A job of another plan is a
// *MismatchError; state that cannot be believed is a *StateError or a
// *LostError. Result lines behind what the state names are discarded.
func Open(ctx context.Context, store Store, plan PlanHash, segments []inventory.Segment, opts Options) (*Journal, *Snapshot, error) {
	j := &Journal{
		store: store, plan: plan, opts: opts.withDefaults(),
		parts: make([]part, len(segments)), byFile: map[int][]int{}, active: make([]*active, len(segments)),
		counters: map[string]int64{},
	}
	for i, s := range segments {
		j.parts[i] = part{index: i, segment: s, summary: newState(plan, i, s).summary()}
		j.byFile[s.File] = append(j.byFile[s.File], i)
	}
	if err := j.checkSegments(); err != nil {
		return nil, nil, err
	}
	found, err := read(ctx, store, j.opts.Own)
	if err != nil {
		return nil, nil, err
	}
	if err := j.match(found); err != nil {
		return nil, nil, err
	}
	for _, p := range found.parts {
		j.parts[p.index] = p
	}
	j.counters, j.notices = found.counters, found.notices
	if err := j.discardTails(ctx); err != nil {
		return nil, nil, err
	}
	if err := j.fence(ctx); err != nil {
		return nil, nil, err
	}
	return j, j.Snapshot(), nil
}

// fence writes the states of all own segments anew where the options ask for it.
func (j *Journal) fence(ctx context.Context) error {
	if !j.opts.Fence {
		return nil
	}
	var dirty []*active
	for i := range j.parts {
		if p := &j.parts[i]; j.opts.Own(i) && !p.finished() {
			a := j.touch(i)
			a.dirty = true
			dirty = append(dirty, a)
		}
	}
	return j.flush(ctx, dirty)
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

// discardTails cuts result segments to what the state names, so that lines of
// rows that were not settled when the job died are not there twice in the end.
func (j *Journal) discardTails(ctx context.Context) error {
	infos, err := j.store.List(ctx, resultFolder)
	if err != nil {
		return fmt.Errorf("look for result lines: %w", err)
	}
	sizes := map[int]int64{}
	for _, info := range infos {
		index, number, ok := parseResultName(info.Name)
		if !ok || index >= len(j.parts) || !j.opts.Own(index) {
			continue
		}
		p := &j.parts[index]
		keep := info.Size
		switch {
		case number > p.results:
			keep = 0
		case number == p.results:
			keep = min(keep, p.length)
			sizes[index] = info.Size
		}
		if keep == info.Size {
			continue
		}
		if err := j.store.Append(ctx, info.Name, keep, nil); err != nil {
			return fmt.Errorf("discard result lines that were not settled: %w", err)
		}
	}
	for i := range j.parts {
		p := &j.parts[i]
		if p.results > 0 && sizes[i] < p.length {
			j.tell((&ShortError{Name: resultName(i, p.results), Size: sizes[i], Want: p.length}).Error())
		}
	}
	return nil
}
