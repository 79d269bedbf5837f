package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/plan"
	"reseal/preflight"
	"reseal/report"
)

// stated is a bucket that is only stated on the command line, not listed.
type stated struct {
	options.Stated
	methodNamed bool // --method was given
}

// asked tells whether a bucket is stated.
func (s *stated) asked() bool { return s.Asked() }

// workload prices a bucket that is only stated. It sends nothing anywhere.
func (f *planFlags) workload(ctx context.Context, p process) error {
	if f.manifest != "" {
		return usagef("--objects states a bucket and --manifest lists one: give one of the two")
	}
	if f.job != "" {
		return usagef("--job wants a report; a bucket that is only stated cannot be run on")
	}
	size, err := f.stated.Bytes()
	if err != nil {
		return err
	}
	if err := cli.Choose("--method", f.Method, options.Methods()...); err != nil {
		return err
	}
	rates, err := f.pace.rates()
	if err != nil {
		return err
	}
	prices, err := f.prices()
	if err != nil {
		return err
	}
	class, err := options.OneClass(f.Classes)
	if err != nil {
		return err
	}
	if err := options.PricedRegion(prices, f.Region); err != nil {
		return err
	}
	w := cost.Workload{Region: f.Region, Class: class, Objects: f.stated.Objects, Size: size, Gets: f.Gets, Puts: f.Puts}
	v := report.NewWorkload(w, prices, f.reencrypt(prices, w, rates))
	return f.show(ctx, p, func(w io.Writer) error { return report.WriteWorkload(w, v) },
		func(w io.Writer) error { return report.WriteWorkloadJSON(w, v) },
		func(w io.Writer) error { return report.WriteWorkloadHTML(w, v) })
}

// reencrypt is the estimate for the way that the command line names, else for the
// recommended one.
func (f *planFlags) reencrypt(prices cost.Prices, w cost.Workload, rates preflight.Rates) *cost.Estimate {
	p := cost.Params{
		Prices: prices, Options: plan.Options{Method: plan.Method(f.Method), BucketKey: f.BucketKey},
		KMSPerSecond: cmp.Or(rates.KMS, rates.KMSShare*cost.KMSQuota(w.Region)), KMSUncounted: 1 - f.keyWeight,
		WritesPerSecond: rates.S3Writes, ReadsPerSecond: rates.S3Writes * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix,
		Concurrency: f.concurrency,
	}
	f.Assumptions.Into(&p)
	if f.methodNamed {
		return w.Reencrypt(p)
	}
	return w.ReencryptBest(p)
}

// show prints a result as text or JSON, and writes the HTML page that is asked for; on
// stdout that stands in place of the text.
func (f *planFlags) show(ctx context.Context, p process, text, asJSON, html func(io.Writer) error) error {
	print := text
	switch {
	case f.output.json:
		print = asJSON
	case f.html == cli.Stdout:
		print = html
	}
	if err := print(p.stdout); err != nil {
		return fmt.Errorf("print plan: %w", err)
	}
	if f.html == "" || f.html == cli.Stdout {
		return nil
	}
	return outfile.Write(ctx, f.html, html)
}
