package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"reseal/engine"
)

// Limits of what a Summary tells apart; what is beyond is summed up as "other".
const (
	maxNames   = 100 // combinations of status, action and reason; error codes
	maxSamples = 5   // of failures, for each reason
)

// Group counts objects that ended alike.
type Group struct {
	Status  string `json:"status"`
	Action  string `json:"action"`
	Reason  string `json:"reason"`
	Objects int64  `json:"objects"`
	Bytes   int64  `json:"bytes"` // of those whose size is known
}

// Named counts objects under a name.
type Named struct {
	Name    string `json:"name"`
	Objects int64  `json:"objects"`
}

// Sample is a failure that stands for others with the same reason.
type Sample struct {
	Reason     string `json:"reason"`
	Key        string `json:"key"` // cut after 1 KiB; bytes that are not UTF-8 replaced
	VersionID  string `json:"version_id"`
	ErrorCode  string `json:"error_code"`
	Error      string `json:"error"` // cut after 1 KiB
	HTTPStatus int    `json:"http_status"`
	RequestID  string `json:"request_id"`
	File       int    `json:"file"`
	Row        int64  `json:"row"`
}

// Summary sums up result lines in memory that does not depend on their number.
// The zero value is empty and ready. It is not safe for concurrent use.
type Summary struct {
	lines    int64
	requests int64
	kms      int64
	repeats  int64
	first    time.Time
	last     time.Time
	groups   map[Group]*Group // by a Group without counts
	codes    map[string]int64
	classes  map[string]int64
	samples  map[string][]Sample
	latency  Histogram
	timeline Timeline
}

// Add counts one line.
func (s *Summary) Add(l *Line) {
	s.lines++
	s.requests += int64(l.Attempts)
	s.kms += l.KMSCalls
	g := s.group(l.Status, l.Action, string(l.Reason))
	g.Objects++
	g.Bytes = addBytes(g.Bytes, l.Bytes)
	if l.Reason == Repeat {
		s.repeats++
	}
	if l.ErrorCode != "" {
		s.codes = count(s.codes, l.ErrorCode, 1)
	}
	if l.ErrorClass != "" {
		s.classes = count(s.classes, l.ErrorClass, 1)
	}
	failed := l.Status == engine.Failed.String()
	if failed {
		s.sample(l)
	}
	if l.Attempts > 0 {
		s.latency.Add(l.Took)
	}
	if l.Time.IsZero() {
		return
	}
	if s.first.IsZero() || l.Time.Before(s.first) {
		s.first = l.Time
	}
	if l.Time.After(s.last) {
		s.last = l.Time
	}
	slot := Slot{Requests: int64(l.Attempts), KMSCalls: l.KMSCalls}
	switch {
	case failed:
		slot.Failed = 1
	case l.Status == engine.Done.String():
		slot.Done, slot.Bytes = 1, max(l.Bytes, 0)
	}
	s.timeline.Add(l.Time, slot)
}

func (s *Summary) group(status, action, reason string) *Group {
	if s.groups == nil {
		s.groups = map[Group]*Group{}
	}
	id := Group{Status: status, Action: action, Reason: reason}
	g := s.groups[id]
	if g == nil {
		if len(s.groups) >= maxNames {
			id.Action, id.Reason = "other", "other"
			if !slices.Contains(outcomes(), status) {
				id.Status = "other"
			}
			g = s.groups[id]
		}
		if g == nil {
			id = Group{Status: clip(id.Status), Action: clip(id.Action), Reason: clip(id.Reason)}
			n := id
			g = &n
			s.groups[id] = g
		}
	}
	return g
}

func outcomes() []string {
	var out []string
	for o := range engine.NumOutcomes {
		out = append(out, o.String())
	}
	return out
}

// clip copies a name, so that it keeps no other memory alive, and bounds it.
func clip(s string) string {
	if len(s) > 1024 {
		s = s[:1024]
	}
	return strings.ToValidUTF8(strings.Clone(s), "\uFFFD")
}

func count(m map[string]int64, name string, n int64) map[string]int64 {
	if m == nil {
		m = map[string]int64{}
	}
	if _, ok := m[name]; !ok {
		if len(m) >= maxNames {
			name = "other"
		}
		name = clip(name)
	}
	m[name] += n
	return m
}

func addBytes(sum, n int64) int64 {
	if n <= 0 {
		return sum
	}
	if sum > 1<<63-1-n {
		return 1<<63 - 1
	}
	return sum + n
}

func (s *Summary) sample(l *Line) {
	if len(s.samples[string(l.Reason)]) >= maxSamples {
		return // before anything is copied: there may be very many
	}
	s.keep(Sample{
		Reason: clip(string(l.Reason)), Key: clip(l.Key), VersionID: clip(l.VersionID), ErrorCode: clip(l.ErrorCode),
		Error: clip(l.Error), HTTPStatus: l.HTTPStatus, RequestID: clip(l.RequestID), File: l.Pos.File, Row: l.Pos.Row,
	})
}

// Merge adds what o counted.
func (s *Summary) Merge(o *Summary) {
	s.lines += o.lines
	s.requests += o.requests
	s.kms += o.kms
	s.repeats += o.repeats
	for _, g := range o.Groups() {
		mine := s.group(g.Status, g.Action, g.Reason)
		mine.Objects += g.Objects
		mine.Bytes = addBytes(mine.Bytes, g.Bytes)
	}
	for _, n := range ranked(o.codes) {
		s.codes = count(s.codes, n.Name, n.Objects)
	}
	for _, n := range ranked(o.classes) {
		s.classes = count(s.classes, n.Name, n.Objects)
	}
	for _, f := range o.Samples() {
		s.keep(f)
	}
	s.latency.Merge(&o.latency)
	s.timeline.Merge(&o.timeline)
	if s.first.IsZero() || !o.first.IsZero() && o.first.Before(s.first) {
		s.first = o.first
	}
	if o.last.After(s.last) {
		s.last = o.last
	}
}

