package verify

import (
	"slices"

	"reseal/plan"
)

// Verification is what a verification of a job found. It is the document of reseal
// verify --json.
type Verification struct {
	Job    string `json:"job"`
	Bucket string `json:"bucket"`
	Key    string `json:"kms_key_id,omitempty"`
	AWSKey string `json:"aws_managed_key,omitempty"` // that of aws/s3, where objects are under other keys and it could be asked for
	Sample string `json:"sample"`                    // as it was asked for

	KMS KMSUse `json:"kms"` // requests that the looks were paced for
	Tally
	Bound       *float64         `json:"wrong_share_at_most,omitempty"` // of the objects, from 0 to 1, at 95 % confidence, where a sample was looked at
	Allowed     []Verdict        `json:"allowed,omitempty"`
	Losses      []plan.Attribute `json:"accepted,omitempty"` // whose loss is accepted
	NeverBegan  bool             `json:"never_began,omitempty"`
	Differences []Difference     `json:"differences"` // the first ones

	Endpoint string `json:"-"` // that is not AWS's own, "" for AWS
}

// Difference is one row whose verdict nobody should sign without a look.
type Difference struct {
	Key       string      `json:"key"`
	VersionID string      `json:"version_id,omitempty"`
	Verdict   Verdict     `json:"verdict"`
	Reason    plan.Reason `json:"reason,omitempty"`
	Why       string      `json:"why"`

	Lost []plan.Difference `json:"lost,omitempty"` // with the values, where a snapshot has them
}

// mostDifferences bounds the list; the counts are complete.
const mostDifferences = 1000

// List keeps what there is to say about a row that nobody should sign without a
// look. Rows that the job has not come to are counted, not listed.
func (v *Verification) List(f *Finding) {
	listed := f.Verdict.Grade() == Wrong || f.Verdict == NotDone && f.Reason != ""
	if listed && len(v.Differences) < mostDifferences {
		v.Differences = append(v.Differences, Difference{f.Task.Record.Key, f.Task.Record.VersionID, f.Verdict, f.Reason, f.Why, f.Lost})
	}
}

// ProvesNothing tells whether the sample took none of the objects that would have
// to be looked at: those with a snapshot are looked at in any case.
func (v *Verification) ProvesNothing() bool { return v.Unsampled > 0 && v.Sampled == 0 }

// OnlyUntold tells whether nothing is left but objects that nobody compared.
func (v *Verification) OnlyUntold() bool {
	return v.Result() == Open && !v.NeverBegan && v.Grade(append(slices.Clone(v.Allowed), NotCompared)...) == Fine
}

// Worst is what the verifications of all generations of a job come to.
func Worst(all []*Verification) Grade {
	worst := Fine
	for _, v := range all {
		worst = max(worst, v.Result())
	}
	return worst
}

// Result is what the verdicts come to, those that are allowed left aside. A sample
// that proves nothing is Wrong, a job that never began Open.
func (v *Verification) Result() Grade {
	switch grade := v.Grade(v.Allowed...); {
	case grade == Wrong, v.ProvesNothing():
		return Wrong
	case grade == Open, v.NeverBegan:
		return Open
	}
	return Fine
}
