package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

const openPolicy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"}]}`

// TestEnforceWaits: what a bucket shows of its configuration may be late, and is
// waited for.
func TestEnforceWaits(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		w.SetKnobs(simulator.Knobs{StaleConfig: 3})
		return nil
	}, openPolicy)
	n.as(false)
	if code, _, messages := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes", "--settle-timeout", "10m"); code != exitDone || !strings.Contains(messages, "Done") {
		t.Errorf("exit %d\n%s", code, messages)
	}
	code, _, messages := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", otherKey, "--apply", "--yes", "--settle-timeout", "0s")
	if code != exitDifferent || !strings.Contains(messages, "Set back") {
		t.Errorf("without waiting: exit %d\n%s", code, messages)
	}
	n.sim.Locked(func(w *simulator.World) {
		w.SetKnobs(simulator.Knobs{})
		for range 4 { // the last ones are as it is
			if e, err := w.GetBucketEncryption(taken, n.sim.Request(scriptBucket)); err != nil || e.KMSKeyID != simaws.Key {
				t.Errorf("default encryption %+v, %v; want %s", e, err, simaws.Key)
			}
		}
	})
}

// TestInventorySetupWaits: likewise.
func TestInventorySetupWaits(t *testing.T) {
	n := newNight(t, func(w *simulator.World, _ *simulator.Request) error {
		w.SetKnobs(simulator.Knobs{StaleConfig: 3})
		return nil
	}, openPolicy)
	n.as(false)
	code, _, messages := n.command("inventory", "setup", "--bucket", scriptBucket, "--destination", "s3://"+simaws.ReportBucket+"/new/", "--id", "late", "--apply")
	if code != exitDone {
		t.Errorf("exit %d\n%s", code, messages)
	}
}

// TestEnforceUndoesItsOwn: a default encryption is set back by a caller who may not
// put policies, and nothing else is asked for.
func TestEnforceUndoesItsOwn(t *testing.T) {
	n := newNight(t, func(*simulator.World, *simulator.Request) error { return nil },
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"},{"Effect":"Deny","Action":["s3:PutBucketPolicy","s3:DeleteBucketPolicy"],"Resource":"*"}]}`)
	n.as(true)
	code, _, messages := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes")
	if code != exitFatal || !strings.Contains(messages, "Set back") || strings.Contains(messages, "by hand") || strings.Contains(messages, "DeleteBucketPolicy") {
		t.Errorf("exit %d\n%s", code, messages)
	}
	n.sim.Locked(func(w *simulator.World) {
		if e, err := w.GetBucketEncryption(taken, n.sim.Request(scriptBucket)); err != nil || e.Algorithm != "AES256" {
			t.Errorf("default encryption %+v, %v", e, err)
		}
	})
}

// TestEnforceLeavesOthersPolicy: somebody else puts a policy right after reseal did.
// It stays, and nobody is told to delete it.
func TestEnforceLeavesOthersPolicy(t *testing.T) {
	const theirs = `{"Version":"2012-10-17","Statement":[{"Sid":"Theirs","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::` + scriptBucket + `"}]}`
	n := newNight(t, func(*simulator.World, *simulator.Request) error { return nil }, openPolicy)
	n.as(false)
	to, err := url.Parse(os.Getenv("AWS_ENDPOINT_URL"))
	if err != nil {
		t.Fatal(err)
	}
	between, put := httputil.NewSingleHostReverseProxy(to), atomic.Bool{}
	between.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodPut && r.Request.URL.Query().Has("policy") && !put.Swap(true) {
			n.sim.Locked(func(w *simulator.World) {
				if err := w.PutBucketConfig(taken, n.sim.Request(scriptBucket), simulator.PolicyConfig, "", []byte(theirs)); err != nil {
					t.Error(err)
				}
			})
		}
		return nil
	}
	s := httptest.NewServer(between)
	defer s.Close()
	code, _, messages := n.command("enforce", "--endpoint-url", s.URL, "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--yes")
	if code != exitFatal || !put.Load() || !strings.Contains(messages, "left as it is") || strings.Contains(messages, "delete-bucket-policy") {
		t.Errorf("exit %d\n%s", code, messages)
	}
	n.sim.Locked(func(w *simulator.World) {
		if doc, err := w.GetBucketConfig(taken, n.sim.Request(scriptBucket), simulator.PolicyConfig, ""); err != nil || string(doc) != theirs {
			t.Errorf("policy %s, %v; want theirs", doc, err)
		}
		if e, err := w.GetBucketEncryption(taken, n.sim.Request(scriptBucket)); err != nil || e.Algorithm != "AES256" {
			t.Errorf("default encryption %+v, %v", e, err)
		}
	})
}

