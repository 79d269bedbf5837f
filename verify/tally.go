package verify

import (
	"maps"

	"reseal/plan"
)

// maxKeys bounds how many other KMS keys are told apart.
const maxKeys = 100

// Tally adds verdicts up. For every report
//
//	sum of Verdicts + Unsampled = Rows
//
// where Rows are those that were read, and those that are known to be in the parts
// that were not. It is for one goroutine.
type Tally struct {
	Rows      int64             `json:"rows"`
	Verdicts  map[Verdict]int64 `json:"verdicts"`
	Unsampled int64             `json:"rows_not_in_sample"` // they would need a look, and have no verdict

	Looked   int64 `json:"objects_looked_at"`
	Sampled  int64 `json:"objects_in_sample"` // of those looked at: those looked at for their snapshot alone are not among them
	Wrong    int64 `json:"wrong_in_sample"`   // of these, not as promised
	Compared int64 `json:"snapshots_compared"`

	Accepted  map[plan.Attribute]int64 `json:"accepted_losses,omitempty"` // of proven objects: what is not as it was, as somebody accepted
	Unchecked map[plan.Attribute]int64 `json:"not_checked,omitempty"`     // of the objects compared: neither proven nor lost

	Uncompared   int64 `json:"attributes_not_compared,omitempty"` // proven objects of which no answer and no snapshot tells what they were
	Whole        bool  `json:"writes_whole,omitempty"`            // the endpoint is AWS, whose writes are whole or nothing
	Contradicted int64 `json:"etag_not_as_answered,omitempty"`    // objects that nobody wrote since

	Unlisted int64 `json:"gone_not_confirmed_by_a_listing,omitempty"` // of those gone

	LeftAlone map[plan.Reason]int64    `json:"left_alone_by_reason"`
	NotDone   map[plan.Reason]int64    `json:"not_done_by_reason"` // "" for rows that the job has no end of
	OtherKeys map[string]int64         `json:"already_encrypted_by_key"`
	Bodies    map[plan.BodyProof]int64 `json:"bodies,omitempty"` // of the proven objects, and those compared: whether their data is as before

	Unread  []string `json:"unread_files,omitempty"` // of the report; the first ones
	Uncount int64    `json:"unread_files_of_unknown_length,omitempty"`
}

// maxUnread bounds the list of files that cannot be read; the counts are complete.
const maxUnread = 1000

// Add counts one finding.
func (t *Tally) Add(f *Finding) {
	t.Rows++
	count(&t.Verdicts, f.Verdict, 1)
	switch f.Verdict {
	case LeftAlone:
		count(&t.LeftAlone, f.Reason, 1)
	case NotDone:
		count(&t.NotDone, f.Reason, 1)
	case Gone:
		if f.Unlisted != "" {
			t.Unlisted++
		}
	}
	if f.Looked {
		t.Looked++
		if f.Sampled {
			t.Sampled++
			if f.Verdict.Grade() == Wrong {
				t.Wrong++
			}
		}
	}
	if f.Compared {
		t.Compared++
	}
	if f.Contradicted {
		t.Contradicted++
	}
	if f.Verdict == Proven {
		if f.Uncompared {
			t.Uncompared++
		}
		for _, a := range f.Accepted {
			count(&t.Accepted, a, 1)
		}
	}
	for _, a := range f.Unchecked {
		count(&t.Unchecked, a, 1)
	}
	if f.Body != "" {
		count(&t.Bodies, f.Body, 1)
	}
	if f.Key != "" {
		key := f.Key
		if _, known := t.OtherKeys[key]; !known && len(t.OtherKeys) >= maxKeys {
			key = "others"
		}
		count(&t.OtherKeys, key, 1)
	}
}

// addUnread counts a part of the report that cannot be read.
func (t *Tally) addUnread(u *Unread) {
	if len(t.Unread) < maxUnread {
		t.Unread = append(t.Unread, u.Err.Error())
	}
	if u.Rows < 0 {
		t.Uncount++
		u.Rows = 0
	}
	t.Rows += u.Rows
	if u.Rows > 0 {
		count(&t.Verdicts, CouldNotLook, u.Rows)
	}
}

// know adds the rows of those parts that cannot be read and that nobody counted,
// where the report is known to have rows rows in all.
func (t *Tally) know(rows int64) {
	if rest := rows - t.Rows; t.Uncount > 0 && rest > 0 {
		t.Rows, t.Uncount = rows, 0
		count(&t.Verdicts, CouldNotLook, rest)
	}
}

// Grade is the worst grade of any row whose verdict is not among allowed. A file
// of which nobody knows how many rows it has is one that nobody could look at.
func (t *Tally) Grade(allowed ...Verdict) Grade {
	verdicts := maps.Clone(t.Verdicts)
	if verdicts == nil {
		verdicts = map[Verdict]int64{}
	}
	verdicts[CouldNotLook] += t.Uncount
	if !t.Whole {
		verdicts[NotCompared] = t.Uncompared
	}
	for _, v := range allowed {
		delete(verdicts, v)
	}
	worst := Fine
	for v, n := range verdicts {
		if n > 0 {
			worst = max(worst, v.Grade())
		}
	}
	return worst
}

// UnderKey is how many rows were seen under a key: as the job left them, written since, or
// left alone as they were under it before.
func (t *Tally) UnderKey(key string) int64 {
	n := t.Verdicts[Proven] + t.Verdicts[ChangedUnderKey]
	for other, rows := range t.OtherKeys {
		if plan.SameKey(other, key) {
			n += rows
		}
	}
	return n
}

// DrawnFrom is how many objects the sample was drawn from: all that need a look, with
// a snapshot or without. Those that were looked at for their snapshot alone, and not
// drawn, are among them, as the drawn ones with a snapshot are.
func (t *Tally) DrawnFrom() int64 { return t.Looked + t.Unsampled }

// Exact tells whether every row that is read has a verdict: then nothing is
// estimated.
func (t *Tally) Exact() bool { return t.Unsampled == 0 }

func count[K comparable](m *map[K]int64, k K, n int64) {
	if *m == nil {
		*m = map[K]int64{}
	}
	(*m)[k] += n
}
