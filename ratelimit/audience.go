package ratelimit

import "context"

// maxAudiences is how many contexts are known at a time. A run has two: one
// that admits work, and one under which it finishes.
const maxAudiences = 4

// audience is those who wait under one context. All are told when that ends, so
// that each of them waits for one thing, which is cheaper than for either of two.
type audience struct{ done <-chan struct{} }

// attends reports whether steps under ctx are told when it ends. Contexts that
// come twice in a row are taken to come again; one of a single step is not
// worth it. The lock is held.
func (g *Governor) attends(ctx context.Context) bool {
	done := ctx.Done()
	if done == nil {
		return true
	}
	for _, a := range g.audiences {
		if a.done == done {
			return true
		}
	}
	if g.newcomer != done || len(g.audiences) == maxAudiences {
		g.newcomer = done
		return false
	}
	g.audiences = append(g.audiences, audience{done})
	context.AfterFunc(ctx, func() { g.dismiss(done, ctx.Err()) })
	return true
}

// dismiss fails those who wait under the context with the given channel.
func (g *Governor) dismiss(done <-chan struct{}, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, a := range g.audiences {
		if a.done == done {
			last := len(g.audiences) - 1
			g.audiences[i] = g.audiences[last]
			g.audiences = g.audiences[:last]
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
