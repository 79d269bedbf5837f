package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// preflightFlags is the command line of preflight.
type preflightFlags struct {
	connection
	bucket    string
	manifest  string
	key       string
	method    string
	bucketKey bool
	readers   string
	output    output
}

const preflightLong = `preflight reads everything that decides how a run will go, and changes nothing:
endpoint, caller, key, bucket, policies, quota. One row for each: ok, hazard,
stop or unknown, why, and what mends it.

  reseal preflight --bucket media --sse-kms-key-id arn:aws:kms:eu-west-1:111122223333:key/...
  reseal preflight --manifest s3://reports/…/manifest.json --sse-kms-key-id arn:aws:kms:... --readers readers.txt

--readers names a file of role and user ARNs, one a line; the key's policy is
asked whether they could read what is under the key.`

func newPreflightCommand(p process) *cobra.Command {
	f := &preflightFlags{}
	cmd := &cobra.Command{
		Use:   "preflight --bucket NAME --sse-kms-key-id ARN",
		Short: "Look at key, bucket, policies and readers before a run; changes nothing",
		Long:  preflightLong,
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return f.preflight(cmd.Context(), p) },
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.bucket, "bucket", "", "`name` of the bucket")
	fs.StringVar(&f.manifest, "manifest", "", "report of the bucket, in place of --bucket: its columns and lifetime are looked at, too")
	fs.StringVar(&f.key, "sse-kms-key-id", "", "key that the objects are to be under")
	fs.StringVar(&f.method, "method", string(plan.MethodCopy), "copy, update or auto, as for run")
	fs.BoolVar(&f.bucketKey, "bucket-key-enabled", true, "as for run")
	fs.StringVar(&f.readers, "readers", "", "`file` of the ARNs that must still be able to read")
	fs.BoolVar(&f.output.json, "json", false, "print the table as one JSON document")
	return cmd
}

func (f *preflightFlags) preflight(ctx context.Context, p process) error {
	if (f.bucket == "") == (f.manifest == "") {
		return usagef("--bucket or --manifest is needed, one of the two")
	}
	method := plan.Method(f.method)
	if method != plan.MethodCopy && method != plan.MethodUpdate && method != plan.MethodAuto {
		return usagef("--method %q: want copy, update or auto", f.method)
	}
	var named []string
	if f.readers != "" {
		var err error
		if named, err = readReaders(f.readers); err != nil {
			return err
		}
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	client, err := f.connection.client(ctx, 0)
	if err != nil {
		return err
	}
	c := &preflight{options: plan.Options{Bucket: f.bucket, Method: method, SSE: plan.TargetKMS, KMSKeyID: f.key, BucketKey: f.bucketKey}}
	var listed *opened
	if f.manifest != "" {
		listed, err = openReport(ctx, client, &selection{manifest: f.manifest, memory: "512MiB"})
		if err != nil {
			return err
		}
		m := listed.report.Manifest()
		c.options.Bucket, c.missing = m.SourceBucket, inventory.UsefulColumns.Without(m.Columns)
	}
	if c.client, c.facts, c.unknown, err = bucketFacts(ctx, client, c.options.Bucket); err != nil {
		return &refusedError{err}
	}
	c.look(ctx)
	try := c.listed
	if listed != nil {
		c.lifetime(ctx, listed)
		if c.facts.ObjectLock != plan.No {
			if try, err = toCopy(ctx, &plan.Policy{Options: c.options, Facts: c.facts, Now: time.Now()}, listed.report, nil); err != nil {
				return err
			}
		}
	}
	c.locks(ctx, try)
	c.readers(ctx, named)
	if f.output.json {
		err = c.writeJSON(p.stdout)
	} else {
		err = c.writeTable(p.stdout)
	}
	if err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	if c.stops() {
		return &finding{exitRefused}
	}
	return nil
}

func (c *preflight) stops() bool { return standings(c.checks)[standStop] > 0 }

// standings counts rows by what they found.
func standings(rows []check) map[standing]int64 {
	counts := map[standing]int64{}
	for _, row := range rows {
		counts[row.Status]++
	}
	return counts
}

// writeTable writes the table and, below it, what it comes to: a stop must not
// be lost among forty rows.
func (c *preflight) writeTable(w io.Writer) error {
	if err := writeChecks(w, c.checks); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s\n", conclusion(standings(c.checks)))
	return err
}

// conclusion says what a table comes to, worst first.
func conclusion(n map[standing]int64) string {
	var parts []string
	for _, s := range []standing{standStop, standHazard} {
		if n[s] > 0 {
			parts = append(parts, report.Plural(n[s], string(s)))
		}
	}
	for _, s := range []standing{standUnknown, standOK} {
		if n[s] > 0 {
			parts = append(parts, report.Count(n[s])+" "+string(s))
		}
	}
	means := "nothing is known to be in the way of a run"
	switch {
	case n[standStop] > 0:
		means = "a run would get nowhere before each stop is mended"
	case n[standHazard] > 0:
		means = "a run can begin, and stops where a hazard asks for --accept"
	}
	return strings.Join(parts, ", ") + ": " + means
}

func (c *preflight) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Bucket string  `json:"bucket"`
		Key    string  `json:"kms_key_id"`
		Checks []check `json:"checks"`
	}{c.options.Bucket, c.options.KMSKeyID, c.checks})
}

