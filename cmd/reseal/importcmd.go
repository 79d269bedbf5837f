package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/spf13/cobra"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/ratelimit"
	"reseal/report"
	"reseal/s3api"
)

const importLong = `import takes the completion report of an S3 Batch Operations job back into the
job that its manifest was exported from, so that both kinds of work end in one
report. What succeeded there is done, what failed there is failed with its
error code, for retry-failed; what the job knew before stays.

The report has to be of objects that the job plans to do: nothing is recorded
where it names another bucket or any other object. As it does not say what the
Batch Operations job did, some of the objects are looked at first. An object that
is recorded here was not looked at by reseal run: verify does that.

REPORT is the manifest.json of the completion report, in S3 or a local file.`

// importFlags is the command line of import.
type importFlags struct {
	runFlags
	asJSON bool
}

func newImportCommand(p process) *cobra.Command {
	f := &importFlags{}
	cmd := &cobra.Command{
		Use:   "import --job DIR REPORT",
		Short: "Take the result of S3 Batch Operations back into a job",
		Long:  importLong,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usagef("import wants one completion report, its manifest.json: got %d arguments", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.importReport(cmd.Context(), p, args[0]) },
	}
	f.connection.bind(cmd)
	f.connection.bindJob(cmd)
	f.pace.bind(cmd)
	f.pricing.bind(cmd)
	fs := cmd.Flags()
	fs.StringVar(&f.job, "job", "", "`folder` of the job, or s3://bucket/prefix")
	fs.StringVar(&f.manifest, "manifest", "", "where the inventory report is now, if not where the job found it")
	fs.StringVar(&f.keepInventory, "keep-inventory", "", "`folder` that the inventory report's data files were kept in")
	fs.StringVar(&f.memory, "memory", "512MiB", "memory budget: a longer completion report is taken in several passes")
	fs.StringVar(&f.results, "results", "failures", "result lines to write: failures, or all")
	fs.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	return cmd
}

// imported is what import prints.
type imported struct {
	Job    string `json:"job"`
	Report string `json:"report"`
	Tasks  int64  `json:"tasks"`  // in the completion report
	Done   int64  `json:"done"`   // recorded now
	Failed int64  `json:"failed"` // recorded now
	Known  int64  `json:"known"`  // left as the job had them before
}

func (f *importFlags) importReport(ctx context.Context, p process, location string) error {
	if f.results != "failures" && f.results != "all" {
		return usagef("--results %q: want failures or all", f.results)
	}
	ctx, stop := p.interruptible(ctx)
	defer stop()
	store, job, err := openJobAt(ctx, f.connection, f.job)
	if err != nil {
		return err
	}
	f.adopt(job)
	g, err := prepare(ctx, &f.request, job, time.Now())
	if err != nil {
		return err
	}
	if err := job.agree(f.job, g.frozen); err != nil {
		return err
	}
	memory, err := parseSize(f.memory)
	if err != nil {
		return usagef("--memory: %w", err)
	}
	tasks, err := openCompletion(ctx, g.client, location)
	if err != nil {
		return err
	}
	lock, err := store.Lock(ctx, checkpoint.Self("reseal import"))
	if err != nil {
		return err
	}
	defer lock.Release()
	m := &matching{job: f.job, bucket: job.Options.Bucket, tasks: tasks, report: g.report, segments: job.Segments, policy: g.policy,
		atOnce: int(memory / 4 / toldBytes)}
	sample := new(sampled)
	if err := m.each(ctx, sample.take); err != nil {
		return err
	}
	if err := f.look(ctx, g, sample.records); err != nil {
		return err
	}
	done, err := f.record(ctx, g, store, job, lock, m)
	if done != nil {
		done.Job, done.Report, done.Tasks = f.job, location, m.read
		err = errors.Join(err, f.say(p, done))
	}
	return err
}

// openCompletion opens the completion report at location, a manifest.json or
// the folder that it is in.
func openCompletion(ctx context.Context, client *s3api.Client, location string) (*inventory.BatchTasks, error) {
	at, err := inventory.ParseLocation(location)
	if err != nil {
		return nil, usagef("%w", err)
	}
	src, name, err := sourceOf(client, at, "")
	if err != nil {
		return nil, err
	}
	if path.Base(name) != "manifest.json" && path.Ext(name) == "" {
		name = path.Join(name, "manifest.json")
	}
	return inventory.OpenBatchTasks(ctx, src, name, inventory.Options{})
}

