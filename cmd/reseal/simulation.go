package main

import (
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
	world *simulator.World // only through front.Locked once it serves
	front *front.Front
	cert  *front.Certificate // nil without TLS
	ln    net.Listener
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
}

// newSimulation makes an empty account with one KMS key, and takes the address.
func newSimulation(c simConfig) (*simulation, error) {
	world := simulator.New(simulator.Config{
		Account: simAccount, Region: simRegion, Seed: c.seed,
		KMSRequestsPerSecond: c.kmsRPS, S3WritesPerSecond: c.s3RPS, PartitionDepth: 1,
	})
	if err := world.CreateKey(simulator.Key{ARN: simKey}); err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	f, err := front.New(world, front.Config{
		Identities:    []front.Identity{{AccessKeyID: simKeyID, SecretKey: simSecret, AccountID: simAccount, ARN: simUser}},
		Latency:       front.Latency{Fixed: c.latency, Jitter: c.jitter},
		PlainIsSecure: !c.tls, // without TLS it answers as if a proxy had ended it
		Seed:          c.seed,
	})
	if err != nil {
		return nil, err
	}
	s := &simulation{world: world, front: f}
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
		"AWS_REGION=" + simRegion,
		"AWS_DEFAULT_REGION=" + simRegion,
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
