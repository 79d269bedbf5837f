package verify

import (
	"slices"

	"reseal/plan"
)

// Verdict is what verify says of one row of the report. Each row has exactly one.
type Verdict string

// The verdicts.
const (
	// Proven: a look showed the object under the key, as the job left it.
	Proven Verdict = "proven"
	// LeftAlone: the plan leaves the object alone, and its reason still holds.
	LeftAlone Verdict = "left-alone"
	// ChangedUnderKey: another client wrote the object since; it is under the key.
	ChangedUnderKey Verdict = "changed-since-under-key"
	// ChangedNotUnderKey: the object was written or changed since, and is not
	// under the key.
	ChangedNotUnderKey Verdict = "changed-since-NOT-under-key"
	// NeverUnderKey: nobody wrote the object since, and it is not encrypted with KMS:
	// the endpoint said that it had done what it had not.
	NeverUnderKey Verdict = "never-under-key"
	// Gone: the object does not exist any more.
	Gone Verdict = "gone"
	// NotDone: the job did not do what its plan says: it has not come to the row,
	// the object failed, or what it was left alone for no longer holds.
	NotDone Verdict = "not-done"
	// LostAttribute: the object is under the key, but something of it is not as it
	// was before.
	LostAttribute Verdict = "lost-attribute"
	// CouldNotLook: the look failed, or the row itself cannot be read.
	CouldNotLook Verdict = "could-not-look"
)

// NotCompared is no verdict of a row. It stands for the proven objects of which nothing
// tells what they were: their re-encryption went unanswered, and an endpoint whose
// writes are not known to be whole or nothing may have left something out.
const NotCompared Verdict = "not-compared"

// Verdicts returns all verdicts, those that may be signed first.
func Verdicts() []Verdict {
	return []Verdict{Proven, LeftAlone, ChangedUnderKey, Gone, NotDone, ChangedNotUnderKey, NeverUnderKey, LostAttribute, CouldNotLook}
}

// Grade is what a verdict means for somebody who is to sign.
type Grade uint8

// The grades, from best to worst.
const (
	Fine  Grade = iota // as promised
	Open               // work is left
	Wrong              // not as promised, or nobody could tell
)

// Grade returns what v means. A verdict that is not known is Wrong.
func (v Verdict) Grade() Grade {
	switch v {
	case Proven, LeftAlone, ChangedUnderKey, Gone:
		return Fine
	case NotDone, NotCompared:
		return Open
	}
	return Wrong
}

// Allowable returns what somebody who wants less may allow.
func Allowable() []Verdict {
	return append(slices.DeleteFunc(Verdicts(), func(v Verdict) bool { return v.Grade() == Fine }), NotCompared)
}

// Finding is the verdict of one row.
type Finding struct {
	Task    plan.Task
	Verdict Verdict
	Reason  plan.Reason // why it was left alone, or is not done
	Why     string      // in words; "" for what needs none
	Body    plan.BodyProof

	Lost      []plan.Difference // what is not as it was, with the values, where a snapshot shows it
	Accepted  []plan.Attribute  // what is not as it was, and was accepted to be lost
	Unchecked []plan.Attribute  // of an object that was compared: what one of the two looks was not told

	Uncompared   bool // found done with no answer and no snapshot from before: nothing is said of its attributes
	Contradicted bool // its ETag is not the one that the answer said, and nobody wrote it since

	Unlisted string // of an object that is gone: why no listing confirms that, "" where one does

	Looked   bool   // a request was made about the object
	Sampled  bool   // the look is one of the sample: of it shares can be told
	Compared bool   // with a snapshot from before the run
	Key      string // of an object that was left alone as under SSE-KMS: under which key it is
	Err      error  // of a look that failed
}
