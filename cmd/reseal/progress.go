package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/report"
)

// progress shows a run to the person who watches it: a bar on a terminal, a
// line every half minute elsewhere, nothing where the user wants quiet.
type progress struct {
	out      io.Writer
	terminal bool
	quiet    bool

	total   int64 // objects to re-encrypt in the whole job, -1 where not known
	earlier int64 // of them done by earlier runs
	stats   *engine.Stats
	slow    func() string              // why it is not faster
	spent   func() (string, bool)      // money so far
	kms     func() (used, cap float64) // KMS requests in the last second, and the cap
	outlook outlook                    // until there is a rate
}

// intervals between two showings.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 30 * time.Second
)

// watch shows progress until ctx ends, then once more.
func (p *progress) watch(ctx context.Context) {
	if p.quiet {
		<-ctx.Done()
		return
	}
	every, show, end := lineEvery, p.line, func() {}
	if p.terminal {
		bar := p.bar()
		every, show = barEvery, func(rate float64) { p.draw(bar, rate) }
		end = func() { fmt.Fprintln(p.out) }
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	r := meter{last: time.Now(), count: p.handled()}
	for {
		select {
		case <-tick.C:
			show(r.rate(p.handled(), time.Now()))
		case <-ctx.Done():
			show(r.rate(p.handled(), time.Now()))
			end()
			return
		}
	}
}

// handled is the number of objects that this run has dealt with.
func (p *progress) handled() int64 {
	return p.stats.Count(engine.Done) + p.stats.Count(engine.Failed)
}

// bar makes the progress bar. Its description is redrawn with every change, so
// the library's own rate and clock stay off.
func (p *progress) bar() *progressbar.ProgressBar {
	return progressbar.NewOptions64(max(p.total, 1),
		progressbar.OptionSetWriter(p.out),
		progressbar.OptionSetWidth(24),
		progressbar.OptionThrottle(barEvery/2),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerHead: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
		progressbar.OptionShowDescriptionAtLineEnd(),
	)
}

// draw redraws the bar.
func (p *progress) draw(bar *progressbar.ProgressBar, rate float64) {
	bar.Describe(p.text(rate))
	_ = bar.Set64(min(p.earlier+p.handled(), max(p.total, 1))) // a terminal that cannot be written to is no reason to stop a run
}

// line prints one line.
func (p *progress) line(rate float64) {
	done := p.earlier + p.handled()
	if p.total > 0 {
		fmt.Fprintf(p.out, "%s of %s objects (%.1f%%)  %s\n", report.Count(done), report.Count(p.total), 100*float64(done)/float64(p.total), p.text(rate))
		return
	}
	fmt.Fprintf(p.out, "%s objects  %s\n", report.Count(done), p.text(rate))
}

// text says how fast it goes, what it uses, and what holds it back.
func (p *progress) text(rate float64) string {
	s := fmt.Sprintf("%s/s", report.Count(int64(rate+0.5)))
	if used, limit := p.kms(); limit > 0 {
		s += fmt.Sprintf("  KMS %.0f of %.0f/s", used, limit)
	}
	if failed := p.stats.Count(engine.Failed); failed > 0 {
		s += fmt.Sprintf("  %s failed", report.Count(failed))
	}
	if money, ok := p.spent(); ok {
		s += "  " + money
	}
	if why := p.slow(); why != "" {
		s += "  bound by " + why
	}
	left := p.total - p.earlier - p.handled()
	if p.total <= 0 || left <= 0 {
		return s
	}
	if rate > 0 {
		return s + "  ETA " + report.Duration(time.Duration(float64(left)/rate*float64(time.Second)))
	}
	if between := p.outlook.text(float64(left) / float64(p.total)); between != "" {
		s += "  ETA " + between
	}
	return s
}

// meter turns a growing count into a rate, smoothed over some ten seconds.
type meter struct {
	last   time.Time
	count  int64
	smooth float64
	begun  bool
}

// rate returns the count a second.
func (m *meter) rate(count int64, now time.Time) float64 {
	dt := now.Sub(m.last).Seconds()
	if dt <= 0 {
		return m.smooth
	}
	current := float64(count-m.count) / dt
	weight := min(1, dt/10)
	if !m.begun {
		weight, m.begun = 1, true
	}
	m.smooth += weight * (current - m.smooth)
	m.last, m.count = now, count
	return m.smooth
}

// progress sets up what the user sees of a run.
func (f *runFlags) progress(p process, job *jobPlan, earlier checkpoint.Totals, stats *engine.Stats, helm *steering, spent *ledger) *progress {
	return &progress{
		out: p.stderr, terminal: isTerminal(p.stderr), quiet: f.output.quiet || f.output.noProgress,
		total: job.inAll(job.Todo), earlier: settledBefore(earlier), stats: stats, spent: spent.text,
		slow: func() string {
			if b := helm.status().Binding; b.Limit != boundByNothing && b.Limit != boundByDrain {
				return b.String()
			}
			return ""
		},
		kms: func() (float64, float64) { u := helm.status().KMS; return float64(u.LastSecond), u.Cap },
	}
}
