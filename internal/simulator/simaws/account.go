package simaws

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"reseal/internal/outfile"
	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
	"reseal/internal/simulator/front"
	"reseal/internal/simulator/iam"
)

// The names in a simulated account. None of them is a secret.
const (
	DefaultRegion = "us-east-1"
	AccountID     = "111122223333"
	Key           = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001" // ARN of the KMS key of an account in DefaultRegion
	AccessKeyID   = "SIMULATOR"                                                                   // of the administrator
	SecretKey     = "simulated-secret-access-key"                                                 // of the administrator
	Administrator = "arn:aws:iam::111122223333:user/simulated"                                    // ARN of the identity that may do everything
	ReportBucket  = "reseal-reports"                                                              // bucket that inventory reports are delivered to
)

// Account is a simulated S3, KMS and IAM at a local address. Its methods may be
// called while it serves, unless they say otherwise.
type Account struct {
	World    *simulator.World // only through Locked once it serves
	Rules    *access.Rules    // what the identities may do; only through Locked once it serves
	Listener net.Listener     // may be exchanged while it does not serve

	front  *front.Front
	region string
	key    string
	table  front.Table        // that LoadTable loaded last
	cert   *front.Certificate // nil without TLS
}

// Config says what to simulate. The zero value is an account without quotas that
// answers at once.
type Config struct {
	Listen         string        // address; "" is a free port of this machine's loopback
	TLS            bool          // serve with a certificate made for the purpose
	Latency        time.Duration // that each request takes at least
	Jitter         time.Duration // at most so much on top, at random
	KMSQuota       int           // KMS requests a second, 0 = no quota
	S3WriteQuota   int           // S3 writes a second and first-level prefix, 0 = no quota
	Seed           uint64
	Region         string // "" is DefaultRegion
	EveryRegion    bool   // buckets may be in other Regions, too; each is asked by a signature for its own
	Users          []User // beside the administrator
	Roles          []Role // of other accounts
	HTTPIsInsecure bool   // without TLS: requests count as plain HTTP, and not as if a proxy had ended TLS
	BodyFolder     string // for uploads above 8 MiB, "" to refuse them
	MaxBody        int64  // bytes of one of them

	Now      func() time.Time                                 // its clock; nil for this machine's
	Observer func(*simulator.AccessRequest, *simulator.Error) // sees each permission check and its answer, under the lock; nil for none
}

// New makes an empty account with one KMS key, and takes the address. Whoever does
// not call Serve closes the Listener.
func New(c Config) (*Account, error) {
	region := cmp.Or(c.Region, DefaultRegion)
	identities, rules, err := identitiesOf(c.Users)
	if err != nil {
		return nil, err
	}
	directory := iam.New(AccountID, rules)
	for _, r := range c.Roles {
		if err := directory.Elsewhere(r.ARN, r.Trust, texts(r.Policies)...); err != nil {
			return nil, err
		}
	}
	world := simulator.New(simulator.Config{
		Exists: func(name string) bool {
			known := slices.ContainsFunc(identities, func(id front.Identity) bool { return id.ARN == name })
			return known || rules.Knows(name) || directory.Exists(name)
		},
		Authorize: observed(rules.Authorize, c.Observer),
		Account:   AccountID, Region: region, Seed: c.Seed,
		KMSRequestsPerSecond: c.KMSQuota, S3WritesPerSecond: c.S3WriteQuota, PartitionDepth: 1,
	})
	key := strings.Replace(Key, ":"+DefaultRegion+":", ":"+region+":", 1)
	if err := world.CreateKey(simulator.Key{ARN: key}); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	f, err := front.New(world, front.Config{
		Identities:    identities,
		Region:        region,
		EveryRegion:   c.EveryRegion,
		Directory:     directory,
		Latency:       front.Latency{Fixed: c.Latency, Jitter: c.Jitter},
		PlainIsSecure: !c.TLS && !c.HTTPIsInsecure,
		Seed:          c.Seed,
		Now:           c.Now,
		BodyFolder:    c.BodyFolder,
		MaxBody:       c.MaxBody,
	})
	if err != nil {
		return nil, err
	}
	a := &Account{World: world, Rules: rules, front: f, region: region, key: key}
	if a.Listener, err = net.Listen("tcp", cmp.Or(c.Listen, "127.0.0.1:0")); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if c.TLS {
		if err := a.certify(); err != nil {
			a.Listener.Close()
			return nil, err
		}
	}
	return a, nil
}

// observed is authorize with its answers shown to observer.
func observed(authorize func(*simulator.AccessRequest) *simulator.Error, observer func(*simulator.AccessRequest, *simulator.Error)) func(*simulator.AccessRequest) *simulator.Error {
	if observer == nil {
		return authorize
	}
	return func(q *simulator.AccessRequest) *simulator.Error {
		err := authorize(q)
		observer(q, err)
		return err
	}
}

// certify makes a certificate for the address.
func (a *Account) certify() error {
	host, _, err := net.SplitHostPort(a.Listener.Addr().String())
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	a.cert, err = front.NewCertificate(time.Now(), host, "localhost", "*.localhost")
	return err
}

// URL is the address of the account's services.
func (a *Account) URL() string {
	scheme := "http"
	if a.cert != nil {
		scheme = "https"
	}
	return scheme + "://" + a.Listener.Addr().String()
}

// Key is the ARN of the KMS key that the account has from the beginning.
func (a *Account) Key() string { return a.key }

// Serve answers requests until ctx ends.
func (a *Account) Serve(ctx context.Context) error {
	if a.cert != nil {
		return a.front.ServeTLS(ctx, a.Listener, a.cert)
	}
	return a.front.Serve(ctx, a.Listener)
}

// Locked calls fn with the world while no request does. fn must not wait.
func (a *Account) Locked(fn func(w *simulator.World)) { a.front.Locked(fn) }

// Environment is what any S3 client needs to use the account, as NAME=value. A
// certificate is written to dir.
func (a *Account) Environment(ctx context.Context, dir string) ([]string, error) {
	env := []string{
		"AWS_ACCESS_KEY_ID=" + AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + SecretKey,
		"AWS_REGION=" + a.region,
		"AWS_DEFAULT_REGION=" + a.region,
		"AWS_ENDPOINT_URL=" + a.URL(),
	}
	if a.cert != nil {
		name := filepath.Join(dir, "reseal-simulator.pem")
		if err := outfile.Write(ctx, name, func(w io.Writer) error { _, err := w.Write(a.cert.PEM); return err }); err != nil {
			return nil, fmt.Errorf("write certificate: %w", err)
		}
		env = append(env, "AWS_CA_BUNDLE="+name)
	}
	return env, nil
}

// CleanEnvironment is base without what would lead an S3 client elsewhere.
func CleanEnvironment(base []string) []string {
	var out []string
	for _, v := range base {
		if !strings.HasPrefix(v, "AWS_") {
			out = append(out, v)
		}
	}
	return append(out, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
}

// Request is a request of the administrator about a bucket.
func (a *Account) Request(bucket string) *simulator.Request {
	return &simulator.Request{Bucket: bucket, Principal: simulator.Principal{Account: AccountID, ARN: Administrator}}
}
