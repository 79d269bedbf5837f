package main

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/report"
)

// session is when one run of a job went on.
type session struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // as of the last write
}

// maxSessions bounds the runs that are told apart; what is before counts as one.
const maxSessions = 200

// extend sets the end of the last session to now, or begins it.
func extend(list []session, from, now time.Time) []session {
	if n := len(list); n > 0 && list[n-1].From.Equal(from) {
		list[n-1].To = now
		return list
	}
	if list = append(list, session{from, now}); len(list) > maxSessions {
		list[1].From = list[0].From
		list = list[1:]
	}
	return list
}

// together is how long any of the sessions went on.
func together(list []session) (sum time.Duration) {
	list = slices.SortedFunc(slices.Values(list), func(a, b session) int { return a.From.Compare(b.From) })
	var last time.Time
	for _, s := range list {
		if s.From.Before(last) {
			s.From = last
		}
		if s.To.After(s.From) {
			sum += s.To.Sub(s.From)
			last = s.To
		}
	}
	return sum
}

// readWholeHistory returns the history of a whole job: that of its runs, and of
// those that did shares of it. What cannot be read is an error beside the rest.
func readWholeHistory(ctx context.Context, store checkpoint.Reader) (historyDoc, error) {
	infos, err := store.List(ctx, historyFolder)
	names := []string{historyFile}
	for _, info := range infos {
		names = append(names, info.Name)
	}
	infos, noSpending := store.List(ctx, spendingFolder) // a share may have been killed before it wrote a history
	for _, info := range infos {
		if name := historyFolder + strings.TrimPrefix(info.Name, spendingFolder); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	all := wholeHistory{caps: map[string]float64{}, held: map[string][]report.Caps{}, ends: map[string]time.Time{}}
	errs := []error{err, noSpending}
	for _, name := range names {
		doc, _, err := readHistory(ctx, store, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		_, division, _ := strings.Cut(path.Base(name), "-of-")
		all.add(&doc, division)
	}
	return all.doc(), errors.Join(errs...)
}

// wholeHistory is a history in the making.
type wholeHistory struct {
	sum  historyDoc
	docs int
	caps map[string]float64 // of all shares together, by the number of shares
	held map[string][]report.Caps
	ends map[string]time.Time // when a share was last heard of
}

// add counts the runs of one document. Shares of one division run side by side.
func (w *wholeHistory) add(d *historyDoc, division string) {
	s := &w.sum
	if s.Summary == nil {
		s.Summary = new(report.Summary)
	}
	s.Summary.Merge(d.Summary)
	s.Spent += d.Spent
	s.CutOff += d.CutOff
	if d.Runs == 0 {
		return
	}
	w.docs++
	s.Runs += d.Runs
	if s.First.IsZero() || d.First.Before(s.First) {
		s.First = d.First
	}
	if d.Last.After(s.Last) {
		s.Last, s.Status = d.Last, d.Status
	}
	s.Sessions = append(s.Sessions, d.Sessions...)
	s.Active = max(s.Active, d.Active)
	w.caps[division] += d.KMSCap
	w.held[division] = append(w.held[division], d.KMSCaps)
	w.ends[division] = slices.MaxFunc([]time.Time{w.ends[division], d.Last}, time.Time.Compare)
}

// doc returns what was added up. The cap is that of the division that ran last.
func (w *wholeHistory) doc() historyDoc {
	s := w.sum
	if s.Summary == nil {
		s.Summary = new(report.Summary)
	}
	if w.docs > 1 {
		s.Active = max(s.Active, together(s.Sessions))
	}
	var held []report.Cap
	for _, shares := range w.held {
		held = append(held, report.SideBySide(shares)...)
	}
	slices.SortFunc(held, func(a, b report.Cap) int { return a.Since.Compare(b.Since) })
	for _, c := range held {
		s.KMSCaps = s.KMSCaps.With(c)
	}
	latest := time.Time{}
	for division, at := range w.ends {
		if c := at.Compare(latest); c > 0 || c == 0 && cmp.Compare(w.caps[division], s.KMSCap) > 0 {
			latest, s.KMSCap = at, w.caps[division]
		}
	}
	return s
}
