package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// A prefix that a bucket policy denies is put off and told as one finding, with the
// statement; all the rest is done in the same run. Once it is allowed, the same
// command and retry-failed do what is left.
func TestADeniedPrefixKeepsNothingElse(t *testing.T) {
	t.Parallel()
	const secret, open = 188, 400
	sim := newAccount(t, simaws.Config{Seed: 1, Latency: time.Millisecond})
	for i := range secret + open {
		key := fmt.Sprintf("a-secret/%05d", i)
		if i >= secret {
			key = fmt.Sprintf("data/%05d", i)
		}
		if err := sim.World.SeedObject(scriptBucket, simulator.ObjectInfo{Key: key, Size: 100, LastModified: time.Now().Add(-time.Hour)}, simulator.Body{}); err != nil {
			t.Fatal(err)
		}
	}
	manifest, err := sim.WriteReport(t.Context(), scriptBucket, simaws.Report{})
	if err != nil {
		t.Fatal(err)
	}
	w := serveWorld(t, sim, manifest)
	w.sim.Locked(func(world *simulator.World) {
		deny := `{"Version":"2012-10-17","Statement":[{"Sid":"HandsOff","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/a-secret/*"}]}`
		if err := world.PutBucketConfig(time.Now(), w.sim.Request(scriptBucket), simulator.PolicyConfig, "", []byte(deny)); err != nil {
			t.Fatal(err)
		}
	})
	job := filepath.Join(t.TempDir(), "job")
	run := []string{"run", "--manifest", manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--no-canary", "--probe-key-prefix", "reseal-probe/",
		"--bucket-key-enabled=false", "--concurrency", "8", "--no-progress"}
	out, err := w.command(run...).CombinedOutput()
	s := w.status(job)
	if codeOf(err) != exitFailures || s.Done != open || s.Failed+s.Deferred != secret || s.Failed > 10 {
		t.Fatalf("exit %d, %d done, %d failed, %d put off; want 3, %d done, 10 failed at most and the rest put off\n%s", codeOf(err), s.Done, s.Failed, s.Deferred, open, out)
	}
	for _, want := range []string{
		`denied below "a-secret/": `, "\n  statement HandsOff denies s3:PutObject\n", "Nothing else waits for that.", "\nThose that failed before the prefix was found out: reseal retry-failed " + job + "\n",
		`objects are left, as access is denied below "a-secret/"; everything done is recorded, the same command tries them again, and reseal retry-failed tries the `,
	} {
		if strings.Count(string(out), want) != 1 {
			t.Errorf("%q is not said once:\n%s", want, out)
		}
	}
	excluded := w.refused(exitMismatch, append(run, "--exclude-prefix", "a-secret/")...)
	if !strings.Contains(excluded, "one that is denied holds up nothing") {
		t.Errorf("a prefix left out of a job that is there:\n%s", excluded)
	}
	w.sim.Locked(func(world *simulator.World) {
		if err := world.DeleteBucketConfig(time.Now(), w.sim.Request(scriptBucket), simulator.PolicyConfig, ""); err != nil {
			t.Fatal(err)
		}
	})
	if out, err := w.command(run...).CombinedOutput(); codeOf(err) != exitFailures {
		t.Errorf("allowed, the same command: %v\n%s", err, out)
	}
	if out, err := w.command("retry-failed", "--job", job, "--no-canary", "--probe-key-prefix", "reseal-probe/").CombinedOutput(); err != nil {
		t.Errorf("allowed, retry-failed: %v\n%s", err, out)
	}
	if s := w.status(job); s.Done != secret+open || s.Failed+s.Deferred != 0 || w.committed() != secret+open {
		t.Errorf("at the end: %d done, %d failed, %d put off, %d copied", s.Done, s.Failed, s.Deferred, w.committed())
	}
}

// TestPublicGrantsEndNoRun: where Block Public Access may not be read, objects with a
// grant to everybody fail under a name of their own, and the others are done.
func TestPublicGrantsEndNoRun(t *testing.T) {
	n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
		if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
			return err
		}
		everybody := []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}}
		for i := range 20 {
			o := simulator.ObjectInfo{Key: fmt.Sprintf("data/%02d", i), Size: 100}
			if i < 12 {
				o.Grants = everybody
			}
			if err := seed(w, o); err != nil {
				return err
			}
		}
		return nil
	}, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"},`+
		`{"Effect":"Deny","Action":["s3:GetBucketPublicAccessBlock","s3:GetAccountPublicAccessBlock"],"Resource":"*"}]}`)
	n.as(true)
	job := filepath.Join(n.dir, "job")
	code, _, messages := n.command("run", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--job", job, "--yes", "--no-progress", "--no-canary", "--results", "all",
		"--accept", "acl", "--accept", "readers", "--accept", "weak-conditions", "--accept", "drops-expires")
	if code != exitFailures {
		t.Errorf("exit %d, want %d\n%s", code, exitFailures, messages)
	}
	_, out, _ := n.command("report", "--job", job, "--format", "lines")
	if failed, done := strings.Count(out, `"reason":"public-acl"`), strings.Count(out, `"status":"done"`); failed != 12 || done != 8 {
		t.Errorf("%d public-acl, %d done\n%s", failed, done, out)
	}
}

