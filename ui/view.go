package ui

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"reseal/cost"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
)

// view is all that the page shows, in words. The page puts each text where it belongs,
// as text: no value becomes markup.
type view struct {
	Title    string    `json:"title"`
	Job      string    `json:"job"`
	Key      string    `json:"key"`
	State    heading   `json:"state"`
	At       float64   `json:"at"` // unix seconds, when it was read
	Read     string    `json:"read"`
	Progress progress  `json:"progress"`
	Figures  []figure  `json:"figures"`
	Live     *series   `json:"live"`
	Past     *series   `json:"past"`
	Events   []event   `json:"events"`
	Failures []failure `json:"failures"`
	FailNote string    `json:"failures_note"`
	Left     []named   `json:"left_alone"`
	Shares   []share   `json:"shares"`
	Notes    []string  `json:"notes"`
	Log      []string  `json:"log"`
	LogNote  string    `json:"log_note"`
	Next     string    `json:"next"`
	Does     string    `json:"does"`
	Told     string    `json:"told"` // for screen readers, once a minute or so
	Over     bool      `json:"over"` // nothing more comes
}

// progress is the bar: parts of the whole, 0 to 1.
type progress struct {
	Known  bool    `json:"known"`
	Done   float64 `json:"done"`
	Failed float64 `json:"failed"`
	Text   string  `json:"text"`    // 43.2 %
	More   string  `json:"more"`    // 432 of 1,000 objects
	Moving bool    `json:"moving"`  // a run is on
	Rest   string  `json:"rest"`    // about 3h 12m left
	Title  string  `json:"caption"` // for the title of the window
}

// figure is one number with its name and unit.
type figure struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Value string `json:"value"`
	More  string `json:"more"`
	Class string `json:"class"`
}

type named struct {
	Name    string `json:"name"`
	Objects string `json:"objects"`
}

// failure is a reason that objects failed for, and a few of them.
type failure struct {
	Reason  string          `json:"reason"`
	Objects string          `json:"objects"`
	Samples []report.Sample `json:"samples"`
}

type share struct {
	Name, State, Host, Settled, Failed, Rate, Seen string
}

// newView puts a document into words.
func newView(d *Document, r *recorder, now time.Time) *view {
	s := standing{d.Status}
	v := &view{
		Title: "s3://" + s.Bucket, Job: s.Job, Key: cmp.Or(s.KMSKeyID, "SSE-S3 (AES256)"), State: s.heading(),
		At: seconds(now), Read: report.Time(now), Progress: s.progress(), Figures: s.figures(now),
		Live: r.live(), Past: past(d.History), Events: events(d.History, d.Runs, s.running() > 0),
		Log: d.Log, LogNote: d.LogNote, Next: d.Next, Does: d.Does, Shares: shares(s.Shares),
		Notes: slices.Concat(s.Damages, s.Notices),
	}
	if v.Live != nil {
		v.Live.Marks = append(v.Live.Marks, marks(v.Events)...)
	}
	if v.Past != nil {
		v.Past.Marks = marks(v.Events)
	}
	v.Failures, v.FailNote = failures(d.History, s.Failed)
	for _, reason := range slices.Sorted(maps.Keys(s.Skipped)) {
		v.Left = append(v.Left, named{reason, report.Count(s.Skipped[reason])})
	}
	v.Told = s.told(v)
	return v
}

// progress is how far the job is: by its objects, or by the rows of the report where
// nobody counted the objects.
func (s standing) progress() progress {
	p := progress{Moving: s.running() > 0, Text: report.Count(s.Done) + " objects", More: "the whole is not known yet"}
	part, of, unit := s.Done, s.Todo, "object"
	if of == nil {
		part, of, unit = s.Settled, s.Rows, "row"
	}
	if of != nil {
		p.Known, p.More = true, fmt.Sprintf("%s of %s", report.Count(part), report.Plural(*of, unit))
		p.Text = report.Percent(min(part, *of), *of)
		if *of > 0 {
			p.Done = min(float64(part)/float64(*of), 1)
			p.Failed = min(float64(s.Failed)/float64(*of), 1-p.Done)
		}
		if *of == 0 && s.State == status.Finished {
			p.Text, p.Done = "100 %", 1
		}
	}
	if d, ok := s.eta(); ok {
		p.Rest = "about " + report.Duration(d) + " left"
	}
	p.Title = p.Text + " · " + s.Bucket
	return p
}

