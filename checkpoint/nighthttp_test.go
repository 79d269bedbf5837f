package checkpoint

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"reseal/engine"
	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
	"reseal/plan"
	"reseal/s3api"
)

// TestNightOverHTTP plays a small night twice: in virtual time on the simulator's
// core, and within seconds over HTTP, with the client and the error classes of a
// real run. Both keep the same bounds, and leave the same bucket behind.
func TestNightOverHTTP(t *testing.T) {
	if os.Getenv("RESEAL_SOAK") == "" {
		t.Skip("SKIPPED, NOT PASSED: this waits for outages in real time. To run it: RESEAL_SOAK=1 go test -count=1 -v -run NightOverHTTP ./checkpoint")
	}
	const seed = 7
	p := nightPlan{objects: 400, length: 8 * time.Second}
	var want [32]byte
	synctest.Test(t, func(t *testing.T) {
		n := newNightWorld(t, seed, nightPlan{objects: p.objects, length: 5 * time.Minute})
		n.rewriter, n.ask, n.virtual = n, n.alive, true
		n.play()
		want = n.digest()
	})
	n := newNightWorld(t, seed, p)
	n.serve()
	n.play()
	if got := n.digest(); got != want {
		t.Errorf("over HTTP the bucket's digest is %x, in process %x", got, want)
	}
}

// digest is all that is in the bucket, but for what two nights cannot have alike.
func (n *nightWorld) digest() (sum [32]byte) {
	n.locked(func(w *simulator.World) {
		sum = w.Digest(nightBucket, func(o *simulator.ObjectInfo) { o.ETag, o.LastModified = "", time.Time{} })
	})
	return sum
}

// serve puts the world behind HTTP, and a client before it.
func (n *nightWorld) serve() {
	n.t.Setenv("AWS_ACCESS_KEY_ID", "NIGHT")
	n.t.Setenv("AWS_SECRET_ACCESS_KEY", "night-secret")
	n.t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	f, err := front.New(n.world, front.Config{PlainIsSecure: true, Latency: front.Latency{Fixed: 2 * time.Millisecond, Jitter: 10 * time.Millisecond},
		Identities: []front.Identity{{AccessKeyID: "NIGHT", SecretKey: "night-secret", AccountID: "111122223333", ARN: "arn:aws:iam::111122223333:user/night"}}})
	n.must(err)
	n.locked = f.Locked
	var open atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Add(-1)
		f.ServeHTTP(w, r)
	}))
	n.t.Cleanup(server.Close)
	n.idle = func() {
		server.CloseClientConnections() // a request that was sent and not read yet is gone, too
		for open.Load() > 0 {
			time.Sleep(time.Millisecond)
		}
	}
	client, err := s3api.New(n.t.Context(), s3api.Config{EndpointURL: server.URL, Region: "us-east-1"})
	n.must(err)
	n.t.Cleanup(client.CloseIdle)
	facts := n.plan.Facts
	facts.AWS = plan.No
	n.plan.Facts = facts
	rewriter, err := client.Rewriter(s3api.RewriteConfig{Options: n.plan.Options, Facts: facts, LocksShown: true})
	n.must(err)
	n.rewriter = rewriter
	n.ask = func(ctx context.Context) error { return client.Alive(ctx, nightBucket) }
}

var _ engine.Rewriter = (*s3api.Rewriter)(nil)
