package front

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/iam"
	"reseal/internal/wait"
)

// Config says how the front meets its clients.
type Config struct {
	// Identities are the credentials accepted. A request without a signature
	// is anonymous: to S3 it may do what policies and ACLs give to everybody,
	// the other services refuse it.
	Identities []Identity

	// Directory of IAM; nil: the account has no IAM, and no role to assume.
	Directory *iam.Directory

	// Region that credential scopes must name, as at AWS each endpoint has one;
	// empty accepts each.
	Region string

	// EveryRegion accepts scopes of all Regions, and holds those of requests about a
	// bucket against the Region that it is in.
	EveryRegion bool

	// Domains are the host names below which the first label is a bucket, as
	// in bucket.localhost. A host that is itself a domain, or under none of
	// them, means path style. Empty: localhost and s3.amazonaws.com.
	Domains []string

	// Latency of each request: for copies between reading the source and the commit, for
	// others about objects before their effect, and for all else before the answer.
	Latency Latency

	// PlainIsSecure makes requests without TLS count as made over TLS, as
	// behind a proxy that ends it. S3 refuses SSE-KMS and SSE-C without TLS.
	PlainIsSecure bool

	// BodyFolder takes uploaded bodies above simulator.Config.MaxKeptBody, up to
	// MaxBody bytes each (0: 1 GiB), in files that are removed when they are
	// written. Empty: such bodies are refused.
	BodyFolder string
	MaxBody    int64

	// Seed of latencies and request ids.
	Seed uint64

	// Now is the clock; nil: time.Now. It may be called concurrently.
	Now func() time.Time
}

// Latency is Fixed plus a uniformly drawn part of Jitter, plus, for copies,
// the bytes moved at CopyBytesPerSecond (0: no time).
type Latency struct {
	Fixed, Jitter      time.Duration
	CopyBytesPerSecond int64
}

func (c Config) withDefaults() Config {
	if len(c.Domains) == 0 {
		c.Domains = []string{"localhost", "s3.amazonaws.com"}
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 30
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// Front serves one world over HTTP. It is safe for concurrent use; the world
// is not, so nobody else may call it while the front serves, except through
// [Front.Locked].
type Front struct {
	config Config
	verify *verifier
	ids    requestIDs

	keep int64 // bytes of a body that are kept as they are

	mu    sync.Mutex // round every call of world; never held while sleeping or writing
	world *simulator.World

	tables []Table // of S3 Tables, under mu

	latency struct {
		sync.Mutex
		rand *rand.Rand
	}
}

var _ http.Handler = (*Front)(nil)

// New returns a front for w. It fails when two identities share a key id or
// one has no secret.
func New(w *simulator.World, c Config) (*Front, error) {
	c = c.withDefaults()
	keys, err := newKeyring(c.Identities)
	if err != nil {
		return nil, err
	}
	f := &Front{
		config: c,
		verify: &verifier{keys: keys, region: c.signedRegion(), now: c.Now},
		keep:   w.Config().MaxKeptBody,
		world:  w,
	}
	f.ids.seed = c.Seed
	f.latency.rand = rand.New(rand.NewPCG(c.Seed, 0x6c6174656e6379))
	return f, nil
}

// signedRegion is the Region that all scopes must name, "" where there are several.
func (c *Config) signedRegion() string {
	if c.EveryRegion {
		return ""
	}
	return c.Region
}

// Locked calls fn with the world while no request does. fn must not wait.
func (f *Front) Locked(fn func(w *simulator.World)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fn(f.world)
}

// ServeHTTP answers a request of any of the services. They share one address,
// as SDKs can be pointed at a single endpoint; the credential scope or the
// X-Amz-Target header tells them apart.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rawPath, rawQuery, _ := strings.Cut(r.RequestURI, "?")
	if !strings.HasPrefix(rawPath, "/") { // absolute form, as to a proxy
		rawPath = r.URL.EscapedPath()
	}
	if strings.HasPrefix(rawPath, controlPath) {
		f.control(w, r, strings.TrimPrefix(rawPath, controlPath), rawQuery)
		return
	}
	requestID, hostID := f.ids.next()
	x := &exchange{front: f, w: w, r: r, requestID: requestID, hostID: hostID}
	x.set("Date", httpTime(f.config.Now()))
	if err := x.parse(rawPath, rawQuery); err != nil {
		x.fail(err)
		return
	}
	signer, werr := f.verify.verify(r, rawPath, x.query)
	if werr != nil {
		x.fail(werr)
		return
	}
	if signer == nil && x.protocol() != serviceS3 {
		x.fail(errAnonymous())
		return
	}
	x.signer = signer
	if signer != nil && signer.service != serviceS3 {
		if err := x.serveService(); err != nil {
			x.fail(err)
		}
		return
	}
	if err := x.serveS3(); err != nil {
		x.fail(err)
	}
}

func errAnonymous() *wireError {
	return newError(http.StatusForbidden, anonymousCode, "Access Denied")
}

// pause plays the latency of a request that moves so many bytes, for handlers in which the
// moment matters; of all others the answer waits for it. It gives an error when the client
// goes away meanwhile.
func (x *exchange) pause(bytes int64) error {
	x.paused = true
	return x.front.pause(x.r.Context(), bytes)
}

func (f *Front) pause(ctx context.Context, bytes int64) error {
	l := f.config.Latency
	d := l.Fixed
	if l.Jitter > 0 {
		f.latency.Lock()
		d += time.Duration(f.latency.rand.Int64N(int64(l.Jitter)))
		f.latency.Unlock()
	}
	if l.CopyBytesPerSecond > 0 {
		d += time.Duration(float64(bytes) / float64(l.CopyBytesPerSecond) * float64(time.Second))
	}
	if d <= 0 {
		return nil
	}
	if wait.For(ctx, d) != nil {
		return errGone
	}
	return nil
}

// errGone means that the client broke the connection: nothing can be answered.
var errGone = errors.New("client went away")
