package preflight

import (
	"context"
	"fmt"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// Whether the caller is shown locks is found out on LockTries real objects. These
// bounds keep that to a few requests, and to the beginning of the report.
const (
	LockTries   = 3         // objects that are looked at
	lockChoices = 16        // objects to take them from, as some may be gone
	lockRows    = 1_000_000 // rows of the report to look for them in
)

// lockColumns are the columns of a report that hold the locks.
var lockColumns = inventory.ColumnsOf(inventory.ColLockMode, inventory.ColLockRetainUntil, inventory.ColLegalHold)

// ToCopy gives keys of objects that a run by policy is going to copy: those that
// are tried first, else the first ones of the report.
func ToCopy(ctx context.Context, policy *plan.Policy, rep *inventory.Report, canary []inventory.Record) ([]string, error) {
	var keys []string
	take := func(r *inventory.Record) {
		if t := policy.Decide(r); t.Action == plan.Copy || t.Action == plan.MultipartCopy {
			keys = append(keys, strings.Clone(r.Key))
		}
	}
	for i := range canary {
		take(&canary[i])
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

// Locks finds out on some objects whether the caller is shown locks, where the
// bucket may have any: HeadObject leaves out what it may not show, so that
// copies would lose it without a word. It returns true where all is shown.
func (c *Checker) Locks(ctx context.Context, keys []string) bool {
	const name = "locks"
	if c.Facts.ObjectLock == plan.No {
		return true
	}
	var why error
	var seen []string
	for _, key := range keys {
		lacking, err := c.Client.HiddenLocks(ctx, &c.Facts, key)
		if err != nil {
			why = err
			continue
		}
		if len(lacking) > 0 {
			c.hidden(name, key, lacking)
			return false
		}
		if seen = append(seen, key); len(seen) == LockTries {
			break
		}
	}
	if len(seen) == 0 {
		text := "there is no object to find out on whether locks are shown to the caller"
		if why != nil {
			text = "whether locks are shown to the caller could not be found out: " + why.Error()
		}
		c.Say(name, StatusUnknown, text+"; each copy asks for itself, by two requests more", "grant s3:GetObjectRetention and s3:GetObjectLegalHold on "+c.partition().Bucket("BUCKET")+"/*")
		return false
	}
	c.Say(name, StatusOK, fmt.Sprintf("shown to the caller (tried on %q)", seen), "")
	return true
}

// HiddenFrom says what a verification cannot tell where locks are hidden from
// its caller, "" where they are not.
func HiddenFrom(ctx context.Context, client *s3api.Client, policy *plan.Policy, rep *inventory.Report, canary []inventory.Record) (string, error) {
	if policy.Facts.ObjectLock == plan.No {
		return "", nil
	}
	keys, err := ToCopy(ctx, policy, rep, canary)
	if err != nil {
		return "", err
	}
	c := &Checker{Client: client, Options: plan.Options{Bucket: policy.Options.Bucket, Method: plan.MethodUpdate}, Facts: policy.Facts} // nothing is written
	if c.Locks(ctx, keys) || len(c.Findings) == 0 || c.Findings[0].Status != StatusWarning {
		return "", nil
	}
	return c.Findings[0].Why + ", and a lock of a snapshot looks lost; " + c.Findings[0].Mend, nil
}

// hidden adds the row for a caller that locks are hidden from. An update in
// place loses no lock: S3 refuses it.
func (c *Checker) hidden(name, key string, lacking []string) {
	status, then := StatusStop, "a copy would be made without the lock, and nothing would tell"
	if c.Options.Method == plan.MethodUpdate {
		status, then = StatusWarning, "locked objects are not told from forbidden ones"
	}
	actions := strings.Join(lacking, " and ")
	c.Say(name, status, fmt.Sprintf("the caller lacks %s (tried on %q), so S3 hides locks from it: %s", actions, key, then),
		"grant "+actions+" on "+c.partition().Bucket("BUCKET")+"/*")
}

// Trusted refuses to trust a report with the locks that it has no columns for.
func (c *Checker) Trusted(columns inventory.Columns) {
	missing := lockColumns.Without(columns).Names()
	if !c.Options.TrustInventory || c.Options.Method == plan.MethodUpdate || c.Facts.ObjectLock == plan.No || len(missing) == 0 {
		return
	}
	status := StatusStop
	if c.Facts.ObjectLock == plan.Unknown {
		status = StatusWarning
	}
	c.Say("locks of the report", status, "the report has no "+strings.Join(missing, ", ")+", and --trust-inventory leaves out the look at each object: copies would be made without their locks",
		"leave out --trust-inventory, or add the columns to the inventory configuration")
}
