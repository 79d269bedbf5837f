package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/preflight"
)

// TestClosedBucket: after enforce a run goes on as before, its probe included,
// and enforce again finds nothing to do. Somebody with all of S3 and no key reads
// what is under SSE-S3, and is denied the same object after the run.
func TestClosedBucket(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100}, simulator.ObjectInfo{Key: "large", Size: 6 << 30})
	}, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`)
	reads := func() (code string) {
		n.sim.Locked(func(w *simulator.World) {
			in := &simulator.GetObjectInput{Request: *n.sim.Request(scriptBucket), Key: "small"}
			in.Principal = simulator.Principal{ARN: nightUser, Account: simaws.AccountID}
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
	enforce := []string{"enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes"}
	if code, out, messages := n.command(enforce...); code != exitDone || !strings.Contains(messages, "read back") {
		t.Fatalf("enforce: exit %d\n%s%s", code, out, messages)
	}
	for _, how := range [][]string{{"--limit", "1"}, {"--copy-via", "multipart"}, {"--rekey", "--method", "update"}} {
		args := append([]string{"run", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--job", filepath.Join(n.dir, how[1]), "--yes", "--no-progress",
			"--probe-key-prefix", "scratch/"}, how...)
		want := exitDone
		if how[0] == "--limit" {
			want = exitStopped
		}
		if code, out, messages := n.command(args...); code != want || !strings.Contains(messages, "endpoint: ") {
			t.Errorf("run %q in a closed bucket: exit %d, want %d after a probe\n%s%s", how, code, want, out, messages)
		}
	}
	if d := n.sim.Digest(scriptBucket); d.Objects != 2 || d.Encrypted != 2 {
		t.Errorf("%d objects, %d under the key; want 2, 2", d.Objects, d.Encrypted)
	}
	if code := reads(); code != "AccessDenied" {
		t.Errorf("a user without the key reads what is under it: %q, want AccessDenied", code)
	}
	if code, _, messages := n.command(enforce...); code != exitDone || !strings.Contains(messages, "Nothing to do") {
		t.Errorf("enforce again: exit %d\n%s", code, messages)
	}
}

// TestPreflightUnknown: what the caller may not read is said to be unknown, and
// never taken for as it should be.
func TestPreflightUnknown(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100})
	}, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}`)
	n.as(true)
	code, out, messages := n.command("preflight", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--json")
	var table struct {
		Checks []preflight.Finding `json:"checks"`
	}
	if err := json.Unmarshal([]byte(out), &table); err != nil || code != exitRefused { // too little is known to say that a run can begin
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, messages)
	}
	fine := map[string]bool{"caller": true, "bucket": true, "s3:ListBucket": true}
	unknown := map[string]bool{}
	for _, row := range table.Checks {
		unknown[row.Name] = row.Status == preflight.StatusUnknown
		if row.Status == preflight.StatusOK && !fine[row.Name] {
			t.Errorf("%s is ok, though nothing of it may be read: %s", row.Name, row.Why)
		}
	}
	for _, name := range []string{"key", "versioning", "lifecycle rules", "object lock", "ACLs", "website configuration", "replication", "event notifications",
		"who pays for requests", "default encryption", "bucket policy", "inventory", "KMS quota", "locks", "Block Public Access", "access logs",
		"readers by access points", "readers by the bucket's ACL"} {
		if !unknown[name] {
			t.Errorf("%s is not said to be unknown:\n%s", name, out)
		}
	}
}

// TestReadersOfConfiguration: access points and the replication of a bucket are in the
// hazard that a plan shows.
func TestReadersOfConfiguration(t *testing.T) {
	n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
		w.AddAccessPoint(simulator.AccessPoint{Name: "partners", Bucket: scriptBucket})
		if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
			return err
		}
		if err := w.PutBucketConfig(taken, r, simulator.ReplicationConfig, "", []byte(`<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/mirror</Role>`+
			`<Rule><ID>all</ID><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::copy</Bucket></Destination></Rule></ReplicationConfiguration>`)); err != nil {
			return err
		}
		return seed(w, simulator.ObjectInfo{Key: "small", Size: 100})
	}, "")
	n.as(false)
	code, out, messages := n.command("plan", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--json")
	if code != exitDone {
		t.Fatalf("exit %d\n%s", code, messages)
	}
	for _, want := range []string{"access points with policies of their own, which are not read here: partners", "replication by all leaves out", "replication role arn:aws:iam::111122223333:role/mirror needs kms:Decrypt"} {
		if !strings.Contains(out, want) {
			t.Errorf("not said: %s\n%s\n%s", want, out, messages)
		}
	}

	// The statements for them and for administrators are printed, and the key takes them.
	code, out, messages = n.command("permissions", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key)
	var printed preflight.Permissions
	if err := json.Unmarshal([]byte(out), &printed); err != nil || code != exitDone || printed.KeyPolicyOthers == nil {
		t.Fatalf("exit %d, %v\n%s%s", code, err, out, messages)
	}
	all := printed.KeyPolicyOthers
	if len(all.Administrators) != 1 || len(all.Services) != 1 || all.Services[0].Principal["AWS"] != "arn:aws:iam::111122223333:role/mirror" || !strings.Contains(messages, "rule all leaves out") {
		t.Errorf("printed %s\n%s", out, messages)
	}
	text, err := json.Marshal(preflight.Grants{Version: "2012-10-17", Statement: slices.Concat(all.Administrators, []preflight.Grant{*printed.KeyPolicyStatement}, all.Readers, all.Services)})
	if err != nil {
		t.Fatal(err)
	}
	n.sim.Locked(func(w *simulator.World) {
		if err := w.PutKeyPolicy(taken, simulator.Principal{Account: simaws.AccountID}, simaws.Key, text, false); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	})
}