// look makes sure that objects which the other engine says it did are under the
// key: a completion report does not tell which operation it is about.
func (f *importFlags) look(ctx context.Context, g *ground, records []inventory.Record) error {
	if len(records) == 0 {
		return nil
	}
	reading := g.policy.Options
	reading.Method = plan.MethodCopy // nothing is written: an endpoint need not be proven to be looked at
	rewriter, err := g.client.Rewriter(s3api.RewriteConfig{Options: reading, Facts: g.policy.Facts})
	if err != nil {
		return err
	}
	governor := ratelimit.New(ratelimit.Config{Caps: ratelimit.Limits{KMS: g.caps.kms}, Expected: ratelimit.Limits{Reads: g.caps.s3}, MaxSlots: maxSampled})
	defer startPacer(ctx, governor)()
	one := func(yield func(inventory.Batch, error) bool) {
		yield(inventory.Batch{Records: records, End: true, Rows: int64(len(records))}, nil)
	}
	return engine.Verify(ctx, engine.VerifyConfig{
		Rewriter: rewriter, Gate: governor, Policy: g.policy, Workers: maxSampled, Sample: 1, Written: time.Now(),
		Expected: func(inventory.Position) bool { return true },
	}, one, func(c engine.Check) error {
		switch c.Verdict {
		case plan.NotUnderKMS, plan.WrongKey, plan.NoBucketKey:
			return &refusedError{fmt.Errorf("the report says that %q was done, but it is %s: %s; is it the report of another Batch Operations job? Nothing was recorded",
				c.Task.Record.Key, c.Verdict, c.Why)}
		case plan.VerdictUnknown:
			return fmt.Errorf("look at an object that the report says was done: %w", c.Err)
		}
		return nil
	})
}

// record writes down what the report says of each object, as far as the job does
// not know better. What it returns beside an error was recorded all the same.
func (f *importFlags) record(ctx context.Context, g *ground, store jobStore, job *jobPlan, lock *checkpoint.Lock, m *matching) (*imported, error) {
	state, snapshot, err := checkpoint.Open(ctx, store, job.state(), job.Segments, f.stateOptions(job, g.report.Manifest().Files, lock))
	if err != nil {
		return nil, err
	}
	before, err := newClaims(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	past, version, err := readHistory(ctx, store, historyFile)
	if err != nil {
		past = historyDoc{Summary: new(report.Summary)}
	}
	done := new(imported)
	sink := &report.Writer{Log: lines{context.WithoutCancel(ctx), state}, All: f.results == "all", Summary: past.Summary}
	flushed := time.Now()
	err = m.each(ctx, func(t *plan.Task, segment int, e ending) error {
		p := t.Record.Pos
		if before.done(p) || before.failed(p) && !e.succeeded {
			done.Known++
			return nil
		}
		res := e.result(t, segment)
		if err := sink.Write(res); err != nil {
			return err
		}
		if err := settleImported(state, res); err != nil {
			return err
		}
		if e.succeeded {
			done.Done++
		} else {
			done.Failed++
		}
		if time.Since(flushed) < time.Second {
			return nil
		}
		flushed = time.Now()
		return state.Flush(ctx)
	})
	if err := errors.Join(err, state.Flush(context.WithoutCancel(ctx))); err != nil {
		return done, fmt.Errorf("record the completion report: %w; the same command goes on", err)
	}
	if done.Done+done.Failed == 0 {
		return done, nil
	}
	data, err := json.Marshal(&past)
	if err == nil {
		_, err = store.Put(context.WithoutCancel(ctx), historyFile, append(data, '\n'), version)
	}
	if err != nil {
		return done, fmt.Errorf("write the history of the job: %w", err)
	}
	return done, nil
}

// importedCounter counts the rows that are done by the word of a completion report.
const importedCounter = "imported"

// settleImported records one result.
func settleImported(j *checkpoint.Journal, r *engine.Result) error {
	p := r.Task.Record.Pos
	if r.Outcome == engine.Failed {
		return j.Fail(p)
	}
	for name, n := range map[string]int64{
		importedCounter: 1, "done." + r.Task.Action.String(): 1, "bytes": max(r.Task.Record.Size, 0),
	} {
		if err := j.Count(p, name, n); err != nil {
			return err
		}
	}
	return j.Done(p)
}

// say prints what was recorded.
func (f *importFlags) say(p process, d *imported) error {
	if f.asJSON {
		return writeJSON(p.stdout, d)
	}
	fmt.Fprintf(p.stdout, "%s in the completion report: %s recorded as done, %s as failed, %s left as the job had them\n",
		report.Plural(d.Tasks, "task"), report.Count(d.Done), report.Count(d.Failed), report.Count(d.Known))
	if d.Failed > 0 {
		fmt.Fprintf(p.stderr, "Those that failed: reseal retry-failed --job %s\n", f.job)
	}
	fmt.Fprintf(p.stderr, "What is left of the report: reseal run, with the job's options. What was done elsewhere: reseal verify --job %s\n", f.job)
	return nil
}
