package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/internal/plain"
	"reseal/internal/shell"
	"reseal/inventory"
	"reseal/report"
)

const inventoryLong = `inventory finds, sets up and makes the reports that plan and run go by.

  reseal inventory ls s3://reports/media/
  reseal inventory setup --bucket media --destination s3://reports/media
  reseal inventory snapshot --bucket media --out ./inventory

The first shows which reports are there. The second lets S3 make them every day.
The third makes one now.`

func newInventoryCommand(p process) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inventory",
		Short: "Find, set up or make inventory reports",
		Long:  inventoryLong,
		Args:  onlyCommands,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newInventoryListCommand(p), newSetupCommand(p), newSnapshotCommand(p))
	return cmd
}

// listFlags is the command line of inventory ls.
type listFlags struct {
	connection
	rows bool
	json bool
}

const inventoryListLong = `ls shows the reports below a prefix or folder, the newest first, 100 at most. A
star marks the newest complete one of each configuration. --manifest takes that
one when it names the folder of the configuration.

  reseal inventory ls s3://reports/media/

How many rows a report has is known for Parquet and ORC, from the ends of their
files; ls asks for the starred ones, with --rows for all. Each missing column of
those that it names costs plan and run a HeadObject for each object.`

func newInventoryListCommand(p process) *cobra.Command {
	f := &listFlags{}
	cmd := &cobra.Command{
		Use:   "ls LOCATION",
		Short: "Show the reports below s3://bucket/prefix/ or a local folder",
		Long:  inventoryListLong,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("%s takes one location, s3://bucket/prefix/ or a folder", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			return f.list(ctx, p, args[0])
		},
	}
	f.connection.bind(cmd)
	cmd.Flags().BoolVar(&f.rows, "rows", false, "count the rows of all Parquet and ORC reports, not only of the newest")
	cmd.Flags().BoolVar(&f.json, "json", false, "print the result as one JSON document on stdout")
	return cmd
}

// listedReport is a report as ls shows it.
type listedReport struct {
	Manifest string    `json:"manifest"`
	Config   string    `json:"config"` // folder of the configuration's reports
	Time     time.Time `json:"time,omitzero"`
	Age      string    `json:"age,omitempty"`
	Bucket   string    `json:"bucket,omitempty"`
	Versions string    `json:"versions,omitempty"` // current or all
	Format   string    `json:"format,omitempty"`
	Files    int       `json:"files"`
	Bytes    int64     `json:"bytes"`
	Rows     *int64    `json:"rows"` // null where not known
	Complete bool      `json:"complete"`
	Newest   bool      `json:"newest"`  // complete one of its configuration
	Missing  []string  `json:"missing"` // useful columns
	Error    string    `json:"error,omitempty"`
}

func (f *listFlags) list(ctx context.Context, p process, location string) error {
	if err := checkPath("inventory ls", location); err != nil {
		return err
	}
	at, err := inventory.ParseLocation(location)
	if err != nil {
		return usagef("%w", err)
	}
	client, err := f.connection.client(ctx, 16)
	if err != nil {
		return err
	}
	var src inventory.Source
	prefix := ""
	if at.Local() {
		src, err = inventory.NewLocal(at.Name)
	} else {
		src, prefix = client.Source(at.Bucket), at.Name
		if prefix != "" && !strings.HasSuffix(prefix, "/") {
			prefix += "/"
		}
	}
	if err != nil {
		return err
	}
	found, err := inventory.Reports(ctx, src, prefix)
	if err != nil {
		return err
	}
	all := []listedReport{}
	for i := range found {
		l := &found[i]
		r := describeReport(l, at.Below(l.Name), time.Now())
		if l.Err == nil && (l.Newest || f.rows) {
			switch n, known, err := l.Rows(ctx, src); {
			case err != nil:
				return err
			case known:
				r.Rows = &n
			}
		}
		all = append(all, r)
	}
	if f.json {
		e := json.NewEncoder(plain.JSONWriter{Out: p.stdout})
		e.SetIndent("", "  ")
		return e.Encode(all)
	}
	if len(all) == 0 {
		fmt.Fprintf(p.stderr, "no reports below %s\n", at)
		return &finding{exitFatal}
	}
	return writeReports(p.stdout, all)
}

// describeReport puts into words what is known of a report.
func describeReport(l *inventory.Listed, uri string, now time.Time) listedReport {
	r := listedReport{Manifest: uri, Config: l.Config(), Time: l.Time, Complete: l.Complete, Newest: l.Newest, Missing: l.Missing.Names()}
	if age := l.Age(now); age > 0 {
		r.Age = report.Duration(age)
	}
	if m := l.Manifest; m != nil {
		r.Bucket, r.Format, r.Files, r.Bytes, r.Versions = m.SourceBucket, string(m.Format), len(m.Files), m.Bytes(), "current"
		if m.AllVersions() {
			r.Versions = "all"
		}
	}
	if l.Err != nil {
		r.Error = l.Err.Error()
	}
	return r
}

// writeReports prints a table of reports, and below it what is wrong with some.
func writeReports(w io.Writer, all []listedReport) error {
	w = report.Folding(w)
	rows := [][]string{{" ", "DATE", "AGE", "VERSIONS", "FORMAT", "FILES", "SIZE", "ROWS", "STATE", "MISSING COLUMNS", "CONFIGURATION"}}
	spare := []int{5, 3, 4, 6, 2, 9} // the least important first
	for _, r := range all {
		mark, date, count, state := " ", "-", "-", "complete"
		if r.Newest {
			mark = "*"
		}
		if !r.Time.IsZero() {
			date = report.Time(r.Time)
		}
		if r.Rows != nil {
			count = report.Count(*r.Rows)
		}
		switch {
		case !r.Complete:
			state = "incomplete"
		case r.Error != "":
			state = "damaged"
		}
		rows = append(rows, []string{mark, date, dash(r.Age), dash(r.Versions), dash(r.Format), report.Count(int64(r.Files)),
			report.Bytes(r.Bytes), count, state, dash(strings.Join(r.Missing, ", ")), r.Config})
	}
	if err := report.WriteTable(w, "llrllrrrl", spare, rows); err != nil {
		return err
	}
	for _, r := range all {
		if r.Error != "" {
			fmt.Fprintf(w, "  %s\n", plain.Text(r.Error))
		}
	}
	for _, r := range all {
		if r.Newest {
			fmt.Fprintf(w, "* --manifest %s\n", shell.Word(r.Manifest))
		}
	}
	return nil
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// s3Location reads s3://bucket/prefix of a flag.
func s3Location(flag, uri string) (inventory.Location, error) {
	at, err := inventory.ParseLocation(uri)
	if err == nil && at.Local() {
		err = fmt.Errorf("%q is not s3://bucket/prefix", uri)
	}
	if err != nil {
		return at, usagef("--%s: %w", flag, err)
	}
	return at, nil
}
