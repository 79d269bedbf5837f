package simulator

import (
	"time"
)

// Config fixes a world. Zero values give a world without quotas.
type Config struct {
	Account string // owner of buckets and keys; "" is 111122223333
	Region  string // "" is us-east-1
	Seed    uint64 // of all made-up ids

	KMSRequestsPerSecond int           // symmetric cryptographic requests per account in any second; 0: no limit
	S3WritesPerSecond    int           // per partition in any second; 0: no limit
	S3ReadsPerSecond     int           // per partition in any second; 0: no limit
	PartitionDepth       int           // a partition is the keys that agree up to this many slashes; 0: the whole bucket
	DataKeyLifetime      time.Duration // of a bucket key per requester, bucket and KMS key; 0: 5 minutes
	MultipartKMS         MultipartKMS  // KMS calls of the multipart requests; zero: one each
	UpdateKMS            int           // KMS calls of an UpdateObjectEncryption; 0: one to wrap, one more to unwrap SSE-KMS
	RestoreDelay         time.Duration // from RestoreObject to the readable copy

	// ServiceQuotaApplied is the applied value of L-6E3AF000. 0: KMSRequestsPerSecond, or the Region's default when
	// that is 0. Below 0: no applied value, so that clients have to ask for the default.
	ServiceQuotaApplied float64

	// UsageDelay is how long after the end of a minute CloudWatch knows what was asked of KMS in it. AWS states no figure.
	UsageDelay time.Duration

	// MaxKeptBody is the size up to which the caller should keep bodies as bytes. 0: 8 MiB.
	MaxKeptBody int64

	// Authorize decides whether a request is allowed: nil when it is, else the error to answer. A nil function allows
	// everything.
	Authorize func(*AccessRequest) *Error
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
	if c.MaxKeptBody == 0 {
		c.MaxKeptBody = 8 << 20
	}
	return c
}

// AccessRequest is one question to Config.Authorize. A request may lead to several: a copy asks for s3:GetObject on the
// source and s3:PutObject on the destination.
type AccessRequest struct {
	Principal   Principal
	Action      string // s3:PutObject, kms:GenerateDataKey, …
	Bucket, Key string // of S3 actions; Key is "" for those on buckets
	Owner       string // account of the bucket or key
	Policy      []byte // the bucket's or key's policy document as stored, nil when there is none
	Plaintext   bool   // aws:SecureTransport is false
	TLSVersion  string // s3:TlsVersion
	Write       *WriteAttributes

	// WriteKey is the ARN of the key that the write would be under, the bucket's default included; "" where it is under
	// none. A condition on the key id is about this key, not about the header alone, while one on the algorithm is about
	// the header (S3 User Guide, UsingKMSEncryption, read 2026-11-21).
	WriteKey string

	KMSKeyARN  string // of KMS actions
	ViaS3      string // Region whose S3 calls KMS for the principal, "" for the principal's own calls
	KMSContext string // aws:s3:arn of the encryption context: the object's ARN, with a bucket key the bucket's
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
	observe  func(Observed)
}

// New returns an empty world: no buckets, no keys but the AWS managed ones, which come into being when used.
func New(c Config) *World {
	return &World{
		cfg:      c.withDefaults(),
		buckets:  map[string]*bucket{},
		kms:      newKeyRing(),
		meters:   map[string]*meter{},
		counters: newCounters(),
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
	if b.requesterPays && c.account() != b.owner && c.req.RequestPayer != "requester" {
		return accessDenied()
	}
	return nil
}

// charged tells whether the answer says x-amz-request-charged.
func (c *call) charged() bool {
	return c.b.requesterPays && c.account() != c.b.owner
}

// allow asks Config.Authorize.
func (c *call) allow(action string, b *bucket, key string, wr *WriteAttributes) *Error {
	if c.w.cfg.Authorize == nil || action == "" {
		return nil
	}
	err := c.w.cfg.Authorize(&AccessRequest{
		Principal: c.req.Principal, Action: action, Bucket: b.name, Key: key, Owner: b.owner,
		Policy:    b.documents[document{kind: PolicyConfig}],
		Plaintext: c.req.Plaintext, TLSVersion: c.req.TLSVersion, Write: wr, WriteKey: c.writeKey(b, wr),
	})
	if err != nil || wr == nil {
		return err
	}
	return c.allowAttributes(b, key, wr)
}

// allowVersion asks for what a request about the current version takes, or about one that it names.
func (c *call) allowVersion(id string) *Error {
	action := c.op.action()
	if id != "" {
		action = c.op.versionAction()
	}
	return c.allow(action, c.b, c.key, nil)
}

// allowAttributes asks for what setting tags, a lock or an ACL along with an object takes (S3 User Guide,
// using-with-s3-policy-actions, read 2026-11-21).
func (c *call) allowAttributes(b *bucket, key string, wr *WriteAttributes) *Error {
	for _, need := range []struct {
		set    bool
		action string
	}{
		{len(wr.Tags) > 0, "s3:PutObjectTagging"},
		{wr.Lock.Mode != "", "s3:PutObjectRetention"},
		{wr.Lock.LegalHold != "", "s3:PutObjectLegalHold"},
		{wr.ACL.Canned != "" || len(wr.ACL.Grants) > 0, "s3:PutObjectAcl"},
	} {
		if need.set {
			if err := c.allow(need.action, b, key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeKey is the key that a write with these attributes would be under.
func (c *call) writeKey(b *bucket, wr *WriteAttributes) string {
	if wr == nil || wr.Encryption.CustomerAlgorithm != "" {
		return ""
	}
	algorithm, id := wr.Encryption.Algorithm, wr.Encryption.KMSKeyID
	if algorithm == "" {
		def := b.defaultEncryption()
		algorithm, id = def.Algorithm, def.KMSKeyID
	}
	switch {
	case algorithm == algorithmS3:
		return ""
	case id == "":
		return c.w.awsManagedKey(c.account(), b.region).ARN
	}
	if k, err := c.w.findKey(b.region, c.account(), id); err == nil {
		return k.ARN
	}
	return id
}

// allowKey asks Config.Authorize about a KMS action: of the principal itself, or of S3 for it where via is a Region.
func (w *World) allowKey(p Principal, action string, k *Key, via, context string) *Error {
	if w.cfg.Authorize == nil || k.Manager == "AWS" && via != "" {
		return nil // the policy of aws/s3 lets everybody of the account use it through S3 (KMS Developer Guide, "AWS managed keys")
	}
	return w.cfg.Authorize(&AccessRequest{
		Principal: p, Action: "kms:" + action, Owner: k.Account(), Policy: k.Policy, KMSKeyARN: k.ARN, ViaS3: via, KMSContext: context,
	})
}
