package s3api

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3tables"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"
	"github.com/aws/smithy-go/middleware"

	"reseal/internal/smallfile"
	"reseal/plan"
)

// Config says how to reach the services. The zero value means what the AWS CLI
// would do: environment, shared config files, profiles, roles.
type Config struct {
	Region  string // "" = environment or profile, else us-east-1
	Profile string // "" = environment or default
	// EndpointURL is where S3 is; "" = environment, profile or AWS's own. Unless it
	// is an endpoint of S3 itself, the other services are there too, where no
	// variable or profile of their own (AWS_ENDPOINT_URL_KMS, …) says otherwise.
	EndpointURL string
	// S3EndpointURL is the same for S3 alone, where EndpointURL is "".
	S3EndpointURL string
	CABundle      string // path of a PEM file that replaces the system's roots; "" = environment, profile or system
	AllowHTTP     bool   // permits http:// to hosts that are not loopback

	// Concurrency is the number of requests that may be in flight, which is the
	// number of idle connections kept, 4,096 at least.
	Concurrency int

	// Connections bounds the connections that may be open at once, where the system
	// allows few; requests beyond that wait for their turn. 0 = no bound.
	Connections int

	// ExpectedBucketOwner is the account, 12 digits, that must own the job's
	// bucket. "" sends no expectation; see Client.Expecting.
	ExpectedBucketOwner string

	// SDKClient has the SDK's client send all requests. Else those of which a
	// run sends many (CopyObject, HeadObject, UpdateObjectEncryption) go out on a shorter path, with
	// a fraction of its CPU time: the same requests, read in the same way.
	SDKClient bool

	// Waiting is told why a request about the state of a job is asked again, once it
	// has had no answer for some seconds, and at most once a minute. It may be nil.
	Waiting func(why error)

	// Product names the program in the User-Agent, as "name/version".
	Product string

	log   *requestLog // of all clients that come from one
	paced bool        // see Client.Paced
}

// s3URL is where S3 was said to be, "" where the environment tells.
func (c *Config) s3URL() string { return cmp.Or(c.EndpointURL, c.S3EndpointURL) }

// leastIdle is how many idle connections are kept at least, where there are as many.
const leastIdle = 4096

// withDefaults returns c with unset fields filled in.
func (c Config) withDefaults() Config {
	// An idle slot costs nothing, and an operator may ask for more in flight under way.
	c.Concurrency = max(c.Concurrency, leastIdle)
	if c.log == nil {
		c.log = new(requestLog)
	}
	return c
}

// Client reaches S3, KMS, STS, IAM, Service Quotas and CloudWatch of one Region. It is immutable
// and safe for concurrent use.
type Client struct {
	config   Config
	aws      aws.Config
	endpoint Endpoint
	owner    string // expected owner of the job's bucket, "" where not known

	credentials *credentials // of aws, nil where there are none
	caller      *caller      // shared by all clients with these credentials
	located     located      // bucket that ForBucket found, and where

	tasks     *s3.Client // one attempt a call: pace and repeats are the caller's
	preflight *s3.Client // the SDK's three attempts
	kms       *kms.Client
	sts       *sts.Client
	quotas    *servicequotas.Client
	iam       *iam.Client
	metrics   *cloudwatch.Client
	accounts  *s3control.Client
	tables    *s3tables.Client
}

