package engine

import (
	"log/slog"
	"time"

	"reseal/plan"
)

// How failed objects are logged: a bucket that refuses everything must not fill a disk.
const (
	loggedFailures = 10               // lines about objects that failed for one reason, in failureWindow
	failureWindow  = 30 * time.Second // after which the others are told as a number
)

// failureLog writes a line for each object that failed, and of many that failed for the
// same reason how many more there are. One goroutine uses it.
type failureLog struct {
	log     *slog.Logger
	windows map[plan.Reason]*failureWindowOf
}

// failureWindowOf counts what failed for one reason since a window began.
type failureWindowOf struct {
	began  time.Time
	shown  int
	hidden int64
}

// add takes in an object that failed.
func (l *failureLog) add(r *Result, now time.Time) {
	if l.windows == nil {
		l.windows = map[plan.Reason]*failureWindowOf{}
	}
	w := l.windows[r.Reason]
	if w == nil {
		w = &failureWindowOf{began: now}
		l.windows[r.Reason] = w
	}
	if w.shown >= loggedFailures {
		w.hidden++
		return
	}
	w.shown++
	var none ObjectError
	e := r.Err
	if e == nil {
		e = &none
	}
	rec := &r.Task.Record
	l.log.Warn("object failed", "bucket", rec.Bucket, "key", rec.Key, "version", rec.VersionID, "reason", string(r.Reason), "operation", e.Op,
		"status", e.HTTPStatus, "code", e.Code, "request_id", e.RequestID, "error", e.Words())
}

// sweep tells of what was left out in windows that are over; all says that all are.
func (l *failureLog) sweep(now time.Time, all bool) {
	for reason, w := range l.windows {
		if !all && now.Sub(w.began) < failureWindow {
			continue
		}
		if w.hidden > 0 {
			l.log.Warn("more objects failed", "reason", string(reason), "count", w.hidden, "window_s", now.Sub(w.began).Seconds())
		}
		delete(l.windows, reason)
	}
}
