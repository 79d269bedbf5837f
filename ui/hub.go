package ui

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

const (
	sampleEvery = time.Second      // of the live curves
	readTimeout = 30 * time.Second // for one read of a job
	lastRead    = 5 * time.Second  // for the read at the end
)

// message is what goes to the pages.
type message struct {
	View    *view  `json:"view,omitempty"` // the last that could be read
	Problem string `json:"problem,omitempty"`
	Over    bool   `json:"over"` // nothing more comes
}

// hub reads the job while somebody looks, and has the last message for all of them.
// Nobody is waited for: who is slow gets a later message.
type hub struct {
	source Source
	pace   Pace
	record recorder // of the goroutine that reads
	last   message  // of the same

	mu       sync.Mutex
	data     []byte // nil before the first
	number   int    // of messages so far
	over     bool
	changed  chan struct{} // closed by the next message
	watchers int
	wake     chan struct{} // somebody came
}

func newHub(s Source, p Pace) *hub {
	return &hub{source: s, pace: p, changed: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// run takes samples all the time, and reads the job while somebody looks, until ctx ends.
func (h *hub) run(ctx context.Context) {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	var due time.Time
	for {
		select {
		case <-tick.C:
			h.record.add(time.Now(), h.source.Run(ctx))
		case <-h.wake:
		case <-ctx.Done():
			return
		}
		if began := time.Now(); h.watched() && !began.Before(due) {
			h.read(ctx, readTimeout, false)
			due = time.Now().Add(h.pace.after(time.Since(began)))
		}
	}
}

// finish reads the job for the last time, if anybody looks. It is called after run.
func (h *hub) finish(ctx context.Context) {
	if h.watched() {
		h.read(ctx, lastRead, true)
	}
}

// read reads the job and publishes it. Where that fails the last view stands.
func (h *hub) read(ctx context.Context, timeout time.Duration, over bool) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := h.source.Snapshot(ctx)
	if h.last.Problem = ""; err != nil {
		h.last.Problem = err.Error()
	} else {
		h.last.View = newView(d, &h.record, time.Now())
	}
	h.last.Over = over
	if data, err := json.Marshal(&h.last); err == nil {
		h.publish(data, over)
	}
}

func (h *hub) publish(data []byte, over bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.data, h.over = data, over
	h.number++
	close(h.changed)
	h.changed = make(chan struct{})
}

// latest returns the last message, its number, and what is closed by the next one.
func (h *hub) latest() (data []byte, number int, over bool, changed <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.data, h.number, h.over, h.changed
}

// join has the job read as long as somebody who joined has not left.
func (h *hub) join() {
	h.mu.Lock()
	h.watchers++
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

func (h *hub) leave() {
	h.mu.Lock()
	h.watchers--
	h.mu.Unlock()
}

func (h *hub) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.watchers > 0
}
