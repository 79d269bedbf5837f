package main

import (
	"context"
	"fmt"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// Whether the caller is shown locks is found out on real objects. These bounds
// keep that to a few requests, and to the beginning of the report.
const (
	lockTries   = 3         // objects that are looked at
	lockChoices = 16        // objects to take them from, as some may be gone
	lockRows    = 1_000_000 // rows of the report to look for them in
)

// lockColumns are the columns of a report that hold the locks.
var lockColumns = inventory.ColumnsOf(inventory.ColLockMode, inventory.ColLockRetainUntil, inventory.ColLegalHold)

// toCopy gives keys of objects that a run by policy is going to copy: those of
// the job's canary, else the first ones of the report.
func toCopy(ctx context.Context, policy *plan.Policy, rep *inventory.Report, job *jobPlan) ([]string, error) {
	var keys []string
	take := func(r *inventory.Record) {
		if t := policy.Decide(r); t.Action == plan.Copy || t.Action == plan.MultipartCopy {
			keys = append(keys, strings.Clone(r.Key))
		}
	}
	if job != nil {
		for i := range job.Canary {
			r := job.Canary[i].record(policy.Options.Bucket)
			take(&r)
		}
	}
	if len(keys) > 0 {
		return keys[:min(len(keys), lockChoices)], nil
	}
	segments, err := rep.Segments(ctx)
	if err != nil {
		return nil, err
	}
	rows := 0
	for i := range segments { // one at a time: the others need not be fetched
		for batch, err := range rep.Read(ctx, segments[i:i+1]) {
			if err != nil {
				return nil, err
			}
			for j := range batch.Records {
				if take(&batch.Records[j]); len(keys) == lockChoices {
					return keys, nil
				}
			}
			if rows += len(batch.Records); rows >= lockRows {
				return keys, nil
			}
		}
	}
	return keys, nil
}

// locks finds out on some objects whether the caller is shown locks, where the
// bucket may have any: HeadObject leaves out what it may not show, so that
// copies would lose it without a word. It returns true where all is shown.
func (c *preflight) locks(ctx context.Context, keys []string) bool {
	const name = "locks"
	if c.facts.ObjectLock == plan.No {
		return true
	}
	var why error
	var seen []string
	for _, key := range keys {
		lacking, err := c.client.HiddenLocks(ctx, &c.facts, key)
		if err != nil {
			why = err
			continue
		}
		if len(lacking) > 0 {
			c.hidden(name, key, lacking)
			return false
		}
		if seen = append(seen, key); len(seen) == lockTries {
			break
		}
	}
	if len(seen) == 0 {
		text := "there is no object to find out on whether locks are shown to the caller"
		if why != nil {
			text = "whether locks are shown to the caller could not be found out: " + why.Error()
		}
		c.say(name, standUnknown, text+"; each copy asks for itself, by two requests more", "grant s3:GetObjectRetention and s3:GetObjectLegalHold on arn:aws:s3:::BUCKET/*")
		return false
	}
	c.say(name, standOK, fmt.Sprintf("shown to the caller (tried on %q)", seen), "")
	return true
}

// hiddenFrom says what a verification cannot tell where locks are hidden from
// its caller, "" where they are not.
func hiddenFrom(ctx context.Context, client *s3api.Client, policy *plan.Policy, rep *inventory.Report, job *jobPlan) (string, error) {
	if policy.Facts.ObjectLock == plan.No {
		return "", nil
	}
	keys, err := toCopy(ctx, policy, rep, job)
	if err != nil {
		return "", err
	}
	c := &preflight{client: client, options: plan.Options{Bucket: job.Options.Bucket, Method: plan.MethodUpdate}, facts: policy.Facts} // nothing is written
	if c.locks(ctx, keys) || len(c.checks) == 0 || c.checks[0].Status != standHazard {
		return "", nil
	}
	return c.checks[0].Why + ", and a lock of a snapshot looks lost; " + c.checks[0].Mend, nil
}

// hidden adds the row for a caller that locks are hidden from. An update in
// place loses no lock: S3 refuses it.
func (c *preflight) hidden(name, key string, lacking []string) {
	status, then := standStop, "a copy would be made without the lock, and nothing would tell"
	if c.options.Method == plan.MethodUpdate {
		status, then = standHazard, "locked objects are not told from forbidden ones"
	}
	actions := strings.Join(lacking, " and ")
	c.say(name, status, fmt.Sprintf("the caller lacks %s (tried on %q), so S3 hides locks from it: %s", actions, key, then),
		"grant "+actions+" on arn:aws:s3:::BUCKET/*")
}

// trusted refuses to trust a report with the locks that it has no columns for.
func (c *preflight) trusted(columns inventory.Columns) {
	missing := lockColumns.Without(columns).Names()
	if !c.options.TrustInventory || c.options.Method == plan.MethodUpdate || c.facts.ObjectLock == plan.No || len(missing) == 0 {
		return
	}
	status := standStop
	if c.facts.ObjectLock == plan.Unknown {
		status = standHazard
	}
	c.say("locks of the report", status, "the report has no "+strings.Join(missing, ", ")+", and --trust-inventory leaves out the look at each object: copies would be made without their locks",
		"leave out --trust-inventory, or add the columns to the inventory configuration")
}
