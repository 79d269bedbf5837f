package engine

import (
	"errors"
	"fmt"
	"net/http"

	"reseal/plan"
)

// stillThere finds objects about which an endpoint says two things: a request finds
// the object gone or changed, and HeadObject shows the same one before and after. Other
// clients, who change or delete objects, do not look like that.
type stillThere struct {
	head *plan.Head // at the last such answer
}

// contradicts takes note of how an attempt at a task ended, and returns the error
// to end with where the endpoint contradicts itself. A single answer may be about
// a write that came in between.
func (s *stillThere) contradicts(t *plan.Task, err error) *ObjectError {
	var oe *ObjectError
	if !errors.As(err, &oe) || t.Head == nil {
		return nil
	}
	gone, condition := oe.Class == Gone, oe.Class == Changed && oe.HTTPStatus == http.StatusPreconditionFailed
	if !gone && !condition {
		s.head = nil
		return nil
	}
	was, is := s.head, t.Head
	s.head = is
	if was == nil || was.ETag != is.ETag || was.VersionID != is.VersionID || !was.LastModified.Equal(is.LastModified) {
		return nil
	}
	out := *oe
	out.Class, out.Reason, out.Said = Permanent, plan.Unaddressable, ""
	if gone {
		out.Err = fmt.Errorf("the endpoint cannot address this key: HeadObject shows the object, and %s answers %d: %w", oe.Op, oe.HTTPStatus, oe.Err)
		return &out
	}
	out.Reason = plan.RequestError
	out.Err = fmt.Errorf("%s answers that the object was changed, and HeadObject shows that it was not: %w", oe.Op, oe.Err)
	return &out
}
