package main

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"time"

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
	note := func(flag, value string) {
		notes = append(notes, fmt.Sprintf("--%s %s: measured %s in %s (%s)", flag, value, f.At.Format(time.DateOnly), f.Region, r.facts))
	}
	if ms, ok := f.Figure("copy_p50_ms"); ok && r.latency == 0 && ms > 0 {
		r.latency = time.Duration(ms * float64(time.Millisecond))
		note("latency", r.latency.Round(100*time.Microsecond).String())
	}
	if rate, ok := f.Figure("copy_bytes_per_s"); ok && r.rate == "" && rate >= 1 && rate < math.MaxInt64/4 {
		r.rate = strconv.FormatInt(int64(rate), 10)
		note("copy-rate", r.rate)
	}
	update := "kms_per_update"
	if r.bucketKey {
		update = "kms_per_update_bucket_key"
	}
	if n, ok := f.Figure(update); ok && r.updateKMS == 0 && n <= 100 {
		r.updateKMS = int(max(math.Ceil(n), 1))
		note("update-kms-weight", strconv.Itoa(r.updateKMS))
	}
	if n, ok := f.Figure("kms_per_copy_bucket_key"); ok && r.bucketKey && r.keyWeight == 1 && n < 1 {
		blur, _ := f.Figure("kms_blur")
		r.keyWeight = min(1, math.Ceil((n+blur)*100)/100)
		note("bucket-key-weight", strconv.FormatFloat(r.keyWeight, 'f', -1, 64))
	}
	return notes, nil
}
