package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// night is the account of one trial: a bucket, its report, and a user who has
// the policies of the trial and nothing else.
type night struct {
	t        *testing.T
	sim      *simaws.Account
	manifest string
	dir      string

	asked map[question]bool // of the user, and whether it was allowed; under the lock of the account
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
	user := simaws.User{Name: nightUser, AccessKeyId: "NIGHT", SecretAccessKey: "night-secret"}
	if policy != "" {
		user.Policies = []json.RawMessage{json.RawMessage(policy)}
	}
	sim, err := simaws.New(simaws.Config{Seed: 1, Users: []simaws.User{user}, Observer: n.observe})
	if err != nil {
		t.Fatal(err)
	}
	n.sim = sim
	if err := sim.World.CreateKey(simulator.Key{ARN: otherKey}); err != nil {
		t.Fatal(err)
	}
	if err := sim.MakeBuckets(taken, scriptBucket, simaws.ReportBucket); err != nil {
		t.Fatal(err)
	}
	if err := furnish(sim.World, sim.Request(scriptBucket)); err != nil {
		t.Fatal(err)
	}
	if n.manifest, err = sim.WriteReport(t.Context(), scriptBucket, simaws.Report{Created: taken}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(startServing(sim))
	return n
}

// observe notes what the policies said to a request of the user.
func (n *night) observe(q *simulator.AccessRequest, refused *simulator.Error) {
	if q.Principal.ARN != nightUser {
		return
	}
	resource := q.KMSKeyARN
	if resource == "" {
		resource = strings.TrimSuffix("arn:aws:s3:::"+q.Bucket+"/"+q.Key, "/")
	}
	n.asked[question{q.Action, resource, q.ViaS3}] = refused == nil
}

// grant sets the policy of the user.
func (n *night) grant(policy string) {
	n.t.Helper()
	if err := n.sim.Rules.Grant(nightUser, []byte(policy)); err != nil {
		n.t.Fatal(err)
	}
}

// command runs reseal in this process.
func (n *night) command(args ...string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &messages, signals: nil}
	code = p.run(n.t.Context(), args)
	return code, out.String(), messages.String()
}

// as sets the environment to the administrator's, or the user's.
func (n *night) as(user bool) {
	n.t.Helper()
	useAccount(n.t, n.sim, n.dir)
	n.t.Setenv("AWS_MAX_ATTEMPTS", "1")
	if user {
		n.t.Setenv("AWS_ACCESS_KEY_ID", "NIGHT")
		n.t.Setenv("AWS_SECRET_ACCESS_KEY", "night-secret")
	}
}
