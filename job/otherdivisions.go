package job

import (
	"context"
	"errors"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"reseal/checkpoint"
	"reseal/cost"
)

// OtherDivisions are the histories of a job that was worked on in another division
// than now: as a whole, or in another number of shares. Nobody else writes them, as a
// job has one division at a time. What runs of them set aside that were cut off is
// given back by those of the division that settles their rows.
type OtherDivisions struct {
	store checkpoint.Store
	docs  []*otherHistory
}

type otherHistory struct {
	History
	doc, bound document
}

// Retired says of a history which rows the runs may have been cut off at, as the job
// was found by the first run of another division.
type Retired struct {
	Rows map[int]int64 `json:"rows,omitempty"` // by segment: no row from here on was worked on
	All  bool          `json:"all,omitempty"`  // nobody knows which; any of the job
}

// historyReads is how many histories are read at once.
const historyReads = 32

// ReadOtherDivisions reads the histories of all divisions but that of part.
func ReadOtherDivisions(ctx context.Context, store checkpoint.Store, part Share) (*OtherDivisions, error) {
	names, err := historyNames(ctx, store)
	if err != nil {
		return nil, err
	}
	own := ""
	if part.Count > 0 {
		own = strconv.Itoa(part.Count)
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, division, _ := strings.Cut(shareOfHistory(name), "/")
		return division == own
	})
	o := &OtherDivisions{store: store, docs: make([]*otherHistory, len(names))}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(historyReads)
	for i, name := range names {
		group.Go(func() (err error) {
			o.docs[i], err = readOther(ctx, store, name)
			return err
		})
	}
	return o, group.Wait()
}

func readOther(ctx context.Context, store checkpoint.Store, name string) (*otherHistory, error) {
	h, version, err := ReadHistory(ctx, store, name)
	if err != nil {
		return nil, err
	}
	h.StatusOf = shareOfHistory(name)
	_, bound := readSpending(ctx, store, SpendingName(name))
	return &otherHistory{h, document{store: store, name: name, version: version}, document{store: store, name: SpendingName(name), version: bound}}, nil
}

// historyNames returns the names of all histories of a job, the whole job's first. A share
// may have been killed before it wrote one: then its spending document tells.
func historyNames(ctx context.Context, store checkpoint.Reader) ([]string, error) {
	names := []string{HistoryFile}
	histories, err := store.List(ctx, HistoryFolder)
	for _, info := range histories {
		names = append(names, info.Name)
	}
	spending, noSpending := store.List(ctx, spendingFolder)
	for _, info := range spending {
		if name := path.Join(HistoryFolder, path.Base(info.Name)); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, errors.Join(err, noSpending)
}

// Beside is what the runs cost at most beside what settled rows have counted.
func (o *OtherDivisions) Beside() (sum cost.Money) {
	for _, h := range o.docs {
		sum = sum.Add(h.beside())
	}
	return sum
}

// Waiting tells whether money is set aside.
func (o *OtherDivisions) Waiting() bool {
	return slices.ContainsFunc(o.docs, func(h *otherHistory) bool { return h.CutOff > 0 })
}

// Retire notes which rows the runs may have been cut off at, where nobody did so
// before. No run of this division has worked on a row yet that has not called it.
func (o *OtherDivisions) Retire(ctx context.Context) error {
	open := slices.DeleteFunc(slices.Clone(o.docs), func(h *otherHistory) bool { return h.CutOff == 0 || h.Retired != nil })
	if len(open) == 0 {
		return nil
	}
	at, err := checkpoint.Read(ctx, o.store)
	if err != nil {
		return err
	}
	for _, h := range open {
		h.Retired = retiredAt(at)
		err := h.doc.put(ctx, &h.History)
		var faster *checkpoint.ConflictError // another share of this division
		if errors.As(err, &faster) {
			var now *otherHistory
			if now, err = readOther(ctx, o.store, h.doc.name); err == nil {
				*h = *now
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// retiredAt finds the rows in doubt. Where some failed, a run may have been cut off that
// tried these again, and nobody knows which.
func retiredAt(at *checkpoint.Snapshot) *Retired {
	if at.Totals().Failed > 0 {
		return &Retired{All: true}
	}
	r := &Retired{Rows: map[int]int64{}}
	for _, s := range at.Segments() {
		if !s.Finished && s.Admitted > s.Mark {
			r.Rows[s.Index] = s.Admitted
		}
	}
	return r
}

// settled tells whether all of these rows are settled; at is of a job, or a share of it,
// of so many segments, and rows of other segments do not count.
func (r *Retired) settled(at *checkpoint.Snapshot, segments int) bool {
	finished := 0
	for _, s := range at.Segments() {
		if until, is := r.Rows[s.Index]; is && !s.Finished && s.Mark < until {
			return false
		}
		if s.Finished {
			finished++
		}
	}
	return !r.All || finished >= segments
}

// Settled tells whether rows that money is set aside for are settled, of any of the
// histories, as far as they are among those of at, which are of so many segments.
func (o *OtherDivisions) Settled(at *checkpoint.Snapshot, segments int) bool {
	return slices.ContainsFunc(o.docs, func(h *otherHistory) bool {
		return h.CutOff > 0 && h.Retired != nil && h.Retired.settled(at, segments)
	})
}

// Release gives back what was set aside for rows that are settled, but for doubted: what
// the objects cost at most that runs were cut off at. at is of the whole job, of so many
// segments.
func (o *OtherDivisions) Release(ctx context.Context, at *checkpoint.Snapshot, segments int, doubted cost.Money) error {
	var errs []error
	for _, h := range o.docs {
		if h.CutOff == 0 || h.Retired == nil || !h.Retired.settled(at, segments) {
			continue
		}
		kept := min(h.CutOff, doubted)
		doubted -= kept
		if kept < h.CutOff {
			errs = append(errs, h.release(ctx, h.CutOff-kept))
		}
	}
	return errors.Join(errs...)
}

// release writes down that amount was not spent. The bound is first: above the history
// it would count as set aside again.
func (h *otherHistory) release(ctx context.Context, amount cost.Money) error {
	if h.bound.version != "" {
		if err := h.bound.put(ctx, spendingDoc{h.Spent - amount}); err != nil {
			return err
		}
	}
	h.Spent -= amount
	h.CutOff -= amount
	return h.doc.put(ctx, &h.History)
}
