package job

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/plan"
)

// PlanFormat is the version of plan.json that this program writes. Those of before it
// was written have none.
const PlanFormat = 1

// plainPlan is a Plan without its methods. Of its fields planDocument takes two as they
// stand.
type plainPlan Plan

type planDocument struct {
	*plainPlan
	Estimate json.RawMessage `json:"estimate"`
	Tally    json.RawMessage `json:"tally"`
}

// decodePlan reads the content of plan.json, and checks that nobody edited what it is
// bound to. A plan of a newer program is a *VersionError, as its options may mean what
// this one does not know. Sums and prices that an older program wrote otherwise are left
// out: a run does without them, as without a plan pass.
func decodePlan(data []byte) (*Plan, error) {
	var head struct {
		Version   int `json:"version"`
		Decisions int `json:"decision_version"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("read %s: %w", PlanFile, err)
	}
	if head.Version > PlanFormat {
		return nil, &VersionError{Name: PlanFile, Version: head.Version, Known: PlanFormat}
	}
	if head.Decisions > plan.DecisionVersion {
		return nil, &VersionError{Name: PlanFile, What: "decisions", Version: head.Decisions, Known: plan.DecisionVersion}
	}
	var j Plan
	document := planDocument{plainPlan: (*plainPlan)(&j)}
	if err := json.Unmarshal(data, &document); err != nil {
		return nil, fmt.Errorf("read %s: %w", PlanFile, err)
	}
	j.Estimate, j.Tally = sums(document.Estimate, document.Tally)
	if j.Hash != j.Frozen.Hash() {
		return nil, &checkpoint.MismatchError{Job: PlanFile, Differences: []checkpoint.Difference{
			{Name: "hash of the options", Have: short(j.Hash), Want: short(j.Frozen.Hash())}}}
	}
	j.read = sha256.Sum256(data)
	return &j, nil
}

// sums reads estimate and tally, which belong together.
func sums(estimate, tally []byte) (*cost.Estimate, *cost.Tally) {
	var e *cost.Estimate
	var t *cost.Tally
	for _, part := range []struct {
		data []byte
		into any
	}{{estimate, &e}, {tally, &t}} {
		if len(part.data) > 0 && json.Unmarshal(part.data, part.into) != nil {
			return nil, nil
		}
	}
	return e, t
}
