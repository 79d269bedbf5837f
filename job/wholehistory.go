package job

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/report"
)

// Session is the time from the beginning to the end of a run.
type Session struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"` // as of the last write
}

// maxSessions bounds the runs that are told apart; what is before counts as one.
const maxSessions = 200

// extendSessions sets the end of the last session to now, or begins it.
func extendSessions(list []Session, from, now time.Time) []Session {
	if n := len(list); n > 0 && list[n-1].From.Equal(from) {
		list[n-1].To = now
		return list
	}
	if list = append(list, Session{from, now}); len(list) > maxSessions {
		list[1].From = list[0].From
		list = list[1:]
	}
	return list
}

// timeTogether is how long any of the sessions went on.
func timeTogether(list []Session) (sum time.Duration) {
	list = slices.SortedFunc(slices.Values(list), func(a, b Session) int { return a.From.Compare(b.From) })
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

// ReadWholeHistory returns the history of all runs of a job, those of its shares
// included. Beside an error it returns what could be read.
func ReadWholeHistory(ctx context.Context, store checkpoint.Reader) (History, error) {
	names, err := historyNames(ctx, store)
	all := wholeHistory{caps: map[string]float64{}, held: map[string][]report.Caps{}, ends: map[string]time.Time{}}
	errs := []error{err}
	for _, name := range names {
		doc, _, err := ReadHistory(ctx, store, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		doc.StatusOf = shareOfHistory(name)
		_, division, _ := strings.Cut(doc.StatusOf, "/")
		all.add(&doc, division)
	}
	whole := all.doc()
	runs, cut, err := countRuns(ctx, store, func(*Run) bool { return true })
	whole.Runs, whole.RunsCutOff = max(whole.Runs, runs), cut
	return whole, errors.Join(append(errs, err)...)
}

// countRuns counts the runs of a job that are meant, and those that recorded no end.
func countRuns(ctx context.Context, store checkpoint.Reader, meant func(*Run) bool) (all, open int64, err error) {
	runs, err := Runs(ctx, store)
	for i := range runs {
		switch {
		case !meant(&runs[i]), runs[i].Command == ImportCommand: // which re-encrypts nothing
			continue
		case !runs[i].Over():
			open++
		}
		all++
	}
	return all, open, err
}

// wholeHistory is a history in the making.
type wholeHistory struct {
	sum  History
	docs int
	caps map[string]float64 // of all shares together, by the number of shares
	held map[string][]report.Caps
	ends map[string]time.Time // when a share was last heard of

	divisions []string
}

// add counts the runs of one document. Shares of one division run side by side.
func (w *wholeHistory) add(d *History, division string) {
	s := &w.sum
	if s.Summary == nil {
		s.Summary = new(report.Summary)
	}
	s.Summary.Merge(d.Summary)
	if d.Canary != nil {
		if s.Canary == nil {
			s.Canary = new(canary.Table)
		}
		s.Canary.Merge(d.Canary)
	}
	s.Spent += d.Spent
	s.CutOff += d.CutOff
	s.Beside = s.Beside.Add(d.beside())
	if d.Counted != nil {
		s.MostOf = max(s.MostOf, *d.Counted)
	}
	if !slices.Contains(w.divisions, division) && (d.Runs > 0 || d.Spent > 0) {
		w.divisions = append(w.divisions, division)
	}
	s.Lost, s.Unsettled, s.Settled = s.Lost.Plus(d.Lost), s.Unsettled.Plus(d.Unsettled), d.Settled
	if d.Runs == 0 {
		return
	}
	if w.docs++; w.docs > 1 {
		s.Settled = nil // each knows its own share only
	}
	s.Runs += d.Runs
	if s.First.IsZero() || d.First.Before(s.First) {
		s.First = d.First
	}
	if d.Last.After(s.Last) {
		s.Last, s.Status, s.StatusOf = d.Last, d.Status, d.StatusOf
		s.BoundBy = d.BoundBy // of one share: what binds several at a time is no one limit
	}
	s.Sessions = append(s.Sessions, d.Sessions...)
	s.Active = max(s.Active, d.Active)
	w.caps[division] += d.KMSCap
	w.held[division] = append(w.held[division], d.KMSCaps)
	w.ends[division] = slices.MaxFunc([]time.Time{w.ends[division], d.Last}, time.Time.Compare)
}

// doc returns what was added up. The cap is that of the division that ran last.
func (w *wholeHistory) doc() History {
	s := w.sum
	s.Divisions = len(w.divisions)
	if s.Summary == nil {
		s.Summary = new(report.Summary)
	}
	if w.docs > 1 {
		s.Active = max(s.Active, timeTogether(s.Sessions))
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
