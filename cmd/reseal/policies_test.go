package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
)

// TestPolicies runs testdata/policies/*.txt: what policies and default
// encryption do to uploads, readers and runs. Those that need Amazon's own
// command line skip where it is absent, and say so.
func TestPolicies(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/policies",
		Setup: func(env *testscript.Env) error {
			env.Vars = append(env.Vars, simaws.CleanEnvironment(nil)...)
			env.Setenv("KEY", simaws.Key)
			env.Setenv("OTHERKEY", otherKey)
			auditScript(env)
			env.Setenv("AWS_MAX_ATTEMPTS", "1")
			env.Setenv("AWS_PAGER", "")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"account":   accountCmd,
			"as":        asCmd,
			"inventory": inventoryCmd,
			"keystate":  keyStateCmd,
			"exits":     exitsCmd,
			"policy":    policyCmd,
			"settings":  settingsCmd,
			"logs":      logsCmd,
		},
	})
}

const otherKey = "arn:aws:kms:us-east-1:111122223333:key/07be21e4-0000-4000-8000-000000000002"

// scriptUsers are beside the administrator: reader may do everything in S3, and
// nothing in KMS.
const scriptUsers = `{"Users":[{"Name":"reader","AccessKeyId":"READER","SecretAccessKey":"reader-secret",
	"Policies":[{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}]}]}`

// accountCmd starts a simulated account with two keys and an empty bucket:
//
//	account BUCKET [http]
//
// http makes requests without TLS count as what they are.
func accountCmd(ts *testscript.TestScript, neg bool, args []string) {
	users, err := simaws.ParseUsers([]byte(scriptUsers))
	ts.Check(err)
	sim, err := simaws.New(simaws.Config{Seed: 1, Users: users, HTTPIsInsecure: len(args) > 1 && args[1] == "http"})
	ts.Check(err)
	ts.Check(sim.World.CreateKey(simulator.Key{ARN: otherKey}))
	ts.Check(sim.MakeBuckets(time.Now(), args[0], simaws.ReportBucket))
	serveScene(ts, sim)
}

// asCmd changes who the script is: as admin, as reader
func asCmd(ts *testscript.TestScript, neg bool, args []string) {
	id, secret := simaws.AccessKeyID, simaws.SecretKey
	if args[0] == "reader" {
		id, secret = "READER", "reader-secret"
	}
	ts.Setenv("AWS_ACCESS_KEY_ID", id)
	ts.Setenv("AWS_SECRET_ACCESS_KEY", secret)
}

// inventoryCmd takes the inventory of a bucket as it is now, and sets MANIFEST.
func inventoryCmd(ts *testscript.TestScript, neg bool, args []string) {
	manifest, err := sceneOf(ts).sim.WriteReport(context.Background(), args[0], simaws.Report{})
	ts.Check(err)
	ts.Setenv("MANIFEST", manifest)
}

// policyCmd gives a bucket a policy from a file; pad=N adds a statement of so
// many bytes: policy BUCKET FILE [pad=N]
func policyCmd(ts *testscript.TestScript, neg bool, args []string) {
	text := ts.ReadFile(args[1])
	if len(args) > 2 {
		n := number(ts, strings.TrimPrefix(args[2], "pad="))
		text = strings.Replace(text, `"Statement":[`, `"Statement":[{"Sid":"Pad`+strings.Repeat("x", n)+`","Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"arn:aws:s3:::`+args[0]+`"},`, 1)
	}
	sim := sceneOf(ts).sim
	sim.Locked(func(w *simulator.World) {
		if err := w.PutBucketConfig(time.Now(), sim.Request(args[0]), simulator.PolicyConfig, "", []byte(text)); err != nil {
			ts.Fatalf("put policy: %v", err)
		}
	})
}

// logsCmd lets server access logs into a bucket by its ACL: logs BUCKET
func logsCmd(ts *testscript.TestScript, neg bool, args []string) {
	sim := sceneOf(ts).sim
	sim.Locked(func(w *simulator.World) {
		err := w.PutBucketOwnershipControls(time.Now(), sim.Request(args[0]), "ObjectWriter")
		if err == nil {
			err = w.PutBucketAcl(time.Now(), sim.Request(args[0]), simulator.ACL{Canned: "log-delivery-write"})
		}
		if err != nil {
			ts.Fatalf("%v", err)
		}
	})
}

// settingsCmd remembers or compares default encryption and policy of a bucket:
// settings save BUCKET, settings same BUCKET
func settingsCmd(ts *testscript.TestScript, neg bool, args []string) {
	s := sceneOf(ts)
	var text string
	s.sim.Locked(func(w *simulator.World) {
		e, err := w.GetBucketEncryption(time.Now(), s.sim.Request(args[1]))
		if err != nil {
			ts.Fatalf("%v", err)
		}
		doc, _ := w.GetBucketConfig(time.Now(), s.sim.Request(args[1]), simulator.PolicyConfig, "") // none is an answer, too
		text = fmt.Sprintf("%+v %s", e, doc)
	})
	sum := sha256.Sum256([]byte(text))
	if args[0] == "save" {
		s.digests["settings"] = sum
	} else if (s.digests["settings"] == sum) == neg {
		ts.Fatalf("the settings are %s; the same: %v", text, neg)
	}
}
