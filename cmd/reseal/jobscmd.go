package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"reseal/internal/shell"
	"reseal/job"
	"reseal/job/status"
	"reseal/report"
	"reseal/s3api"
)

// listedJob is a job in a list of them. It is what reseal jobs --json writes.
type listedJob struct {
	Job       string    `json:"job"`
	State     string    `json:"state"` // of status, or running, paused, unreadable
	Bucket    string    `json:"bucket,omitempty"`
	KMSKeyID  string    `json:"kms_key_id,omitempty"`
	Settled   int64     `json:"rows_settled"`
	Rows      *int64    `json:"rows"` // null where nobody counted them yet
	Done      int64     `json:"done"`
	Failed    int64     `json:"failed"`
	LastWrite time.Time `json:"last_write,omitzero"`
	Error     string    `json:"error,omitempty"` // why it is unreadable
}

func newJobsCommand(p process) *cobra.Command {
	var conn connection
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "jobs [FOLDER | s3://BUCKET/PREFIX]",
		Short: "List the jobs below a folder or a prefix",
		Long: `jobs lists the jobs in a folder or below a prefix of a bucket, here if none is
named: how each stands, how far it is, and when it last wrote something. It looks
three folders deep and changes nothing.

  reseal jobs
  reseal jobs s3://reseal-jobs/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("%s takes one argument, a folder or prefix; got %q", cmd.CommandPath(), args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			place := "."
			if len(args) == 1 {
				place = args[0]
			}
			if err := checkPath("jobs", place); err != nil {
				return err
			}
			all, hidden, err := listJobs(ctx, conn.jobs(), place)
			if err != nil {
				return causeOf(ctx, err)
			}
			for _, folder := range hidden {
				fmt.Fprintf(p.stderr, "note: %s may not be read by you, so jobs in it are left out\n", shell.Word(folder))
			}
			if asJSON {
				return writeJSON(p.stdout, all)
			}
			for _, j := range all {
				if j.Error != "" {
					fmt.Fprintf(p.stderr, "note: %s cannot be read: %s\n", shell.Word(j.Job), s3api.PlainText(j.Error))
				}
			}
			if len(all) == 0 {
				fmt.Fprintf(p.stderr, "there is no job in %s, nor in three folders below it\n", place)
			}
			return printJobs(p.stdout, all, time.Now())
		},
	}
	conn.bind(cmd)
	conn.bindJob(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the list as one JSON document")
	return cmd
}

// listJobs reads how the jobs at a place stand. One that cannot be read is in the list
// with the reason.
func listJobs(ctx context.Context, jobs job.Opener, place string) (all []listedJob, hidden []string, err error) {
	const atOnce = 8
	names, hidden, err := jobs.List(ctx, place)
	if err != nil {
		return nil, nil, err
	}
	all = make([]listedJob, len(names))
	var reads errgroup.Group
	reads.SetLimit(atOnce)
	for i, name := range names {
		reads.Go(func() error {
			all[i] = readListed(ctx, jobs, name)
			return ctx.Err()
		})
	}
	if err := reads.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(all, func(a, b listedJob) int { return b.LastWrite.Compare(a.LastWrite) })
	return all, hidden, nil
}

func readListed(ctx context.Context, jobs job.Opener, name string) listedJob {
	unreadable := func(err error) listedJob { return listedJob{Job: name, State: "unreadable", Error: err.Error()} }
	store, made, err := jobs.Load(ctx, name)
	if err != nil {
		return unreadable(err)
	}
	s, err := status.Read(ctx, store, made, job.Share{})
	if err != nil {
		return unreadable(err)
	}
	l := listedJob{Job: name, State: string(s.State), Bucket: s.Bucket, KMSKeyID: s.KMSKeyID, Settled: s.Settled, Rows: s.Rows, Done: s.Done, Failed: s.Failed, LastWrite: s.LastWrite}
	if worked := s.WorkedOn("") || slices.ContainsFunc(s.Shares, func(o job.ShareStatus) bool { return s.WorkedOn(o.Share) }); worked {
		l.State = "running"
		if s.Run != nil && s.Run.Waiting() {
			l.State = "paused"
		}
	}
	return l
}

// printJobs writes a table for people. The name comes last, as it may be long.
func printJobs(out io.Writer, all []listedJob, now time.Time) error {
	if len(all) == 0 {
		return nil
	}
	rows := [][]string{{"State", "Rows done", "Failed", "Last write", "Job"}}
	for _, j := range all {
		share, failed, age := "-", report.Count(j.Failed), "-"
		if j.Rows != nil {
			share = report.Percent(j.Settled, *j.Rows)
		}
		if !j.LastWrite.IsZero() {
			age = report.Duration(max(now.Sub(j.LastWrite), 0).Truncate(time.Second)) + " ago"
		}
		if j.Error != "" {
			failed = "-"
		}
		rows = append(rows, []string{j.State, share, failed, age, shell.Word(j.Job)})
	}
	return report.WriteTable(out, "lrrrl", nil, rows)
}
