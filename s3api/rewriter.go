package s3api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"

	"reseal/engine"
	"reseal/inventory"
	"reseal/plan"
)

// RewriteConfig is what a Rewriter has to know beyond its tasks.
type RewriteConfig struct {
	Options plan.Options // Bucket, SSE, KMSKeyID and BucketKey are used; KMSKeyID is no alias
	Facts   plan.Facts   // of that bucket, as Client.Facts read them

	// UpdateProven permits UpdateObjectEncryption on an endpoint that is not
	// AWS's own. Servers that do not know the request take it for a PutObject
	// and put its XML in place of the object's data.
	UpdateProven bool

	// LocksShown says that Client.HiddenLocks found nothing hidden. Without it,
	// in a bucket that may have object lock, a copy asks first for what
	// HeadObject does not show of the object's lock: two more requests.
	LocksShown bool

	// Checksums asks each HeadObject for the stored checksum, so that its
	// algorithm is known. That needs kms:Decrypt for objects under SSE-KMS.
	Checksums bool

	// AcceptLoss names attributes whose loss is not an error.
	AcceptLoss []plan.Attribute

	// Notes remembers uploads in progress across restarts; nil does not.
	Notes Notes

	// PartConcurrency is the number of parts of one object in flight. Default 8.
	PartConcurrency int
}

// Notes remembers, for each row being worked on, what a restart has to know.
// Safe for concurrent use.
type Notes interface {
	// Get returns the note of a row, nil where there is none.
	Get(p inventory.Position) []byte
	// Put replaces the note of a row, or forgets it where note is nil. A note
	// is small (a few hundred bytes, 40 KB at most); it need not be durable on
	// return. ErrNotesFull says that there is no room for it.
	Put(p inventory.Position, note []byte) error
	// Kept returns once what Put was told of the row last is durable, or with an
	// error where it will not be, or when ctx ends.
	Kept(ctx context.Context, p inventory.Position) error
}

// ErrNotesFull is the error of Notes that have no room for the note now.
var ErrNotesFull = errors.New("no room for another note of an upload under way; fewer at a time (--concurrency) leave some")

// Rewriter re-encrypts the objects of one bucket. Safe for concurrent use.
type Rewriter struct {
	client *Client
	config RewriteConfig
	s3     *s3.Client
	slim   *slim   // nil: the SDK's client sends everything
	owner  *string // expected bucket owner, nil for none
	payer  types.RequestPayer
	fresh  time.Duration // age up to which a look at an object counts
}

var _ engine.Rewriter = (*Rewriter)(nil)

// Rewriter returns a Rewriter for the bucket and key of r. It refuses, with a
// *SetupError, what could not work for any object.
func (c *Client) Rewriter(r RewriteConfig) (*Rewriter, error) {
	if r.PartConcurrency <= 0 {
		r.PartConcurrency = 8 // with plan's 1 GiB parts, 8 GiB of copying under way for one object
	}
	o := &r.Options
	switch {
	case o.Bucket == "":
		return nil, &SetupError{Kind: NoBucket, Op: "prepare", Err: errors.New("no bucket")}
	case o.SSE == plan.TargetAES256:
	case o.SSE != plan.TargetKMS:
		return nil, &SetupError{Kind: Unsupported, Op: "prepare", Subject: o.SSE, Err: errors.New("neither aws:kms nor AES256")}
	case o.KMSKeyID == "":
		// Without a key S3 takes the account's aws/s3 key, which is nobody's intent.
		return nil, &SetupError{Kind: KeyUnknown, Op: "prepare", Err: errors.New("aws:kms needs a key")}
	case isAlias(o.KMSKeyID):
		return nil, &SetupError{Kind: KeyNotFull, Op: "prepare", Subject: o.KMSKeyID,
			Err: errors.New("an alias can be pointed elsewhere in the middle of a run, and answers do not name it")}
	}
	if o.Method == plan.MethodUpdate || o.Method == plan.MethodAuto {
		if r.Facts.AWS != plan.Yes && !r.UpdateProven {
			return nil, &SetupError{Kind: Unproven, Op: "prepare " + plan.StepUpdate.String(), Subject: c.endpoint.URL, Err: errUnproven}
		}
		if o.SSE == plan.TargetKMS && !fullKeyARN(o.KMSKeyID) {
			return nil, &SetupError{Kind: KeyNotFull, Op: "prepare " + plan.StepUpdate.String(), Subject: o.KMSKeyID,
				Err: errors.New("only a full key ARN is taken")}
		}
	}
	out := &Rewriter{client: c, config: r, s3: c.tasks, slim: c.newSlim(o.Bucket), owner: c.bucketOwner(), fresh: freshness}
	if r.Facts.Requester == plan.Yes {
		out.payer = types.RequestPayerRequester
	}
	return out, nil
}

