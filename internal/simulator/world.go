package simulator

import (
	"time"
)

// Config fixes a world. Zero values give a world without quotas.
type Config struct {
	Account string // owner of buckets and keys; "" is 111122223333
	Region  string // "" is us-east-1
	Seed    uint64 // of all made-up ids

	KMSRequestsPerSecond   int           // symmetric cryptographic requests per account in any second; 0: no limit
	StoreRequestsPerSecond int           // cryptographic requests per custom key store in any second; 0: 1,800, below 0: no limit
	S3WritesPerSecond      int           // per partition in any second; 0: no limit
	S3ReadsPerSecond       int           // per partition in any second; 0: no limit
	PartitionDepth         int           // a partition is the keys that agree up to this many slashes; 0: the whole bucket
	DataKeyLifetime        time.Duration // of a bucket key per requester, bucket and KMS key; 0: 5 minutes
	MultipartKMS           MultipartKMS  // KMS calls of the multipart requests; zero: one each
	UpdateKMS              int           // KMS calls of an UpdateObjectEncryption; 0: one to wrap, one more to unwrap SSE-KMS
	RestoreDelay           time.Duration // from RestoreObject to the readable copy

	// ServiceQuotaApplied is the applied value of L-6E3AF000. 0: KMSRequestsPerSecond, or the Region's default when
	// that is 0. Below 0: no applied value, so that clients have to ask for the default.
	ServiceQuotaApplied float64

	// UsageDelay is how long after the end of a minute CloudWatch knows what was asked of KMS in it. AWS states no figure.
	UsageDelay time.Duration

	// MaxKeptBody is the size up to which the caller should keep bodies as bytes. 0: 8 MiB.
	MaxKeptBody int64

	// Authorize decides whether a request is allowed: nil when it is, else the error to answer. A nil function allows
	// everything, and to anonymous requests what ACLs allow.
	Authorize func(*AccessRequest) *Error

	// Exists tells whether there is a user or role of the account, by ARN or unique id. A nil function takes all for
	// there. It is not asked about other accounts, of which the simulator knows nothing.
	Exists func(name string) bool
}

// MultipartKMS is the number of KMS calls that S3 makes for each multipart request on an SSE-KMS upload. AWS names the
// permissions (GenerateDataKey for create, Decrypt for parts and completion; S3 API Reference, CreateMultipartUpload,
// read 2026-11-21) but no exact count, so it can be set. Below 0 means none.
type MultipartKMS struct{ Create, Part, Complete int }

