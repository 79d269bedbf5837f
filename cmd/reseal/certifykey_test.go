package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// noDescribeKey lets a user do all but look at keys.
const noDescribeKey = `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}, {"Effect": "Deny", "Action": "kms:DescribeKey", "Resource": "*"}]}`

// TestKeyStandsAgainst: a key that will be gone, or that nobody can use, stands against
// the certificate, and the command that mends it is said.
func TestKeyStandsAgainst(t *testing.T) {
	n, job, _ := certified(t)
	enable := "aws kms enable-key --key-id " + simaws.Key
	for _, tt := range []struct {
		state      simulator.KeyState
		what, next string
	}{
		{simulator.KeyPendingDeletion, "the key is waiting to be deleted; what is encrypted under it would be lost with it", "aws kms cancel-key-deletion --key-id " + simaws.Key},
		{simulator.KeyDisabled, "the key is disabled", enable},
		{simulator.KeyUnavailable, "the key is in state Unavailable", "aws kms describe-key --key-id " + simaws.Key},
		{simulator.KeyPendingImport, "the key is in state PendingImport", "aws kms describe-key --key-id " + simaws.Key},
	} {
		var err error
		n.sim.Locked(func(w *simulator.World) { err = w.SetKeyState(simaws.Key, tt.state) })
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(n.dir, "other")
		code, out, messages := n.command("certify", job, "--out", other)
		if got := strings.Join(strings.Fields(out), " "); code != exitRefused || !strings.HasPrefix(got, "NOT CERTIFIED") || !strings.Contains(got, "- "+tt.what) || !strings.Contains(got, "key state "+string(tt.state)) {
			t.Errorf("%s: exit %d, want %d and %q\n%s", tt.state, code, exitRefused, tt.what, out)
		}
		if !strings.Contains(messages, "next: "+tt.next) || strings.Contains(messages, "reseal enforce") {
			t.Errorf("%s: want only next: %s\n%s", tt.state, tt.next, messages)
		}
		if _, err := os.Lstat(other); err == nil {
			t.Errorf("%s: a bundle was written", tt.state)
		}
		if _, out, _ := n.command("certify", job, "--json"); !strings.Contains(out, `"kms_key_state": "`+string(tt.state)+`"`) {
			t.Errorf("%s: JSON\n%s", tt.state, out)
		}
	}
}

// TestKeyNotKnown: who may not look at the key gets a certificate that says so, as the
// preflight has it.
func TestKeyNotKnown(t *testing.T) {
	n, job, bundle := certified(t)
	text, err := os.ReadFile(filepath.Join(bundle, "certificate.txt"))
	if err != nil || !regexp.MustCompile(`(?m)^key state +Enabled$`).Match(text) {
		t.Errorf("%v\n%s", err, text)
	}
	n.grant(noDescribeKey)
	n.as(true)
	bundle = filepath.Join(n.dir, "other")
	code, out, messages := n.command("certify", job, "--out", bundle)
	if got := strings.Join(strings.Fields(out), " "); code != exitDone || !strings.Contains(got, "key state NOT KNOWN: the caller may not ask for the key's state (kms:DescribeKey)") {
		t.Errorf("exit %d\n%s%s", code, out, messages)
	}
	if problems := checked(t, bundle, nil); len(problems) > 0 {
		t.Errorf("%q", problems)
	}
}

// TestKeyIsChecked: a bundle whose key was looked at holds only with what was seen, and
// one of an earlier version holds without.
func TestKeyIsChecked(t *testing.T) {
	_, _, bundle := certified(t)
	jobKey := regexp.MustCompile(`,\s*"job_key": \{[^}]*\}`)
	edit := func(file string, change func(string) string) {
		t.Helper()
		name := filepath.Join(bundle, file)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := change(string(text))
		if changed == string(text) {
			t.Fatalf("%s: nothing to change\n%s", file, text)
		}
		if err := os.WriteFile(name, []byte(changed), 0o600); err != nil {
			t.Fatal(err)
		}
		resum(t, bundle)
	}
	replace := func(file, old, new string) {
		t.Helper()
		edit(file, func(text string) string { return strings.ReplaceAll(text, old, new) })
	}
	found := func(want string) {
		t.Helper()
		got := strings.Join(checked(t, bundle, nil), "\n")
		if (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
	found("")
	replace("bucket.json", `"state": "Enabled"`, `"state": "PendingDeletion"`)
	found("not certified: the key is in state PendingDeletion")
	replace("bucket.json", `"state": "PendingDeletion"`, `"state": ""`)
	found("not certified: nobody knows the state of the key")
	edit("bucket.json", func(text string) string { return jobKey.ReplaceAllString(text, "") })
	found("not certified: nobody knows the state of the key")

	replace("certificate.json", `"version": 3`, `"version": 2`)
	replace("certificate.json", `  "kms_key_state": "Enabled",`+"\n", "")
	edit("certificate.txt", func(text string) string { return regexp.MustCompile(`(?m)^key state.*\n`).ReplaceAllString(text, "") })
	found("")
	replace("certificate.json", `"version": 2`, `"version": 1`)
	found("")
}