// TestPlanLooksForPublicGrants: the plan says of how many objects it knows that they
// have a grant to everybody; where it may not look, that nobody knows.
func TestPlanLooksForPublicGrants(t *testing.T) {
	furnish := func(w *simulator.World, r *simulator.Request) error {
		if err := w.PutBucketOwnershipControls(taken, r, "ObjectWriter"); err != nil {
			return err
		}
		everybody := []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}}
		return seed(w, simulator.ObjectInfo{Key: "data/open", Size: 100, Grants: everybody}, simulator.ObjectInfo{Key: "data/shut", Size: 100})
	}
	for _, tt := range []struct{ denied, want string }{
		{`"s3:DeleteBucket"`, "of 2 objects looked at, 1 has one; how many there are in all no report tells"},
		{`"s3:GetObjectAcl"`, "how many there are is not known, as no report tells"},
	} {
		n := newNight(t, furnish, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:*"],"Resource":"*"},{"Effect":"Deny","Action":`+tt.denied+`,"Resource":"*"}]}`)
		n.as(true)
		if code, out, messages := n.command("plan", "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--json"); code != exitDone || !strings.Contains(out, tt.want) {
			t.Errorf("without %s: exit %d, want %q\n%s%s", tt.denied, code, tt.want, out, messages)
		}
	}
}

// TestPlanSeesReadersByACL: who reads by the ACL of an object, and cannot read SSE-KMS,
// is a hazard, of plan and preflight alike.
func TestPlanSeesReadersByACL(t *testing.T) {
	everybody := []simulator.Grant{{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AllUsers", Permission: "READ"}}
	partner := []simulator.Grant{{Type: "CanonicalUser", Grantee: strings.Repeat("c", 64), Permission: "READ"}}
	for _, tt := range []struct {
		ownership string
		blocks    simulator.PublicAccessBlock
		want      string // "" for no hazard
	}{
		{"ObjectWriter", simulator.PublicAccessBlock{}, "of 3 objects looked at, 1 has a grant to everybody, and anonymous readers cannot read SSE-KMS at all; 1 has a grant to another account"},
		{"ObjectWriter", simulator.PublicAccessBlock{BlockPublicAcls: true}, "of 3 objects looked at, 1 has a grant to everybody"},
		{"ObjectWriter", simulator.PublicAccessBlock{IgnorePublicAcls: true}, "of 3 objects looked at, 1 has a grant to another account, which the key's policy has to let"},
		{"BucketOwnerEnforced", simulator.PublicAccessBlock{}, ""},
	} {
		n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
			if err := w.PutBucketOwnershipControls(taken, r, tt.ownership); err != nil {
				return err
			}
			if err := w.PutPublicAccessBlock(taken, r, tt.blocks); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "data/open", Size: 100, Grants: everybody}, simulator.ObjectInfo{Key: "data/partner", Size: 100, Grants: partner},
				simulator.ObjectInfo{Key: "data/shut", Size: 100})
		}, "")
		n.as(false)
		for _, command := range []string{"plan", "preflight"} {
			_, out, messages := n.command(command, "--manifest", n.manifest, "--sse-kms-key-id", simaws.Key, "--json")
			if said := strings.Contains(out, "who may not use the key"); said != (tt.want != "") || !strings.Contains(out, tt.want) {
				t.Errorf("%s, %+v: %s says %v, want %q\n%s%s", tt.ownership, tt.blocks, command, said, tt.want, out, messages)
			}
		}
	}
}

// TestPlanSeesReadersOfItsAccount: who the bucket's policy lets read needs the key's
// policy, in the bucket's own account as well; plan and preflight say the same of him.
func TestPlanSeesReadersOfItsAccount(t *testing.T) {
	const ours, foreign = "arn:aws:kms:us-east-1:111122223333:key/5e5ea1de-0000-4000-8000-000000000003", "arn:aws:kms:us-east-1:444455556666:key/5e5ea1de-0000-4000-8000-000000000004"
	run := `{"Effect":"Allow","Principal":{"AWS":"` + simaws.Administrator + `"},"Action":"kms:*","Resource":"*"}`
	const named = nightUser + ` read: `
	for _, tt := range []struct{ key, more, want string }{
		{ours, "", named + "nothing in the key's policy allows kms:Decrypt"},
		{ours, `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`, ""},
		{foreign, "", "the key is of account 444455556666, and its policy cannot be read from here"},
	} {
		n := newNight(t, func(w *simulator.World, r *simulator.Request) error {
			if err := w.CreateKey(simulator.Key{ARN: tt.key, State: simulator.KeyEnabled, Policy: []byte(`{"Version":"2012-10-17","Statement":[` + run + tt.more + `]}`)}); err != nil {
				return err
			}
			if err := w.PutBucketConfig(taken, r, simulator.PolicyConfig, "", []byte(`{"Version":"2012-10-17","Statement":{"Sid":"Read","Effect":"Allow","Principal":{"AWS":"`+nightUser+`"},`+
				`"Action":"s3:GetObject","Resource":"arn:aws:s3:::`+scriptBucket+`/*"}}`)); err != nil {
				return err
			}
			return seed(w, simulator.ObjectInfo{Key: "small", Size: 100})
		}, "")
		n.as(false)
		for _, command := range []string{"plan", "preflight"} {
			_, out, messages := n.command(command, "--manifest", n.manifest, "--sse-kms-key-id", tt.key, "--expected-bucket-owner", simaws.AccountID, "--json")
			if said := strings.Contains(out, "who may not use the key"); said != (tt.want != "") || !strings.Contains(out, tt.want) {
				t.Errorf("%s%s: %s says %v, want %q\n%s%s", tt.key, tt.more, command, said, tt.want, out, messages)
			}
		}
	}
}