// figures are the numbers, the most important first.
func (s standing) figures(now time.Time) []figure {
	on, running := s.on(), s.running() > 0
	done := figure{ID: "done", Name: "Done", Value: report.Count(s.Done), More: report.Bytes(s.Bytes)}
	if s.Are.Done != "" && s.Are.Done != job.Exact { // a run is on, or one was cut off
		done.More += ", " + s.Are.Done
	}
	all := []figure{done}
	failed := figure{ID: "failed", Name: "Failed", Value: report.Count(s.Failed), More: "none"}
	if s.Failed > 0 {
		failed.Class, failed.More = "bad", report.Percent(s.Failed, s.Done+s.Failed)+" of those tried"
	}
	all = append(all, failed)
	if left, known := s.left(); known {
		f := figure{ID: "left", Name: "Left", Value: report.Count(left), More: "objects"}
		if s.Deferred > 0 {
			f.More = report.Count(s.Deferred) + " put off to another pass"
		}
		all = append(all, f)
	}
	if running {
		all = append(all, figure{ID: "rate", Name: "Rate", Value: report.Rate(s.rate()), More: s.inFlight()})
		if on != nil {
			all = append(all, s.kms())
		}
		all = append(all, s.arrival(now))
	}
	if !running {
		all = append(all, s.took())
	}
	all = append(all, s.money())
	if on != nil {
		return append(all, figure{ID: "bound", Name: "Bound by", Value: cmp.Or(bandOf(on.Binding.Limit).name, "not known yet"), More: on.Binding.String()})
	}
	all = append(all, figure{ID: "requests", Name: "Requests to S3", Value: report.Count(s.Requests), More: s.Are.Requests},
		figure{ID: "kms-total", Name: "KMS requests of S3", Value: report.Count(s.KMSCalls), More: s.Are.KMSCalls})
	if !running {
		all = append(all, figure{ID: "mean", Name: "Mean rate", Value: report.Rate(s.mean()), More: "while a run was on"})
	}
	return all
}

// took is how long all runs were on.
func (s standing) took() figure {
	return figure{ID: "took", Name: "Took", Value: report.Duration(s.Active), More: report.Plural(s.Runs, "run")}
}

// mean is objects done a second while a run was on.
func (s standing) mean() float64 {
	if s.Active <= 0 {
		return 0
	}
	return float64(s.Done) / s.Active.Seconds()
}

func (s standing) inFlight() string {
	if on := s.on(); on != nil {
		return report.Count(on.InFlight) + " in flight"
	}
	return "when last heard of"
}

func (s standing) kms() figure {
	k := &s.on().KMS
	f := figure{ID: "kms", Name: "KMS requests", Value: report.Rate(float64(k.LastSecond)), More: "no cap"}
	if k.Cap > 0 {
		f.More = "of " + report.Rate(k.Cap) + " at most"
	}
	if k.Throttled > 0 {
		f.More += ", " + report.Count(k.Throttled) + " throttled"
	}
	return f
}

// arrival is when the job is over, at the rate of now.
func (s standing) arrival(now time.Time) figure {
	f := figure{ID: "eta", Name: "ETA", Value: "not known", More: "there is no rate yet"}
	if d, ok := s.eta(); ok {
		f.Value, f.More = report.Duration(d), "at "+now.Add(d).UTC().Format("15:04 UTC")
		if d >= 20*time.Hour {
			f.More = "on " + now.Add(d).UTC().Format("2 Jan, 15:04 UTC")
		}
	}
	if on := s.on(); on != nil && on.Waiting() {
		f.Value, f.More = "waiting", "nothing is sent now"
	}
	return f
}

// money is what the job cost so far, at most, and what was expected.
func (s standing) money() figure {
	f := figure{ID: "spent", Name: "Spent, at most", Value: report.Money(s.Spent), More: "no plan to compare with"}
	if s.Spent > 0 && s.Spent.Cents() == 0 {
		f.Value = "under $0.01"
	}
	if s.Estimated != nil {
		f.More = "planned: " + planned(s.Estimated)
	}
	return f
}

func planned(e *cost.Span) string {
	if e.Max > 0 && e.Max.Cents() == 0 {
		return "under $0.01"
	}
	return "at most " + report.Money(e.Max)
}

// failures are the reasons that objects failed for, most objects first. failed is how
// many are failed now.
func failures(h *job.History, failed int64) (all []failure, note string) {
	if h == nil || h.Summary == nil {
		return nil, ""
	}
	tries := map[string]int64{}
	var sum int64
	for _, g := range h.Summary.Groups() {
		if g.Status == "failed" {
			tries[g.Reason] += g.Objects
			sum += g.Objects
		}
	}
	samples := map[string][]report.Sample{}
	for _, s := range h.Summary.Samples() {
		samples[s.Reason] = append(samples[s.Reason], s)
	}
	for reason, n := range tries {
		all = append(all, failure{reason, report.Plural(n, "object"), samples[reason]})
	}
	slices.SortFunc(all, func(a, b failure) int {
		return cmp.Or(cmp.Compare(tries[b.Reason], tries[a.Reason]), cmp.Compare(a.Reason, b.Reason))
	})
	switch {
	case sum > failed && failed == 0:
		note = "All of them were done later."
	case sum > failed:
		note = fmt.Sprintf("Of all tries of all runs; %s failed now.", areNow(failed))
	}
	return all, note
}

func areNow(n int64) string {
	if n == 1 {
		return "1 object is"
	}
	return report.Count(n) + " objects are"
}

func shares(all []job.ShareStatus) (out []share) {
	for i := range all {
		s := &all[i]
		row := share{Name: s.Share, State: s.State, Host: s.Host, Settled: report.Count(s.Settled), Failed: report.Count(s.Failed)}
		if s.State == job.ShareRunning {
			row.Rate = report.Rate(s.Rate)
		}
		if !s.LastSeen.IsZero() {
			row.Seen = report.Time(s.LastSeen)
		}
		out = append(out, row)
	}
	return out
}

// told is what a screen reader says.
func (s standing) told(v *view) string {
	text := v.State.Text + ". " + v.Progress.Text + ", " + v.Progress.More + "."
	if s.Failed > 0 {
		text += " " + report.Plural(s.Failed, "object") + " failed."
	}
	if v.Progress.Rest != "" {
		text += " " + v.Progress.Rest + "."
	}
	return text
}
