package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"reseal/internal/cli"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/internal/smallfile"
	"reseal/internal/terminal"
	"reseal/report"
	"reseal/s3api"
	"reseal/survey"
	questions "reseal/survey/ask"
)

// surveyFlags is the command line of survey.
type surveyFlags struct {
	connection
	pricing  pricing
	regions  []string
	buckets  []string
	accounts string
	campaign string
	format   string
	out      string
	json     bool
	quiet    bool
	pace     int
	parallel int
	rate     float64
}

const surveyLong = `survey looks at all buckets of an account and says what each needs to be migrated
to SSE-KMS: default encryption, size, inventories, versions, locks, replication,
the bucket policy, and what the migration may cost. It changes nothing.

  reseal survey
  reseal survey --bucket media
  reseal survey --accounts roles.csv --output html --out survey.html

Without more it prints a table; --bucket prints all about some buckets, with the
next commands. A question that is refused is called unknown, with the action that
would allow it; the rest stands, and the exit code is 3. --accounts FILE names
roles of more accounts: CSV with the columns role, external-id and alias.
--campaign FILE writes the buckets as a list to be edited, for reseal campaign.`

func newSurveyCommand(p process) *cobra.Command {
	f := &surveyFlags{}
	cmd := &cobra.Command{
		Use:   "survey",
		Short: "Show what all buckets of an account need",
		Long:  surveyLong,
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, stop := p.interruptible(cmd.Context())
			defer stop()
			if err := f.check(cmd.Flags().Changed("output")); err != nil {
				return err
			}
			if err := spare(ctx, cmd.Flags(), "out", f.out, ""); err != nil {
				return err
			}
			if err := spare(ctx, cmd.Flags(), "campaign", f.campaign, ""); err != nil {
				return err
			}
			return causeOf(ctx, f.survey(ctx, p))
		},
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringSliceVar(&f.regions, "regions", nil, "only buckets in these Regions, e.g. eu-west-1,eu-central-1")
	fs.StringArrayVar(&f.buckets, "bucket", nil, "only this bucket, and all about it (repeatable)")
	pathVar(fs, &f.accounts, "accounts", "CSV `FILE` of roles to assume, one an account: role,external-id,alias")
	pathVar(fs, &f.campaign, "campaign", "also write the buckets as a list for a campaign to this `FILE`, in YAML")
	fs.StringVar(&f.format, "output", "", "text, json, csv or html (default: what the name of --out ends in, else text)")
	fs.StringVar(&f.out, "out", "", "write to this `file` (default, and for -: stdout)")
	fs.BoolVar(&f.json, "json", false, "the same as --output json")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "print nothing but results and errors")
	fs.IntVar(&f.pace, "survey-rps", 500, "requests a second at most, over all accounts")
	fs.IntVar(&f.parallel, "concurrency", 32, "buckets that are asked about at once at most")
	fs.Float64Var(&f.rate, "object-rps", 500, "objects a second that a migration is reckoned to do, for its time")
	pathVar(fs, &f.pricing.file, "prices", "prices from this `FILE` instead of the built-in list: reseal's own JSON, or AWS's offer file of a Region")
	return cmd
}

// check refuses options that make no sense, and fills in the format.
func (f *surveyFlags) check(named bool) error {
	switch {
	case f.json && named && f.format != "json":
		return usagef("--json and --output %s contradict each other", plain.Text(f.format))
	case f.json:
		f.format = "json"
	case !named:
		f.format = formatOf(f.out)
	}
	if err := cli.Choose("--output", f.format, "text", "json", "csv", "html"); err != nil {
		return err
	}
	switch {
	case f.pace < 1 || f.pace > 5000:
		return usagef("--survey-rps %d: want 1 to 5000", f.pace)
	case f.parallel < 1 || f.parallel > 1000:
		return usagef("--concurrency %d: want 1 to 1000", f.parallel)
	case !(f.rate > 0) || f.rate > 1e9:
		return usagef("--object-rps %v: want a rate above 0", f.rate)
	}
	for i := range f.buckets {
		if err := onlyBucket(&f.buckets[i]); err != nil {
			return err
		}
	}
	for _, out := range []string{f.out, f.campaign} {
		if out == "" || out == cli.Stdout {
			continue
		}
		if err := outfile.Check(out); err != nil {
			return err
		}
	}
	return nil
}

func (f *surveyFlags) survey(ctx context.Context, p process) error {
	accounts, err := f.whom()
	if err != nil {
		return err
	}
	prices, err := f.pricing.prices()
	if err != nil {
		return err
	}
	client, err := f.connection.client(ctx, f.parallel)
	if err != nil {
		return err
	}
	terms := &survey.Terms{Prices: prices, Rate: f.rate, Now: time.Now(), AWS: client.Endpoint().AWS}
	asker := questions.New(questions.Options{Requests: f.pace, Parallel: f.parallel, Regions: f.regions, Buckets: f.buckets, Now: terms.Now, Progress: f.ticker(p)})
	defer asker.Start(ctx)()
	rows, err := f.ask(ctx, asker, client, accounts, terms)
	p.screen().Clear()
	if err != nil {
		return err
	}
	if a := &accounts[0]; f.accounts == "" && a.Error != nil {
		return a.Error.Err // there is nothing else to show
	}
	s := survey.Complete(accounts, rows, terms, programVersion())
	if err := f.print(ctx, p, s); err != nil {
		return err
	}
	if err := f.writeCampaign(ctx, p, s); err != nil {
		return err
	}
	if s.Partial() {
		return &finding{exitFailures}
	}
	return nil
}

