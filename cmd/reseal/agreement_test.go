package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"reseal/console"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/preflight"
)

// rowOfChecks is a row of the table that a run prints before it begins.
var rowOfChecks = regexp.MustCompile(`(?m)^(ok|hazard|warning|stop|unknown) +(\S+(?: \S+)*?)  +(\S.*)$`)

// requestID differs from one request to the next.
var requestID = regexp.MustCompile(`request id \w+`)

// agreementUsers are callers with less and less rights.
var agreementUsers = []simaws.User{
	{Name: "nobody", AccessKeyId: "NOBODY", SecretAccessKey: "s"},
	{Name: "lister", AccessKeyId: "LISTER", SecretAccessKey: "s", Policies: []json.RawMessage{
		json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}]}`)}},
	{Name: "keyless", AccessKeyId: "KEYLESS", SecretAccessKey: "s", Policies: []json.RawMessage{
		json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","kms:DescribeKey","kms:GetKeyPolicy","kms:ListGrants","iam:*","sts:*","servicequotas:*"],"Resource":"*"}]}`)}},
	{Name: "unlocked", AccessKeyId: "NOLOCKS", SecretAccessKey: "s", Policies: []json.RawMessage{
		json.RawMessage(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},` +
			`{"Effect":"Deny","Action":["s3:GetObjectRetention","s3:GetObjectLegalHold"],"Resource":"*"}]}`)}},
}

// Keys beside simaws.Key.
const (
	strangersKey  = "arn:aws:kms:us-east-1:999988887777:key/5e5ea1de-0000-4000-8000-00000000000a"
	distantKey    = "arn:aws:kms:eu-west-1:111122223333:key/5e5ea1de-0000-4000-8000-00000000000b"
	everybodysKey = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}]}`
)

// agreement is a bucket, a caller and options, and what a preflight and a run say of them.
type agreement struct {
	name, user, more string // more is on both command lines
	bucket, key      string // "" for those of the simulator
	list             bool   // the report is a list, which needs no permission to be read
	setup            func(w *simulator.World, r *simulator.Request) error
	lock             bool // with object lock

	code, run int      // exit codes; where neither refuses that of the run may be another
	needed    []string // what each asks to be accepted
	stop      string   // name of a stop in both
	said      string   // in what both say, where they get no further
}

const takenOff = "--accept weak-conditions --accept drops-expires"

func document(kind simulator.ConfigKind, text string) func(w *simulator.World, r *simulator.Request) error {
	return func(w *simulator.World, r *simulator.Request) error {
		return failedWith(w.PutBucketConfig(time.Now(), r, kind, "", []byte(text)))
	}
}

// failedWith is an error of the simulator, nil where it has none.
func failedWith(err *simulator.Error) error {
	if err != nil {
		return err
	}
	return nil
}

func keyInState(s simulator.KeyState) func(w *simulator.World, r *simulator.Request) error {
	return func(w *simulator.World, _ *simulator.Request) error { return w.SetKeyState(simaws.Key, s) }
}

func versioned(w *simulator.World, r *simulator.Request) error {
	return failedWith(w.PutBucketVersioning(time.Now(), r, simulator.Enabled))
}

func denying(statement string) func(w *simulator.World, r *simulator.Request) error {
	return document(simulator.PolicyConfig, `{"Version":"2012-10-17","Statement":[{"Sid":"Stop","Effect":"Deny","Principal":"*",`+statement+`}]}`)
}

