package main

import (
	"fmt"
	"strconv"

	"reseal/cost"
	"reseal/internal/options"
	"reseal/migrate"
)

// maxCost reads --max-cost; 0 means no limit. Of a later generation it is what the others left.
func (f *runFlags) maxCost() (cost.Money, error) {
	m, err := options.MaxCost(f.maxCostText)
	if err != nil || m == 0 {
		return m, err
	}
	return f.generation.Left(m), nil
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

// parseFailureLimit reads --max-failures.
func parseFailureLimit(text string) (migrate.FailureLimit, error) { return options.FailureLimit(text) }
