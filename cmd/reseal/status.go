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

	"reseal/batchops"
	"reseal/canary"
	"reseal/checkpoint"
	"reseal/control"
	"reseal/cost"
	"reseal/cost/ledger"
	"reseal/job"
	"reseal/plan"
	"reseal/report"
)

func newStatusCommand(p process) *cobra.Command {
	var dir, shard string
	var asJSON, watched bool
	var conn connection
	cmd := &cobra.Command{
		Use:   "status DIR",
		Short: "Say how far a job is",
		Long: `status says how far a job is, from its files alone: while it runs, after it
ended, and after a crash. It says how the last run ended, and what to type next.
It needs no network, unless the job is in a bucket, and changes nothing.`,
		Args: jobArgument(&dir),
		RunE: func(cmd *cobra.Command, _ []string) error {
			part, err := namedShare(shard, dir)
			if err != nil {
				return err
			}
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			if watched {
				return watch(ctx, p, dir, asJSON, func(ctx context.Context) (*jobStatus, error) { return readStatusAt(ctx, conn, dir, part) })
			}
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
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document; with --watch one a line")
	cmd.Flags().BoolVar(&watched, "watch", false, "look again and again until the job is finished")
	return cmd
}

// jobStatus is how far a job is.
type jobStatus struct {
	Job         string                 `json:"job"`
	Manifest    string                 `json:"manifest"`
	Bucket      string                 `json:"bucket"`
	KMSKeyID    string                 `json:"kms_key_id,omitempty"`
	State       string                 `json:"state"` // not begun, unfinished, finished
	Files       int                    `json:"segments"`
	Finished    int                    `json:"segments_finished"`
	Damaged     int                    `json:"segments_damaged"`
	Rows        *int64                 `json:"rows"` // of the report; null where nobody counted them yet
	Settled     int64                  `json:"rows_settled"`
	Todo        *int64                 `json:"objects_to_do"` // when the job was made; null without a plan pass
	Done        int64                  `json:"done"`
	Repeats     int64                  `json:"repeats"`     // of done: recognised after a crash
	Imported    int64                  `json:"imported"`    // of done: by the word of S3 Batch Operations
	Unconfirmed int64                  `json:"unconfirmed"` // of done: updates whose effect nobody looked at
	Skipped     map[string]int64       `json:"skipped"`
	Keys        report.EncryptedKeys   `json:"keys_looked_at"` // of those left alone as already-encrypted
	Client      report.ClientEncrypted `json:"client_side_encrypted,omitzero"`
	Failed      int64                  `json:"failed"`
	Deferred    int64                  `json:"deferred"`
	Bytes       int64                  `json:"bytes"`
	Requests    int64                  `json:"requests"`
	KMSCalls    int64                  `json:"kms_calls_max"`
	Spent       cost.Money             `json:"spent_max_usd"`
	Runs        int64                  `json:"runs"` // how often it was begun or gone on with
	CutOff      int64                  `json:"runs_cut_off"`
	Are         job.Accuracy           `json:"figures_are"`
	Active      time.Duration          `json:"active_ns"`
	Estimated   *cost.Span             `json:"estimated_usd,omitempty"`
	Prices      string                 `json:"prices,omitempty"` // whose they are, in words
	LastWrite   time.Time              `json:"last_write"`
	Run         *control.Status        `json:"run,omitempty"`      // of the run that goes on; at the end of one, how it was then
	LastRun     *lastRun               `json:"last_run,omitempty"` // where none goes on: what the last one recorded of itself
	Canary      *canary.Table          `json:"canary,omitempty"`   // what was proven before the rest of its kind was begun
	Shares      []job.ShareStatus      `json:"shares,omitempty"`   // of a job that is divided
	Holder      *job.ShareStatus       `json:"holder,omitempty"`   // of one that is not; of a local job while somebody has it
	Notices     []string               `json:"notices,omitempty"`
	Damages     []string               `json:"damages,omitempty"`

	command, does string // what to type next, and what that does; "" where nothing is to be typed

	options plan.Options // of the job
	cutOff  cost.Money   // of Spent: what runs that were cut off may have spent after they last said so
}

// lastRun is what a run that is over said of itself at some instant: at its end, or
// some seconds before it was cut off.
type lastRun struct {
	At     time.Time       `json:"at"`
	Status *control.Status `json:"status"`
	Share  string          `json:"share,omitempty"` // of a job that is divided

	over bool // it is known that it does not go on
}

// readStatusAt reads the files of a job, and how the run of all of it, or of a
// share, is doing.
func readStatusAt(ctx context.Context, c connection, dir string, part job.Share) (*jobStatus, error) {
	store, made, err := openJobAt(ctx, c, dir)
	if err != nil {
		return nil, err
	}
	snapshot, err := checkpoint.Read(ctx, store)
	if err != nil {
		return nil, err
	}
	past, _ := job.ReadWholeHistory(ctx, store) // nothing but a look back
	live := control.LiveStatus(ctx, socketOf(dir, part))
	shares, holder, err := job.ReadShares(ctx, store, made, snapshot, time.Now())
	if err != nil {
		shares, holder = nil, nil // runs of a later format, say: the rest is as good without
	}
	known := err == nil
	past.ExceptRunning(live != nil || holder != nil && holder.State == job.ShareRunning, shares)
	s := newStatus(dir, made, snapshot.Totals(), past)
	if s.Run, s.Shares, s.Holder = live, shares, holder; s.Run == nil && past.Status != nil && !s.goesOn(past.StatusOf) {
		s.LastRun = &lastRun{past.Last, past.Status, past.StatusOf, known}
	}
	if s.Run == nil {
		s.command, s.does = s.next(part)
	}
	s.Notices = snapshot.Notices()
	s.Damages = damages(snapshot)
	return s, nil
}

// goesOn tells whether somebody works on the share, or on the job where that is "".
func (s *jobStatus) goesOn(share string) bool {
	if share == "" && s.Holder != nil {
		return s.Holder.State == job.ShareRunning
	}
	return slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return o.Share == share && o.State == job.ShareRunning })
}

