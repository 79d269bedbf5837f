package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"reseal/canary"
	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// canaryNote is the name under which the checkpoint keeps what an object was
// before it was tried, until it was compared with what it is after.
const canaryNote = "canary"

// canaryRow is an object to be tried first, as plan.json has it.
type canaryRow struct {
	File      int                    `json:"file"`
	Row       int64                  `json:"row"`
	Known     inventory.Columns      `json:"columns"`
	Key       []byte                 `json:"key"` // bytes, as a key need not be UTF-8
	VersionID string                 `json:"version_id,omitempty"`
	IsLatest  bool                   `json:"is_latest,omitempty"`
	Multipart bool                   `json:"is_multipart,omitempty"`
	Size      int64                  `json:"bytes"`
	Modified  time.Time              `json:"last_modified,omitzero"`
	ETag      string                 `json:"etag,omitempty"`
	Class     inventory.StorageClass `json:"storage_class,omitempty"`
	SSE       inventory.Encryption   `json:"encryption,omitempty"`
	LockMode  string                 `json:"lock_mode,omitempty"`
	LockUntil time.Time              `json:"lock_until,omitzero"`
	LegalHold string                 `json:"legal_hold,omitempty"`
	EventHold string                 `json:"event_hold,omitempty"`
	Tier      string                 `json:"tier,omitempty"`
	Checksum  string                 `json:"checksum,omitempty"`
	Kinds     []string               `json:"kinds"`
}

// canaryRows puts what was chosen into the words of plan.json.
func canaryRows(chosen []canary.Object) []canaryRow {
	var out []canaryRow
	for _, o := range chosen {
		r := &o.Record
		out = append(out, canaryRow{
			File: r.Pos.File, Row: r.Pos.Row, Known: r.Known, Key: []byte(r.Key), VersionID: r.VersionID, IsLatest: r.IsLatest,
			Multipart: r.IsMultipart, Size: r.Size, Modified: r.LastModified, ETag: r.ETag, Class: r.StorageClass, SSE: r.Encryption,
			LockMode: r.LockMode, LockUntil: r.LockRetainUntil, LegalHold: r.LegalHold, EventHold: r.EventHold, Tier: r.Tier,
			Checksum: r.Checksum, Kinds: o.Kinds,
		})
	}
	return out
}

// record is the report row again.
func (c *canaryRow) record(bucket string) inventory.Record {
	return inventory.Record{
		Pos: inventory.Position{File: c.File, Row: c.Row}, Known: c.Known, Bucket: bucket, Key: string(c.Key), VersionID: c.VersionID,
		IsLatest: c.IsLatest, IsMultipart: c.Multipart, Size: c.Size, LastModified: c.Modified, ETag: c.ETag, StorageClass: c.Class,
		Encryption: c.SSE, LockMode: c.LockMode, LockRetainUntil: c.LockUntil, LegalHold: c.LegalHold, EventHold: c.EventHold,
		Tier: c.Tier, Checksum: c.Checksum,
	}
}

// trial is one object on its way through the canary.
type trial struct {
	row     *canaryRow
	task    plan.Task
	settled bool // by an earlier run
	resumed bool // what it was before was remembered by an earlier run
	note    *trialNote
	looks   sent           // by both looks at it, until the journal has them
	result  *engine.Result // of this run
}

// trialNote is what is remembered of an object until it was compared.
type trialNote struct {
	Before *plan.Snapshot `json:"before"`
	ETag   string         `json:"etag,omitempty"` // after, where the run that did it could still say it
}

// trials tries some objects of each kind before the rest is begun.
type trials struct {
	cfg      engine.Config
	looks    engine.Snapshotter
	paid     payingSnapshots
	journal  *journal
	all      []*trial
	accepted []plan.Attribute
	talk     io.Writer
}

// tryFirst runs the canary of a job, where it has one that was not passed yet,
// and returns the state of the job after it. One that tries failed rows again
// tries some of these first. The objects that it began count towards the limit of
// the run.
func (f *runFlags) tryFirst(admit, work context.Context, p process, rep *inventory.Report, job *jobPlan, cfg *engine.Config, j *journal, paid payingSnapshots, at *checkpoint.Snapshot, timed func(time.Duration)) (*checkpoint.Snapshot, error) {
	if f.noCanary {
		return at, nil
	}
	if err := context.Cause(admit); err != nil {
		return at, err // ended before it began, as outside its hours
	}
	var again []canaryRow
	if f.retry {
		var err error
		if again, err = ofFailedRows(admit, cfg.Policy, rep, at, j.notes); err != nil {
			return at, err
		}
	}
	t := &trials{cfg: *cfg, looks: paid.Snapshotter, paid: paid, journal: j, accepted: f.accept.losses(), talk: f.output.talk(p)}
	if err := t.find(work, job, at, f.retry, again); err != nil || len(t.all) == 0 {
		return at, err
	}
	t.limit(cfg.Limit)
	watch := &stopwatch{Gate: cfg.Gate}
	t.cfg.Gate = watch
	if err := t.run(admit, work); err != nil {
		return at, err
	}
	timed(watch.latency())
	j.tried = t.tried()
	if cfg.Limit > 0 {
		if cfg.Begun = int64(len(j.tried)); cfg.Begun >= cfg.Limit {
			return at, &engine.StopError{Limit: fmt.Sprintf("--limit %d", cfg.Limit)}
		}
	}
	return j.Snapshot(), nil
}

