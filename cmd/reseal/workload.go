package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// stated is a bucket that is only stated on the command line, not listed.
type stated struct {
	objects     int64
	size        string
	methodNamed bool // --method was given
}

// asked tells whether a bucket is stated.
func (s *stated) asked() bool { return s.objects != 0 || s.size != "" }

// mostObjects bounds what can be stated: more than S3 has in a bucket of today.
const mostObjects = 10_000_000_000_000

// workload prices a bucket that is only stated. It sends nothing anywhere.
func (f *planFlags) workload(ctx context.Context, p process) error {
	if f.manifest != "" {
		return usagef("--objects states a bucket and --manifest lists one: give one of the two")
	}
	if f.job != "" {
		return usagef("--job wants a report; a bucket that is only stated cannot be run on")
	}
	if f.objects < 0 || f.objects > mostObjects {
		return usagef("--objects %d: want 0 to %d", f.objects, int64(mostObjects))
	}
	if f.size == "" {
		return usagef("--object-size is needed: the mean size of an object, e.g. 1GB")
	}
	size, err := cli.ParseSize(f.size)
	if err != nil || size > plan.MaxObjectSize {
		return usagef("--object-size %q: want a size up to 50TB", f.size)
	}
	if err := cli.Choose("--method", f.method, methods()...); err != nil {
		return err
	}
	if _, err := f.pace.rates(); err != nil {
		return err
	}
	prices, err := f.prices()
	if err != nil {
		return err
	}
	class, err := f.oneClass()
	if err != nil {
		return err
	}
	if _, ok := prices.Region(f.region); !ok {
		return usagef("--region %q: %s", f.region, noPrices(prices, f.region))
	}
	w := cost.Workload{Region: f.region, Class: class, Objects: f.objects, Size: size, Gets: f.gets, Puts: f.puts}
	v := &report.Workload{Workload: w, FreeCalls: cost.FreeTier, Estimate: f.reencrypt(prices, w)}
	v.Without = prices.Monthly(w)
	w.FreeKMS = cost.FreeTier
	v.FreeTier = prices.Monthly(w)
	w.FreeKMS, w.BucketKey = 0, true
	v.With = prices.Monthly(w)
	return f.show(ctx, p, func(w io.Writer) error { return report.WriteWorkload(w, v) },
		func(w io.Writer) error { return report.WriteWorkloadJSON(w, v) },
		func(w io.Writer) error { return report.WriteWorkloadHTML(w, v) })
}

// noPrices says what can be done about a Region without prices.
func noPrices(prices cost.Prices, region string) string {
	switch {
	case region == "":
		return "a Region is needed for prices, e.g. --region eu-west-2"
	case strings.HasPrefix(region, "cn-"):
		return "Regions of China are billed in yuan, and no price is known; --prices FILE can name prices in USD"
	}
	return "no price is known there; there are prices for " + strings.Join(prices.Names(), ", ") + ", and --prices FILE can name others"
}

// oneClass is the storage class of a stated bucket.
func (f *planFlags) oneClass() (inventory.StorageClass, error) {
	known := []inventory.StorageClass{inventory.Standard, inventory.IntelligentTiering, inventory.StandardIA, inventory.OneZoneIA,
		inventory.GlacierIR, inventory.Glacier, inventory.DeepArchive, inventory.ReducedRedundancy}
	switch {
	case len(f.classes) == 0:
		return inventory.Standard, nil
	case len(f.classes) > 1:
		return "", usagef("--storage-class: a stated bucket has one")
	}
	class := inventory.StorageClass(f.classes[0])
	if !slices.Contains(known, class) {
		return "", &cli.UsageError{Err: classError(f.classes[0])}
	}
	return class, nil
}

// reencrypt is the estimate for the way that the command line names, else for the
// recommended one.
func (f *planFlags) reencrypt(prices cost.Prices, w cost.Workload) *cost.Estimate {
	share, _ := cli.ParsePercent(f.kmsShare) // checked before
	rate, _ := f.copyRate()                  // likewise
	p := cost.Params{
		Prices: prices, Options: plan.Options{Method: plan.Method(f.method), BucketKey: f.bucketKey},
		KMSPerSecond: cmp.Or(f.kmsRPS, share*cost.KMSQuota(w.Region)), KMSUncounted: 1 - f.keyWeight,
		WritesPerSecond: f.s3RPS, ReadsPerSecond: f.s3RPS * cost.S3ReadsPerPrefix / cost.S3WritesPerPrefix,
		Concurrency: f.concurrency, Latency: f.latency, CopyRate: rate,
	}
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
