package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"reseal/campaign/list"
	"reseal/internal/cli"
	"reseal/internal/options"
	"reseal/internal/outfile"
	"reseal/internal/plain"
	"reseal/internal/shell"
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
			if err := options.Spare(ctx, cmd.Flags(), "out", ""); err != nil {
				return err
			}
			if err := options.Spare(ctx, cmd.Flags(), "campaign", ""); err != nil {
				return err
			}
			if err := f.campaignIsNew(); err != nil {
				return err
			}
			return causeOf(ctx, f.survey(ctx, p))
		},
	}
	f.connection.bind(cmd)
	fs := cmd.Flags()
	fs.StringSliceVar(&f.regions, "regions", nil, "only buckets in these Regions, e.g. eu-west-1,eu-central-1")
	cli.NamesVar(fs, &f.buckets, "bucket", "only this bucket, and all about it (repeatable, or several with commas)")
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
	for i := range f.regions {
		if f.regions[i] = strings.TrimSpace(f.regions[i]); !list.ValidRegion(f.regions[i]) {
			return usagef("--regions: %q is no name of a Region; want names such as eu-west-1,us-east-1", plain.Name(f.regions[i], 60))
		}
	}
	for i := range f.buckets {
		if err := onlyBucket(&f.buckets[i]); err != nil {
			return err
		}
	}
	if f.campaign == cli.Stdout {
		return usagef("--campaign -: want the name of a file")
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
	client, err := f.connection.Client(ctx, f.parallel)
	if err != nil {
		return err
	}
	terms := &survey.Terms{Prices: prices, Rate: f.rate, Now: time.Now(), AWS: client.Endpoint().AWS}
	asker := questions.New(questions.Options{Requests: f.pace, Parallel: f.parallel, Regions: f.regions, Buckets: f.buckets, Now: terms.Now, Progress: f.ticker(p)})
	defer asker.Start(ctx)()
	rows := f.ask(ctx, asker, client, accounts, terms)
	p.screen().Clear()
	var interrupted error
	if ctx.Err() != nil { // what was answered is shown and written all the same
		if len(rows) == 0 {
			return context.Cause(ctx)
		}
		fmt.Fprintln(p.stderr, "note: interrupted: what was not answered by then is unknown")
		interrupted = context.Cause(ctx)
		var stop func()
		ctx, stop = p.interruptible(context.WithoutCancel(ctx))
		defer stop()
	}
	if a := &accounts[0]; f.accounts == "" && a.Error != nil {
		return a.Error.Err // there is nothing else to show
	}
	elsewhere := f.elsewhere(accounts, rows)
	s := survey.Complete(accounts, rows, terms, programVersion())
	if err := f.print(ctx, p, s); err != nil {
		return err
	}
	if err := f.writeCampaign(ctx, p, s); err != nil {
		return err
	}
	switch {
	case interrupted != nil:
		return interrupted
	case elsewhere != "" && len(rows) == 0:
		return errors.New(elsewhere)
	case elsewhere != "" && !f.quiet:
		fmt.Fprintf(p.stderr, "note: %s\n", elsewhere)
	}
	if s.Partial() {
		return &finding{exitFailures}
	}
	return nil
}

// whom are the accounts that are asked: the caller's, or those of the file.
func (f *surveyFlags) whom() ([]survey.Account, error) {
	if f.accounts == "" {
		return []survey.Account{{ID: f.Owner, Profile: f.Profile}}, nil
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

// elsewhere says which buckets --regions left out, and which of its Regions have none; ""
// where it left out none.
func (f *surveyFlags) elsewhere(accounts []survey.Account, rows []survey.Row) string {
	out, all := map[string]int{}, 0
	for i := range accounts {
		for region, n := range accounts[i].Elsewhere {
			out[region] += n
			all += n
		}
	}
	if all == 0 {
		return ""
	}
	var places []string
	for _, region := range slices.Sorted(maps.Keys(out)) {
		places = append(places, fmt.Sprintf("%s %d", plain.Name(region, 60), out[region]))
	}
	text := fmt.Sprintf("--regions left out %s: %s", report.Plural(int64(all), "bucket"), strings.Join(places, ", "))
	var none []string
	for _, region := range f.regions {
		if !slices.ContainsFunc(rows, func(r survey.Row) bool { return r.Region == region }) {
			none = append(none, region)
		}
	}
	if len(none) > 0 {
		text += "; none is in " + strings.Join(none, ", ")
	}
	return text
}

// ask asks one account after the other. One whose role cannot be assumed is in the survey
// with the reason, and so is what was not asked when ctx ended.
func (f *surveyFlags) ask(ctx context.Context, asker *questions.Asker, client *s3api.Client, accounts []survey.Account, terms *survey.Terms) (rows []survey.Row) {
	for i := range accounts {
		a, as := &accounts[i], client
		if a.Role != "" {
			assumed, ok := asker.Assume(ctx, client, a)
			if !ok {
				continue
			}
			as = assumed
		}
		rows = append(rows, survey.JudgeAll(a, asker.Account(ctx, as, a), terms)...)
	}
	return rows
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
	tellOtherFormat(p.stderr, "output", f.format, f.out)
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
	return report.WriteSurveyBuckets(w, s)
}

// campaignIsNew refuses to write a campaign over a file that is there: somebody may have
// edited it.
func (f *surveyFlags) campaignIsNew() error {
	at, err := os.Stat(f.campaign)
	if f.campaign == "" || err != nil || !at.Mode().IsRegular() || at.Size() == 0 {
		return nil
	}
	return usagef("--campaign %s: the file is there already, and somebody may have edited it; name a new one and take over from it what you need, or remove it: rm %s",
		f.campaign, shell.Word(f.campaign))
}

// writeCampaign writes the list that a campaign begins with, where it is wished for.
func (f *surveyFlags) writeCampaign(ctx context.Context, p process, s *survey.Survey) error {
	if f.campaign == "" {
		return nil
	}
	for i := range s.Accounts {
		if a := &s.Accounts[i]; a.Error != nil {
			fmt.Fprintf(p.stderr, "note: %s has no bucket of account %s, which was not asked: %s\n", plain.Text(f.campaign), plain.Text(cmp.Or(a.ID, "unknown")), plain.Name(a.Error.Why, 400))
		}
	}
	if err := f.campaignIsNew(); err != nil { // it came while buckets were asked about
		return err
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