// find finds out which objects of the plan are still to be tried or to be
// compared, among those that this process works on. Where failed rows are tried
// again, those of the plan are only to be compared.
func (t *trials) find(ctx context.Context, job *jobPlan, at *checkpoint.Snapshot, retry bool, again []canaryRow) error {
	notes := map[inventory.Position]*trialNote{}
	for n, err := range at.Notes(ctx) {
		if err != nil {
			return err
		}
		if n.Key != canaryNote {
			continue
		}
		note := new(trialNote)
		if json.Unmarshal(n.Value, note) == nil && note.Before != nil {
			notes[n.Pos] = note
		}
	}
	segments, indexes := at.Remaining()
	open, err := newResume(ctx, at, segments, indexes)
	if err != nil {
		return err
	}
	chosen := map[inventory.Position]bool{}
	choose := func(row *canaryRow, settled func(inventory.Position) bool) {
		rec := row.record(job.Options.Bucket)
		one := &trial{row: row, task: t.cfg.Policy.Decide(&rec), note: notes[rec.Pos], settled: settled(rec.Pos)}
		one.resumed = one.note != nil
		if !chosen[rec.Pos] && (one.note != nil || !one.settled && one.task.Action != plan.Skip) {
			chosen[rec.Pos] = true
			t.all = append(t.all, one)
		}
	}
	for i := range again {
		choose(&again[i], func(inventory.Position) bool { return false })
	}
	for i := range job.Canary {
		choose(&job.Canary[i], func(p inventory.Position) bool {
			rows := open.of(p)
			return retry || rows == nil || rows.Settled(p.Row)
		})
	}
	return nil
}

// limit keeps as many as a run of n objects at most may begin; 0 is no limit.
func (t *trials) limit(n int64) {
	var begin int64
	t.all = slices.DeleteFunc(t.all, func(one *trial) bool {
		if one.settled || n <= 0 {
			return false
		}
		begin++
		return begin > n
	})
}

// tried are the objects that this run is through with.
func (t *trials) tried() map[inventory.Position]bool {
	all := map[inventory.Position]bool{}
	for _, one := range t.all {
		if one.result != nil && one.result.Outcome != engine.Deferred {
			all[one.task.Record.Pos] = true
		}
	}
	return all
}

// run remembers what the objects are, has the engine do them like all others,
// and compares. A difference that was not accepted is a *refusedError. What was
// remembered stays in the checkpoint until it was compared, so that a crash in
// between, or a refusal, leaves nothing uncompared.
func (t *trials) run(admit, work context.Context) error {
	if len(t.all) == 0 {
		return nil
	}
	fmt.Fprintf(t.talk, "Canary: trying %s first, of %s.\n", report.Plural(int64(len(t.all)), "object"), report.Plural(int64(len(t.kinds())), "kind"))
	noted := map[inventory.Position]bool{} // by an earlier run, which may have gone on to do it
	for _, one := range t.all {
		noted[one.task.Record.Pos] = one.note != nil
	}
	if err := t.remember(admit, work); err != nil {
		return err
	}
	cfg := t.cfg
	cfg.Limit, cfg.Journal, cfg.Sink = 0, trialJournal{t.journal, t.all}, sinks{t.cfg.Sink, recorder{t}}
	cfg.Settled = nil
	cfg.Uncertain = func(p inventory.Position) bool { return noted[p] }
	if err := engine.Run(admit, work, cfg, t.rows()); err != nil {
		return err
	}
	if err := t.keepETags(work); err != nil {
		return err
	}
	if err := t.payAgain(admit); err != nil {
		return err
	}
	lost, err := t.compare(work)
	if err != nil {
		return err
	}
	return t.conclude(work, lost)
}

// kinds are those of the objects that are tried.
func (t *trials) kinds() map[string]bool {
	all := map[string]bool{}
	for _, one := range t.all {
		for _, k := range one.row.Kinds {
			all[k] = true
		}
	}
	return all
}

