package ask

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"reseal/cost"
	"reseal/internal/simulator"
	"reseal/internal/simulator/simaws"
	"reseal/internal/simulator/simtest"
	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
	"reseal/survey"
)

const auditor = "arn:aws:iam::111122223333:user/auditor"

// account is a simulated account with buckets in two Regions, and a client of a user who
// may do what the policies say.
type account struct {
	t   *testing.T
	sim *simaws.Account

	mu    sync.Mutex
	asked map[string]bool // actions that the user was asked for
}

func newAccount(t *testing.T, actions ...string) *account {
	t.Helper()
	a := &account{t: t, asked: map[string]bool{}}
	policy, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}}})
	if err != nil {
		t.Fatal(err)
	}
	user := simaws.User{Name: auditor, AccessKeyId: "AUDITOR", SecretAccessKey: "auditor-secret", Policies: []json.RawMessage{policy}}
	a.sim, err = simaws.New(simaws.Config{Seed: 1, EveryRegion: true, Users: []simaws.User{user}, Observer: func(q *simulator.AccessRequest, _ *simulator.Error) {
		if q.Principal.ARN == auditor {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.asked[q.Action] = true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	simtest.Serve(t, a.sim)
	t.Setenv("AWS_ACCESS_KEY_ID", "AUDITOR")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "auditor-secret")
	return a
}

// make makes a bucket and lets furnish do what it likes with it.
func (a *account) make(name, region string, furnish func(w *simulator.World, r *simulator.Request) *simulator.Error) {
	a.t.Helper()
	a.sim.Locked(func(w *simulator.World) {
		r := a.sim.Request(name)
		err := w.CreateBucket(time.Now(), &simulator.CreateBucketInput{Request: *r, Region: region})
		if err == nil && furnish != nil {
			err = furnish(w, r)
		}
		if err != nil {
			a.t.Fatal(err)
		}
	})
}

// ask asks about the buckets of the account, as the user.
func (a *account) ask(o Options) (*survey.Account, map[string]survey.Row) {
	a.t.Helper()
	client, err := s3api.New(a.t.Context(), s3api.Config{})
	if err != nil {
		a.t.Fatal(err)
	}
	if o.Requests == 0 {
		o.Requests = 5000
	}
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Parallel = 8
	asker := New(o)
	defer asker.Start(a.t.Context())()
	of := new(survey.Account)
	facts := asker.Account(a.t.Context(), client, of)
	rows := map[string]survey.Row{}
	for i := range facts {
		rows[facts[i].Name] = survey.Judge(of, &facts[i], &survey.Terms{Prices: cost.BuiltIn(), Rate: 500, Now: o.Now, AWS: plan.No})
	}
	return of, rows
}

func inventoryOf(bucket, id, fields string) []byte {
	return []byte(`<InventoryConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Destination><S3BucketDestination><AccountId>111122223333</AccountId>` +
		`<Bucket>arn:aws:s3:::reports</Bucket><Format>Parquet</Format><Prefix>inv</Prefix></S3BucketDestination></Destination><IsEnabled>true</IsEnabled>` +
		`<Id>` + id + `</Id><IncludedObjectVersions>Current</IncludedObjectVersions><OptionalFields>` + fields + `</OptionalFields><Schedule><Frequency>Daily</Frequency></Schedule></InventoryConfiguration>`)
}

const allFields = `<Field>Size</Field><Field>ETag</Field><Field>StorageClass</Field><Field>EncryptionStatus</Field>`

// furnish makes buckets of all kinds: ready in two Regions, bare, and one that others own.
func (a *account) furnish(now time.Time) {
	a.make("reports", "us-east-1", nil)
	a.make("bare", "us-east-1", nil)
	rich := func(w *simulator.World, r *simulator.Request) *simulator.Error {
		for _, put := range []func() *simulator.Error{
			func() *simulator.Error {
				return w.PutBucketEncryption(now, r, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: simaws.Key, BucketKeyEnabled: true})
			},
			func() *simulator.Error { return w.PutBucketVersioning(now, r, simulator.Enabled) },
			func() *simulator.Error {
				return w.PutBucketConfig(now, r, simulator.InventoryConfig, "daily", inventoryOf(r.Bucket, "daily", allFields))
			},
			func() *simulator.Error {
				return w.PutBucketConfig(now, r, simulator.MetadataConfig, "", []byte(`<MetadataConfiguration><JournalTableConfiguration/><InventoryTableConfiguration><ConfigurationState>ENABLED</ConfigurationState></InventoryTableConfiguration></MetadataConfiguration>`))
			},
			func() *simulator.Error {
				return w.PutBucketConfig(now, r, simulator.ReplicationConfig, "", []byte(`<ReplicationConfiguration><Role>arn:aws:iam::111122223333:role/r</Role><Rule><ID>a</ID><Status>Enabled</Status><Priority>1</Priority><Filter/><DeleteMarkerReplication><Status>Disabled</Status></DeleteMarkerReplication><Destination><Bucket>arn:aws:s3:::bare</Bucket></Destination></Rule></ReplicationConfiguration>`))
			},
			func() *simulator.Error { return w.PutBucketRequestPayment(now, r, "Requester") },
			func() *simulator.Error { return w.PutBucketOwnershipControls(now, r, simulator.ObjectWriter) },
			func() *simulator.Error {
				return w.PutObjectLockConfiguration(now, r, simulator.ObjectLockConfig{Enabled: true, Mode: "GOVERNANCE", Days: 3})
			},
			func() *simulator.Error {
				return w.PutBucketConfig(now, r, simulator.PolicyConfig, "", []byte(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::`+r.Bucket+`/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}]}`))
			},
		} {
			if err := put(); err != nil {
				return err
			}
		}
		return nil
	}
	a.make("media", "us-east-1", rich)
	a.make("films", "eu-west-1", rich)
	a.sim.Locked(func(w *simulator.World) {
		for _, name := range []string{"media", "films"} {
			w.SetStoredFigures(name, &simulator.StoredFigures{Day: now.UTC().Truncate(24 * time.Hour), Objects: 1000, Bytes: map[string]int64{"StandardStorage": 5000, "GlacierStorage": 7000}})
			for _, file := range []string{"manifest.json", "manifest.checksum"} {
				key := "inv/" + name + "/daily/" + now.UTC().Add(-14*time.Hour).Format("2006-01-02T15-04Z") + "/" + file
				if err := w.SeedObject("reports", simulator.ObjectInfo{Key: key, Size: 1}, simulator.Body{}); err != nil {
					a.t.Fatal(err)
				}
			}
		}
	})
}

// everything is what the documents say that a survey takes.
func everything() []string {
	anywhere, onBuckets := Actions()
	return append(anywhere, onBuckets...)
}

// TestAccount: all that is asked is answered, in the Region of each bucket, and nothing but
// the actions that are documented is asked for.
func TestAccount(t *testing.T) {
	now := time.Now()
	a := newAccount(t, everything()...)
	a.furnish(now)
	of, rows := a.ask(Options{Now: now})
	if of.ID != simaws.AccountID || of.Error != nil || of.Buckets != 4 || len(rows) != 4 {
		t.Fatalf("%+v: %d rows", of, len(rows))
	}
	for _, name := range []string{"media", "films"} {
		r := rows[name]
		if len(r.Unread) > 0 {
			t.Errorf("%s: not answered: %+v", name, r.Unread)
		}
		if r.State != survey.Ready || r.Encryption == nil || r.Encryption.Algorithm != "aws:kms" || !r.Encryption.BucketKey || r.Versioning != "enabled" || r.ObjectLock != "yes" ||
			r.Retention != "yes" || r.ACLs != "yes" || r.Requester != "yes" || r.Policy.Word() != "wants SSE-KMS" || r.Replication.Rules != 1 || r.Replication.WithKMS != 0 ||
			r.Manifest != "s3://reports/inv/"+name+"/daily/" || r.Metadata.Inventory != "ACTIVE" || *r.Objects != 1000 || *r.Bytes != 12000 || len(r.Classes) != 2 || r.Classes[0].Class != inventory.Glacier {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := rows["bare"]; r.Region != "us-east-1" || r.State != survey.Setup || r.Encryption.Algorithm != "AES256" || r.Metadata.Configured || r.Objects != nil || r.Policy.Word() != "none" {
		t.Errorf("bare: %+v", r)
	}
	if rows["films"].Region != "eu-west-1" {
		t.Errorf("films: %+v", rows["films"])
	}
	documented := everything()
	for action := range a.asked {
		if !slices.Contains(documented, action) {
			t.Errorf("%s was asked for, and is not documented", action)
		}
	}
	for _, action := range documented {
		if !a.asked[action] {
			t.Errorf("%s is documented, and was not asked for", action)
		}
	}
	if _, rows := a.ask(Options{Now: now, Regions: []string{"eu-west-1"}}); len(rows) != 1 || rows["films"].Bucket != "films" {
		t.Errorf("in one Region: %+v", rows)
	}
	if _, rows := a.ask(Options{Now: now, Buckets: []string{"films", "nobodys"}}); len(rows) != 2 || rows["films"].State != survey.Ready || rows["nobodys"].State != survey.Failed {
		t.Errorf("by name: %+v", rows)
	}
}

// TestDeniedQuestions: without any one of the actions the row says which question was denied and
// by which action, and the rest stands.
func TestDeniedQuestions(t *testing.T) {
	now := time.Now()
	for _, less := range everything() {
		t.Run(less, func(t *testing.T) {
			a := newAccount(t, slices.DeleteFunc(everything(), func(action string) bool { return action == less })...)
			a.furnish(now)
			of, rows := a.ask(Options{Now: now})
			if less == "s3:ListAllMyBuckets" {
				if of.Error == nil || !of.Error.Denied || of.Error.Action != less {
					t.Errorf("%+v", of.Error)
				}
				return
			}
			r := rows["films"]
			if len(rows) != 4 || len(r.Unread) != 1 || r.Unread[0].Action != less || !r.Unread[0].Denied {
				t.Fatalf("%d rows, not answered: %+v", len(rows), r.Unread)
			}
			if r.State == survey.Failed || less != "s3:GetEncryptionConfiguration" && r.Encryption == nil || less != "cloudwatch:GetMetricData" && r.Objects == nil {
				t.Errorf("the rest does not stand: %+v", r)
			}
			if less == "cloudwatch:GetMetricData" && (r.Objects != nil || r.Bytes != nil || r.Estimate != nil) {
				t.Errorf("what nobody read is %v objects", *r.Objects)
			}
		})
	}
}

// TestManyBuckets: lists are paged, and figures asked for in few requests.
func TestManyBuckets(t *testing.T) {
	a := newAccount(t, everything()...)
	for i := range 1100 {
		region := "us-east-1"
		if i%27 == 0 {
			region = "eu-west-1"
		}
		a.make(fmt.Sprintf("bucket-%04d", i), region, nil)
	}
	_, rows := a.ask(Options{Regions: []string{"eu-west-1"}})
	if len(rows) != 41 {
		t.Errorf("%d rows", len(rows))
	}
	var lists, figures int64
	a.sim.Locked(func(w *simulator.World) {
		for call, n := range w.Counters().Calls {
			switch call.Op {
			case simulator.OpListBuckets:
				lists += n
			case simulator.OpGetMetricData:
				figures += n
			}
		}
	})
	if lists != 2 || figures != 2 {
		t.Errorf("%d lists, %d requests for figures; want 2 of each", lists, figures)
	}
}

// BenchmarkSurvey asks about 1,000 buckets, each with all there is to ask, at 20 ms a request.
func BenchmarkSurvey(b *testing.B) {
	now := time.Now()
	sim, err := simaws.New(simaws.Config{Seed: 1, Latency: 20 * time.Millisecond})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	names := []string{"reports"}
	for i := range 1000 {
		names = append(names, fmt.Sprintf("bucket-%04d", i))
	}
	if err := sim.MakeBuckets(now, names...); err != nil {
		b.Fatal(err)
	}
	sim.Locked(func(w *simulator.World) {
		for _, name := range names[1:] {
			w.SetStoredFigures(name, &simulator.StoredFigures{Day: now.UTC().Truncate(24 * time.Hour), Objects: 1_000_000, Bytes: map[string]int64{"StandardStorage": 1 << 40}})
			if err := w.PutBucketConfig(now, sim.Request(name), simulator.InventoryConfig, "daily", inventoryOf(name, "daily", allFields)); err != nil {
				b.Fatal(err)
			}
		}
	})
	client := simtest.Client(b, sim)
	for b.Loop() {
		asker := New(Options{Requests: 500, Parallel: 32, Now: now})
		stop := asker.Start(ctx)
		of := new(survey.Account)
		facts := asker.Account(ctx, client, of)
		stop()
		if of.Error != nil || len(facts) != 1001 {
			b.Fatalf("%d buckets, %v", len(facts), of.Error)
		}
		terms := &survey.Terms{Prices: cost.BuiltIn(), Rate: 500, Now: now, AWS: plan.No}
		for _, r := range survey.JudgeAll(of, facts, terms) {
			if len(r.Unread) > 0 {
				b.Fatalf("%+v", r.Unread)
			}
		}
	}
}