// damages says which files of the report could not be read, and why.
func damages(s *checkpoint.Snapshot) []string {
	var all []string
	for _, seg := range s.Segments() {
		if seg.Damage != "" {
			all = append(all, withoutPlumbing(seg.Damage))
		}
	}
	return all
}

// newStatus puts the totals of a job into words.
func newStatus(dir string, made *job.Plan, t checkpoint.Totals, past job.History) *jobStatus {
	sent := job.CountedBy(t.Counters)
	sent = sent.Plus(past.Uncounted(sent))
	s := &jobStatus{
		Job: dir, Manifest: made.Manifest, Bucket: made.Options.Bucket, KMSKeyID: made.Options.KMSKeyID,
		Files: len(made.Segments), Finished: t.Finished, Damaged: t.Damaged,
		Rows: known(made.CountOrUnknown(made.Rows)), Settled: t.Done + t.Failed, Todo: known(made.CountOrUnknown(made.Todo)), Failed: t.Failed, Deferred: t.Deferred,
		Bytes: t.Counters[job.CounterBytes], Requests: sent.Requests, KMSCalls: sent.KMSMax, CutOff: past.RunsCutOff,
		Repeats: t.Counters[job.CounterRepeats], Imported: t.Counters[batchops.ImportedCounter], Unconfirmed: t.Counters[job.CounterUnconfirmed], Spent: past.SpentAtMost(cost.Money(t.Counters[ledger.SpentCounter])),
		options: made.Options, cutOff: past.CutOff, Runs: past.Runs, Active: past.Active, Canary: past.Canary, LastWrite: t.Written, Skipped: map[string]int64{}, Keys: job.EncryptedKeys(t.Counters),
		Client: job.ClientEncrypted(t.Counters),
	}
	if e := made.Estimate; e != nil && e.Priced {
		s.Estimated, s.Prices = &e.Once.Total, report.ListPrices(e)
	}
	for name, n := range t.Counters {
		switch {
		case strings.HasPrefix(name, job.CounterDone):
			s.Done += n
		case strings.HasPrefix(name, job.CounterSkipped):
			s.Skipped[strings.TrimPrefix(name, job.CounterSkipped)] += n
		}
	}
	switch {
	case t.Written.IsZero():
		s.State = "not begun"
	case t.Finished == len(made.Segments):
		s.State = "finished"
		if s.Rows == nil && t.Damaged == 0 {
			s.Rows = known(s.Settled)
		}
	default:
		s.State = "unfinished"
	}
	s.Are = past.Accuracy(s.State == "finished")
	return s
}

