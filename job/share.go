package job

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"reseal/cost"
	"reseal/inventory"
)

// MaxShares bounds the number of shares; AWS Batch and Kubernetes stop at
// 10,000 and 100,000 (AWS Batch User Guide, array_jobs; Kubernetes, Indexed
// Jobs; both as of 2026-11).
const MaxShares = 10_000

// Share is share Index of Count of a job, from 0. The zero value is the whole job.
type Share struct{ Index, Count int }

// String returns the share as --shard takes it.
func (s Share) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Name is I/N as the documents of a job have it, "" for the whole job.
func (s Share) Name() string {
	if s.Count == 0 {
		return ""
	}
	return s.String()
}

// PartOf returns the share's part of an amount that is meant for the whole job: of
// something, at least the smallest amount there is.
func (s Share) PartOf(whole cost.Money) cost.Money {
	if s.Count == 0 || whole <= 0 {
		return whole
	}
	return max(whole/cost.Money(s.Count), 1)
}

// Owns returns a function that tells which segments belong to the share, or nil
// where all do. Every share gets about as many bytes of the report. Only the frozen
// list and the sizes of the report's files count, so that every process finds the same
// ones.
func (s Share) Owns(segments []inventory.Segment, sizes []int64) func(index int) bool {
	if s.Count == 0 {
		return nil
	}
	pieces := map[int]int64{}
	for _, seg := range segments {
		pieces[seg.File]++
	}
	weight := func(i int) int64 {
		f := segments[i].File
		if f < 0 || f >= len(sizes) {
			return 1
		}
		return sizes[f]/pieces[f] + 1
	}
	order := make([]int, len(segments))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight(b), weight(a)) })
	load := make([]int64, s.Count)
	mine := make([]bool, len(segments))
	for _, i := range order { // the largest first, each to the share that has least
		least := 0
		for k := range load {
			if load[k] < load[least] {
				least = k
			}
		}
		load[least] += weight(i)
		mine[i] = least == s.Index
	}
	return func(index int) bool { return index >= 0 && index < len(mine) && mine[index] }
}

// Empty tells whether no segment of the job belongs to the share.
func (s Share) Empty(job *Plan) bool {
	own := s.Owns(job.Segments, job.Sizes)
	if own == nil {
		return false
	}
	for i := range job.Segments {
		if own(i) {
			return false
		}
	}
	return true
}

// Part returns the plan with the segments of the share alone, and without the
// totals of the job. own is what Owns returned.
func (s Share) Part(job *Plan, own func(int) bool) *Plan {
	if own == nil {
		return job
	}
	part := *job
	part.Segments = nil
	for i, seg := range job.Segments {
		if own(i) {
			part.Segments = append(part.Segments, seg)
		}
	}
	part.Rows, part.Todo = Unknown, Unknown
	return &part
}

// HistoryFile is the name of the document that the curves of a report are drawn
// from. It also holds what the canary proved, and what runs that were cut off may have
// spent. A job goes on without it: kinds are proven again, and totals are lower bounds.
const HistoryFile = "history.json"

// HistoryFolder holds the histories of shares, a document each.
const HistoryFolder = "history"

// shareOfHistory returns the share that has a history of this name, as I/N, "" for the
// whole job.
func shareOfHistory(name string) string {
	if path.Dir(name) != HistoryFolder {
		return ""
	}
	return strings.Replace(strings.TrimSuffix(path.Base(name), ".json"), "-of-", "/", 1)
}

// HistoryName is the name of the share's history: each share writes its own.
func (s Share) HistoryName() string {
	if s.Count == 0 {
		return HistoryFile
	}
	return fmt.Sprintf("%s/%d-of-%d.json", HistoryFolder, s.Index, s.Count)
}
