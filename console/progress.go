package console

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"reseal/control"
	"reseal/cost"
	"reseal/internal/terminal"
	"reseal/migrate"
	"reseal/report"
)

// Progress shows a run to the person who watches it: a bar on a terminal, a
// line every half minute elsewhere, nothing where the user wants quiet.
type Progress struct {
	Out   *terminal.Screen
	Quiet bool
	Log   *slog.Logger // nil: none

	Total    int64 // objects to re-encrypt in the whole job, or to try again; -1 where not known
	Earlier  int64 // of them done by earlier runs
	Handled  func() int64
	Status   func() control.Status
	Spent    func() (cost.Money, bool) // by the whole job, at most; false where there is no price
	Forecast migrate.Forecast          // until there is a rate
}

// intervals between two showings.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 30 * time.Second
)

// Watch shows progress until ctx ends, and logs it every half minute; as lines it has a
// last one then, while a bar goes and leaves the word to the summary.
func (p *Progress) Watch(ctx context.Context) {
	tick := time.NewTicker(barEvery)
	defer tick.Stop()
	began := time.Now()
	m, known, shown := control.NewMeter(began, p.Handled()), p.Forecast.Planned(), began
	for {
		select {
		case now := <-tick.C:
			if plan := p.Forecast.Planned(); plan != known { // the canary is over, which is no measure of the rest
				m, known = control.NewMeter(now, p.Handled()), plan
			}
			st := p.Status()
			p.sample(m, &st, now)
			due := now.Sub(shown) >= lineEvery
			if due {
				shown = now
				p.log(m, &st)
			}
			switch {
			case p.Quiet:
			case p.Out.Drawable():
				p.Out.Show(p.bar(p.parts(m, &st), p.Out.Width()))
			case due:
				fmt.Fprintln(p.Out, p.line(p.parts(m, &st)))
			}
		case <-ctx.Done():
			st := p.Status()
			p.sample(m, &st, time.Now())
			p.log(m, &st)
			switch {
			case p.Quiet:
			case p.Out.Drawable():
				p.Out.Clear()
			default:
				fmt.Fprintln(p.Out, p.line(p.parts(m, &st)))
			}
			return
		}
	}
}

// sample lets the meter see how far the run is. While nothing is sent that is no
// measure of how fast it is.
func (p *Progress) sample(m *control.Meter, st *control.Status, now time.Time) {
	if st.Waiting() {
		m.Skip(p.Handled(), now)
		return
	}
	m.Sample(p.Handled(), now)
}

// part is one thing that is said of a run, in full and as it is said where there
// is little room.
type part struct{ long, short string }

// parts say how fast it goes, what it uses, what holds it back, and how long that
// will take, the most important first.
func (p *Progress) parts(m *control.Meter, st *control.Status) []part {
	var all []part
	say := func(long, short string) { all = append(all, part{long, short}) }
	both := func(text string) { say(text, text) }
	waits := st.Waiting()
	if waits {
		say(WaitingText(st.Binding))
	} else {
		both(report.Rate(m.Rate()))
		if k := st.KMS; k.Cap > 0 {
			say(fmt.Sprintf("KMS %s of %s", report.Count(k.LastSecond), report.Rate(k.Cap)), fmt.Sprintf("KMS %s/%s", report.Count(k.LastSecond), report.Count(int64(math.Round(k.Cap)))))
		}
	}
	if st.Failed > 0 {
		both(report.Count(st.Failed) + " failed")
	}
	switch {
	case waits:
	case st.Draining:
		say("draining: finishing what is under way", "draining")
	case st.Binding.Limit != control.LimitNone:
		brief := Briefly(st.Binding)
		say("bound by "+brief, brief)
	}
	if money, ok := p.Spent(); ok {
		both(report.Money(money))
	}
	left := p.Total - p.Earlier - p.Handled()
	if p.Total <= 0 || left <= 0 || waits || st.Draining {
		return all
	}
	if shortest, longest, ok := p.Forecast.Remaining(left, p.Total, m); ok {
		say("ETA "+report.Between(shortest, longest), "ETA "+report.Duration(longest))
	}
	return all
}

// inShort is a number of objects where there is little room: 1.234M for 1,234,000.
func inShort(n int64) string {
	const million = 1e6
	if n < million {
		return report.Count(n)
	}
	return fmt.Sprintf("%.3fM", math.Floor(float64(n)/million*1000)/1000) // never more than are done
}

// join writes parts in a row, in full or in short.
func join(all []part, full bool) string {
	words := make([]string, len(all))
	for i, p := range all {
		if words[i] = p.short; full {
			words[i] = p.long
		}
	}
	return strings.Join(words, "  ")
}

// barWidths are how wide a bar may be. They are few, so that it does not breathe
// with every digit of the text beside it.
var barWidths = [...]int{24, 16, 8}

const (
	shareColumns  = len("99.9 %")
	besideTheText = shareColumns + len(" ") + len("  ") // what stands on the line beside bar and text
)

// bar writes the line of a terminal that is so many columns wide: the share, a
// bar, and the parts, in full where they fit. Where not even the short ones do,
// first the bar goes and then the least important parts.
func (p *Progress) bar(all []part, columns int) string {
	done := p.Earlier + p.Handled()
	share := report.Count(done) + " objects"
	if p.Total > 0 {
		done = min(done, p.Total)
		share = report.Percent(done, p.Total)
		all = slices.Insert(slices.Clone(all), 0, part{report.Count(done) + " of " + report.Count(p.Total), inShort(done) + "/" + inShort(p.Total)})
		for _, full := range []bool{true, false} {
			text := join(all, full)
			for _, wide := range barWidths {
				if besideTheText+wide+utf8.RuneCountInString(text) <= columns {
					return fmt.Sprintf("%*s ", shareColumns, share) + terminal.Bar(done, p.Total, wide) + "  " + text
				}
			}
		}
	}
	line := share + "  " + join(all, true)
	for n := len(all); n > 0 && utf8.RuneCountInString(line) > columns; n-- {
		line = share + "  " + join(all[:n], false)
	}
	return line
}

// line writes what is shown where there is no terminal.
func (p *Progress) line(all []part) string {
	done := p.Earlier + p.Handled()
	if p.Total > 0 {
		return fmt.Sprintf("%s of %s (%s)  %s", report.Count(min(done, p.Total)), report.Plural(p.Total, "object"), report.Percent(min(done, p.Total), p.Total), join(all, true))
	}
	return report.Plural(done, "object") + "  " + join(all, true)
}

// RunProgress is the progress of a run over the rows that it has chosen.
func RunProgress(out *terminal.Screen, quiet bool, run *migrate.Live, rows migrate.Selection) *Progress {
	p := &Progress{Out: out, Quiet: quiet, Status: run.Controller.Status, Spent: run.Spent.SpentIfPriced, Handled: run.Stats.Handled.Load}
	p.Total, p.Earlier = rows.Counts(run.Plan.CountOrUnknown(run.Plan.Todo), run.Earlier)
	return p
}
