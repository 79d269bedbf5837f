package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/report"
)

func newStatusCommand(p process) *cobra.Command {
	var dir, shard string
	var asJSON bool
	var conn connection
	cmd := &cobra.Command{
		Use:   "status --job DIR",
		Short: "Say how far a job is",
		Long: `status says how far a job is, from its files alone: while it runs, after it
ended, and after a crash. It says how the last run ended, and what to type next.
It needs no network, unless the job is in a bucket, and changes nothing.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			part, err := namedShare(shard, dir)
			if err != nil {
				return err
			}
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			s, err := readStatusAt(ctx, conn, dir, part)
			if err != nil {
				return causeOf(ctx, err)
			}
			if asJSON {
				return writeJSON(p.stdout, s)
			}
			return s.text(p.stdout)
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().StringVar(&dir, "job", "", "`folder` of the job")
	cmd.Flags().StringVar(&shard, "shard", "", "share `I/N` of a job in a bucket, whose run is meant")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

// jobStatus is how far a job is.
type jobStatus struct {
	Job         string           `json:"job"`
	Manifest    string           `json:"manifest"`
	Bucket      string           `json:"bucket"`
	KMSKeyID    string           `json:"kms_key_id,omitempty"`
	State       string           `json:"state"` // not begun, unfinished, finished
	Files       int              `json:"segments"`
	Finished    int              `json:"segments_finished"`
	Damaged     int              `json:"segments_damaged"`
	Rows        *int64           `json:"rows"` // of the report; null where nobody counted them yet
	Settled     int64            `json:"rows_settled"`
	Todo        *int64           `json:"objects_to_do"` // when the job was made; null without a plan pass
	Done        int64            `json:"done"`
	Repeats     int64            `json:"repeats"`     // of done: recognised after a crash
	Imported    int64            `json:"imported"`    // of done: by the word of S3 Batch Operations
	Unconfirmed int64            `json:"unconfirmed"` // of done: updates whose effect nobody looked at
	Skipped     map[string]int64 `json:"skipped"`
	Failed      int64            `json:"failed"`
	Deferred    int64            `json:"deferred"`
	Bytes       int64            `json:"bytes"`
	Requests    int64            `json:"requests"`
	KMSCalls    int64            `json:"kms_calls_max"`
	Spent       cost.Money       `json:"spent_max_usd"`
	Runs        int64            `json:"runs"` // how often it was begun or gone on with
	Active      time.Duration    `json:"active_ns"`
	Estimated   *cost.Span       `json:"estimated_usd,omitempty"`
	Prices      string           `json:"prices,omitempty"` // whose they are, in words
	LastWrite   time.Time        `json:"last_write"`
	Run         *runStatus       `json:"run,omitempty"`      // of the run that goes on; at the end of one, how it was then
	LastRun     *lastRun         `json:"last_run,omitempty"` // where none goes on: what the last one recorded of itself
	Notices     []string         `json:"notices,omitempty"`
	Damages     []string         `json:"damages,omitempty"`

	command, does string // what to type next, and what that does; "" where nothing is to be typed

	cutOff cost.Money // of Spent: what runs that were cut off may have spent after they last said so
}

// lastRun is what a run that is over said of itself at some instant: at its end, or
// some seconds before it was cut off.
type lastRun struct {
	At     time.Time  `json:"at"`
	Status *runStatus `json:"status"`
}

// readStatusAt reads the files of a job, and how the run of all of it, or of a
// share, is doing.
func readStatusAt(ctx context.Context, c connection, dir string, part share) (*jobStatus, error) {
	store, job, err := openJobAt(ctx, c, dir)
	if err != nil {
		return nil, err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return nil, err
	}
	past, _ := readWholeHistory(ctx, store) // nothing but a look back
	s := newStatus(dir, job, snapshot.Totals(), past)
	if s.Run = liveStatus(ctx, placeOf(dir, part)); s.Run == nil && past.Status != nil {
		s.LastRun = &lastRun{past.Last, past.Status}
	}
	if s.Run == nil {
		s.command, s.does = s.next(job, part)
	}
	s.Notices = snapshot.Notices()
	s.Damages = damages(snapshot)
	return s, nil
}

// damages says which files of the report could not be read, and why.
func damages(s *checkpoint.Snapshot) []string {
	var all []string
	for _, seg := range s.Segments() {
		if seg.Damage != "" {
			all = append(all, seg.Damage)
		}
	}
	return all
}

// newStatus puts the totals of a job into words.
func newStatus(dir string, job *jobPlan, t checkpoint.Totals, past historyDoc) *jobStatus {
	s := &jobStatus{
		Job: dir, Manifest: job.Manifest, Bucket: job.Options.Bucket, KMSKeyID: job.Options.KMSKeyID,
		Files: len(job.Segments), Finished: t.Finished, Damaged: t.Damaged,
		Rows: known(job.inAll(job.Rows)), Settled: t.Done + t.Failed, Todo: known(job.inAll(job.Todo)), Failed: t.Failed, Deferred: t.Deferred,
		Bytes: t.Counters["bytes"], Requests: t.Counters["requests"], KMSCalls: t.Counters["kms_calls_max"],
		Repeats: t.Counters["repeats"], Imported: t.Counters[importedCounter], Unconfirmed: t.Counters[unconfirmedCounter], Spent: max(past.Spent, cost.Money(t.Counters[spentCounter])),
		cutOff: past.CutOff, Runs: past.Runs, Active: past.Active, LastWrite: t.Written, Skipped: map[string]int64{},
	}
	if e := job.Estimate; e != nil && e.Priced {
		s.Estimated, s.Prices = &e.Once.Total, report.ListPrices(e)
	}
	for name, n := range t.Counters {
		switch {
		case strings.HasPrefix(name, "done."):
			s.Done += n
		case strings.HasPrefix(name, "skipped."):
			s.Skipped[strings.TrimPrefix(name, "skipped.")] += n
		}
	}
	switch {
	case t.Written.IsZero():
		s.State = "not begun"
	case t.Finished == len(job.Segments):
		s.State = "finished"
		if s.Rows == nil && t.Damaged == 0 {
			s.Rows = known(s.Settled)
		}
	default:
		s.State = "unfinished"
	}
	return s
}

// known is a number of rows or objects, nil where it is not known.
func known(n int64) *int64 {
	if n == unknown {
		return nil
	}
	return &n
}

// outOf writes a part of a number that may not be known: 5 of 8.
func outOf(part int64, whole *int64) string {
	if whole == nil {
		return report.Count(part)
	}
	return report.Count(part) + " of " + report.Count(*whole)
}

// text prints the status for people.
func (s *jobStatus) text(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	row("Job", "%s (%s)", s.Job, s.State)
	row("Bucket", "%s", s.Bucket)
	if s.KMSKeyID != "" {
		row("Key", "%s", s.KMSKeyID)
	}
	share := ""
	if s.Rows != nil {
		share = " (" + report.Percent(s.Settled, *s.Rows) + ")"
	}
	unread := ""
	if s.Damaged > 0 {
		unread = fmt.Sprintf("; %d could not be read to the end", s.Damaged)
	}
	row("Report rows", "%s settled%s, %d of %d files finished%s", outOf(s.Settled, s.Rows), share, s.Finished, s.Files, unread)
	row("Done", "%s objects, %s", outOf(s.Done, s.Todo), report.Bytes(s.Bytes))
	if s.Repeats > 0 {
		row("Repeats", "%s done before a crash, recognised and not copied again", report.Plural(s.Repeats, "object"))
	}
	if s.Imported > 0 {
		row("Imported", "%s of them done by S3 Batch Operations, by the word of its report", report.Plural(s.Imported, "object"))
	}
	if s.Unconfirmed > 0 {
		row("Unconfirmed", "%s of them updated without a look at the effect (--confirm)", report.Plural(s.Unconfirmed, "object"))
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
		row("Left alone", "%s %s", report.Count(s.Skipped[reason]), reason)
	}
	row("Failed", "%s", report.Plural(s.Failed, "object"))
	if s.Deferred > 0 {
		row("Put off", "%s to another pass", report.Plural(s.Deferred, "object"))
	}
	row("Requests", "%s to S3, at most %s of S3 to KMS", report.Count(s.Requests), report.Count(s.KMSCalls))
	soFar := " so far"
	if s.State == "finished" {
		soFar = ""
	}
	switch {
	case s.Estimated != nil:
		row("Spent", "%s%s; the plan expected %s (%s)", report.AtMost(s.Spent), soFar, expected(s.Estimated), s.Prices)
		if why := report.Above(s.Spent, s.Estimated.Max, s.cutOff, s.Repeats); why != "" {
			row("", "above the plan: %s", why)
		}
	case s.Spent > 0:
		row("Spent", "%s%s; there is no plan to compare with", report.AtMost(s.Spent), soFar)
	}
	if s.Runs > 1 {
		row("Runs", "%s, %s together", report.Count(s.Runs), report.Duration(s.Active))
	}
	if !s.LastWrite.IsZero() {
		row("Recorded", "%s", report.Time(s.LastWrite))
	}
	switch {
	case s.Run != nil:
		s.Run.rows(w)
	case s.LastRun != nil:
		s.LastRun.row(row, remoteJob(s.Job))
	}
	for _, d := range s.Damages {
		row("Unreadable", "%s", d)
	}
	for _, n := range s.Notices {
		row("Note", "%s", n)
	}
	if s.command != "" {
		row("Next", "%s", s.command)
		row("", "%s", s.does)
	}
	return w.Flush()
}

// row says how the last run ended. Of one that wrote nothing about that, another
// machine may know more.
func (l *lastRun) row(row func(name, format string, args ...any), elsewhere bool) {
	begun := report.Time(l.Status.Started)
	if e := l.Status.Ended; e != nil {
		row("Last run", "begun %s, ended %s: %s", begun, report.Time(l.At), e)
		return
	}
	or := ""
	if elsewhere {
		or = ", or goes on on another machine"
	}
	row("Last run", "begun %s, last heard of %s: it crashed or was killed%s; nothing is lost", begun, report.Time(l.At), or)
	b := l.Status.Binding
	row("", "then bound by %s (since %s)", b, report.Time(b.Since))
}

// expected is an estimated amount in words.
func expected(e *cost.Span) string {
	if e.Max > 0 && e.Max.Cents() == 0 {
		return report.AtMost(e.Max)
	}
	return report.Money(e.Expected) + ", " + report.AtMost(e.Max)
}

// writeJSON prints v as one indented document.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
