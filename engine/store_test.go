package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"reseal/inventory"
	"reseal/plan"
)

// store is a small object store in memory with a Rewriter in front of it:
// copies take time, are conditional on the ETag, and can be told to misbehave.
type store struct {
	mu      sync.Mutex
	objects map[string]*object
	copies  map[string]int // committed copies by key
	heads   int
	fromKMS int // of heads, of what was said to be under a key
	latency time.Duration

	// before is called with every request, its number among those for the key,
	// and may fail it.
	before func(op, key string, nth int) error
	lose   func(op, key string) bool // tells whether an answer gets lost, nil for never
	hang   func(op, key string) bool // tells whether a request is never answered
	calls  map[string]int
	toS3   bool // objects are under SSE-KMS, and copied to SSE-S3
}

type object struct {
	etag      string
	encrypted bool
	key       string // wantedKey where empty
	noBucket  bool   // without a bucket key
}

const wantedKey = "arn:aws:kms:eu-west-1:111122223333:key/k1"

func newStore(n int) *store {
	s := &store{objects: map[string]*object{}, copies: map[string]int{}, calls: map[string]int{}, latency: time.Minute,
		before: func(string, string, int) error { return nil }}
	for i := range n {
		s.objects[key(i)] = &object{etag: fmt.Sprintf("v1-%d", i)}
	}
	return s
}

func key(i int) string { return fmt.Sprintf("k/%05d", i) }

func failure(op, key string, c Class) *ObjectError {
	return &ObjectError{Op: op, Bucket: "b", Key: key, Class: c, Err: errors.New(c.String())}
}

// request is one request: latency, then the rule of the test.
func (s *store) request(ctx context.Context, op, key string, do func(o *object) error) error {
	latency := time.After(s.latency)
	if s.hang != nil && s.hang(op, key) {
		latency = nil
	}
	select {
	case <-latency:
	case <-ctx.Done():
		return failure(op, key, Transient)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op+key]++
	if err := s.before(op, key, s.calls[op+key]); err != nil {
		return err
	}
	o := s.objects[key]
	if o == nil {
		return failure(op, key, Gone)
	}
	err := do(o)
	if s.lose != nil && s.lose(op, key) {
		return failure(op, key, Transient)
	}
	return err
}

func (s *store) Inspect(ctx context.Context, t *plan.Task, g Gate) (h *plan.Head, err error) {
	err = g.Do(ctx, t.Step(plan.StepHead), func(ctx context.Context) error {
		return s.request(ctx, "head", t.Record.Key, func(o *object) error {
			s.heads++
			if t.FromKMS {
				s.fromKMS++
			}
			h = &plan.Head{ETag: o.etag, Size: 1, StorageClass: inventory.Standard, Encryption: inventory.SSES3}
			if o.encrypted != s.toS3 {
				h.Encryption, h.KMSKeyID, h.BucketKey = inventory.SSEKMS, cmp.Or(o.key, wantedKey), !o.noBucket
			}
			return nil
		})
	})
	return h, err
}

func (s *store) Rewrite(ctx context.Context, t *plan.Task, g Gate) (e Effect, err error) {
	err = g.Do(ctx, t.Step(plan.StepCopy), func(ctx context.Context) error {
		return s.request(ctx, "copy", t.Record.Key, func(o *object) error {
			if o.etag != t.Record.ETag {
				return failure("copy", t.Record.Key, Changed)
			}
			s.copies[t.Record.Key]++
			o.encrypted = true
			if t.Action != plan.Update { // which leaves the ETag as it is
				o.etag = "kms-" + o.etag
			}
			e = Effect{ETag: o.etag, KMSKeyID: wantedKey}
			return nil
		})
	})
	return e, err
}

// open is a gate that lets everything through.
type open struct{}

func (open) Do(ctx context.Context, _ plan.Step, send func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return send(ctx)
}

// shut is a gate that never lets anything through.
type shut struct{}

