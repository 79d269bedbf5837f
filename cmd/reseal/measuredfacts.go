package main

import (
	"bytes"

	"reseal/internal/smallfile"
	"reseal/selfcheck"
)

// readFacts reads the file that --facts names; nil where it names none.
func (p *pricing) readFacts() (*selfcheck.Facts, error) {
	if p.facts == "" {
		return nil, nil
	}
	text, err := smallfile.Read(p.facts, selfcheck.MaxFacts)
	if err != nil {
		return nil, usagef("--facts: %w", err)
	}
	facts, err := selfcheck.Read(bytes.NewReader(text))
	if err != nil {
		return nil, usagef("--facts %s: %w", p.facts, err)
	}
	return facts, nil
}

// take has what was measured stand in for what no flag states, and says so, a
// line each. Figures of another Region are refused: they say nothing of this one.
func (r *request) take(f *selfcheck.Facts, region string) (notes []string, err error) {
	if f == nil {
		return nil, nil
	}
	if f.Region != region {
		return nil, usagef("--facts %s was measured in %s, and the bucket is in %s", r.facts, f.Region, region)
	}
	stated := selfcheck.Assumptions{Latency: r.latency, CopyRate: r.rate, UpdateKMS: r.updateKMS, KeyWeight: r.keyWeight, BucketKey: r.bucketKey}
	notes = f.StandIn(&stated, r.facts)
	r.latency, r.rate, r.updateKMS, r.keyWeight = stated.Latency, stated.CopyRate, stated.UpdateKMS, stated.KeyWeight
	return notes, nil
}
