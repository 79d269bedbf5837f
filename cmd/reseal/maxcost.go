package main

import (
	"fmt"
	"strconv"

	"reseal/cost"
)

// maxCost reads --max-cost; 0 means no limit.
func (f *runFlags) maxCost() (cost.Money, error) {
	if f.maxCostText == "" {
		return 0, nil
	}
	m, err := cost.ParseMoney(f.maxCostText)
	if err != nil {
		return 0, usagef("--max-cost %q: want an amount in USD such as 250 or 99.50: %w", f.maxCostText, err)
	}
	if m <= 0 {
		return 0, usagef("--max-cost %q: want an amount in USD above 0", f.maxCostText)
	}
	return m, nil
}

// ofShare says how much of a limit of the whole job is a share's, "" where the job is
// not divided.
func (f *runFlags) ofShare(part string) string {
	if f.share.Count == 0 {
		return ""
	}
	return fmt.Sprintf(", of which share %s has %s", f.share, part)
}

// divided names the limits that the shares of a job have a part of each, and that part.
func (f *runFlags) divided() map[string]string {
	out := map[string]string{}
	if whole, _ := f.maxCost(); whole > 0 { // checked before
		out["max-cost"] = f.ofShare(f.share.PartOf(whole).String())
	}
	if f.failures.Count > 0 {
		out["max-failures"] = f.ofShare(strconv.FormatInt(f.failures.Of(f.share).Count, 10))
	}
	return out
}