func (shut) Do(ctx context.Context, _ plan.Step, _ func(context.Context) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// log is journal and sink: it keeps the order of what it was told.
type log struct {
	written, settled, durable map[string]Outcome
	results                   []Result
	ends                      map[int]error
	rows                      map[int]int64
	admitted                  map[int]int64
	flushes                   int
	failSettle                error
	disorder                  []string
	doubts                    []int64 // rows
	rested                    bool
}

func newLog() *log {
	return &log{written: map[string]Outcome{}, settled: map[string]Outcome{}, durable: map[string]Outcome{},
		ends: map[int]error{}, rows: map[int]int64{}, admitted: map[int]int64{}}
}

func (l *log) Write(r *Result) error {
	l.written[r.Task.Record.Key] = r.Outcome
	l.results = append(l.results, *r)
	return nil
}

func (l *log) Admit(_ context.Context, p inventory.Position) error {
	if p.Row < l.admitted[p.File] {
		l.disorder = append(l.disorder, fmt.Sprintf("admitted row %d after %d", p.Row, l.admitted[p.File]))
	}
	l.admitted[p.File] = p.Row
	return nil
}

func (l *log) Settle(r *Result) error {
	k := r.Task.Record.Key
	if l.failSettle != nil {
		return l.failSettle
	}
	if _, ok := l.written[k]; ok == (r.Outcome == Deferred) { // which is no result
		l.disorder = append(l.disorder, k+" settled before its result was written, or put off with one")
	}
	if _, twice := l.settled[k]; twice {
		l.disorder = append(l.disorder, k+" settled twice")
	}
	if p := r.Task.Record.Pos; r.Attempts > 0 && p.Row > l.admitted[p.File] {
		l.disorder = append(l.disorder, k+" settled without being admitted")
	}
	l.settled[k] = r.Outcome
	return nil
}

func (l *log) End(segment int, rows int64, damage error) error {
	l.ends[segment], l.rows[segment] = damage, rows
	return nil
}

func (l *log) Doubt(p inventory.Position) error {
	l.doubts = append(l.doubts, p.Row)
	return nil
}

func (l *log) Rest(ctx context.Context) error {
	l.rested = true
	return l.Flush(ctx)
}

func (l *log) Flush(context.Context) error {
	l.flushes++
	for k, o := range l.settled {
		l.durable[k] = o
	}
	return nil
}

// batches yields the keys 0 to n-1 as the report would, per rows at a time.
func batches(n, per int, edit func(i int, r *inventory.Record)) func(yield func(inventory.Batch, error) bool) {
	known := inventory.Columns(0)
	for _, c := range []inventory.Column{inventory.ColBucket, inventory.ColKey, inventory.ColSize, inventory.ColETag,
		inventory.ColStorageClass, inventory.ColEncryption} {
		known = known.With(c)
	}
	return func(yield func(inventory.Batch, error) bool) {
		for first := 0; first < n; first += per {
			var b inventory.Batch
			for i := first; i < min(n, first+per); i++ {
				r := inventory.Record{Pos: inventory.Position{Row: int64(i)}, Known: known, Bucket: "b", Key: key(i), Size: 1,
					ETag: fmt.Sprintf("v1-%d", i), StorageClass: inventory.Standard, Encryption: inventory.SSES3}
				if edit != nil {
					edit(i, &r)
				}
				b.Records = append(b.Records, r)
			}
			b.End, b.Rows = first+per >= n, int64(n)
			if !yield(b, nil) {
				return
			}
		}
	}
}

// config is a run on s, with bucket facts that need no HEAD.
func config(s *store, l *log) Config {
	return Config{
		Rewriter: s, Gate: open{}, Journal: l, Sink: l, Workers: 8,
		Policy: &plan.Policy{
			Options: plan.Options{Bucket: "b", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: wantedKey, BucketKey: true}.Normal(),
			Facts: plan.Facts{Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No,
				IgnoresIfMatch: plan.No, AWS: plan.Yes},
			Weights: plan.DefaultWeights(true),
		},
	}
}

// withTimeout is a context for admission that ends after d.
func withTimeout(t *testing.T, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), d)
}
