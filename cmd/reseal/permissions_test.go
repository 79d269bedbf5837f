package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/front"
)

// night is the account of one trial: a bucket, its report, and a user who has
// the policies of the trial and nothing else.
type night struct {
	t        *testing.T
	sim      *simulation
	manifest string
	dir      string
}

// taken is when the report of each trial is taken, so that it is at the same place.
var taken = time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)

// newNight serves an account until the test ends. An empty policy makes the
// user an administrator.
func newNight(t *testing.T, furnish func(w *simulator.World, r *simulator.Request) error, policy string) *night {
	t.Helper()
	users := &simUsers{}
	if policy != "" {
		text := fmt.Sprintf(`{"Users":[{"Name":"night","AccessKeyId":"NIGHT","SecretAccessKey":"night-secret","Policies":[%s]}]}`, policy)
		if err := json.Unmarshal([]byte(text), users); err != nil {
			t.Fatal(err)
		}
	}
	sim, err := newSimulation(simConfig{listen: "127.0.0.1:0", seed: 1, users: users})
	if err != nil {
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
	return &night{t: t, sim: sim, manifest: "s3://" + simReports + "/" + manifest, dir: t.TempDir()}
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

var (
	saysUnknown = regexp.MustCompile(`(?m)^unknown.*`)
	saysUsage   = regexp.MustCompile(`(?m)^warning: what others use.*`)
	saysCap     = regexp.MustCompile(`(?m)^KMS cap: .*`)
)

// outcome is how plan, run and verify end, and what they say is unknown.
func (n *night) outcome(accept []string) (string, string) {
	n.t.Helper()
	job := filepath.Join(n.dir, "job")
	base := append([]string{"--manifest", n.manifest, "--sse-kms-key-id", simKey}, accept...)
	var ends []string
	var all strings.Builder
	for _, args := range [][]string{
		append([]string{"plan"}, base...),
		append([]string{"run", "--job", job, "--yes", "--no-progress", "--max-outage", "1s"}, base...),
		{"verify", "--job", job},
	} {
		code, out, talk := n.command(args...)
		fmt.Fprintf(&all, "$ reseal %s\n%s%s", args[0], out, talk)
		ends = append(ends, fmt.Sprintf("%s %d, unknown %d, %s%s", args[0], code, len(saysUnknown.FindAllString(talk, -1)), saysCap.FindString(talk), saysUsage.FindString(talk)))
		if code != 0 {
			break
		}
	}
	return strings.Join(ends, "; "), all.String()
}

const (
	onlyAfterFailure  = "an upload is given up only when something of it failed"
	hiddenByBucketKey = "the bucket key that CreateMultipartUpload fetched serves the parts; the scene without bucket keys shows the need"
	notHere           = "the scene with versions shows the need"
	hiddenByHead      = "HeadObject leaves out locks without a word to whoever may not see them; docs/permissions.md warns of it"
)

// TestLeastPrivilege runs plan, run and verify with just the policy that
// permissions prints, under the simulator's policies: it has to be enough, and
// without any one of its actions something has to fail or to be said.
func TestLeastPrivilege(t *testing.T) {
	tags := []simulator.Tag{{Key: "team", Value: "media"}}
	seed := func(w *simulator.World, objects ...simulator.ObjectInfo) error {
		for _, o := range objects {
			if err := w.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
				return err
			}
		}
		return nil
	}
	scenes := []struct {
		name    string
		furnish func(w *simulator.World, r *simulator.Request) error
		options []string // of permissions, plan and run
		accept  []string
		spare   map[string]string // actions that nothing here shows to be needed, and why they are kept
	}{
		{"copies and parts", func(w *simulator.World, _ *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "plain", Size: 100}, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags},
				simulator.ObjectInfo{Key: "large", Size: 6 << 30, Tags: tags})
		}, nil, nil, map[string]string{"s3:AbortMultipartUpload": onlyAfterFailure, "kms:Decrypt": hiddenByBucketKey}},
		{"without bucket keys", func(w *simulator.World, _ *simulator.Request) error {
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
		}, []string{"--bucket-key-enabled=false", "--kms-headroom", "10%"}, nil, map[string]string{"s3:AbortMultipartUpload": onlyAfterFailure}},
		{"versions", func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "tagged", Size: 100, Tags: tags}, simulator.ObjectInfo{Key: "large", Size: 6 << 30, Tags: tags})
		}, nil, []string{"--accept", "versioned"}, map[string]string{"s3:AbortMultipartUpload": onlyAfterFailure, "kms:Decrypt": hiddenByBucketKey}},
		{"locks and ACLs", func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
				return err
			}
			if err := w.PutObjectLockConfiguration(taken, r, simulator.ObjectLockConfig{Enabled: true}); err != nil {
				return err
			}
			if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
				return err
			}
			lock := simulator.Lock{Mode: "GOVERNANCE", RetainUntil: taken.AddDate(5, 0, 0), LegalHold: "ON"}
			grants := []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Permission: "READ"}}
			return seed(w, simulator.ObjectInfo{Key: "locked", Size: 100, Tags: tags, Lock: lock, Grants: grants})
		}, nil, []string{"--accept", "versioned", "--accept", "acl"}, map[string]string{"kms:Decrypt": hiddenByBucketKey, "s3:GetObjectVersion": notHere,
			"s3:GetObjectRetention": hiddenByHead, "s3:GetObjectLegalHold": hiddenByHead}},
	}
	for _, s := range scenes {
		t.Run(s.name, func(t *testing.T) {
			accept := slices.Concat([]string{"--accept", "weak-conditions", "--accept", "drops-expires"}, s.options, s.accept)
			admin := newNight(t, s.furnish, "")
			admin.as(false)
			code, out, talk := admin.command(append([]string{"permissions", "--manifest", admin.manifest, "--sse-kms-key-id", simKey}, s.options...)...)
			if code != 0 {
				t.Fatalf("permissions: exit %d, %s", code, talk)
			}
			var least leastPrivilege
			if err := json.Unmarshal([]byte(out), &least); err != nil {
				t.Fatal(err)
			}
			try := func(p grants) (string, string) {
				text, err := json.Marshal(p)
				if err != nil {
					t.Fatal(err)
				}
				n := newNight(t, s.furnish, string(text))
				n.as(true)
				return n.outcome(accept)
			}
			enough, all := try(least.IdentityPolicy)
			if strings.Count(enough, " 0, unknown 0,") != 3 {
				t.Fatalf("with exactly the policy: %s\n%s\n%s", enough, out, all)
			}
			for i, statement := range least.IdentityPolicy.Statement {
				for j, action := range statement.Action {
					less := grants{Version: least.IdentityPolicy.Version}
					less.Statement = append(less.Statement, least.IdentityPolicy.Statement...)
					kept := append(append([]string{}, statement.Action[:j]...), statement.Action[j+1:]...)
					if len(kept) == 0 {
						less.Statement = append(less.Statement[:i], less.Statement[i+1:]...)
					} else {
						less.Statement[i].Action = kept
					}
					if s.spare[action] != "" {
						continue
					}
					got, _ := try(less)
					if got == enough {
						t.Errorf("without %s of statement %s all went as with it: %s", action, statement.Sid, got)
					}
				}
			}
		})
	}
}
