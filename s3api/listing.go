package s3api

import (
	"context"
	"errors"
	"iter"
	"sync"

	"reseal/inventory"
)

// lister lists a bucket with several requests at a time. S3 tells nobody where
// its keys lie, so the key space is cut while it is read: a worker without work
// takes the rest of somebody else's range behind a key that is guessed. A guess
// behind which there is nothing costs one request, and the next one is better.
//
// Wherever ranges are cut, each key is in exactly one of them, so what a guess is
// worth decides about time alone.
type lister struct {
	ask     func(context.Context, listAsk) (*listPage, error)
	prefix  string
	workers int

	out chan []inventory.Record

	mu        sync.Mutex
	changed   *sync.Cond // a page was taken in, a range ended, or err was set
	spans     []*span    // the ranges that are being listed
	letters   letters
	unordered bool // pages are not in the order of their keys: one range, in sequence
	err       error
}

// listAsk asks for one page.
type listAsk struct {
	after   string // only what follows this key; "" is from the beginning
	version string // with after: also what follows this version of that key
	token   string // goes on where a page ended
	max     int    // entries; 0 is as many as the server likes
}

// listPage is the answer. Records are in the order that the server gave them.
type listPage struct {
	records []inventory.Record
	next    *listAsk // nil at the end
}

// span is a range of keys that one worker lists: those above after, up to and
// with to.
type span struct {
	after, to string // to "" is open
	at        string // last key taken in
	recent    map[string]bool
	pages     int // taken in

	near   letters // characters of the last page, behind what its keys have in common
	shared int     // length of what they have in common

	victim  *span // whose rest this was, until the first page is in
	guesses int   // made at it, whose first page is not in yet
	misses  int   // times in a row that there was nothing behind a guess
	patient int   // pages to have before the next guess
	leap    int   // how far the last guess went that had something behind it
}

// maxGuesses is how many guesses may be made at a range at the same time: one of
// each kind.
const maxGuesses = 3

var (
	errUnordered = errors.New("the server does not list keys in order, so they cannot be listed several pages at a time; use one worker")
)