// remember takes the snapshots and makes them durable, before anything is
// written. An object that cannot be read is left to the run, which reports it.
func (t *trials) remember(admit, work context.Context) error {
	gate := engine.Patient(t.cfg.Gate, t.cfg.Attempts)
	for _, one := range t.all {
		if one.note != nil || one.settled {
			continue
		}
		first := &counting{Gate: gate}
		before, err := t.paid.first(admit, &one.task, t.cfg.Policy, first)
		one.looks = first.twice(t.cfg.Policy, &one.task)
		if cause := context.Cause(admit); cause != nil {
			return cause
		}
		if err != nil {
			continue
		}
		one.note = &trialNote{Before: before}
		if err := t.note(one); err != nil {
			return err
		}
	}
	return t.journal.Flush(work)
}

// note tells the checkpoint what is known of one object.
func (t *trials) note(one *trial) error {
	var data []byte
	if one.note != nil {
		var err error
		if data, err = json.Marshal(one.note); err != nil {
			return fmt.Errorf("remember object of the canary: %w", err)
		}
	}
	if err := t.journal.Note(one.task.Record.Pos, canaryNote, data); err != nil {
		return fmt.Errorf("remember object of the canary: %w", err)
	}
	return nil
}

// rows yields the rows that are not settled yet, as if they were the report.
func (t *trials) rows() iter.Seq2[inventory.Batch, error] {
	return func(yield func(inventory.Batch, error) bool) {
		for _, one := range t.all {
			if one.settled {
				continue
			}
			rec := one.row.record(one.task.Record.Bucket)
			if !yield(inventory.Batch{Records: []inventory.Record{rec}}, nil) {
				return
			}
		}
	}
}

// recorder keeps the results of the canary.
type recorder struct{ *trials }

// Write implements engine.Sink.
func (r recorder) Write(res *engine.Result) error {
	for _, one := range r.all {
		if one.task.Record.Pos == res.Task.Record.Pos {
			one.result = res
		}
	}
	return nil
}

// keepETags adds to what is remembered what the objects became, so that a later
// comparison can tell whether somebody wrote them since.
func (t *trials) keepETags(ctx context.Context) error {
	for _, one := range t.all {
		if one.note == nil || one.result == nil {
			continue
		}
		switch res := one.result; {
		case res.Outcome == engine.Done && !res.Repeat && res.Task.Record.ETag != "" && res.Task.Record.ETag != one.note.Before.Head.ETag:
			one.note = nil // others wrote it after it was remembered: nothing to compare with
		case res.Outcome == engine.Done: // by now, or by a run that was cut off
			one.note.ETag = res.Effect.ETag
		case res.Reason != plan.NotEncrypted && res.Reason != plan.Unfaithful:
			one.note = nil // not touched, which the run reports
		}
		if err := t.note(one); err != nil {
			return err
		}
	}
	return t.journal.Flush(ctx)
}

// payAgain books the second look at the objects whose first look an earlier run
// took: what that paid for the second ended with it.
func (t *trials) payAgain(admit context.Context) error {
	for _, one := range t.all {
		if !one.resumed || one.note == nil {
			continue
		}
		if !t.paid.second(&one.task, t.cfg.Policy) {
			return context.Cause(admit)
		}
	}
	return nil
}

// finding of the canary: what of which object is not as it was.
type loss struct {
	key, why string
	lost     []plan.Attribute // that could be accepted
}

// compare looks at all that was remembered.
func (t *trials) compare(ctx context.Context) ([]loss, error) {
	var lost []loss
	claims := func(yield func(engine.Claim, error) bool) {
		for _, one := range t.all {
			if one.note == nil {
				continue
			}
			if !yield(engine.Claim{Task: one.task, Before: one.note.Before, ETag: one.note.ETag}, nil) {
				return
			}
		}
	}
	err := engine.Prove(ctx, engine.ProveConfig{
		Snapshotter: t.looks, Gate: t.cfg.Gate, Policy: t.cfg.Policy, Written: time.Now(), Accepted: t.accepted, Attempts: t.cfg.Attempts,
	}, claims, func(p engine.Proof) error {
		if !p.Verdict.Difference() {
			return nil
		}
		l := loss{key: p.Task.Record.Key, why: p.Why}
		if before := t.before(p.Task.Record.Pos); before != nil && p.After != nil {
			l.lost = plan.Without(before.Lost(p.After, time.Now()), t.accepted)
		}
		lost = append(lost, l)
		return nil
	})
	slices.SortFunc(lost, func(a, b loss) int { return strings.Compare(a.key, b.key) })
	return lost, err
}