// Trace takes the curves of o, its timeline and its times, in place of those of s.
func (s *Summary) Trace(o *Summary) {
	if o.latency.Total() > 0 {
		s.latency, s.timeline, s.first, s.last = o.latency, o.timeline, o.first, o.last
	}
}

func (s *Summary) keep(f Sample) {
	if s.samples == nil {
		s.samples = map[string][]Sample{}
	}
	if have := s.samples[f.Reason]; len(have) >= maxSamples || have == nil && len(s.samples) >= maxNames {
		return
	}
	s.samples[f.Reason] = append(s.samples[f.Reason], f)
}

// Summarize reads result lines to the end of r.
func Summarize(r io.Reader) (*Summary, error) {
	s := new(Summary)
	for l, err := range Lines(r) {
		if err != nil {
			return s, err
		}
		s.Add(&l)
	}
	return s, nil
}

// Lines returns the number of lines counted.
func (s *Summary) Lines() int64 { return s.lines }

// Requests returns the number of requests sent for the objects counted.
func (s *Summary) Requests() int64 { return s.requests }

// KMSCalls returns the upper bound of the KMS requests that they took.
func (s *Summary) KMSCalls() int64 { return s.kms }

// Repeats returns the number of objects found done by an earlier attempt.
func (s *Summary) Repeats() int64 { return s.repeats }

// Span returns when the first and the last object was settled; zero times where
// nothing was sent.
func (s *Summary) Span() (first, last time.Time) { return s.first, s.last }

// Latency returns the time that objects took, waiting and retries included.
func (s *Summary) Latency() *Histogram { return &s.latency }

// Timeline returns what was settled when.
func (s *Summary) Timeline() *Timeline { return &s.timeline }

// Status returns the objects and bytes that ended with a status.
func (s *Summary) Status(o engine.Outcome) (objects, bytes int64) {
	for id, g := range s.groups {
		if id.Status == o.String() {
			objects += g.Objects
			bytes = addBytes(bytes, g.Bytes)
		}
	}
	return objects, bytes
}

// Groups returns the counts by status, action and reason: in the order of the
// outcomes, most objects first.
func (s *Summary) Groups() []Group {
	order := map[string]int{"done": 1, "failed": 2, "skipped": 3, "deferred": 4, "not-attempted": 5}
	out := make([]Group, 0, len(s.groups))
	for _, g := range s.groups {
		out = append(out, *g)
	}
	rank := func(g Group) int {
		if n := order[g.Status]; n > 0 {
			return n
		}
		return 9
	}
	slices.SortFunc(out, func(a, b Group) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Status, b.Status),
			cmp.Compare(a.Action, b.Action), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// ErrorCodes returns the objects by the error code of the service, most first.
func (s *Summary) ErrorCodes() []Named { return ranked(s.codes) }

// ErrorClasses returns the objects by what their error meant, most first.
func (s *Summary) ErrorClasses() []Named { return ranked(s.classes) }

func ranked(m map[string]int64) []Named {
	out := make([]Named, 0, len(m))
	for name, n := range m {
		out = append(out, Named{name, n})
	}
	slices.SortFunc(out, func(a, b Named) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// Samples returns a few failures for each reason, in the order of the reasons.
func (s *Summary) Samples() []Sample {
	var reasons []string
	for r := range s.samples {
		reasons = append(reasons, r)
	}
	slices.Sort(reasons)
	var out []Sample
	for _, r := range reasons {
		out = append(out, s.samples[r]...)
	}
	return out
}

type summaryJSON struct {
	Lines    int64     `json:"lines"`
	Requests int64     `json:"requests"`
	KMSCalls int64     `json:"kms_calls"`
	Repeats  int64     `json:"repeats"`
	First    time.Time `json:"first,omitzero"`
	Last     time.Time `json:"last,omitzero"`
	Groups   []Group   `json:"groups"`
	Codes    []Named   `json:"error_codes"`
	Classes  []Named   `json:"error_classes"`
	Samples  []Sample  `json:"failures"`
	Latency  Histogram `json:"latency"`
	Timeline Timeline  `json:"timeline"`
}

// MarshalJSON writes all sums; UnmarshalJSON reads them again.
func (s *Summary) MarshalJSON() ([]byte, error) {
	j := summaryJSON{
		s.lines, s.requests, s.kms, s.repeats, s.first, s.last, s.Groups(), s.ErrorCodes(), s.ErrorClasses(), s.Samples(), s.latency, s.timeline,
	}
	return json.Marshal(&j)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (s *Summary) UnmarshalJSON(data []byte) error {
	var j summaryJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return fmt.Errorf("summary: %w", err)
	}
	*s = Summary{lines: j.Lines, requests: j.Requests, kms: j.KMSCalls, repeats: j.Repeats, first: j.First, last: j.Last, latency: j.Latency, timeline: j.Timeline}
	for _, g := range j.Groups {
		mine := s.group(g.Status, g.Action, g.Reason)
		mine.Objects += g.Objects
		mine.Bytes = addBytes(mine.Bytes, g.Bytes)
	}
	for _, n := range j.Codes {
		s.codes = count(s.codes, n.Name, n.Objects)
	}
	for _, n := range j.Classes {
		s.classes = count(s.classes, n.Name, n.Objects)
	}
	for _, f := range j.Samples {
		s.keep(f)
	}
	return nil
}
