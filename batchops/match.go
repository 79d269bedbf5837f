package batchops

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"slices"
	"sort"

	"reseal/checkpoint"
	"reseal/inventory"
	"reseal/plan"
)

// Import takes a completion report into a job. The report names objects, in no
// order, and the job names rows. As many tasks as the memory allows are held at a
// time, and the inventory report is read once for each such portion.
// It is not safe for concurrent use.
type Import struct {
	Job      string // name of the job, for errors
	Tasks    *inventory.BatchTasks
	Report   *inventory.Report
	Segments []inventory.Segment // of the job
	Policy   *plan.Policy        // of the job
	Memory   int64               // bytes that the tasks may take that are held at a time

	read    int64 // tasks, by the last pass
	endings endings
}

// task is what a completion report says of one object.
type task struct {
	object objectID
	ending uint32 // number of it
	found  bool
}

// taskBytes is the size of a task.
const taskBytes = 24

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
// the job does not plan to do, is a *checkpoint.MismatchError in the end. So a
// first pass finds that out, before another one changes anything.
func (m *Import) each(ctx context.Context, found func(t *plan.Task, segment int, e ending) error) error {
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
func (m *Import) portions(ctx context.Context) iter.Seq2[[]task, error] {
	atOnce := int(max(m.Memory/taskBytes, 1))
	return func(yield func([]task, error) bool) {
		var held []task
		give := func() bool {
			slices.SortFunc(held, func(a, b task) int {
				return cmp.Or(bytes.Compare(a.object[:], b.object[:]), cmp.Compare(m.rank(a), m.rank(b)))
			})
			held = slices.CompactFunc(held, func(a, b task) bool { return a.object == b.object })
			return yield(held, nil)
		}
		for t, err := range m.Tasks.Read(ctx) {
			if err == nil {
				err = m.checkBucket(t.Bucket)
			}
			if err != nil {
				yield(nil, fmt.Errorf("completion report: %w", err))
				return
			}
			m.read++
			held = append(held, task{object: objectOf(t.Key, t.VersionID), ending: m.endings.number(ending{t.Succeeded, t.ErrorCode, t.HTTPStatus})})
			if len(held) >= atOnce {
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

// checkBucket refuses a bucket that is not the one of the job.
func (m *Import) checkBucket(bucket string) error {
	if bucket == m.Policy.Options.Bucket {
		return nil
	}
	return &checkpoint.MismatchError{Job: m.Job, Differences: []checkpoint.Difference{{Name: "bucket", Have: m.Policy.Options.Bucket, Want: fmt.Sprintf("%q", bucket)}}}
}

// rank puts success before failure: one attempt that worked is what counts.
func (m *Import) rank(t task) int {
	if m.endings.all[t.ending].succeeded {
		return 0
	}
	return 1
}

// match reads the inventory report and hands out the first row of each object of
// a portion that the job plans to do.
func (m *Import) match(ctx context.Context, portion []task, found func(*plan.Task, int, ending) error) error {
	left := len(portion)
	for batch, err := range m.Report.Read(ctx, m.Segments) {
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
			t := m.Policy.Decide(rec)
			if t.Action == plan.Skip {
				continue
			}
			if err := checkRow(&m.Policy.Options, &t); err != nil {
				return err
			}
			portion[at].found = true
			left--
			if err := found(&t, batch.Segment, m.endings.all[portion[at].ending]); err != nil {
				return err
			}
		}
	}
	if left > 0 {
		return m.unplanned(ctx, portion)
	}
	return nil
}

// unplanned says which objects of a portion the job does not plan to do.
func (m *Import) unplanned(ctx context.Context, portion []task) error {
	const named, searched = 3, 1000
	missing := map[objectID]bool{}
	for _, t := range portion {
		if !t.found && len(missing) < searched {
			missing[t.object] = true
		}
	}
	var diff []checkpoint.Difference
	for t, err := range m.Tasks.Read(ctx) {
		if err != nil {
			return fmt.Errorf("completion report: %w", err)
		}
		if missing[objectOf(t.Key, t.VersionID)] {
			name := fmt.Sprintf("object %q", t.Key)
			if t.VersionID != "" {
				name += " version " + fmt.Sprintf("%q", t.VersionID)
			}
			if diff = append(diff, checkpoint.Difference{Name: name, Have: "not to be done", Want: "in the completion report"}); len(diff) == named {
				break
			}
		}
	}
	return &checkpoint.MismatchError{Job: m.Job, Differences: diff}
}
