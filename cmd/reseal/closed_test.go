package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
)

// TestClosedBucket: after enforce a run goes on as before, its probe included,
// and enforce again finds nothing to do. Somebody with all of S3 and no key reads
// what is under SSE-S3, and is denied the same object after the run.
func TestClosedBucket(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
	}, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	reads := func() (code string) {
		n.sim.front.Locked(func(w *simulator.World) {
			in := &simulator.GetObjectInput{Request: *n.sim.request(scriptBucket), Key: "small"}
			in.Principal = simulator.Principal{ARN: nightUser, Account: simAccount}
			if _, err := w.GetObject(time.Now(), in); err != nil {
				code = err.Code
			}
		})
		return code
	}
	if code := reads(); code != "" {
		t.Fatalf("a user without the key reads SSE-S3: %s", code)
	}
	n.as(false)
	enforce := []string{"enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simKey, "--apply"}
	if code, out, talk := n.command(enforce...); code != exitDone || !strings.Contains(talk, "read back") {
		t.Fatalf("enforce: exit %d\n%s%s", code, out, talk)
	}
	for _, how := range [][]string{{"--limit", "1"}, {"--copy-via", "multipart"}, {"--rekey", "--method", "update"}} {
		args := append([]string{"run", "--manifest", n.manifest, "--sse-kms-key-id", simKey, "--job", filepath.Join(n.dir, how[1]), "--yes", "--no-progress",
			"--probe-key-prefix", "scratch/"}, how...)
		want := exitDone
		if how[0] == "--limit" {
			want = exitStopped
		}
		if code, out, talk := n.command(args...); code != want || !strings.Contains(talk, "endpoint: ") {
			t.Errorf("run %q in a closed bucket: exit %d, want %d after a probe\n%s%s", how, code, want, out, talk)
		}
	}
	if d := n.sim.digest(scriptBucket); d.objects != 2 || d.encrypted != 2 {
		t.Errorf("%d objects, %d under the key; want 2, 2", d.objects, d.encrypted)
	}
	if code := reads(); code != "AccessDenied" {
		t.Errorf("a user without the key reads what is under it: %q, want AccessDenied", code)
	}
	if code, _, talk := n.command(enforce...); code != exitDone || !strings.Contains(talk, "Nothing to do") {
		t.Errorf("enforce again: exit %d\n%s", code, talk)
	}
}

// TestPreflightUnknown: what the caller may not read is said to be unknown, and
// never taken for as it should be.
func TestPreflightUnknown(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100})
	}, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}`)
	n.as(true)
	code, out, talk := n.command("preflight", "--bucket", scriptBucket, "--sse-kms-key-id", simKey, "--json")
	var table struct {
		Checks []check `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &table); err != nil || code != exitDone {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, talk)
	}
	fine := map[string]bool{"caller": true, "bucket": true, "s3:ListBucket": true}
	unknown := map[string]bool{}
	for _, row := range table.Checks {
		unknown[row.Name] = row.Status == standUnknown
		if row.Status == standOK && !fine[row.Name] {
			t.Errorf("%s is ok, though nothing of it may be read: %s", row.Name, row.Why)
		}
	}
	for _, name := range []string{"key", "versioning", "lifecycle rules", "object lock", "ACLs", "website configuration", "replication", "event notifications",
		"who pays for requests", "default encryption", "bucket policy", "inventory", "KMS quota", "locks"} {
		if !unknown[name] {
			t.Errorf("%s is not said to be unknown:\n%s", name, out)
		}
	}
}
