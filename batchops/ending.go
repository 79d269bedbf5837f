package batchops

import (
	"errors"

	"reseal/engine"
	"reseal/plan"
	"reseal/report"
)

// ending is how a task ended.
type ending struct {
	succeeded bool
	code      string
	status    int // of HTTP
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

// maxEndings bounds the number of different endings that are told apart.
const maxEndings = 4096

// endings keeps each ending once, however many tasks had it.
type endings struct {
	all     []ending
	numbers map[ending]uint32
}

// number returns the number of an ending, a new one where it is new. Those beyond
// maxEndings share a number. What else is said of a success is of no use.
func (s *endings) number(e ending) uint32 {
	if e.succeeded {
		e = ending{succeeded: true}
	}
	n, known := s.numbers[e]
	if known {
		return n
	}
	if len(s.all) >= maxEndings && !e.succeeded {
		if e = (ending{code: "other"}); s.numbers[e] != 0 {
			return s.numbers[e]
		}
	}
	if s.numbers == nil {
		s.numbers = map[ending]uint32{}
	}
	n = uint32(len(s.all))
	s.all = append(s.all, e)
	s.numbers[e] = n
	return n
}
