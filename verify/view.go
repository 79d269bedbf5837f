package verify

import (
	"time"

	"reseal/report"
)

// View is the note as reports show it, nil for none; lastWrite is when the job was
// last written to.
func (n *Note) View(lastWrite time.Time) *report.Verified {
	if n == nil {
		return nil
	}
	v := &report.Verified{At: n.At, Sample: n.Sample, Rows: n.Rows, Looked: n.Looked, Compared: n.Compared, Unsampled: n.Unsampled,
		Sampled: n.Sampled, DrawnFrom: n.DrawnFrom(), Wrong: n.Wrong, Verdicts: []report.VerdictCount{},
		UnderKey: n.Verdicts[Proven] + n.Verdicts[ChangedUnderKey], Grade: n.Grade().String(), Older: lastWrite.After(n.Written), Early: n.early()}
	if !n.Exact() {
		v.Bound = UpperBound(n.Wrong, n.Sampled)
	}
	if !n.Whole {
		v.Untold = n.Uncompared
	}
	for _, verdict := range Verdicts() {
		if rows := n.Verdicts[verdict]; rows > 0 {
			v.Verdicts = append(v.Verdicts, report.VerdictCount{Verdict: string(verdict), Grade: verdict.Grade().String(), Rows: rows})
		}
	}
	return v
}

// String names a grade for programs: fine, open or wrong.
func (g Grade) String() string {
	switch g {
	case Fine:
		return "fine"
	case Open:
		return "open"
	}
	return "wrong"
}