// known is a number of rows or objects, nil where it is not known.
func known(n int64) *int64 {
	if n == job.Unknown {
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
	row("Done", "%s%s objects, %s", word(s.Are.Done), outOf(s.Done, s.Todo), report.Bytes(s.Bytes))
	if s.Repeats > 0 {
		row("Repeats", "%s found done although no answer was recorded; not copied again", report.Plural(s.Repeats, "object"))
	}
	if s.Imported > 0 {
		row("Imported", "%s of them done by S3 Batch Operations, by the word of its report", report.Plural(s.Imported, "object"))
	}
	if s.Unconfirmed > 0 {
		row("Unconfirmed", "%s of them updated without a look at the effect (--confirm)", report.Plural(s.Unconfirmed, "object"))
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
		row("Left alone", "%s %s", report.Count(s.Skipped[reason]), reason)
		if about := report.AboutEncrypted(s.Skipped[reason], s.Keys, &s.options); about != "" && reason == string(plan.AlreadyEncrypted) {
			row("", "%s", about)
		}
	}
	if about := report.NearlyAllGone(s.Skipped[string(plan.Gone)], s.Skipped[string(plan.Gone)]+s.Done+s.Failed); about != "" {
		row("", "%s", about)
	}
	if s.Client.Objects > 0 {
		row("Client-side", "%s encrypted by their clients, of those looked at", s.Client.Named())
		row("", "%s", report.ClientLayer)
	}
	row("Failed", "%s", report.Plural(s.Failed, "object"))
	if s.Deferred > 0 {
		row("Put off", "%s to another pass", report.Plural(s.Deferred, "object"))
	}
	row("Requests", "%s%s to S3, %s%s of S3 to KMS", word(s.Are.Requests), report.Count(s.Requests), word(s.Are.KMSCalls), report.Count(s.KMSCalls))
	if s.CutOff > 0 {
		row("", "%s", cutOffText(s.CutOff))
	}
	soFar := " so far"
	if s.State == "finished" {
		soFar = ""
	}
	switch {
	case s.Estimated != nil:
		row("Spent", "%s%s; the plan expected %s", report.AtMost(s.Spent), soFar, expected(s.Estimated))
		row("", "%s", s.Prices)
		if why := report.Above(s.Spent, s.Estimated.Max, s.cutOff, s.Repeats); why != "" {
			row("", "above the plan: %s", why)
		}
	case s.Spent > 0:
		row("Spent", "%s%s; there is no plan to compare with", report.AtMost(s.Spent), soFar)
	}
	if s.Canary != nil {
		for i := range s.Canary.Kinds {
			k := &s.Canary.Kinds[i]
			row("Canary", "%s: %s", report.KindName(k), report.KindVerdict(k))
			if k.Verdict == canary.Proven || k.Verdict == canary.NothingToProve {
				continue
			}
			for _, line := range report.CanaryLines(k) {
				row("", "  %s", line)
			}
		}
	}
	if s.Runs > 1 {
		row("Runs", "%s, %s together", report.Count(s.Runs), report.Duration(s.Active))
	}
	if !s.LastWrite.IsZero() {
		row("Recorded", "%s", report.Time(s.LastWrite))
	}
	switch {
	case s.Run != nil:
		statusRows(w, s.Run)
	case s.Holder != nil:
		row("Held by", "%s", s.holderText(time.Now()))
		if s.LastRun != nil {
			s.LastRun.row(row)
		}
	case s.LastRun != nil:
		s.LastRun.row(row)
	}
	for i := range s.Shares {
		name := ""
		if i == 0 {
			name = "Shares"
		}
		row(name, "%s", shareLine(&s.Shares[i], time.Now()))
	}
	for _, d := range s.Damages {
		row("Unreadable", "%s", d)
	}
	for _, n := range s.Notices {
		row("Note", "%s", n)
	}
	if s.command != "" {
		row("Next", "%s", s.command)
		for does := range strings.Lines(s.does) {
			row("", "%s", strings.TrimSuffix(does, "\n"))
		}
	}
	return w.Flush()
}

// row says how the last run ended. Of one that wrote nothing about that, another
// machine may know more.
func (l *lastRun) row(row func(name, format string, args ...any)) {
	begun := report.Time(l.Status.Started)
	if l.Share != "" {
		begun += " (share " + l.Share + ")"
	}
	if e := l.Status.Ended; e != nil {
		row("Last run", "begun %s, ended %s: %s", begun, report.Time(l.At), endText(e))
		return
	}
	or := ""
	if !l.over {
		or = ", or goes on elsewhere"
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
