package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/console"
	"reseal/internal/cli"
	"reseal/internal/plain"
	"reseal/inventory"
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
		Args:  cli.OnlyCommands,
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

func (f *listFlags) list(ctx context.Context, p process, location string) error {
	if err := cli.CheckPath("inventory ls", location); err != nil {
		return err
	}
	at, err := inventory.ParseLocation(location)
	if err != nil {
		return usagef("%w", err)
	}
	client, err := f.connection.Client(ctx, 16)
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
	all := []console.ListedReport{}
	for i := range found {
		l := &found[i]
		r := console.DescribeReport(l, at.Below(l.Name), time.Now())
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
	return console.Reports(p.stdout, all)
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