// agreements are the table.
func agreements() []agreement {
	probing := "--probe-key-prefix reseal-probe/"
	return []agreement{
		{name: "fine", more: takenOff},
		{name: "options that say how, and how fast", more: takenOff + " --trust-inventory --snapshot 0 --no-plan-pass --kms-rps 10 --max-failures 5 --memory 256MiB"},
		{name: "options that exclude each other", more: "--trust-inventory --inspect-all", code: exitUsage, run: exitUsage, said: "exclude each other"},
		{name: "hazards", code: exitRefused, run: exitRefused, needed: []string{"drops-expires", "weak-conditions"}},
		{name: "one hazard accepted", more: "--accept weak-conditions", code: exitRefused, run: exitRefused, needed: []string{"drops-expires"}},
		{name: "a probe is going to tell", more: probing + " --accept weak-conditions"},
		{name: "no canary, in parts", more: "--no-canary --copy-via multipart --accept weak-conditions", code: exitRefused, run: exitRefused, needed: []string{"unproven-endpoint"}},
		{name: "versioned", more: takenOff, setup: versioned, code: exitRefused, run: exitRefused, needed: []string{"versioned"}},
		{name: "events", more: takenOff, code: exitRefused, run: exitRefused, needed: []string{"events"}, setup: document(simulator.NotificationConfig,
			`<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:Copy</Event></QueueConfiguration></NotificationConfiguration>`)},
		{name: "readers of another account", more: takenOff, code: exitRefused, run: exitRefused, needed: []string{"readers"}, setup: document(simulator.PolicyConfig,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::`+scriptBucket+`/*"}]}`)},
		{name: "readers of another account, accepted", more: takenOff + " --accept readers", setup: document(simulator.PolicyConfig,
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::999988887777:root"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::`+scriptBucket+`/*"}]}`)},
		{name: "replication", more: takenOff, code: exitRefused, run: exitRefused, needed: []string{"readers", "replication", "versioned"},
			setup: func(w *simulator.World, r *simulator.Request) error {
				return errors.Join(versioned(w, r), document(simulator.ReplicationConfig, `<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/mirror</Role><Rule><ID>mirror</ID><Status>Enabled</Status>`+
					`<Destination><Bucket>arn:aws:s3:::elsewhere</Bucket></Destination></Rule></ReplicationConfiguration>`)(w, r))
			}},
		{name: "default retention", more: takenOff + " --accept versioned", lock: true, code: exitRefused, run: exitRefused, needed: []string{"default-retention"}, setup: retaining},
		{name: "default retention, and a probe", more: probing + " --accept versioned --accept default-retention", lock: true, setup: retaining, code: exitRefused, run: exitRefused, stop: "probe"},
		{name: "MFA delete", more: takenOff + " --accept versioned", setup: mfaDelete},
		{name: "MFA delete, and a probe", more: probing + " --accept versioned", setup: mfaDelete, code: exitRefused, run: exitRefused, stop: "probe"},
		{name: "locks are hidden", user: "NOLOCKS", more: takenOff + " --accept versioned", lock: true, code: exitRefused, run: exitRefused, stop: "locks"},
		{name: "requester pays", more: takenOff, setup: func(w *simulator.World, r *simulator.Request) error {
			return failedWith(w.PutBucketRequestPayment(time.Now(), r, "Requester"))
		}},
		{name: "updates where nothing proves them", more: "--method update", code: exitRefused, run: exitRefused, stop: "updates"},
		{name: "updates that a probe proves", more: "--method update " + probing},
		{name: "policy that denies SSE-KMS", more: takenOff, code: exitRefused, run: exitRefused, stop: "bucket policy",
			setup: denying(`"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`)},
		{name: "policy that denies the key", more: takenOff, code: exitRefused, run: exitRefused, stop: "bucket policy",
			setup: denying(`"Action":"s3:PutObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + distantKey + `"}}`)},
		{name: "policy that denies reading", more: takenOff, code: exitRefused, run: exitRefused, stop: "bucket policy",
			setup: denying(`"Action":"s3:GetObject","Resource":"arn:aws:s3:::` + scriptBucket + `/*"`)},
		{name: "disabled key", more: takenOff, setup: keyInState(simulator.KeyDisabled), code: exitRefused, run: exitRefused, said: "disabled"},
		{name: "key that is to be deleted", more: takenOff, setup: keyInState(simulator.KeyPendingDeletion), code: exitRefused, run: exitRefused, said: "to be deleted"},
		{name: "key without material", more: takenOff, setup: keyInState(simulator.KeyPendingImport), code: exitRefused, run: exitRefused, said: "PendingImport"},
		{name: "key that is not there", more: takenOff, key: "alias/none", code: exitRefused, run: exitRefused, said: "alias/none"},
		{name: "key of another account", more: takenOff, key: strangersKey},
		{name: "key of another Region", more: takenOff, key: distantKey, code: exitRefused, run: exitRefused, said: "eu-west-1"},
		{name: "key of AWS", more: takenOff, key: "alias/aws/s3", code: exitRefused, run: exitRefused, needed: []string{"aws-managed-key"}},
		{name: "key that the canary tells of", user: "KEYLESS", more: takenOff, run: exitFailures},
		{name: "other Region", more: takenOff + " --region eu-west-1"},
		{name: "may list only", user: "LISTER", list: true, more: takenOff, code: exitRefused, run: exitRefused, needed: []string{"missing-columns", "versioned"}},
		{name: "may do nothing", user: "NOBODY", list: true, more: takenOff, code: exitRefused, run: exitRefused},
		{name: "no such bucket", bucket: "no-such-bucket", list: true, more: takenOff, code: exitRefused, run: exitRefused, said: "no-such-bucket"},
		{name: "an access point", bucket: "arn:aws:s3:us-east-1:111122223333:accesspoint/team", list: true, more: takenOff, code: exitRefused, run: exitRefused, said: "general purpose bucket"},
		{name: "the alias of an access point", bucket: "team-6bc1kqd3xyzabcdefghijklmnopqr-s3alias", list: true, more: takenOff, code: exitRefused, run: exitRefused, said: "general purpose bucket"},
	}
}

func retaining(w *simulator.World, r *simulator.Request) error {
	return failedWith(w.PutObjectLockConfiguration(time.Now(), r, simulator.ObjectLockConfig{Enabled: true, Mode: "GOVERNANCE", Days: 2}))
}

func mfaDelete(w *simulator.World, r *simulator.Request) error {
	if err := versioned(w, r); err != nil {
		return err
	}
	w.SetMFADelete(r.Bucket, true)
	return nil
}

// What a preflight says of a bucket, a run says too: the same names, with the same
// status and in the same words, and what refuses one refuses the other.
func TestPreflightAndRunAgree(t *testing.T) {
	for _, c := range agreements() {
		t.Run(c.name, func(t *testing.T) {
			bucket, key, manifest := c.serve(t)
			run, _, messages := typed(t, "run --yes --job job --manifest "+manifest+" --sse-kms-key-id "+key+" "+c.more)
			forms := []string{"--manifest " + manifest, "--bucket " + bucket}
			if c.list && c.said == "" { // a list has hazards of its own
				forms = forms[:1]
			}
			for _, of := range forms {
				code, table, said := typed(t, "preflight --json "+of+" --sse-kms-key-id "+key+" "+c.more)
				if code != c.code || run != c.run {
					t.Errorf("preflight %s: exit %d and %d, want %d and %d\n%s%s%s", of, code, run, c.code, c.run, table, said, messages)
				}
				if table == "" { // neither got as far as to look
					if first(said) == "" || first(said) != first(messages) || !strings.Contains(said, c.said) {
						t.Errorf("preflight %s: %s\nrun: %s", of, first(said), first(messages))
					}
					continue
				}
				c.compare(t, table, messages)
			}
		})
	}
}

// The way back has no key; both begin.
func TestPreflightAndRunAgreeOnTheWayBack(t *testing.T) {
	bucket, _, manifest := (&agreement{}).serve(t)
	options := "--sse AES256 --manifest " + manifest + " " + takenOff
	if code, table, said := typed(t, "preflight "+options); code != exitDone {
		t.Errorf("preflight: exit %d\n%s%s", code, table, said)
	}
	if code, table, said := typed(t, "preflight --sse AES256 --bucket "+bucket+" "+takenOff); code != exitDone {
		t.Errorf("preflight of the bucket: exit %d\n%s%s", code, table, said)
	}
	if code, _, said := typed(t, "run --yes --job job "+options); code != exitDone {
		t.Errorf("run: exit %d\n%s", code, said)
	}
}

// A preflight takes every option of a run.
func TestPreflightTakesTheOptionsOfRun(t *testing.T) {
	preflight := newPreflightCommand(process{}).Flags()
	newRunCommand(process{}).Flags().VisitAll(func(f *pflag.Flag) {
		if preflight.Lookup(f.Name) == nil {
			t.Errorf("preflight does not take --%s", f.Name)
		}
	})
}

// serve serves the bucket until the test ends.
func (c *agreement) serve(t *testing.T) (bucket, key, manifest string) {
	sim, err := simaws.New(simaws.Config{Seed: 1, Users: agreementUsers})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(-time.Hour)
	for name, lock := range map[string]bool{scriptBucket: c.lock, simaws.ReportBucket: false} {
		r := sim.Request(name)
		if err := sim.World.CreateBucket(now, &simulator.CreateBucketInput{Request: *r, ObjectLockEnabled: lock}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sim.World.Populate(scriptBucket, simulator.Population{N: 3, Seed: 1, Plain: true}); err != nil {
		t.Fatal(err)
	}
	for _, arn := range []string{strangersKey, distantKey} {
		if err := sim.World.CreateKey(simulator.Key{ARN: arn, Policy: []byte(everybodysKey)}); err != nil {
			t.Fatal(err)
		}
	}
	if c.setup != nil {
		if err := c.setup(sim.World, sim.Request(scriptBucket)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(startServing(sim))
	useAccount(t, sim, t.TempDir())
	if c.user != "" {
		t.Setenv("AWS_ACCESS_KEY_ID", c.user)
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	t.Chdir(t.TempDir())
	bucket, key = cmp.Or(c.bucket, scriptBucket), cmp.Or(c.key, simaws.Key)
	if c.list {
		return bucket, key, writeList(t, bucket)
	}
	if manifest, err = sim.WriteReport(t.Context(), scriptBucket, simaws.Report{}); err != nil {
		t.Fatal(err)
	}
	return bucket, key, manifest
}

// compare holds what a run said against the table of a preflight, and both against what
// is wanted.
func (c *agreement) compare(t *testing.T, table, messages string) {
	t.Helper()
	var doc console.CheckDocument
	if err := json.Unmarshal([]byte(table), &doc); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(doc.Needed, c.needed) {
		t.Errorf("a preflight wants %q accepted, want %q", doc.Needed, c.needed)
	}
	if len(c.needed) > 0 && !strings.Contains(messages, "to accept them: "+console.AcceptWords(c.needed)+"\n") {
		t.Errorf("a run does not want %q accepted:\n%s", c.needed, messages)
	}
	stops := func(f preflight.Finding) bool { return f.Status == preflight.StatusStop && f.Name == c.stop }
	if c.stop != "" && (!slices.ContainsFunc(doc.Checks, stops) || !strings.Contains(messages, "refused: nothing was written: "+c.stop+": ")) {
		t.Errorf("want %s to stop both:\n%s%s", c.stop, table, messages)
	}
	if rowOfChecks.MatchString(messages) {
		agree(t, table, messages)
		return
	}
	// The run ended before its own table: then what ended it is a stop of the preflight.
	if said := first(messages); !strings.Contains(said, c.said) || !slices.ContainsFunc(doc.Checks, func(f preflight.Finding) bool {
		return f.Status == preflight.StatusStop && strings.Contains(f.Why, c.said) || doc.Begins == "unknown"
	}) {
		t.Errorf("the run says only %q\n%s", said, table)
	}
}

// typed is a command line in this process.
func typed(t *testing.T, line string) (code int, stdout, stderr string) {
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &messages}
	code = p.run(t.Context(), strings.Fields(line))
	return code, out.String(), messages.String()
}

// first is the first line of an error.
func first(said string) string {
	_, rest, _ := strings.Cut("\n"+said, "\nreseal: ")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// knownWithoutPlan is what is said of a default retention without what it locks, which
// takes a plan.
func knownWithoutPlan(why string) string {
	before, _, _ := strings.Cut(why, "; 3 objects without a retention")
	before, _, _ = strings.Cut(before, "; the plan's notes say")
	return before
}

// agree holds each row that a run printed against the table of a preflight.
func agree(t *testing.T, table, messages string) {
	t.Helper()
	table, messages = requestID.ReplaceAllString(table, "ID"), requestID.ReplaceAllString(messages, "ID")
	var doc console.CheckDocument
	if err := json.Unmarshal([]byte(table), &doc); err != nil {
		t.Fatal(err)
	}
	rows := rowOfChecks.FindAllStringSubmatch(messages, -1)
	if len(rows) == 0 {
		t.Errorf("the run printed no row\n%s", messages)
	}
	if hit := noise.FindString(requestID.ReplaceAllString(table, "ID")); hit != "" && hit != `""` {
		t.Errorf("the table has %q: %s", hit, table)
	}
	for _, row := range rows {
		found := false
		for _, f := range doc.Checks {
			found = found || f.Name == row[2] && string(f.Status) == row[1] && knownWithoutPlan(f.Why) == knownWithoutPlan(row[3])
		}
		if !found {
			t.Errorf("the run says %q, the preflight does not:\n%s", row[0], table)
		}
	}
	for _, f := range doc.Checks {
		said := strings.Contains(messages, knownWithoutPlan(f.Why))
		if (f.Status == preflight.StatusStop || f.Status == preflight.StatusHazard) && !said {
			t.Errorf("the preflight says %s %s: %s, the run does not:\n%s", f.Status, f.Name, f.Why, messages)
		}
	}
}

// writeList writes a list of one object, which needs no permission to be read.
func writeList(t *testing.T, bucket string) string {
	t.Helper()
	if err := os.WriteFile("list.csv", []byte(bucket+",key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return "list.csv"
}
