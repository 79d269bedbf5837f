package selfcheck

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"reseal/plan"
	"reseal/s3api"
)

// Config says where to ask.
type Config struct {
	Client *s3api.Client
	Facts  plan.Facts // of the bucket
	Prefix string     // that scratch objects may be written under
	KeyARN string

	// Large is the size in bytes of the object whose copy is timed; 0 leaves
	// the copy rate out.
	Large int64

	// Usage tells how many KMS requests the account made, a minute an entry;
	// nil leaves out the figures that need it. They take some fifteen minutes.
	Usage func(ctx context.Context, from, to time.Time) ([]s3api.KMSCalls, error)

	// Each is called with every finding as it comes; nil for nobody.
	Each func(Finding)
}

// Demand is what asking all items may take at most. The figures that need
// CloudWatch are in it only where kms is true.
func Demand(kms bool) plan.Demand {
	total := experimentDemand().Add(writes(3)) // the first object, tried twice, and the first upload
	for _, item := range Items() {
		total = total.Add(item.demand)
	}
	if kms {
		total = total.Add(writes(int64(len(kmsWays())) * burst).Add(writes(1)))
	}
	return total
}

// run is one pass over the items.
type run struct {
	Config
	scratch *s3api.Scratch
	now     func() time.Time

	copies, parts, updates *experiment // made once, by who needs them first
	usage                  *usage
	n                      int // of names so far
}

// Run asks all items, one after the other, and deletes what it made. The error
// is about what it could not delete or about ctx; findings are returned in any case.
func Run(ctx context.Context, c Config) (found []Finding, requests map[string]int64, err error) {
	scratch, err := c.Client.Scratch(c.Facts.Bucket, c.Prefix)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		err = errors.Join(err, scratch.Clean(ctx))
		requests = scratch.Requests()
	}()
	r := &run{Config: c, scratch: scratch, now: time.Now}
	if err := r.writable(ctx); err != nil {
		return nil, nil, err
	}
	for _, item := range Items() {
		if err := context.Cause(ctx); err != nil {
			return found, nil, err
		}
		f := skipped("selfcheck cannot ask this; docs/open-questions.md says how a person can")
		if item.ask != nil {
			f = item.ask(ctx, r)
		}
		f.Number, f.Title, f.Docs = item.Number, item.Title, item.Docs
		found = append(found, f)
		if c.Each != nil {
			c.Each(f)
		}
	}
	return found, nil, nil
}

// writable fails where nothing can be written, so that not every item has to, and
// where the first object or upload cannot be deleted again: nothing more is written then.
func (r *run) writable(ctx context.Context) error {
	first := s3api.ScratchObject{Name: "first", Data: []byte("first"), Plain: true}
	w := r.scratch.Put(ctx, first)
	if w.Lacks != "" { // all that needs an object that is not under the key yet could not be asked
		return fmt.Errorf("write the first scratch object under %s, without a word on encryption: %w; where a policy denies such uploads, name another bucket", r.scratch.Folder(), w.Err)
	}
	if w.Err != nil {
		first.SSE, first.KMSKeyID, first.BucketKey = plan.TargetKMS, r.KeyARN, true
		w = r.scratch.Put(ctx, first)
	}
	if w.Err != nil {
		return fmt.Errorf("write the first scratch object under %s: %w", r.scratch.Folder(), w.Err)
	}
	r.scratch.Begin(ctx, s3api.ScratchParts{Name: "first", Plain: true, SSE: first.SSE, KMSKeyID: first.KMSKeyID, BucketKey: first.BucketKey}) // items say where that is refused
	if err := r.scratch.Clean(ctx); err != nil {
		return fmt.Errorf("nothing more was written, as what was written first could not be deleted again: %w", err)
	}
	return nil
}

// name makes a name for one more scratch object.
func (r *run) name(about string) string {
	r.n++
	return fmt.Sprintf("%02d-%s", r.n, about)
}

// put writes a plain scratch object and returns its name.
func (r *run) put(ctx context.Context, about string) (string, s3api.Written) {
	name := r.name(about)
	w := r.scratch.Put(ctx, s3api.ScratchObject{Name: name, Data: body(1000), Plain: true})
	return name, w
}

// body is n bytes that are the same every time.
func body(n int64) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('a' + i%23)
	}
	return out
}

// why says in a few words how a request was answered.
func why(r *s3api.Reply) string {
	switch {
	case r.Err == nil:
		return "200"
	case r.Code != "" && r.Status != 0 && strings.IndexFunc(r.Code, odd) >= 0: // not what a service says
		return fmt.Sprintf("%d %.60q", r.Status, r.Code)
	case r.Code != "" && r.Status != 0:
		return fmt.Sprintf("%d %s", r.Status, r.Code)
	case r.Status != 0:
		return fmt.Sprintf("%d without a code", r.Status)
	}
	return fmt.Sprintf("%q", r.Err.Error())
}

// odd tells whether a character is none that error codes are made of.
func odd(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':')
}
