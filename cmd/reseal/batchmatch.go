package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"sort"

	"reseal/checkpoint"
	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
)

// matching finds the rows of a job that the tasks of a completion report are
// about. The report names objects, in no order, and the job names rows: as many
// tasks as the memory allows are held at a time, and the inventory report is
// read once for each such portion.
type matching struct {
	job      string
	bucket   string
	tasks    *inventory.BatchTasks
	report   *inventory.Report
	segments []inventory.Segment
	policy   *plan.Policy
	atOnce   int // tasks held at a time

	read    int64 // tasks, by the last pass
	endings []ending
	number  map[ending]uint32
}

// ending is how a task ended.
type ending struct {
	succeeded bool
	code      string
	status    int
}

// maxEndings bounds the number of different endings that are told apart.
const maxEndings = 4096

// told is what a completion report says of one object.
type told struct {
	object objectID
	ending uint32
	found  bool
}

// toldBytes is the size of a told.
const toldBytes = 24

// objectID stands for key and version: 128 bits of a SHA-256, so that nobody
// can make two objects be taken for one.
type objectID [16]byte

// objectOf returns the id of an object version. Completion reports, manifests
// and inventory reports spell the version of an object that has none as "" or null.
func objectOf(key, version string) objectID {
	if version == "null" {
		version = ""
	}
	sum := sha256.Sum256([]byte(version + "\x00" + key))
	return objectID(sum[:16])
}

// each calls found for every row of the job that the completion report speaks
// of, with the ending of its task. A task of another bucket, or of an object that
// the job does not plan to do, is a *checkpoint.MismatchError in the end; so a
// first pass is for finding that out, before another one changes anything.
func (m *matching) each(ctx context.Context, found func(t *plan.Task, segment int, e ending) error) error {
	m.read = 0
	for portion, err := range m.portions(ctx) {
		if err != nil {
			return err
		}
		if err := m.match(ctx, portion, found); err != nil {
			return err
		}
	}
	return nil
}

// portions yields the tasks by object, one an object, as many as may be held.
func (m *matching) portions(ctx context.Context) iter.Seq2[[]told, error] {
	return func(yield func([]told, error) bool) {
		var held []told
		give := func() bool {
			slices.SortFunc(held, func(a, b told) int {
				return cmp.Or(bytes.Compare(a.object[:], b.object[:]), cmp.Compare(m.rank(a), m.rank(b)))
			})
			held = slices.CompactFunc(held, func(a, b told) bool { return a.object == b.object })
			return yield(held, nil)
		}
		for t, err := range m.tasks.Read(ctx) {
			if err == nil && t.Bucket != m.bucket {
				err = &checkpoint.MismatchError{Job: m.job, Differences: []checkpoint.Difference{{Name: "bucket", Have: m.bucket, Want: fmt.Sprintf("%q", t.Bucket)}}}
			}
			if err != nil {
				yield(nil, fmt.Errorf("completion report: %w", err))
				return
			}
			m.read++
			held = append(held, told{object: objectOf(t.Key, t.VersionID), ending: m.numberOf(ending{t.Succeeded, t.ErrorCode, t.HTTPStatus})})
			if len(held) >= max(m.atOnce, 1) {
				if !give() {
					return
				}
				held = held[:0]
			}
		}
		if len(held) > 0 {
			give()
		}
	}
}

// rank puts success before failure: one attempt that worked is what counts.
func (m *matching) rank(t told) int {
	if m.endings[t.ending].succeeded {
		return 0
	}
	return 1
}

// numberOf keeps an ending once, however many tasks had it.
func (m *matching) numberOf(e ending) uint32 {
	if e.succeeded {
		e = ending{succeeded: true} // what else is said of a success is of no use
	}
	n, known := m.number[e]
	if known {
		return n
	}
	if len(m.endings) >= maxEndings && !e.succeeded {
		if e = (ending{code: "other"}); m.number[e] != 0 {
			return m.number[e]
		}
	}
	if m.number == nil {
		m.number = map[ending]uint32{}
	}
	n = uint32(len(m.endings))
	m.endings = append(m.endings, e)
	m.number[e] = n
	return n
}

// match reads the inventory report and hands out the first row of each object of
// a portion that the job plans to do.
func (m *matching) match(ctx context.Context, portion []told, found func(*plan.Task, int, ending) error) error {
	left := len(portion)
	for batch, err := range m.report.Read(ctx, m.segments) {
		if err = cmp.Or(err, batch.Err); err != nil {
			return fmt.Errorf("find the objects in the inventory report: %w", err)
		}
		for i := range batch.Records {
			rec := &batch.Records[i]
			id := objectOf(rec.Key, rec.VersionID)
			at := sort.Search(len(portion), func(i int) bool { return bytes.Compare(portion[i].object[:], id[:]) >= 0 })
			if at == len(portion) || portion[at].object != id || portion[at].found {
				continue
			}
			t := m.policy.Decide(rec)
			if t.Action == plan.Skip {
				continue
			}
			portion[at].found = true
			left--
			if err := found(&t, batch.Segment, m.endings[portion[at].ending]); err != nil {
				return err
			}
		}
	}
	if left > 0 {
		return m.foreign(ctx, portion)
	}
	return nil
}

// foreign says which object of a portion the job does not plan to do.
func (m *matching) foreign(ctx context.Context, portion []told) error {
	missing := map[objectID]bool{}
	for _, t := range portion {
		if !t.found && len(missing) < 1000 {
			missing[t.object] = true
		}
	}
	var diff []checkpoint.Difference
	for t, err := range m.tasks.Read(ctx) {
		if err != nil {
			return fmt.Errorf("completion report: %w", err)
		}
		if missing[objectOf(t.Key, t.VersionID)] {
			name := fmt.Sprintf("object %q", t.Key)
			if t.VersionID != "" {
				name += " version " + fmt.Sprintf("%q", t.VersionID)
			}
			if diff = append(diff, checkpoint.Difference{Name: name, Have: "not to be done", Want: "in the completion report"}); len(diff) == 3 {
				break
			}
		}
	}
	return &checkpoint.MismatchError{Job: m.job, Differences: diff}
}

// result is the ending of a task as a result of the job.
func (e ending) result(t *plan.Task, segment int) *engine.Result {
	r := &engine.Result{Task: *t, Segment: segment, Outcome: engine.Done, Reason: report.Batch}
	if e.succeeded {
		return r
	}
	class := engine.Permanent
	if e.status == 403 {
		class = engine.Denied
	}
	r.Outcome = engine.Failed
	r.Err = &engine.ObjectError{Op: "S3 Batch Operations", Bucket: t.Record.Bucket, Key: t.Record.Key, VersionID: t.Record.VersionID,
		Class: class, Code: e.code, HTTPStatus: e.status, Err: errors.New("the task failed")}
	return r
}

// maxSampled is how many objects are looked at before a report is believed. Of
// a report in which half of the objects are not as it says, one in 65,000
// passes; that of a job which did something else has none that are.
const maxSampled = 16

// sampled takes some of the objects that a report says were done, each as likely
// as any other.
type sampled struct {
	seen    int64
	records []inventory.Record
}

func (s *sampled) take(t *plan.Task, _ int, e ending) error {
	if !e.succeeded {
		return nil
	}
	s.seen++
	switch at := rand.Int64N(s.seen); {
	case len(s.records) < maxSampled:
		s.records = append(s.records, t.Record.Clone())
	case at < maxSampled:
		s.records[at] = t.Record.Clone()
	}
	return nil
}