// withDefaults returns c with unset fields filled in.
func (c Config) withDefaults() Config {
	if c.Account == "" {
		c.Account = "111122223333" // an account number from AWS's examples
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	if c.DataKeyLifetime == 0 {
		c.DataKeyLifetime = 5 * time.Minute // AWS publishes no figure; any short life shows the effect
	}
	for _, n := range []*int{&c.MultipartKMS.Create, &c.MultipartKMS.Part, &c.MultipartKMS.Complete} {
		if *n == 0 {
			*n = 1
		}
	}
	switch {
	case c.StoreRequestsPerSecond == 0:
		c.StoreRequestsPerSecond = 1800 // KMS Developer Guide, requests-per-second, read 2026-11-29
	case c.StoreRequestsPerSecond < 0:
		c.StoreRequestsPerSecond = 0
	}
	if c.MaxKeptBody == 0 {
		c.MaxKeptBody = 8 << 20
	}
	return c
}

// World is one partition of AWS: its buckets, keys, quotas and counters. Make one with New. It is not safe for
// concurrent use. Instants given to its methods should not go back; one that does is read as the latest seen.
type World struct {
	cfg      Config
	latest   time.Time
	seq      uint64 // of versions, uploads and made-up ids
	buckets  map[string]*bucket
	kms      keyRing
	meters   map[string]*meter // S3 request meters by partition and direction
	faults   faultRules
	knobs    Knobs
	counters Counters
	sums     checksums
	observe  func(Observed)

	accountBlocks map[string]PublicAccessBlock // by account; none: nothing is blocked
	accessPoints  []AccessPoint                // by name
	figures       map[string]*StoredFigures    // by bucket
}

// New returns an empty world: no buckets, no keys but the AWS managed ones, which come into being when used.
func New(c Config) *World {
	return &World{
		cfg:      c.withDefaults(),
		buckets:  map[string]*bucket{},
		kms:      newKeyRing(),
		meters:   map[string]*meter{},
		counters: newCounters(),

		accountBlocks: map[string]PublicAccessBlock{},
	}
}

// Config returns the configuration with the defaults filled in.
func (w *World) Config() Config { return w.cfg }

// SetQuotas changes the quotas from now on; 0 means no limit.
func (w *World) SetQuotas(kms, s3Writes, s3Reads int) {
	w.cfg.KMSRequestsPerSecond, w.cfg.S3WritesPerSecond, w.cfg.S3ReadsPerSecond = kms, s3Writes, s3Reads
}

// nextSeq numbers versions and uploads in the order they come into being.
func (w *World) nextSeq() uint64 {
	w.seq++
	return w.seq
}

// call is one request on its way through the world.
type call struct {
	w      *World
	now    time.Time
	op     Op
	req    *Request
	key    string
	b      *bucket
	sent   sent
	status int   // of a good answer; 0 is 200
	kms    int64 // cryptographic requests that it made so far
}

// run takes one request through faults, bucket checks and quotas to do, and counts it.
func run[T any](w *World, now time.Time, op Op, r *Request, key string, do func(*call) (T, *Error)) (T, *Error) {
	c, err := w.enter(now, op, r, key)
	var out T
	if err == nil {
		out, err = do(&c)
	}
	if err = c.leave(err); err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// enter does what all S3 requests have in common before their own work.
func (w *World) enter(now time.Time, op Op, r *Request, key string) (call, *Error) {
	c := call{w: w, now: w.clock(now), op: op, req: r, key: key}
	if err := w.faults.strike(&c, false); err != nil {
		return c, err
	}
	if len(key) > maxKeyLength {
		return c, fail(400, "KeyTooLongError", "Your key is too long")
	}
	var err *Error
	if c.b, err = c.openBucket(r.Bucket, r.ExpectedBucketOwner); err != nil {
		return c, err
	}
	if !op.writesObject() && op.versionAction() == "" { // those ask later, with their attributes, or by their version
		if err := c.allow(op.action(), c.b, key, nil); err != nil {
			return c, err
		}
	}
	if err := c.payer(c.b); err != nil {
		return c, err
	}
	return c, c.takeRequest(c.b, key, op.direction())
}

// clock makes sure that time does not run backwards.
func (w *World) clock(now time.Time) time.Time {
	if now.Before(w.latest) {
		return w.latest
	}
	w.latest = now
	return now
}

// leave counts the call, applies the faults that spoil a good answer, and completes the error.
func (c *call) leave(err *Error) *Error {
	if err == nil {
		if err = c.w.faults.strike(c, true); err != nil {
			err.Committed = true
		}
	}
	if err != nil {
		if err.Bucket == "" {
			err.Bucket = c.req.Bucket
		}
		if err.Key == "" {
			err.Key = c.key
		}
	}
	c.counted(c.w.counters.add(c.op, c.status, err))
	return err
}

// account is the account of the requester, which pays KMS quota and, with requester pays, the request.
func (c *call) account() string {
	if c.req.Principal.Anonymous {
		return anonymousAccount
	}
	if c.req.Principal.Account != "" {
		return c.req.Principal.Account
	}
	return c.w.cfg.Account
}

// openBucket finds a bucket and checks its owner against what the client expects.
func (c *call) openBucket(name, expectedOwner string) (*bucket, *Error) {
	b := c.w.buckets[name]
	if b == nil {
		e := fail(404, "NoSuchBucket", "The specified bucket does not exist")
		e.Bucket = name
		return nil, e
	}
	if expectedOwner != "" && expectedOwner != b.owner {
		return nil, accessDenied()
	}
	return b, nil
}

// payer applies requester pays: everyone but the owner has to accept the charge (S3 User Guide, RequesterPaysBuckets).
func (c *call) payer(b *bucket) *Error {
	if b.requesterPays && c.account() != b.owner && (c.req.RequestPayer != "requester" || c.req.Principal.Anonymous) {
		return accessDenied()
	}
	return nil
}

// charged tells whether the answer says x-amz-request-charged.
func (c *call) charged() bool {
	return c.b.requesterPays && c.account() != c.b.owner
}
