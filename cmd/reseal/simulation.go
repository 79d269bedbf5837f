package main

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
)

// The names of the simulated account. None of them is a secret.
const (
	simRegion  = "us-east-1"
	simAccount = "111122223333"
	simKey     = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000001"
	simKeyID   = "SIMULATOR"
	simSecret  = "simulated-secret-access-key"
	simUser    = "arn:aws:iam::111122223333:user/simulated"
	simReports = "reseal-reports" // bucket that inventory reports are delivered to
)

// simulation is a simulated S3 and KMS on a local address.
type simulation struct {
	world  *simulator.World // only through front.Locked once it serves
	front  *front.Front
	region string
	cert   *front.Certificate // nil without TLS
	ln     net.Listener
}

// simConfig says what to simulate.
type simConfig struct {
	listen  string
	tls     bool
	latency time.Duration
	jitter  time.Duration
	kmsRPS  int // KMS requests a second, 0 = no quota
	s3RPS   int // S3 writes a second and first-level prefix, 0 = no quota
	seed    uint64
	region  string    // "" is simRegion
	users   *simUsers // beside the administrator; nil for none
	strict  bool      // requests without TLS count as such
}

// newSimulation makes an empty account with one KMS key, and takes the address.
func newSimulation(c simConfig) (*simulation, error) {
	region := cmp.Or(c.region, simRegion)
	identities, rules, err := simIdentities(c.users)
	if err != nil {
		return nil, err
	}
	world := simulator.New(simulator.Config{
		Authorize: rules.Authorize,
		Account:   simAccount, Region: region, Seed: c.seed,
		KMSRequestsPerSecond: c.kmsRPS, S3WritesPerSecond: c.s3RPS, PartitionDepth: 1,
	})
	if region == simRegion {
		if err := world.CreateKey(simulator.Key{ARN: simKey}); err != nil {
			return nil, fmt.Errorf("make key: %w", err)
		}
	}
	f, err := front.New(world, front.Config{
		Identities:    identities,
		Latency:       front.Latency{Fixed: c.latency, Jitter: c.jitter},
		PlainIsSecure: !c.tls && !c.strict, // without TLS it answers as if a proxy had ended it
		Seed:          c.seed,
	})
	if err != nil {
		return nil, err
	}
	s := &simulation{world: world, front: f, region: region}
	if s.ln, err = net.Listen("tcp", c.listen); err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if c.tls {
		host, _, err := net.SplitHostPort(s.ln.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		if s.cert, err = front.NewCertificate(time.Now(), host, "localhost", "*.localhost"); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// url is the address of the simulation.
func (s *simulation) url() string {
	scheme := "http"
	if s.cert != nil {
		scheme = "https"
	}
	return scheme + "://" + s.ln.Addr().String()
}

// serve answers requests until ctx ends.
func (s *simulation) serve(ctx context.Context) error {
	if s.cert != nil {
		return s.front.ServeTLS(ctx, s.ln, s.cert)
	}
	return s.front.Serve(ctx, s.ln)
}

// environment is what any S3 client needs to talk to the simulation, as
// NAME=value. A certificate is written to dir.
func (s *simulation) environment(dir string) ([]string, error) {
	env := []string{
		"AWS_ACCESS_KEY_ID=" + simKeyID,
		"AWS_SECRET_ACCESS_KEY=" + simSecret,
		"AWS_REGION=" + s.region,
		"AWS_DEFAULT_REGION=" + s.region,
		"AWS_ENDPOINT_URL=" + s.url(),
	}
	if s.cert != nil {
		name := filepath.Join(dir, "reseal-simulator.pem")
		if err := os.WriteFile(name, s.cert.PEM, 0o600); err != nil {
			return nil, fmt.Errorf("write certificate: %w", err)
		}
		env = append(env, "AWS_CA_BUNDLE="+name)
	}
	return env, nil
}

// cleanEnvironment is base without what would lead an S3 client elsewhere.
func cleanEnvironment(base []string) []string {
	var out []string
	for _, v := range base {
		if !strings.HasPrefix(v, "AWS_") {
			out = append(out, v)
		}
	}
	return append(out, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
}

// makeBucket makes a bucket of the simulated account.
func (s *simulation) makeBucket(now time.Time, name string) error {
	if err := s.world.CreateBucket(now, &simulator.CreateBucketInput{Request: *s.request(name)}); err != nil {
		return fmt.Errorf("make bucket %s: %w", name, err)
	}
	return nil
}

// digest is the state of a bucket: sums, and a hash of all that a
// re-encryption has to carry over.
type digest struct {
	objects   int64
	encrypted int64 // under SSE-KMS
	archived  int64 // not under SSE-KMS, and readable only after a restore
	carried   [32]byte
}

// digest looks at every object of a bucket.
func (s *simulation) digest(bucket string) (d digest) {
	s.front.Locked(func(w *simulator.World) {
		for o := range w.Walk(bucket) {
			d.objects++
			switch {
			case o.Encryption.Type == simulator.SSEKMS:
				d.encrypted++
			case o.StorageClass == simulator.Glacier || o.StorageClass == simulator.DeepArchive:
				d.archived++
			}
		}
		d.carried = w.Digest(bucket, func(o *simulator.ObjectInfo) {
			o.Encryption, o.ETag, o.LastModified = simulator.Encryption{}, "", time.Time{} // what a re-encryption is there to change
			o.Checksum, o.PartsCount, o.PartSizes = simulator.Checksum{}, 0, nil           // recomputed by S3 with every copy
		})
	})
	return d
}

// copies is the number of copies that were answered with success.
func (s *simulation) copies() (n int64) {
	s.front.Locked(func(w *simulator.World) { n = w.Counters().OK("CopyObject") })
	return n
}

// counted returns how many of the objects that are there were rewritten how
// often, and all counters. Scratch objects that a probe made are gone by then.
func (s *simulation) counted(bucket string) (histogram map[int]int64, c simulator.Counters) {
	histogram = map[int]int64{}
	s.front.Locked(func(w *simulator.World) {
		c = w.Counters()
		for o := range w.Walk(bucket) {
			if o.IsLatest {
				histogram[w.Rewrites(bucket, o.Key)]++
			}
		}
	})
	return histogram, c
}