// all yields everything there is, in pieces and in no order. The last pair has
// the error, if there was one.
func (l *lister) all(ctx context.Context) iter.Seq2[[]inventory.Record, error] {
	return func(yield func([]inventory.Record, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		l.out = make(chan []inventory.Record)
		l.changed = sync.NewCond(&l.mu)
		stop := context.AfterFunc(ctx, func() { l.fail(context.Cause(ctx)) }) // wakes who waits for work
		defer stop()
		go func() {
			defer close(l.out)
			l.run(ctx)
		}()
		listening := true
		for records := range l.out {
			if listening && !yield(records, nil) {
				listening = false
				cancel()
			}
		}
		l.mu.Lock()
		err := l.err
		l.mu.Unlock()
		if listening && err != nil {
			yield(nil, err)
		}
	}
}

// run lists until everything was handed out, or something failed.
func (l *lister) run(ctx context.Context) {
	first, err := l.ask(ctx, listAsk{})
	if err != nil {
		l.fail(err)
		return
	}
	root := &span{recent: map[string]bool{}}
	l.unordered = !inOrder(first.records)
	workers := 1
	if l.workers > 1 && first.next != nil && !l.unordered {
		able, err := l.canBegin(ctx, first.records)
		if err != nil {
			l.fail(err)
			return
		}
		if able {
			workers = l.workers
		}
	}
	l.spans = []*span{root}
	var crew sync.WaitGroup
	for i := range workers {
		crew.Go(func() {
			s, page := root, first
			if i > 0 {
				s, page = l.steal(), nil
			}
			for s != nil {
				if err := l.list(ctx, s, page); err != nil {
					l.fail(err)
				}
				l.end(s)
				s, page = l.steal(), nil
			}
		})
	}
	crew.Wait()
}

// canBegin finds out whether the server begins where it is told to.
func (l *lister) canBegin(ctx context.Context, known []inventory.Record) (bool, error) {
	if len(known) < 2 || known[0].Key == known[len(known)-1].Key {
		return false, nil
	}
	after := known[0].Key
	page, err := l.ask(ctx, listAsk{after: after, max: 1})
	if err != nil {
		return false, err
	}
	return len(page.records) > 0 && page.records[0].Key > after, nil
}

// list reads the pages of a range; page is its first one, nil where it has yet
// to be asked for.
func (l *lister) list(ctx context.Context, s *span, page *listPage) error {
	ask := listAsk{after: s.after}
	mark := ask // Brent's: a page remembered at each power of two finds any circle
	for barren, n, power := 0, 0, 1; barren < maxBarrenPages; barren++ {
		if page == nil {
			var err error
			if page, err = l.ask(ctx, ask); err != nil {
				return err
			}
		}
		records, more, err := l.take(s, page)
		if err != nil {
			return err
		}
		if len(records) > 0 {
			barren = -1
			select {
			case l.out <- records:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if !more {
			return nil
		}
		if *page.next == ask || *page.next == mark {
			return errEndlessList
		}
		if n++; n == power {
			mark, power = *page.next, 2*power
		}
		ask, page = *page.next, nil
	}
	return errEndlessList
}

// take returns what of a page is new and belongs to s, and tells whether there
// may be more.
func (l *lister) take(s *span, page *listPage) (fresh []inventory.Record, more bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.changed.Broadcast()
	if !l.unordered && !inOrder(page.records) {
		return nil, false, errUnordered
	}
	more = page.next != nil
	fresh = page.records[:0]
	seen := map[string]bool{}
	for i := range page.records {
		r := page.records[i]
		switch {
		case l.unordered:
			id := r.Key + "\x00" + r.VersionID
			again := s.recent[id] || seen[id]
			seen[id] = true
			if again {
				continue
			}
		case r.Key <= s.after || r.Key < s.at:
			continue // the server repeats itself, or does not begin where it was told to
		case s.to != "" && r.Key > s.to:
			more = false
			continue
		default:
			if r.Key != s.at {
				clear(seen)
				clear(s.recent)
				s.at = r.Key
			}
			again := s.recent[r.VersionID] || seen[r.VersionID]
			seen[r.VersionID] = true
			if again {
				continue
			}
		}
		fresh = append(fresh, r)
	}
	s.recent = seen
	s.pages++
	l.learn(s, fresh)
	if v := s.victim; v != nil {
		s.victim = nil
		v.guesses--
		if len(fresh) == 0 && !more {
			v.misses++
			v.leap = max(0, v.leap-1)
			v.patient = v.pages + v.misses/8
		} else {
			v.misses, v.patient = 0, v.pages
		}
	}
	return fresh, more, nil
}

// learn notes what keys look like.
func (l *lister) learn(s *span, fresh []inventory.Record) {
	if len(fresh) == 0 {
		return
	}
	s.shared, s.near = common(fresh[0].Key, fresh[len(fresh)-1].Key), letters{}
	for i := range fresh {
		s.near.add(fresh[i].Key[min(s.shared, len(fresh[i].Key)):]) // of unordered keys, some are shorter
		l.letters.add(fresh[i].Key)
	}
}

// steal takes the rest of a range, waiting until there is one that can be cut.
// It returns nil when nothing is left to do.
func (l *lister) steal() *span {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.err == nil && len(l.spans) > 0 {
		var victim *span
		var behind string
		for _, s := range l.spans {
			if s.pages == 0 || s.guesses == maxGuesses || s.pages < s.patient || victim != nil && s.misses+s.guesses >= victim.misses+victim.guesses {
				continue
			}
			if key := l.between(s); key != "" {
				victim, behind = s, key
			}
		}
		if victim != nil {
			s := &span{after: behind, to: victim.to, at: behind, victim: victim, leap: victim.leap + 1, recent: map[string]bool{}}
			victim.to = behind
			victim.guesses++
			l.spans = append(l.spans, s)
			return s
		}
		l.changed.Wait()
	}
	return nil
}

// end takes a range off the list.
func (l *lister) end(s *span) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.spans {
		if other == s {
			l.spans = append(l.spans[:i], l.spans[i+1:]...)
			break
		}
	}
	if s.victim != nil { // it never had a page
		s.victim.guesses--
	}
	l.changed.Broadcast()
}

// fail ends the listing.
func (l *lister) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.err = err
	}
	l.changed.Broadcast()
}

// inOrder tells whether the keys of a page ascend.
func inOrder(records []inventory.Record) bool {
	for i := 1; i < len(records); i++ {
		if records[i].Key < records[i-1].Key {
			return false
		}
	}
	return true
}