// whom are the accounts that are asked: the caller's, or those of the file.
func (f *surveyFlags) whom() ([]survey.Account, error) {
	if f.accounts == "" {
		return []survey.Account{{ID: f.owner, Profile: f.profile}}, nil
	}
	text, err := smallfile.Read(f.accounts, survey.MaxAccountsFile)
	if err != nil {
		return nil, usagef("--accounts: %w", err)
	}
	all, err := survey.ParseAccounts(text)
	if err != nil {
		return nil, usagef("--accounts %s: %w", f.accounts, err)
	}
	return all, nil
}

// ask asks one account after the other. One whose role cannot be assumed is in the survey
// with the reason.
func (f *surveyFlags) ask(ctx context.Context, asker *questions.Asker, client *s3api.Client, accounts []survey.Account, terms *survey.Terms) (rows []survey.Row, err error) {
	for i := range accounts {
		a, as := &accounts[i], client
		if a.Role != "" {
			assumed, ok := asker.Assume(ctx, client, a)
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
			if !ok {
				continue
			}
			as = assumed
		}
		facts, err := asker.Account(ctx, as, a)
		if err != nil {
			return nil, err
		}
		rows = append(rows, survey.JudgeAll(a, facts, terms)...)
	}
	return rows, nil
}

// ticker shows on a terminal how far it is.
func (f *surveyFlags) ticker(p process) func(done, of int) {
	if f.quiet || !terminal.Is(p.stderr) {
		return nil
	}
	last, out := time.Now(), p.screen()
	return func(done, of int) {
		if time.Since(last) > time.Second {
			last = time.Now()
			out.Show("asked about " + report.Count(int64(done)) + " of " + report.Plural(int64(of), "bucket"))
		}
	}
}

func (f *surveyFlags) print(ctx context.Context, p process, s *survey.Survey) error {
	if f.out == cli.Stdout {
		f.out = ""
	}
	tellOtherFormat(p.stderr, f.format, f.out)
	render := map[string]func(io.Writer) error{
		"text": func(w io.Writer) error { return f.text(w, s) },
		"json": func(w io.Writer) error { return report.WriteSurveyJSON(w, s) },
		"csv":  func(w io.Writer) error { return report.WriteSurveyCSV(w, s) },
		"html": func(w io.Writer) error { return report.WriteSurveyHTML(w, s) },
	}[f.format]
	if f.out == "" {
		return render(p.stdout)
	}
	if err := outfile.Write(ctx, f.out, render); err != nil {
		return err
	}
	if !f.quiet {
		fmt.Fprintf(p.stderr, "Written: %s\n", plain.Text(f.out))
	}
	return nil
}

// text is the table of all buckets, or all about the ones that are named.
func (f *surveyFlags) text(w io.Writer, s *survey.Survey) error {
	if len(f.buckets) == 0 {
		if err := report.WriteSurvey(w, s); err != nil || len(s.Rows) == 0 {
			return err
		}
		first := slices.IndexFunc(s.Rows, func(r survey.Row) bool { return len(r.Needs) > 0 })
		if first < 0 {
			return nil
		}
		_, err := fmt.Fprintf(w, "\nnext: reseal survey --bucket %s\n", plain.Text(s.Rows[first].Bucket))
		return err
	}
	for i := range s.Rows {
		if i > 0 {
			fmt.Fprintln(w)
		}
		if err := report.WriteSurveyBucket(w, &s.Rows[i], s.Rate); err != nil {
			return err
		}
	}
	return nil
}

// writeCampaign writes the list that a campaign begins with, where it is wished for.
func (f *surveyFlags) writeCampaign(ctx context.Context, p process, s *survey.Survey) error {
	if f.campaign == "" {
		return nil
	}
	buckets, unfit := s.Campaign()
	for _, name := range unfit {
		fmt.Fprintf(p.stderr, "note: %s is left out of %s: its name or Region cannot stand there\n", plain.Name(name, 100), plain.Text(f.campaign))
	}
	if len(buckets.Buckets) == 0 {
		fmt.Fprintf(p.stderr, "note: %s is not written: there is no bucket to put in it\n", plain.Text(f.campaign))
		return nil
	}
	if err := buckets.Write(ctx, f.campaign); err != nil {
		return err
	}
	if !f.quiet {
		fmt.Fprintf(p.stderr, "Written: %s, %s, %d of them included\n", plain.Text(f.campaign), report.Plural(int64(len(buckets.Buckets)), "bucket"), len(buckets.Included()))
	}
	return nil
}