var errUnproven = errors.New("the endpoint is not known to understand the request, and a server that does not replaces the object's data by it")

// isAlias tells whether id is an alias name or ARN.
func isAlias(id string) bool {
	return strings.HasPrefix(id, "alias/") || strings.HasPrefix(id, "arn:") && strings.Contains(id, ":alias/")
}

// fullKeyARN tells whether id is arn:partition:kms:region:account:key/id.
func fullKeyARN(id string) bool {
	parts := strings.SplitN(id, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "kms" && parts[3] != "" && len(parts[4]) == 12 &&
		len(parts[5]) > len("key/") && strings.HasPrefix(parts[5], "key/")
}

// Rewrite carries out the task's action; see engine.Rewriter.
func (r *Rewriter) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	w := &work{Rewriter: r, task: t, gate: g}
	switch t.Action {
	case plan.Copy:
		return w.copy(ctx)
	case plan.MultipartCopy:
		return w.multipart(ctx)
	case plan.Update:
		return w.update(ctx)
	}
	return engine.Effect{}, w.refuse(engine.Permanent, plan.RequestError, fmt.Errorf("nothing to do for action %s", t.Action))
}

// work is one call of Rewrite or Inspect.
type work struct {
	*Rewriter
	task *plan.Task
	gate engine.Gate

	committed bool // what is sent now completes what is done already
}

// do sends one request of kind k through the gate. Each try has a time limit of
// its own and returns *engine.ObjectError.
func (w *work) do(ctx context.Context, k plan.StepKind, send func(context.Context) error) error {
	s := w.task.Step(k)
	s.Finishes = w.committed
	return w.gate.Do(ctx, s, func(ctx context.Context) error {
		in := limit(ctx, limitOf(k))
		defer in.release()
		err := send(in)
		if errors.Is(err, errStale) {
			return errStale // no answer of S3
		}
		return w.wrap(k, err)
	})
}

// wrap classifies the error of a request; nil stays nil.
func (w *work) wrap(k plan.StepKind, err error) error {
	if err == nil {
		return nil
	}
	v, a := w.client.classify(err, step{kind: k, fromKMS: w.task.FromKMS, key: w.config.Options.KMSKeyID})
	return &engine.ObjectError{
		Op: k.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(),
		Class: v.class, Quota: v.quota, Reason: v.reason,
		Code: a.code, HTTPStatus: a.status, RequestID: a.requestID, Said: a.message, Err: err,
	}
}

// refuse is an error that no request gave.
func (w *work) refuse(c engine.Class, reason plan.Reason, err error) error {
	return &engine.ObjectError{
		Op: w.task.Action.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(),
		Class: c, Reason: reason, Err: err,
	}
}

// version returns the version that requests of the task name, "" where they
// mean whatever is current.
func (w *work) version() string {
	if w.task.Record.Current() && w.task.Action != plan.Update {
		return ""
	}
	return w.namedVersion()
}

// namedVersion returns the version that the task is about, "" where the bucket
// has none.
func (w *work) namedVersion() string {
	if h := w.task.Head; h != nil && h.VersionID != "" {
		return h.VersionID
	}
	if w.config.Facts.Versioning == plan.Unversioned {
		return ""
	}
	return w.task.Record.VersionID
}

// etag returns the ETag that the decision was made on, without quotes.
func (w *work) etag() string {
	if w.task.Head != nil {
		return w.task.Head.ETag
	}
	return w.task.Record.ETag
}

// target tells whether an answer states the wanted encryption.
func (r *Rewriter) target(sse types.ServerSideEncryption, key string) bool {
	o := &r.config.Options
	if o.SSE == plan.TargetAES256 {
		return sse == types.ServerSideEncryptionAes256
	}
	return sse == types.ServerSideEncryptionAwsKms && plan.SameKey(key, o.KMSKeyID)
}

// requestID returns the request id of an answer.
func requestID(m middleware.Metadata) string {
	id, _ := awsmiddleware.GetRequestIDMetadata(m)
	return id
}

// quoted returns an ETag as conditions spell it.
func quoted(etag string) *string {
	s := `"` + etag + `"`
	return &s
}

// unquoted returns an ETag as it is compared and recorded.
func unquoted(etag *string) string { return strings.Trim(value(etag), `"`) }

// value returns what p points to, or the zero value.
func value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// optional returns nil for "", so that no empty header is sent.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// nonzero returns nil for 0, so that no header is sent.
func nonzero(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}