// New reads the configuration chain; it sends no request to S3. Errors are
// *SetupError.
func New(ctx context.Context, c Config) (*Client, error) {
	c = c.withDefaults()
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(newTransport(c.Concurrency)),
		// The SDK logs nothing of a request, whatever the environment asks for: headers hold session tokens.
		config.WithLogger(logging.Nop{}),
		config.WithClientLogMode(0),
		config.WithAPIOptions([]func(*middleware.Stack) error{readable, whole, c.log.named}),
	}
	if c.Region != "" {
		load = append(load, config.WithRegion(c.Region))
	}
	if c.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(c.Profile))
	}
	if path := c.bundlePath(ctx); path != "" {
		pem, err := readBundle(path)
		if err != nil {
			return nil, err
		}
		load = append(load, func(o *config.LoadOptions) error {
			o.CustomCABundle = bytes.NewReader(pem) // a new one whenever the chain is read
			return nil
		})
	}
	if c.Product != "" {
		name, version, _ := strings.Cut(c.Product, "/")
		load = append(load, config.WithAPIOptions([]func(*middleware.Stack) error{
			awsmiddleware.AddUserAgentKeyValue(name, version),
		}))
	}
	cfg, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		out := &SetupError{Kind: BadConfig, Op: "read AWS configuration", Subject: c.Profile, Err: err}
		var unknown config.SharedConfigProfileNotExistError
		if errors.As(err, &unknown) {
			out.Op, out.Subject, out.Err = "profile", unknown.Profile, &inShort{"no file in ~/.aws has a profile of that name", err}
		}
		return nil, out
	}
	if cfg.Region == "" {
		cfg.Region = c.regionOfEndpoint(cfg)
	}
	ownRoots := false
	if b, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		transport := b.GetTransport() // one for all services and Regions
		ownRoots = transport.TLSClientConfig.RootCAs != nil
		cfg.HTTPClient = &http.Client{
			Transport: newPool(transport, c.Connections, c.log),
			// A signature holds for one host only, so following is of no use.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	var creds *credentials
	if cfg.Credentials != nil {
		creds = newCredentials(cfg.Credentials, func(ctx context.Context) (aws.CredentialsProvider, error) {
			again, err := config.LoadDefaultConfig(ctx, load...)
			return again.Credentials, err
		})
		creds.log = c.log
		cfg.Credentials = creds
	}
	return build(c, cfg, creds, ownRoots)
}

// maxBundle is the size, in bytes, of the largest file of certificate authorities that
// is read. The list of Mozilla has some 250 KB.
const maxBundle = 16 << 20

// bundlePath is the file of certificate authorities that was named, "" where none was.
// What is wrong with the AWS configuration is left to the SDK, which reads it next.
func (c *Config) bundlePath(ctx context.Context) string {
	if path := cmp.Or(c.CABundle, os.Getenv("AWS_CA_BUNDLE")); path != "" {
		return path
	}
	env, err := config.NewEnvConfig()
	if err != nil {
		return ""
	}
	files := []string{cmp.Or(env.SharedConfigFile, config.DefaultSharedConfigFilename()), cmp.Or(env.SharedCredentialsFile, config.DefaultSharedCredentialsFilename())}
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && !info.Mode().IsRegular() {
			return "" // a pipe can be read once only
		}
	}
	shared, err := config.LoadSharedConfigProfile(ctx, cmp.Or(c.Profile, env.SharedConfigProfile, "default"), func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = files[:1], files[1:]
	})
	if err != nil {
		return ""
	}
	return shared.CustomCABundle
}

// readBundle reads a file of certificate authorities.
func readBundle(path string) ([]byte, error) {
	pem, err := smallfile.Read(path, maxBundle)
	if err != nil {
		if file := (*fs.PathError)(nil); errors.As(err, &file) {
			err = file.Err // the path is named once
		}
		if refused := (*smallfile.Error)(nil); errors.As(err, &refused) {
			err = errors.New(refused.Why)
		}
		return nil, &SetupError{Kind: BadBundle, Op: "read CA bundle", Subject: path, Err: err}
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, &SetupError{Kind: BadBundle, Op: "read CA bundle", Subject: path, Err: errors.New("no certificate in PEM is in it")}
	}
	return pem, nil
}

