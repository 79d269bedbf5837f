package s3api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
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

	// Divided says that others work on rows of the same job, whose Notes are not seen
	// here.
	Divided bool

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
	// All returns the notes that there are of this run's rows.
	All() map[inventory.Position][]byte
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
	leave  bool          // what a write loses is left lost, for a probe to see

	live sync.Map // ids of the uploads under way
	left strays

	checks atomic.Int64 // looks that a listing was or might have been asked about
	blind  atomic.Bool  // a listing showed a key that requests do not reach
	twins  sync.Map     // kinds of odd keys, as twinOf has them, to *twinKind
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
		if o.SSE == plan.TargetKMS && !FullKeyARN(o.KMSKeyID) {
			return nil, &SetupError{Kind: KeyNotFull, Op: "prepare " + plan.StepUpdate.String(), Subject: o.KMSKeyID,
				Err: errors.New("only a full key ARN is taken")}
		}
	}
	out := c.bare(r)
	out.slim = c.newSlim(o.Bucket)
	return out, nil
}

// bare is a Rewriter without the short path.
func (c *Client) bare(r RewriteConfig) *Rewriter {
	out := &Rewriter{client: c, config: r, s3: c.tasks, owner: c.bucketOwner(), fresh: freshness}
	if r.Facts.Requester == plan.Yes {
		out.payer = types.RequestPayerRequester
	}
	return out
}

var errUnproven = errors.New("the endpoint is not known to understand the request, and a server that does not replaces the object's data by it")

// isAlias tells whether id is an alias name or ARN.
func isAlias(id string) bool {
	return strings.HasPrefix(id, "alias/") || strings.HasPrefix(id, "arn:") && strings.Contains(id, ":alias/")
}

// FullKeyARN tells whether id is arn:partition:kms:region:account:key/id.
func FullKeyARN(id string) bool {
	parts := strings.SplitN(id, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "kms" && parts[3] != "" && len(parts[4]) == 12 &&
		len(parts[5]) > len("key/") && strings.HasPrefix(parts[5], "key/")
}

// Rewrite carries out the task's action; see engine.Rewriter.
func (r *Rewriter) Rewrite(ctx context.Context, t *plan.Task, g engine.Gate) (engine.Effect, error) {
	w := &work{Rewriter: r, task: t, gate: g}
	if err := w.selected(); err != nil {
		return engine.Effect{}, err
	}
	var effect engine.Effect
	var err error
	switch t.Action {
	case plan.Copy:
		effect, err = w.copy(ctx)
	case plan.MultipartCopy:
		effect, err = w.multipart(ctx)
	case plan.Update:
		effect, err = w.update(ctx)
	default:
		return engine.Effect{}, w.nothingToDo()
	}
	err = w.maybePublic(err)
	if len(w.answered) > 1 {
		effect.Steps = strings.Join(w.answered, " ")
	}
	return effect, err
}

func (w *work) nothingToDo() error {
	return w.refuse(engine.Permanent, plan.RequestError, fmt.Errorf("nothing to do for action %s", w.task.Action))
}

// work is one call of Rewrite or Inspect.
type work struct {
	*Rewriter
	task *plan.Task
	gate engine.Gate

	committed  bool     // what is sent now completes what is done already
	completing bool     // the completion of an upload was sent
	public     bool     // the object has a grant to everybody, and whether that is refused is not known
	plainParts bool     // parts are copied without a checksum algorithm, which the endpoint refuses
	strays     []string // ids of uploads that may be left of this object's, for its note
	answered   []string // requests that made the object what it is, each with its request id
}

// maxSteps bounds the annotations whose requests are noted: an object may have a thousand.
const maxSteps = 32

// took notes a request that has part in making the object, for the record.
func (w *work) took(k plan.StepKind, m middleware.Metadata) {
	w.answered = append(w.answered, k.String()+":"+requestID(m))
}

// do sends one request of kind k through the gate. Each try has a time limit of
// its own and returns *engine.ObjectError.
func (w *work) do(ctx context.Context, k plan.StepKind, send func(context.Context) error) error {
	return w.doStep(ctx, w.step(k), send)
}

// step is the request of kind k, with its demand.
func (w *work) step(k plan.StepKind) plan.Step { return w.paced(k).Step(k) }

// paced is the task as requests of kind k are paced: where its object may be under
// SSE-KMS, as far as is known, reading it may cost KMS requests.
func (w *work) paced(k plan.StepKind) *plan.Task {
	t := w.task
	unknown := t.Head == nil && t.Record.Encryption == inventory.EncryptionUnknown
	written := (k == plan.StepConfirm || w.committed) && w.config.Options.SSE == plan.TargetKMS
	if t.FromKMS || !unknown && !written {
		return t
	}
	under := *t
	under.FromKMS = true
	return &under
}

// shown has what follows go by h: the report that the task is from may be old.
func (w *work) shown(h *plan.Head) {
	if plan.UnderKMS(h.Encryption) && !w.task.FromKMS {
		under := *w.task
		under.FromKMS = true
		w.task = &under
	}
}

// doStep is do for a step that is known already.
func (w *work) doStep(ctx context.Context, s plan.Step, send func(context.Context) error) error {
	k := s.Kind
	s.Finishes = w.committed
	return w.gate.Do(ctx, s, func(ctx context.Context) error {
		in := limit(ctx, limitOf(k, w.moves(k)))
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
	of := w.stepOf(k)
	v, a := w.client.classify(err, of)
	err = a.short(err)
	if v.reason == plan.Unaddressable {
		err = fmt.Errorf("the endpoint cannot address this key: %w", err)
	}
	e := &engine.ObjectError{
		Op: k.String(), Bucket: w.config.Options.Bucket, Key: w.task.Record.Key, VersionID: w.version(),
		Class: v.class, Quota: v.quota, Reason: v.reason,
		Code: a.code, HTTPStatus: a.status, RequestID: a.requestID, Said: a.message, Err: err,
	}
	sayKey(e, of, a)
	return e
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