// writeChecks writes the table: what mends a row stands below it.
func writeChecks(w io.Writer, rows []check) error {
	width := 0
	for _, r := range rows {
		width = max(width, min(len(r.Name), 24))
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(w, "%-8s %-*s  %s\n", r.Status, width, r.Name, r.Why); err != nil {
			return err
		}
		if r.Mend != "" && r.Status != standOK {
			if _, err := fmt.Fprintf(w, "%-8s %-*s  → %s\n", "", width, "", r.Mend); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkRun looks at the start of a run at what a preflight does, apart from what
// no run has to do with, and shows all that is not as it should be. Bucket facts
// that are unknown were said with the plan of a run that begins; one that is
// resumed has shown none. A stop ends the run before it begins.
func (f *runFlags) checkRun(ctx context.Context, talk io.Writer, g *ground, job *jobPlan, fresh bool) error {
	c := &preflight{client: g.client, options: g.frozen.Options, facts: g.policy.Facts, hazards: g.hazards, accept: f.accept, probing: f.probing(g)}
	if !fresh {
		c.unknown = g.unknown
		if note := g.ends.note(time.Now(), job.Estimate); note != "" {
			c.say("report files", standHazard, note, "")
		}
	}
	c.identity(ctx)
	if g.frozen.Options.SSE == plan.TargetKMS {
		c.target(ctx)
		c.encryption(ctx)
	}
	c.bucket()
	c.replication(ctx)
	c.listing(ctx)
	c.policy(ctx)
	if c.facts.ObjectLock != plan.No {
		try, err := toCopy(ctx, g.policy, g.report, job)
		if err != nil {
			return err
		}
		g.locksShown = c.locks(ctx, try)
		c.trusted(g.report.Manifest().Columns)
	}
	counts := map[standing]int64{}
	var rows []check
	for _, row := range c.checks {
		if row.Name == "SSE-C" { // which no run has to do with
			continue
		}
		counts[row.Status]++
		if row.Status != standOK {
			rows = append(rows, row)
		}
	}
	fmt.Fprintf(talk, "preflight: %d ok, %s, %s, %d unknown; reseal preflight shows all\n",
		counts[standOK], report.Plural(counts[standHazard], "hazard"), report.Plural(counts[standStop], "stop"), counts[standUnknown])
	if err := writeChecks(talk, rows); err != nil {
		return fmt.Errorf("print preflight: %w", err)
	}
	for _, row := range rows {
		if row.Status == standStop {
			return &refusedError{fmt.Errorf("refused: nothing was written: %s: %s", row.Name, row.Why)}
		}
	}
	return nil
}
