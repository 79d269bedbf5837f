package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/preflight"
)

// allBut is a policy that allows everything but some actions.
func allBut(actions ...string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":["%s"],"Resource":"*"}]}`,
		strings.Join(actions, `","`))
}

// lockedBucket has an object that is locked in both ways, one in neither, and
// one that only the multipart path can do.
func lockedBucket(w *simulator.World, r *simulator.Request) error {
	if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
		return err
	}
	if err := w.PutObjectLockConfiguration(taken, r, simulator.ObjectLockConfig{Enabled: true}); err != nil {
		return err
	}
	lock := simulator.Lock{Mode: "GOVERNANCE", RetainUntil: time.Now().AddDate(5, 0, 0).Truncate(time.Second), LegalHold: "ON"}
	for _, o := range []simulator.ObjectInfo{{Key: "free", Size: 100}, {Key: "locked", Size: 100, Lock: lock}, {Key: "locked large", Size: 6 << 30, Lock: lock}} {
		if err := w.SeedObject(scriptBucket, o, simulator.Body{}); err != nil {
			return err
		}
	}
	return nil
}

// unlockedCopies counts what the world has of current objects that were locked
// and are not any more.
func (n *night) unlockedCopies() (lost []string) {
	n.sim.Locked(func(w *simulator.World) {
		for _, key := range []string{"locked", "locked large"} {
			in := &simulator.GetObjectInput{Request: *n.sim.Request(scriptBucket), Key: key}
			o, err := w.HeadObject(time.Now(), in)
			if err != nil || o.Lock.Mode == "" || o.Lock.LegalHold != "ON" {
				lost = append(lost, key)
			}
		}
	})
	return lost
}

// TestHiddenLocks: whom S3 hides a lock from may not make copies, however a run
// is begun: they would be made without the lock, and no later look would tell.
func TestHiddenLocks(t *testing.T) {
	accept := []string{"--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "versioned"}
	// Every hazard, accepted or not, and nothing that is as it should be.
	want := []string{"hazard drops-expires", "hazard versioned", "hazard weak-conditions", "warning default", "warning object"}
	for _, hidden := range []string{"s3:GetObjectRetention", "s3:GetObjectLegalHold"} {
		n := newNight(t, lockedBucket, allBut(hidden))
		run := func(job string, more ...string) []string {
			args := []string{"run", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(n.dir, job), "--yes", "--no-progress", "--snapshot", "0"}
			return append(append(args, accept...), more...)
		}
		refused := func(what string, args ...string) {
			t.Helper()
			n.as(true)
			code, out, messages := n.command(args...)
			if code != exitRefused || !strings.Contains(out+messages, "the caller lacks "+hidden) || !strings.Contains(out+messages, "grant "+hidden) {
				t.Errorf("%s without %s: exit %d, want %d and the permission to add:\n%s%s", what, hidden, code, exitRefused, out, messages)
			}
			if lost := n.unlockedCopies(); len(lost) > 0 {
				t.Fatalf("%s without %s: %q lost their lock", what, hidden, lost)
			}
		}
		refused("preflight", "preflight", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key)
		refused("preflight of a report", "preflight", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key)
		refused("run", run("first")...)
		refused("run without a plan", run("unplanned", "--no-plan-pass")...)
		refused("run without a canary", run("tried", "--no-canary", "--accept", "unproven-endpoint")...)

		// A job that somebody began who may look.
		n.as(false)
		if code, out, messages := n.command(run("begun", "--limit", "1")...); code != exitStopped {
			t.Fatalf("run --limit 1: exit %d\n%s%s", code, out, messages)
		} else if got := tableOf(messages); !slices.Equal(got, want) {
			t.Errorf("table at the start of a run: %q, want %q", got, want)
		}
		refused("resume", run("begun")...)
		n.as(false)
		n.sim.Locked(func(w *simulator.World) {
			w.AddFault(simulator.Fault{Op: "CopyObject", Code: "InvalidRequest", HTTPStatus: 400, Key: "locked", Message: "no", Count: 1})
		})
		if code, out, messages := n.command(run("failed", "--no-canary", "--accept", "unproven-endpoint", "--concurrency", "1")...); code != exitFailures {
			t.Fatalf("run of which an object fails: exit %d\n%s%s", code, out, messages)
		}
		refused("retry-failed", append([]string{"retry-failed", "--job", filepath.Join(n.dir, "failed"), "--no-progress"}, accept...)...)
		n.as(false)
		if code, out, messages := n.command(run("begun")...); code != exitDone {
			t.Fatalf("run by who may look: exit %d\n%s%s", code, out, messages)
		}
		if lost := n.unlockedCopies(); len(lost) > 0 {
			t.Errorf("run by who may look: %q lost their lock", lost)
		}
		for _, user := range []bool{false, true} {
			n.as(user)
			code, out, messages := n.command("verify", "--job", filepath.Join(n.dir, "begun"))
			if said := strings.Contains(messages, "the caller lacks "+hidden); code != exitDone || said != user {
				t.Errorf("verify, %s hidden %v: exit %d, said so %v\n%s%s", hidden, user, code, said, out, messages)
			}
		}
	}
}

// tableOf is the table of the preflight at the start of a run: status and first
// word of each row, sorted.
func tableOf(messages string) (rows []string) {
	for line := range strings.Lines(messages) {
		if f := strings.Fields(line); len(f) > 1 && slices.Contains([]preflight.Status{preflight.StatusOK, preflight.StatusHazard, preflight.StatusWarning, preflight.StatusStop, preflight.StatusUnknown}, preflight.Status(f[0])) {
			rows = append(rows, f[0]+" "+f[1])
		}
	}
	slices.Sort(rows)
	return rows
}