// TestEnforceTries: uploads that must be denied are tried, too, from one key to
// another as well. A prefix that the policy does not cover is said.
func TestEnforceTries(t *testing.T) {
	n := newNight(t, func(*simulator.World, *simulator.Request) error { return nil }, openPolicy)
	n.as(false)
	for _, tt := range []struct {
		flags []string
		puts  int64
		said  string
	}{
		{[]string{"--sse-kms-key-id", simaws.Key, "--policy-prefix", "in/"}, 4, "no upload that has to be denied is tried"},
		{[]string{"--sse-kms-key-id", simaws.Key}, 3, "Done"},
		{[]string{"--sse-kms-key-id", otherKey}, 3, "Done"},
		{[]string{"--sse-kms-key-id", simaws.Key, "--require-header"}, 3, "Done"},
	} {
		var before, after int64
		count := func(n *night, to *int64) {
			n.sim.Locked(func(w *simulator.World) { *to = puts(w) })
		}
		count(n, &before)
		code, _, messages := n.command(append([]string{"enforce", "--bucket", scriptBucket, "--apply", "--yes", "--probe-key-prefix", "scratch/"}, tt.flags...)...)
		count(n, &after)
		if code != exitDone || !strings.Contains(messages, tt.said) || after-before != tt.puts {
			t.Errorf("%q: exit %d, %d uploads, want %d\n%s", tt.flags, code, after-before, tt.puts, messages)
		}
	}
	if d := n.sim.Digest(scriptBucket); d.Objects != 0 {
		t.Errorf("%d scratch objects are left", d.Objects)
	}
}

// TestEnforceKeepsScratchOut: nothing is uploaded into a bucket that would not let go
// of it, and nothing before the question.
func TestEnforceKeepsScratchOut(t *testing.T) {
	for name, furnish := range map[string]func(w *simulator.World, r *simulator.Request) *simulator.Error{
		"MFA delete is on": func(w *simulator.World, r *simulator.Request) *simulator.Error {
			w.SetMFADelete(scriptBucket, true)
			return nil
		},
		"a retention": func(w *simulator.World, r *simulator.Request) *simulator.Error {
			return w.PutObjectLockConfiguration(taken, r, simulator.ObjectLockConfig{Enabled: true, Mode: "COMPLIANCE", Years: 7})
		},
		"add --yes": func(*simulator.World, *simulator.Request) *simulator.Error { return nil },
	} {
		n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketVersioning(taken, r, simulator.Enabled); err != nil {
				return err
			}
			if err := furnish(w, r); err != nil {
				return err
			}
			return nil
		}, openPolicy)
		n.as(false)
		args, want := []string{"enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--apply", "--probe-key-prefix", "scratch/"}, exitUsage
		if name != "add --yes" {
			args, want = append(args, "--yes"), exitRefused
		}
		if code, _, messages := n.command(args...); code != want || !strings.Contains(messages, name) {
			t.Errorf("%s: exit %d, want %d\n%s", name, code, want, messages)
		}
		n.sim.Locked(func(w *simulator.World) {
			if n := puts(w); n != 0 {
				t.Errorf("%s: %d uploads", name, n)
			}
		})
	}
}

// TestEnforceOlderPolicy: a prefix with characters that a policy has to escape is
// closed under a policy of the older version, too.
func TestEnforceOlderPolicy(t *testing.T) {
	for _, tt := range []struct {
		resource string
		code     int
	}{{"arn:aws:s3:::" + scriptBucket + "/*", exitDone}, {"arn:aws:s3:::" + scriptBucket + "/${aws:username}/*", exitRefused}} {
		n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketConfig(taken, r, simulator.PolicyConfig, "", []byte(`{"Version":"2008-10-17","Statement":[{"Sid":"1","Effect":"Allow","Principal":{"AWS":"`+nightUser+
				`"},"Action":"s3:GetObject","Resource":"`+tt.resource+`"}]}`)); err != nil {
				return err
			}
			return nil
		}, openPolicy)
		n.as(false)
		code, _, messages := n.command("enforce", "--bucket", scriptBucket, "--sse-kms-key-id", simaws.Key, "--policy-prefix", "in$p*t/", "--probe-key-prefix", "in$p*t/", "--apply", "--yes", "--settle-timeout", "0s")
		if code != tt.code || tt.code == exitRefused && !strings.Contains(messages, "2012-10-17") {
			t.Errorf("%s: exit %d, want %d\n%s", tt.resource, code, tt.code, messages)
		}
	}
}

// puts counts the uploads that a world was asked for.
func puts(w *simulator.World) (n int64) {
	for call, times := range w.Counters().Calls {
		if call.Op == simulator.OpPutObject {
			n += times
		}
	}
	return n
}