func (t *trials) before(p inventory.Position) *plan.Snapshot {
	for _, one := range t.all {
		if one.task.Record.Pos == p && one.note != nil {
			return one.note.Before
		}
	}
	return nil
}

// conclude ends the run where something got lost, and forgets what was
// remembered where nothing did.
func (t *trials) conclude(ctx context.Context, lost []loss) error {
	if len(lost) > 0 {
		return t.refuse(lost)
	}
	var compared int64
	for _, one := range t.all {
		if one.note == nil {
			continue
		}
		compared++
		one.note = nil
		if err := t.note(one); err != nil {
			return err
		}
	}
	fmt.Fprintf(t.talk, "Canary: %s re-encrypted, and all of them compared with what they were before: nothing got lost.\n", report.Plural(compared, "object"))
	return t.journal.Flush(ctx)
}

// refuse says what got lost, and how it could be accepted.
func (t *trials) refuse(lost []loss) error {
	var b strings.Builder
	b.WriteString("stopped by the canary: objects are not as they were before")
	names, hopeless := map[string]bool{}, false
	for _, l := range lost {
		fmt.Fprintf(&b, "\n  %q: %s", l.key, l.why)
		acceptable := slices.DeleteFunc(slices.Clone(l.lost), func(a plan.Attribute) bool { return a == plan.Body || a == plan.Length })
		hopeless = hopeless || len(acceptable) == 0 || len(acceptable) < len(l.lost)
		for _, a := range acceptable {
			names["--accept "+a.Hazard()] = true
		}
	}
	b.WriteString("\nthe rest of the bucket was not touched. Where another client wrote the very same data again in that moment, with other metadata, " +
		"that looks the same: look at the object, and go on with --no-canary")
	if !hopeless {
		fmt.Fprintf(&b, "; to go on all the same: %s", strings.Join(slices.Sorted(maps.Keys(names)), " "))
	}
	return &refusedError{errors.New(b.String())}
}

// trialJournal settles rows out of their order: the rows before them are not
// being worked on, and no segment is read to its end.
type trialJournal struct {
	*journal
	all []*trial
}

// Settle implements engine.Journal. What the looks at the object send counts as
// its own: the estimate has it, too.
func (j trialJournal) Settle(r *engine.Result) error {
	for _, one := range j.all {
		if p := one.task.Record.Pos; p == r.Task.Record.Pos {
			if err := one.looks.count(j.journal, p); err != nil {
				return err
			}
			one.looks = sent{}
		}
	}
	return j.journal.Settle(r)
}

// Admit implements engine.Journal.
func (trialJournal) Admit(context.Context, inventory.Position) error { return nil }

// End implements engine.Journal.
func (trialJournal) End(int, int64, error) error { return nil }

// payingSnapshots is a Snapshotter that books what its requests cost.
type payingSnapshots struct {
	engine.Snapshotter
	ledger *ledger
	admit  context.Context
}

// Snapshot implements engine.Snapshotter.
func (p payingSnapshots) Snapshot(ctx context.Context, t *plan.Task, g engine.Gate) (*plan.Snapshot, error) {
	if !p.ledger.reserve(p.admit, t) {
		return nil, p.ledger.refuse(t)
	}
	return p.Snapshotter.Snapshot(ctx, t, &till{Gate: g, ledger: p.ledger, admit: p.admit, task: t})
}

// first is the first of two looks, and pays for both: once the object is settled,
// its account is closed.
func (p payingSnapshots) first(ctx context.Context, t *plan.Task, policy *plan.Policy, g engine.Gate) (*plan.Snapshot, error) {
	before, err := p.Snapshot(ctx, t, g)
	if err != nil {
		return nil, err
	}
	again, _ := p.ledger.region.Spent(t, policy.SnapshotDemand(t, policy.Options.SSE == plan.TargetKMS), false, p.ledger.now)
	if !p.ledger.charge(p.admit, t, again) {
		return nil, p.ledger.refuse(t)
	}
	return before, nil
}

// second pays for the second of two looks, and tells whether it may be sent: where
// it may not, admission has ended.
func (p payingSnapshots) second(t *plan.Task, policy *plan.Policy) bool {
	price, known := p.ledger.region.Spent(t, policy.SnapshotDemand(t, policy.Options.SSE == plan.TargetKMS), false, p.ledger.now)
	if known && p.ledger.book(price) || !known && p.ledger.limit == 0 {
		return true
	}
	p.ledger.over(t)
	return false
}

// canaryDemand is what trying an object asks for beyond re-encrypting it: all of
// it is read before and after.
func canaryDemand(p *plan.Policy, t *plan.Task) plan.Demand {
	return p.SnapshotDemand(t, t.FromKMS).Add(p.SnapshotDemand(t, p.Options.SSE == plan.TargetKMS))
}
