package s3api

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/inventory"
	"reseal/plan"
)

// simulation is the simulator behind a TLS listener, and a client of it that
// trusts its certificate by a CA bundle, as a user would.
type simulation struct {
	*front.Front
	client *Client // takes the endpoint for what it is: not AWS's own
	aws    *Client // takes it for AWS's own, whose rules it follows
}

func simulate(t *testing.T, wc simulator.Config) *simulation {
	t.Helper()
	hermetic(t)
	return simulateQuietly(t, wc)
}

// simulateQuietly is simulate for parallel tests below one that is hermetic.
func simulateQuietly(t *testing.T, wc simulator.Config) *simulation {
	t.Helper()
	wc.Region, wc.Account = "eu-west-1", account
	w := simulator.New(wc)
	if err := w.CreateKey(simulator.Key{ARN: keyARN, Created: time.Unix(1_600_000_000, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: simulator.Request{Bucket: bucket}}); err != nil {
		t.Fatal(err)
	}
	f, err := front.New(w, front.Config{Region: "eu-west-1", Identities: []front.Identity{{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretKey: os.Getenv("AWS_SECRET_ACCESS_KEY"), AccountID: account, ARN: "arn:aws:iam::" + account + ":user/re"}}})
	if err != nil {
		t.Fatal(err)
	}
	cert, err := front.NewCertificate(time.Now(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(bundle, cert.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- f.ServeTLS(ctx, l, cert) }()
	c, err := New(t.Context(), Config{EndpointURL: "https://" + l.Addr().String(), Region: "eu-west-1", CABundle: bundle})
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	t.Cleanup(func() {
		c.CloseIdle()
		stop()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return &simulation{Front: f, client: c, aws: asAWS(c)}
}

// world calls fn with the world, and fails the test where it returns an error.
func (s *simulation) world(t *testing.T, fn func(w *simulator.World, now time.Time, r simulator.Request) error) {
	t.Helper()
	s.Locked(func(w *simulator.World) {
		if err := fn(w, time.Now(), simulator.Request{Bucket: bucket}); err != nil {
			t.Fatal(err)
		}
	})
}

// failed returns e as an error: a nil *simulator.Error is none.
func failed(e *simulator.Error) error {
	if e == nil {
		return nil
	}
	return e
}

// calls returns how often each operation was called since the last time.
func (s *simulation) calls() map[simulator.Op]int64 {
	out := map[simulator.Op]int64{}
	s.Locked(func(w *simulator.World) {
		for k, n := range w.Counters().Calls {
			out[k.Op] += n
		}
		w.ResetCounters()
	})
	return out
}

// facts reads the bucket's facts, and fails the test where one stays unknown.
func facts(t *testing.T, c *Client, bucket string) plan.Facts {
	t.Helper()
	f, unknown, err := c.Facts(t.Context(), bucket)
	if err != nil || len(unknown) > 0 {
		t.Fatalf("Facts: %v, unknown %v", err, unknown)
	}
	return f
}

// inspected makes the task for a key as a run does that looks at each object.
func inspected(t *testing.T, r *Rewriter, key string) *plan.Task {
	t.Helper()
	p := &plan.Policy{Options: r.config.Options, Facts: r.config.Facts, Weights: plan.DefaultWeights(true)}
	rec := inventory.Record{Bucket: r.config.Options.Bucket, Key: key, Size: -1, Known: inventory.Columns(0).With(inventory.ColBucket).With(inventory.ColKey)}
	task := p.Decide(&rec)
	if !task.NeedHead {
		t.Fatalf("a row without columns needs no look at %q", key)
	}
	head, err := r.Inspect(t.Context(), &task, &gate{})
	if err != nil {
		t.Fatalf("Inspect %q: %v", key, err)
	}
	task = p.DecideHead(task, head)
	return &task
}

// see reads an object's state by HeadObject.
func see(t *testing.T, c *Client, bucket, key string) *plan.Head {
	t.Helper()
	out, err := c.preflight.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		t.Fatalf("HeadObject %q: %v", key, err)
	}
	return headOf(out)
}
