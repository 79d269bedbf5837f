package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"reseal/checkpoint"
	"reseal/cost"
	"reseal/inventory"
	"reseal/plan"
)

// planFile is the document of a job that everything else in it hangs on.
const planFile = "plan.json"

// jobPlan is plan.json: what the job is bound to, and what was found out when
// it was made, so that a resume need not read the whole report again.
type jobPlan struct {
	plan.Frozen
	Hash     string              `json:"hash"` // of Frozen; the rest is attached
	Created  time.Time           `json:"created"`
	Program  string              `json:"program"`
	Segments []inventory.Segment `json:"segments"`
	Rows     int64               `json:"rows"`                   // of the whole report, or unknown
	Todo     int64               `json:"todo"`                   // objects to re-encrypt, or unknown
	Unread   int                 `json:"unread_files,omitempty"` // that could not be read when these were counted
	Region   string              `json:"region"`
	Endpoint string              `json:"endpoint,omitempty"`
	Estimate *cost.Estimate      `json:"estimate,omitempty"`
	Tally    *cost.Tally         `json:"tally,omitempty"`
	Canary   []canaryRow         `json:"canary,omitempty"` // objects to be tried first
}

// inAll is a number that was counted when the job was made: unknown where a file
// of the report could not be read then, as the rest is no number to go by.
func (j *jobPlan) inAll(n int64) int64 {
	if j.Unread > 0 {
		return unknown
	}
	return n
}

// state returns the hash that the job's state files carry.
func (j *jobPlan) state() checkpoint.PlanHash { return checkpoint.HashPlan([]byte(j.Hash)) }

// readPlan reads plan.json, and checks that nobody edited what it is bound to.
// A job that was not made yet is an error that wraps fs.ErrNotExist.
func readPlan(ctx context.Context, store checkpoint.Reader) (*jobPlan, error) {
	data, _, err := store.Get(ctx, planFile)
	if err != nil {
		return nil, err
	}
	var j jobPlan
	if err := json.Unmarshal(data, &j); err != nil {
		return nil, fmt.Errorf("read %s: %w", planFile, err)
	}
	if j.Hash != j.Frozen.Hash() {
		return nil, &checkpoint.MismatchError{Job: planFile, Differences: []checkpoint.Difference{
			{Name: "hash of the options", Have: short(j.Hash), Want: short(j.Frozen.Hash())}}}
	}
	return &j, nil
}

// short returns the first digits of a hash, for people.
func short(hash string) string { return hash[:min(len(hash), 12)] }

// writePlan makes the job.
func writePlan(ctx context.Context, store checkpoint.Store, j *jobPlan) error {
	data, err := encodePlan(j)
	if err != nil {
		return err
	}
	_, err = store.Put(ctx, planFile, data, "")
	return err
}

func encodePlan(j *jobPlan) ([]byte, error) {
	data, err := json.MarshalIndent(j, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", planFile, err)
	}
	return append(data, '\n'), nil
}

// unknown is a number of rows or objects that only a reading of the whole report
// would have told.
const unknown = -1

// optionWords spells an option for people: a list without the brackets that Go prints,
// and what was not given as such. Lists have the options of their own, as a prefix
// may have spaces in it.
func optionWords(name, value string, o *plan.Options) string {
	switch name {
	case "--prefix":
		value = strings.Join(o.Prefixes, ", ")
	case "--exclude-prefix":
		value = strings.Join(o.Exclude, ", ")
	case "--storage-class":
		value = strings.Join(o.StorageClasses, ", ")
	}
	if value == "" {
		return "not given"
	}
	return value
}

// agree compares the job that is there with what is asked for now.
func (j *jobPlan) agree(dir string, now plan.Frozen) error {
	if j.Hash == now.Hash() {
		return nil
	}
	var diff []checkpoint.Difference
	for _, d := range j.Frozen.Differences(now) {
		name, values, _ := strings.Cut(d, ": ")
		have, want, _ := strings.Cut(values, " -> ")
		diff = append(diff, checkpoint.Difference{Name: name, Have: optionWords(name, have, &j.Options), Want: optionWords(name, want, &now.Options)})
	}
	return &checkpoint.MismatchError{Job: dir, Differences: diff}
}
