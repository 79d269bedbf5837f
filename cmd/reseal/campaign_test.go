package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// bucketCmd makes one more bucket of plain objects in the account, with a report, and
// puts it into the list campaign.yaml; only.yaml has the first one alone:
//
//	bucket NAME objects=N [key=KEY] [versioned]
func bucketCmd(ts *testscript.TestScript, neg bool, args []string) {
	s, name := sceneOf(ts), args[0]
	pop, key, versioned := simulator.Population{Seed: 7, Plain: true}, simaws.Key, false
	for _, a := range args[1:] {
		option, value, _ := strings.Cut(a, "=")
		switch option {
		case "objects":
			pop.N = int64(number(ts, value))
		case "key":
			key = value
		case "versioned":
			versioned = true
		default:
			ts.Fatalf("bucket %s: no such option", a)
		}
	}
	ts.Check(s.sim.MakeBuckets(time.Now(), name))
	s.sim.Locked(func(w *simulator.World) {
		ts.Check(w.Populate(name, pop))
		if versioned {
			if err := w.PutBucketVersioning(time.Now(), s.sim.Request(name), "Enabled"); err != nil {
				ts.Fatalf("%v", err)
			}
		}
	})
	manifest, err := s.sim.WriteReport(context.Background(), name, simaws.Report{})
	ts.Check(err)
	file := ts.MkAbs("campaign.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		text = []byte("format: reseal-campaign/1\nbuckets:\n")
	}
	text = fmt.Appendf(text, "  - name: %s\n    manifest: %s\n    sse-kms-key-id: %s\n    include: true\n", name, manifest, key)
	ts.Check(os.WriteFile(file, text, 0o600))
	if only := ts.MkAbs("only.yaml"); !exists(only) { // the first one alone
		ts.Check(os.WriteFile(only, text, 0o600))
	}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// onceCmd fails unless so many objects of each bucket were written once, and none twice:
//
//	once NAME=N...
func onceCmd(ts *testscript.TestScript, neg bool, args []string) {
	for _, a := range args {
		name, want, _ := strings.Cut(a, "=")
		got := sceneOf(ts).sim.Rewrites(name, "reseal-probe")
		for times, n := range got {
			if times > 1 && n > 0 {
				ts.Fatalf("%s: %d objects were written %d times", name, n, times)
			}
		}
		if got[1] != int64(number(ts, want)) {
			ts.Fatalf("%s: %d objects were written, want %s", name, got[1], want)
		}
	}
}

// TestCampaignAssumesRoles: what is asked about a bucket is signed as the role that the list
// names, with its external id, and its KMS requests count against that account. A role that
// cannot be assumed keeps its own bucket out, and no other.
func TestCampaignAssumesRoles(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::222233334444:role/reseal"
	sim := newAccount(t, simaws.Config{Seed: 1, Roles: []simaws.Role{{ARN: role,
		Policies: []json.RawMessage{json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)},
		Trust: json.RawMessage(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + simaws.Administrator +
			`"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"of-reseal"}}}}`)}}})
	text := "format: reseal-campaign/1\nbuckets:\n"
	for name, entry := range map[string]string{"acme-own": "", "acme-theirs": "    role: " + role + "\n    external-id: of-reseal\n", "acme-closed": "    role: " + role + "\n    external-id: of-nobody\n"} {
		in := &simulator.CreateBucketInput{Request: *sim.Request(name)}
		if entry != "" {
			in.Owner = "222233334444"
		}
		if err := sim.World.CreateBucket(time.Now(), in); err != nil {
			t.Fatal(err)
		}
		if err := sim.World.Populate(name, simulator.Population{N: 20, Seed: 1, Plain: true}); err != nil {
			t.Fatal(err)
		}
		manifest := filepath.Join(t.TempDir(), name)
		if _, err := sim.WriteReport(t.Context(), name, simaws.Report{Folder: manifest}); err != nil {
			t.Fatal(err)
		}
		text += "  - name: " + name + "\n" + entry + "    manifest: " + manifest + "\n    sse-kms-key-id: " + simaws.Key + "\n    include: true\n"
	}
	file := filepath.Join(t.TempDir(), "campaign.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, "")
	_, out, messages := w.result("campaign", file, "--job", filepath.Join(t.TempDir(), "camp"), "--dry-run", "--accept", "weak-conditions", "--accept", "drops-expires", "--accept", "readers")
	for _, want := range []string{`(?m)^acme-own +20 .* new$`, `(?m)^acme-theirs +20 .* new$`, `(?m)^acme-closed +- .* (refused|error)$`,
		`(?m)^KMS of account 111122223333 in us-east-1: at most`, `(?m)^KMS of account 222233334444 in us-east-1: at most`, `(?s)acme-closed: .*AssumeRole`} {
		if !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("the output lacks %q:\n%s%s", want, out, messages)
		}
	}
}

// TestCampaignTakesNoOtherBucket: the bucket that a report is of has to be the one that the
// list names with it. One that the list leaves out is not touched.
func TestCampaignTakesNoOtherBucket(t *testing.T) {
	t.Parallel()
	sim := newAccount(t, simaws.Config{Seed: 1})
	dir := t.TempDir()
	for _, name := range []string{"acme-named", "acme-meant"} {
		if err := sim.World.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: *sim.Request(name)}); err != nil {
			t.Fatal(err)
		}
		if err := sim.World.Populate(name, simulator.Population{N: 20, Seed: 1, Plain: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := sim.WriteReport(t.Context(), name, simaws.Report{Folder: filepath.Join(dir, name)}); err != nil {
			t.Fatal(err)
		}
	}
	entry := func(name, of string, include bool) string {
		return fmt.Sprintf("  - name: %s\n    manifest: %s\n    sse-kms-key-id: %s\n    include: %t\n", name, filepath.Join(dir, of), simaws.Key, include)
	}
	file := filepath.Join(dir, "campaign.yaml")
	if err := os.WriteFile(file, []byte("format: reseal-campaign/1\nbuckets:\n"+entry("acme-named", "acme-meant", true)+entry("acme-meant", "acme-meant", false)), 0o600); err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, "")
	code, out, messages := w.result("campaign", file, "--job", filepath.Join(dir, "camp"), "--yes", "--accept", "weak-conditions", "--accept", "drops-expires")
	if code != exitMismatch || !strings.Contains(out, "the list says acme-named") {
		t.Errorf("exit %d, want %d:\n%s%s", code, exitMismatch, out, messages)
	}
	for _, name := range []string{"acme-named", "acme-meant"} {
		if _, err := os.Stat(filepath.Join(dir, "camp", name)); err == nil {
			t.Errorf("a job was made for %s", name)
		}
	}
}
