package main

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
	"reseal/internal/simulator/front"
)

// night is the account of one trial: a bucket, its report, and a user who has
// the policies of the trial and nothing else.
type night struct {
	t        *testing.T
	sim      *simulation
	rules    *access.Rules // under the lock of the simulation
	manifest string
	dir      string

	asked map[question]bool // of the user, and whether it was allowed; under the lock of the simulation
}

// question is what the policies were asked about a request.
type question struct{ action, resource, via string }

// nightUser is who has the policies of a trial, and nothing else.
const nightUser = "arn:aws:iam::111122223333:user/night"

// taken is when the report of each trial is taken, so that it is at the same place.
var taken = time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)

// newNight serves an account until the test ends. An empty policy leaves the
// user without any permission.
func newNight(t *testing.T, furnish func(w *simulator.World, r *simulator.Request) error, policy string) *night {
	t.Helper()
	n := &night{t: t, dir: t.TempDir(), asked: map[question]bool{}}
	identities, rules, err := simIdentities(nil)
	if err != nil {
		t.Fatal(err)
	}
	n.rules = rules
	if policy != "" {
		n.grant(policy)
	}
	authorize := func(q *simulator.AccessRequest) *simulator.Error {
		err := rules.Authorize(q)
		if q.Principal.ARN == nightUser {
			resource := q.KMSKeyARN
			if resource == "" {
				resource = strings.TrimSuffix("arn:aws:s3:::"+q.Bucket+"/"+q.Key, "/")
			}
			n.asked[question{q.Action, resource, q.ViaS3}] = err == nil
		}
		return err
	}
	sim := &simulation{region: simRegion, world: simulator.New(simulator.Config{Authorize: authorize, Account: simAccount, Region: simRegion, Seed: 1, PartitionDepth: 1})}
	n.sim = sim
	for _, arn := range []string{simKey, otherKey} {
		if err := sim.world.CreateKey(simulator.Key{ARN: arn}); err != nil {
			t.Fatal(err)
		}
	}
	identities = append(identities, front.Identity{AccessKeyID: "NIGHT", SecretKey: "night-secret", AccountID: simAccount, ARN: nightUser})
	if sim.front, err = front.New(sim.world, front.Config{Identities: identities, PlainIsSecure: true, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	if sim.ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{scriptBucket, simReports} {
		if err := sim.makeBucket(taken, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := furnish(sim.world, sim.request(scriptBucket)); err != nil {
		t.Fatal(err)
	}
	depot := &front.BucketDepot{Bucket: simReports}
	manifest, err := front.WriteInventory(t.Context(), sim.world, front.Inventory{Bucket: scriptBucket, Destination: simReports, Prefix: "inventory", Created: taken}, depot)
	if err == nil {
		err = depot.Deliver(sim.world, taken)
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var server sync.WaitGroup
	server.Go(func() { _ = sim.serve(ctx) })
	t.Cleanup(func() {
		stop()
		server.Wait()
	})
	n.manifest = "s3://" + simReports + "/" + manifest
	return n
}

// grant sets the policy of the user.
func (n *night) grant(policy string) {
	n.t.Helper()
	if err := n.rules.Grant(nightUser, []byte(policy)); err != nil {
		n.t.Fatal(err)
	}
}

// command runs reseal in this process.
func (n *night) command(args ...string) (code int, stdout, stderr string) {
	var out, talk bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &talk, signals: nil}
	code = p.run(n.t.Context(), args)
	return code, out.String(), talk.String()
}

// as sets the environment to the administrator's, or the user's.
func (n *night) as(user bool) {
	n.t.Helper()
	env, err := n.sim.environment(n.dir)
	if err != nil {
		n.t.Fatal(err)
	}
	for _, v := range append(cleanEnvironment(nil), env...) {
		name, value, _ := strings.Cut(v, "=")
		n.t.Setenv(name, value)
	}
	n.t.Setenv("AWS_MAX_ATTEMPTS", "1")
	if user {
		n.t.Setenv("AWS_ACCESS_KEY_ID", "NIGHT")
		n.t.Setenv("AWS_SECRET_ACCESS_KEY", "night-secret")
	}
}
