package ratelimit

import "context"

// maxContexts is how many contexts are watched at a time. A run has two: one
// that admits work, and one under which work finishes.
const maxContexts = 4

// sharedContext is a context that many steps wait under. When it ends, all of them
// are told. So each step receives from one channel, which is cheaper than a select.
type sharedContext struct{ done <-chan struct{} }

// shares reports whether steps under ctx are told when it ends. A context that
// comes twice in a row will come again, so it is watched from then on. The caller
// holds the lock.
func (g *Governor) shares(ctx context.Context) bool {
	done := ctx.Done()
	if done == nil {
		return true
	}
	for _, a := range g.contexts {
		if a.done == done {
			return true
		}
	}
	if g.lastDone != done || len(g.contexts) == maxContexts {
		g.lastDone = done
		return false
	}
	g.contexts = append(g.contexts, sharedContext{done})
	context.AfterFunc(ctx, func() { g.cancelWaiters(done, ctx.Err()) })
	return true
}

// cancelWaiters fails all steps that wait under the context with the given channel.
func (g *Governor) cancelWaiters(done <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, a := range g.contexts {
		if a.done == done {
			last := len(g.contexts) - 1
			g.contexts[i] = g.contexts[last]
			g.contexts = g.contexts[:last]
			break
		}
	}
	for _, l := range g.busy {
		for _, q := range [...]*queue{&l.retries, &l.fresh} {
			for w := q.first; w != nil; {
				next := w.next
				if w.done == done {
					g.dequeue(w)
					w.err = err
					w.ready <- struct{}{}
				}
				w = next
			}
		}
	}
}