// regionOfEndpoint is the Region that requests are signed for where none is
// configured: that of the endpoint, else the one where a bucket's own Region can
// be asked for; servers of others take any.
func (c Config) regionOfEndpoint(cfg aws.Config) string {
	cfg.Region = "us-east-1"
	base := s3.NewFromConfig(cfg).Options().BaseEndpoint
	if url := c.s3URL(); url != "" {
		base = &url
	}
	if base != nil {
		if region, ok := s3Endpoint(*base); ok && region != "" {
			return region
		}
	}
	return cfg.Region
}

// InRegion returns a client for another Region that shares connections and
// credentials with c.
func (c *Client) InRegion(region string) (*Client, error) {
	if region == c.aws.Region {
		return c, nil
	}
	cfg := c.aws.Copy()
	cfg.Region = region
	conf := c.config
	conf.ExpectedBucketOwner = c.owner
	out, err := build(conf, cfg, c.credentials, c.endpoint.ownRoots)
	if err == nil {
		out.caller = c.caller
	}
	return out, err
}

// Expecting returns a client that sends account as the expected owner of the
// job's bucket with every request about it, so that a bucket that changed
// hands is refused by S3 itself. Endpoints other than AWS's do not know the
// header, and get none.
func (c *Client) Expecting(account string) *Client {
	out := *c
	out.owner = account
	return &out
}

// identityLimit is how long the question has that decides whose buckets are written
// to: a network without a path to STS is no reason to wait long.
const identityLimit = 10 * time.Second

// ExpectingOr is Expecting account, or, where that is "", the account of the
// caller. Where nobody tells which one that is, nothing is expected.
func (c *Client) ExpectingOr(ctx context.Context, account string) *Client {
	if account == "" && c.endpoint.AWS != plan.No {
		ctx, cancel := context.WithTimeout(ctx, identityLimit)
		defer cancel()
		if id, err := c.Identity(ctx); err == nil {
			account = id.Account
		}
	}
	return c.Expecting(account)
}

// LogTo has a line written for each request from now on, where log takes level debug, and
// one for each renewal of the credentials. It holds for all clients that come from the
// same call of New. The requests of the credential chain are in no log.
func (c *Client) LogTo(log *slog.Logger) { c.config.log.to.Store(log) }

// Region returns the Region that requests are signed for.
func (c *Client) Region() string { return c.aws.Region }

// Endpoint returns what is known of the S3 endpoint.
func (c *Client) Endpoint() Endpoint { return c.endpoint }

// bucketOwner returns the expectation to send, nil for none.
func (c *Client) bucketOwner() *string {
	if c.owner == "" || c.endpoint.AWS == plan.No {
		return nil
	}
	return &c.owner
}

// poolOf returns the connections that cfg's requests go out on, nil where they are
// not of this package's making.
func poolOf(cfg aws.Config) *pool {
	if h, ok := cfg.HTTPClient.(*http.Client); ok {
		p, _ := h.Transport.(*pool)
		return p
	}
	return nil
}

// Skew returns how far this machine's clock is from that of the S3 endpoint,
// which is that much later; 0 where that is below a minute, or not known.
// Requests are signed with the endpoint's time.
func (c *Client) Skew() time.Duration {
	p := poolOf(c.aws)
	if p == nil {
		return 0
	}
	var out time.Duration
	p.peers.Range(func(_, v any) bool {
		if by := v.(*peer).clock.offset.load(); max(by, -by) > max(out, -out) {
			out = by
		}
		return true
	})
	return out
}

// CloseIdle closes connections that no request uses.
func (c *Client) CloseIdle() {
	if h, ok := c.aws.HTTPClient.(*http.Client); ok {
		h.CloseIdleConnections()
	}
}

// elsewhere is why a request to another service is not sent: with S3 at an
// endpoint of its own, the credentials are not meant for AWS.
func (c *Client) elsewhere(base *string, service string) error {
	if c.endpoint.AWS == plan.No && base == nil {
		return fmt.Errorf("S3 is at %s, and no endpoint was given for %s", c.endpoint.URL, service)
	}
	return nil
}
