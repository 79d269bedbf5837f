package s3api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
	"reseal/inventory"
	"reseal/plan"
)

func TestFactsOfABareBucket(t *testing.T) {
	s := simulate(t, simulator.Config{})
	got := facts(t, s.aws, bucket)
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.Unversioned, Transitions: plan.No, Expirations: plan.No,
		ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No, Requester: plan.No,
		DefaultEncryption: "AES256", AWS: plan.Yes, IgnoresIfMatch: plan.No}
	if got != want {
		t.Errorf("facts = %+v\nwant    %+v", got, want)
	}
	if got := facts(t, s.client, bucket); got.AWS != plan.No || got.IgnoresIfMatch != plan.Yes {
		t.Errorf("off AWS: AWS %v, ignores If-Match %v; want no, yes", got.AWS, got.IgnoresIfMatch)
	}
}

func TestFactsOfABusyBucket(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return errors.Join(
			failed(w.PutBucketVersioning(now, &r, "Enabled")),
			failed(w.PutObjectLockConfiguration(now, &r, simulator.ObjectLockConfig{Enabled: true})),
			failed(w.PutBucketOwnershipControls(now, &r, "BucketOwnerPreferred")),
			failed(w.PutBucketRequestPayment(now, &r, "Requester")),
			failed(w.PutBucketEncryption(now, &r, simulator.BucketEncryption{Algorithm: "aws:kms", KMSKeyID: keyARN})),
			failed(w.PutBucketConfig(now, &r, simulator.LifecycleConfig, "", []byte(`<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter/>
				<Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition><Expiration><Days>365</Days></Expiration></Rule></LifecycleConfiguration>`))),
			failed(w.PutBucketConfig(now, &r, simulator.WebsiteConfig, "", []byte(`<WebsiteConfiguration><IndexDocument><Suffix>i.html</Suffix></IndexDocument></WebsiteConfiguration>`))),
			failed(w.PutBucketConfig(now, &r, simulator.ReplicationConfig, "", []byte(`<ReplicationConfiguration><Role>r</Role><Rule><Status>Enabled</Status><Destination><Bucket>arn:aws:s3:::b</Bucket></Destination></Rule></ReplicationConfiguration>`))),
			failed(w.PutBucketConfig(now, &r, simulator.NotificationConfig, "", []byte(`<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:Copy</Event></QueueConfiguration></NotificationConfiguration>`))),
		)
	})
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.VersioningEnabled, Transitions: plan.Yes, Expirations: plan.Yes,
		ObjectLock: plan.Yes, ACLs: plan.Yes, Website: plan.Yes, Replication: plan.Yes, Events: plan.Yes, Requester: plan.Yes,
		DefaultEncryption: "aws:kms", DefaultKey: keyARN, AWS: plan.Yes, IgnoresIfMatch: plan.No}
	if got := facts(t, s.aws, bucket); got != want {
		t.Errorf("facts = %+v\nwant    %+v", got, want)
	}
}

// What is switched off, or concerns other requests than copies, does not count.
func TestFactsThatDoNotCount(t *testing.T) {
	s := simulate(t, simulator.Config{})
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return errors.Join(
			failed(w.PutBucketConfig(now, &r, simulator.LifecycleConfig, "", []byte(`<LifecycleConfiguration>
				<Rule><ID>a</ID><Status>Disabled</Status><Filter/><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>
				<Rule><ID>b</ID><Status>Enabled</Status><Filter/><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule></LifecycleConfiguration>`))),
			failed(w.PutBucketConfig(now, &r, simulator.NotificationConfig, "", []byte(`<NotificationConfiguration><QueueConfiguration><Queue>q</Queue><Event>s3:ObjectCreated:Put</Event><Event>s3:ObjectRemoved:*</Event></QueueConfiguration></NotificationConfiguration>`))),
		)
	})
	if got := facts(t, s.aws, bucket); got.Transitions != plan.No || got.Expirations != plan.No || got.Events != plan.No {
		t.Errorf("transitions %v, expirations %v, events %v; want no to all", got.Transitions, got.Expirations, got.Events)
	}
	s.world(t, func(w *simulator.World, now time.Time, r simulator.Request) error {
		return failed(w.PutBucketConfig(now, &r, simulator.LifecycleConfig, "", []byte(`<LifecycleConfiguration><Rule><ID>a</ID><Status>Enabled</Status><Filter/>
			<NoncurrentVersionTransition><NoncurrentDays>30</NoncurrentDays><StorageClass>GLACIER</StorageClass></NoncurrentVersionTransition></Rule></LifecycleConfiguration>`)))
	})
	if got := facts(t, s.aws, bucket); got.Transitions != plan.Yes {
		t.Errorf("transitions of noncurrent versions: %v; want yes, as they can become current again", got.Transitions)
	}
}

// What may not be read stays unknown, and is said.
func TestFactsThatCannotBeRead(t *testing.T) {
	s := serve(t, func(r request) reply {
		switch {
		case r.method == "HEAD":
			return reply{header: map[string]string{"X-Amz-Bucket-Region": "eu-west-1"}}
		case strings.HasPrefix(r.query, "versioning"):
			return reply{body: "<VersioningConfiguration/>"}
		case strings.HasPrefix(r.query, "website"):
			return failure(404, "NoSuchWebsiteConfiguration", "none")
		case strings.HasPrefix(r.query, "replication"):
			return failure(501, "NotImplemented", "not here")
		}
		return failure(403, "AccessDenied", "Access Denied")
	})
	got, unknown, err := asAWS(client(t, s.URL)).Facts(t.Context(), bucket)
	if err != nil {
		t.Fatalf("Facts: %v", err)
	}
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.Unversioned, Website: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No}
	if got != want {
		t.Errorf("facts = %+v\nwant    %+v", got, want)
	}
	if !got.HeadNeeded() {
		t.Error("unknown was taken for no")
	}
	var names []string
	for _, u := range unknown {
		names = append(names, u.Op)
		if u.Op == "GetBucketReplication" && KindOf(u.Err) != Unsupported || u.Op == "GetBucketEncryption" && KindOf(u.Err) != AccessDenied {
			t.Errorf("%s: kind %s", u.Op, KindOf(u.Err))
		}
	}
	if len(names) != 7 {
		t.Errorf("unknown: %v, want 7 operations", names)
	}
	for _, r := range s.requests() {
		if r.method != "HEAD" && r.header.Get("X-Amz-Expected-Bucket-Owner") != account {
			t.Errorf("%s ?%s was sent without the expected owner", r.method, r.query)
		}
	}
}

func TestFactsEndWhereNothingWillWork(t *testing.T) {
	for _, tt := range []struct {
		name   string
		head   reply
		rest   reply
		bucket string
		kind   SetupKind
		region string
	}{
		{"no such bucket", reply{status: 404}, reply{}, bucket, NoBucket, ""},
		{"denied", reply{status: 403}, reply{}, bucket, AccessDenied, ""},
		{"wrong Region", reply{status: 301, header: map[string]string{"X-Amz-Bucket-Region": "ap-south-1"}}, reply{}, bucket, WrongRegion, "ap-south-1"},
		{"credentials", reply{}, failure(403, "InvalidAccessKeyId", "unknown"), bucket, BadCredential, ""},
		{"directory bucket", reply{}, reply{}, "films--euw1-az1--x-s3", Unsupported, ""},
	} {
		s := serve(t, func(r request) reply {
			if r.method == "HEAD" {
				return tt.head
			}
			return tt.rest
		})
		_, _, err := asAWS(client(t, s.URL)).Facts(t.Context(), tt.bucket)
		var setup *SetupError
		if !errors.As(err, &setup) || setup.Kind != tt.kind || setup.Region != tt.region {
			t.Errorf("%s: %v (%s), want %s %q", tt.name, err, KindOf(err), tt.kind, tt.region)
		}
	}
}

func TestForBucketFindsRegionAndOwner(t *testing.T) {
	caller := `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/re</Arn><UserId>u</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`
	for _, tt := range []struct {
		name  string
		owner string
		given string
		want  string
		kind  SetupKind
	}{
		{"own bucket", account, "", account, ""},
		{"foreign bucket", "999999999999", "", "", BucketOwner},
		{"foreign bucket, named", "999999999999", "999999999999", "999999999999", ""},
	} {
		s := serve(t, func(r request) reply {
			region := map[string]string{"X-Amz-Bucket-Region": "ap-south-1"}
			switch expected := r.header.Get("X-Amz-Expected-Bucket-Owner"); {
			case r.method == "POST":
				return reply{body: caller}
			case !strings.Contains(r.header.Get("Authorization"), "/ap-south-1/s3/"):
				return reply{status: 301, header: region}
			case expected != "" && expected != tt.owner:
				return reply{status: 403, header: region}
			}
			return reply{header: region}
		})
		c := asAWS(client(t, s.URL)).Expecting(tt.given)
		got, err := c.forBucketAsAWS(t, bucket)
		if KindOf(err) != tt.kind {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.kind)
			continue
		}
		if err == nil && (got.Owner() != tt.want || got.Region() != "ap-south-1") {
			t.Errorf("%s: owner %q, Region %s; want %q, ap-south-1", tt.name, got.Owner(), got.Region(), tt.want)
		}
	}
}

// forBucketAsAWS is ForBucket with the endpoint taken for AWS's own also after
// it turned to another Region.
func (c *Client) forBucketAsAWS(t *testing.T, bucket string) (*Client, error) {
	t.Helper()
	region, err := c.bucketRegion(t.Context(), bucket)
	if err != nil {
		return nil, err
	}
	there, err := c.InRegion(region)
	if err != nil {
		return nil, err
	}
	there.endpoint.AWS = plan.Yes
	return there.ForBucket(t.Context(), bucket)
}

func TestKey(t *testing.T) {
	const other = "arn:aws:kms:eu-west-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab"
	for _, tt := range []struct {
		name string
		key  simulator.Key
		id   string
		kind SetupKind
	}{
		{"ARN", simulator.Key{}, other, ""},
		{"id", simulator.Key{}, "aaaaaaaa-12ab-34cd-56ef-1234567890ab", ""},
		{"alias", simulator.Key{}, "alias/films", ""},
		{"unknown", simulator.Key{}, "bbbbbbbb-12ab-34cd-56ef-1234567890ab", KeyUnknown},
		{"unknown alias", simulator.Key{}, "alias/none", KeyUnknown},
		{"disabled", simulator.Key{State: simulator.KeyDisabled}, other, KeyDisabled},
		{"pending deletion", simulator.Key{State: simulator.KeyPendingDeletion}, other, KeyDeleted},
		{"pending import", simulator.Key{State: simulator.KeyPendingImport}, other, KeyUnavailable},
		{"asymmetric", simulator.Key{Spec: "RSA_2048", Usage: "SIGN_VERIFY"}, other, KeyUsage},
		{"other Region", simulator.Key{}, "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab", KeyRegion},
	} {
		s := simulate(t, simulator.Config{})
		tt.key.ARN = other
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			return errors.Join(w.CreateKey(tt.key), w.PutAlias("alias/films", other))
		})
		got, err := s.aws.Key(t.Context(), tt.id)
		if KindOf(err) != tt.kind || (err != nil) != (tt.kind != "") {
			t.Errorf("%s: %v (%s), want %q", tt.name, err, KindOf(err), tt.kind)
		}
		if err == nil && (got.ARN != other || got.Account != account || got.Region != "eu-west-1" || got.State != "Enabled") {
			t.Errorf("%s: %+v", tt.name, got)
		}
	}
}

// An alias can lead to another Region, and servers other than AWS's may answer
// for any: the answer itself is looked at.
func TestKeyOfAnotherRegionInTheAnswer(t *testing.T) {
	const there = "arn:aws:kms:us-east-1:111122223333:key/aaaaaaaa-12ab-34cd-56ef-1234567890ab"
	s := serve(t, func(request) reply {
		return reply{header: map[string]string{"Content-Type": "application/x-amz-json-1.1"},
			body: `{"KeyMetadata":{"Arn":"` + there + `","KeyId":"a","KeyState":"Enabled","KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT"}}`}
	})
	_, err := client(t, s.URL).Key(t.Context(), "alias/films")
	var setup *SetupError
	if !errors.As(err, &setup) || setup.Kind != KeyRegion || setup.Region != "eu-west-1" {
		t.Errorf("Key = %v, want %s naming eu-west-1, the bucket's", err, KeyRegion)
	}
}

func TestCheckKeyMakesNoDataKey(t *testing.T) {
	s := simulate(t, simulator.Config{})
	if err := s.aws.CheckKey(t.Context(), Key{ARN: keyARN}); err != nil {
		t.Errorf("CheckKey: %v", err)
	}
	s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
		return w.CreateKey(simulator.Key{ARN: keyARN, DeniedTo: []string{"*"}})
	})
	if err := s.aws.CheckKey(t.Context(), Key{ARN: keyARN}); KindOf(err) != AccessDenied {
		t.Errorf("CheckKey of a denied key: %v (%s), want %s", err, KindOf(err), AccessDenied)
	}
}

func TestQuotaAndIdentity(t *testing.T) {
	for _, tt := range []struct {
		applied float64
		want    Quota
	}{
		{12345, Quota{12345, false}},
		{-1, Quota{100000, true}}, // the default in eu-west-1
	} {
		s := simulate(t, simulator.Config{ServiceQuotaApplied: tt.applied})
		if got, err := s.aws.Quota(t.Context()); err != nil || got != tt.want {
			t.Errorf("Quota = %+v, %v; want %+v", got, err, tt.want)
		}
		if got, err := s.aws.Identity(t.Context()); err != nil || got.Account != account {
			t.Errorf("Identity = %+v, %v", got, err)
		}
	}
	s := serve(t, func(request) reply { return failure(400, "InvalidRequest", "what?") })
	if _, err := client(t, s.URL).Quota(t.Context()); KindOf(err) != QuotaUnknown {
		t.Errorf("Quota of a server without one: %v, want %s", err, QuotaUnknown)
	}
}

// A listing ends, whatever the server does, and names nothing twice.
func TestListDistrustsTheServer(t *testing.T) {
	page := func(next string, names ...string) reply {
		var b strings.Builder
		fmt.Fprintf(&b, "<ListBucketResult><IsTruncated>%v</IsTruncated><NextContinuationToken>%s</NextContinuationToken><EncodingType>url</EncodingType>", next != "", next)
		for _, n := range names {
			fmt.Fprintf(&b, "<Contents><Key>%s</Key><Size>1</Size><ETag>&quot;e&quot;</ETag></Contents>", n)
		}
		return reply{body: b.String() + "</ListBucketResult>"}
	}
	n := 0
	for _, tt := range []struct {
		name   string
		answer func(request) reply
		want   string // names, or "" for an error
	}{
		{"repeats a name", func(r request) reply {
			if strings.Contains(r.query, "continuation-token=t1") {
				return page("", "b%2F+1", "c")
			}
			return page("t1", "a", "b%2F+1")
		}, "a,b/ 1,c"},
		{"many pages", func(r request) reply {
			n++
			if n == 3*maxBarrenPages {
				return page("")
			}
			return page(fmt.Sprint("t", n), fmt.Sprint(n))
		}, "many"},
		{"same token for ever", func(request) reply { return page("t1", "a") }, ""},
		{"new token for ever", func(request) reply { n++; return page(fmt.Sprint("t", n), "a") }, ""},
		{"truncated without a token", func(request) reply {
			return reply{body: "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"}
		}, ""},
		{"bad encoding", func(request) reply { return page("", "a%zz") }, ""},
		{"denied", func(request) reply { return failure(403, "AccessDenied", "no") }, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.answer)
			list, err := client(t, s.URL).Source(bucket).List(t.Context(), "p/")
			var names []string
			for _, o := range list {
				names = append(names, o.Name)
			}
			if tt.want == "many" && err == nil && len(names) == 3*maxBarrenPages-1 {
				return
			}
			if got := strings.Join(names, ","); (err != nil) != (tt.want == "") || err == nil && got != tt.want {
				t.Errorf("List = %q, %v; want %q", got, err, tt.want)
			}
			if tt.name == "denied" && !errors.Is(err, fs.ErrPermission) {
				t.Errorf("%v is not fs.ErrPermission", err)
			}
		})
	}
}

// The report may lie in another Region than the job's bucket.
func TestSourceTurnsToTheBucketsRegion(t *testing.T) {
	s := serve(t, func(r request) reply {
		if !strings.Contains(r.header.Get("Authorization"), "/sa-east-1/s3/") {
			return reply{status: 301, header: map[string]string{"X-Amz-Bucket-Region": "sa-east-1"}, body: "<Error><Code>PermanentRedirect</Code></Error>"}
		}
		return reply{header: map[string]string{"Etag": `"e"`}, body: "data"}
	})
	src := client(t, s.URL).Source(bucket)
	for range 2 {
		r, info, err := src.Open(t.Context(), "manifest.json", 0, "")
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		data, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || string(data) != "data" || info.ETag != "e" || info.Size != 4 {
			t.Errorf("Open = %q, %+v, %v", data, info, err)
		}
	}
	if n := len(s.requests()); n != 3 {
		t.Errorf("%d requests, want 3: the Region is remembered", n)
	}
}

// A server that sends the whole object where the rest was asked for would have
// its bytes put in the wrong place.
func TestSourceRefusesIgnoredRanges(t *testing.T) {
	s := serve(t, func(request) reply { return reply{body: "0123456789"} })
	if _, _, err := client(t, s.URL).Source(bucket).Open(t.Context(), "f", 5, ""); err == nil {
		t.Error("Open at 5 took a whole object")
	}
}

// stalled never gives a byte, like a connection whose other end vanished.
type stalled struct{ ctx context.Context }

func (s stalled) Read([]byte) (int, error) { <-s.ctx.Done(); return 0, s.ctx.Err() }
func (s stalled) Close() error             { return nil }

func TestSourceGivesUpStalledReads(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := &body{inner: stalled{ctx}, cancel: cancel, stall: time.Millisecond}
	_, err := b.Read(make([]byte, 1))
	if err == nil || errors.Is(err, context.Canceled) {
		t.Errorf("Read = %v; want an error that does not say the caller gave up", err)
	}
}

func TestProbeLeavesOtherObjectsAlone(t *testing.T) {
	for _, knob := range []bool{false, true} {
		s := simulate(t, simulator.Config{})
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			w.SetKnobs(simulator.Knobs{IgnoreDestinationConditions: knob})
			return w.SeedObject(bucket, simulator.ObjectInfo{Key: "scratch/mine", Size: 1}, simulator.Body{})
		})
		got, err := s.client.ProbeIfMatch(t.Context(), bucket, "scratch/")
		if err != nil || got != plan.AnswerOf(knob) {
			t.Errorf("ProbeIfMatch = %v, %v; want %v", got, err, plan.AnswerOf(knob))
		}
		s.world(t, func(w *simulator.World, _ time.Time, _ simulator.Request) error {
			var keys []string
			for o := range w.Walk(bucket) {
				keys = append(keys, o.Key)
			}
			if len(keys) != 1 || keys[0] != "scratch/mine" {
				t.Errorf("objects after the probe: %q", keys)
			}
			return nil
		})
	}
	hermetic(t)
	c, err := New(t.Context(), Config{EndpointURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.ProbeIfMatch(t.Context(), bucket, ""); err == nil {
		t.Error("a probe without a prefix of its own was let through")
	}
	defer func() {
		if recover() == nil {
			t.Error("remove took a key that no probe made")
		}
	}()
	_ = (&scratch{client: c, bucket: bucket, key: "precious", versions: []string{""}}).remove(t.Context())
}

func TestGrants(t *testing.T) {
	text := func(s string) *string { return &s }
	owner := text("owner1")
	id := func(s string, p types.Permission) types.Grant {
		return types.Grant{Grantee: &types.Grantee{Type: types.TypeCanonicalUser, ID: &s}, Permission: p}
	}
	full := id("owner1", types.PermissionFullControl)
	for _, tt := range []struct {
		name string
		acl  []types.Grant
		want grants
		bad  bool
	}{
		{"private", []types.Grant{full}, grants{}, false},
		{"nobody", []types.Grant{{Grantee: &types.Grantee{Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}}, grants{}, false},
		{"none", nil, grants{}, false},
		{"another's", []types.Grant{id("owner2", types.PermissionFullControl)}, grants{fullControl: `id="owner2"`}, false},
		{"owner reads only", []types.Grant{id("owner1", types.PermissionRead)}, grants{read: `id="owner1"`}, false},
		{"several", []types.Grant{id("z", types.PermissionRead), full, id("a", types.PermissionRead), id("a", types.PermissionReadAcp), id("b", types.PermissionWriteAcp)},
			grants{`id="owner1"`, `id="a", id="z"`, `id="a"`, `id="b"`}, false},
		{"email", []types.Grant{full, {Grantee: &types.Grantee{EmailAddress: text("a@b.c")}, Permission: types.PermissionRead}},
			grants{fullControl: `id="owner1"`, read: `emailAddress="a@b.c"`}, false},
		{"header break", []types.Grant{full, {Grantee: &types.Grantee{URI: text("http://x\"\r\nX-Evil: 1")}, Permission: types.PermissionRead}}, grants{}, true},
		{"write", []types.Grant{full, id("a", types.PermissionWrite)}, grants{}, true},
		{"nobody among others", []types.Grant{full, {Permission: types.PermissionRead}}, grants{}, true},
	} {
		got, err := grantsOf(owner, tt.acl)
		if got != tt.want || (err != nil) != tt.bad {
			t.Errorf("%s: %+v, %v; want %+v, error %v", tt.name, got, err, tt.want, tt.bad)
		}
	}
}

func TestLostByWrite(t *testing.T) {
	day := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	full := plan.Head{ContentType: "a/b", CacheControl: "c", ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "l", Expires: "x",
		Metadata: map[string]string{"k": "v"}, TagCount: 2, StorageClass: inventory.StandardIA, Redirect: "/r",
		LockMode: "GOVERNANCE", LockRetainUntil: day, LegalHold: "ON", EventHold: "ON"}
	for _, tt := range []struct {
		change func(*plan.Head)
		want   string
	}{
		{func(*plan.Head) {}, ""},
		{func(h *plan.Head) { h.ContentType = "binary/octet-stream" }, "Content-Type"},
		{func(h *plan.Head) { h.CacheControl = "" }, "Cache-Control"},
		{func(h *plan.Head) { h.ContentDisposition = "" }, "Content-Disposition"},
		{func(h *plan.Head) { h.ContentEncoding = "" }, "Content-Encoding"},
		{func(h *plan.Head) { h.ContentLanguage = "" }, "Content-Language"},
		{func(h *plan.Head) { h.Expires = "" }, "Expires"},
		{func(h *plan.Head) { h.Metadata = nil }, "user metadata"},
		{func(h *plan.Head) { h.Metadata = map[string]string{"k": "v", "new": "1"} }, "user metadata"},
		{func(h *plan.Head) { h.MissingMeta = 1 }, "metadata that headers cannot express"},
		{func(h *plan.Head) { h.TagCount = 0 }, "tags"},
		{func(h *plan.Head) { h.TagCount = -1 }, ""}, // not shown
		{func(h *plan.Head) { h.StorageClass = inventory.Standard }, "storage class"},
		{func(h *plan.Head) { h.Redirect = "" }, "website redirect"},
		{func(h *plan.Head) { h.LockMode = "" }, "retention"},
		{func(h *plan.Head) { h.LockRetainUntil = day.Add(-time.Second) }, "retention"},
		{func(h *plan.Head) { h.LockRetainUntil = day.Add(time.Second) }, ""},
		{func(h *plan.Head) { h.LegalHold = "OFF" }, "legal hold"},
		{func(h *plan.Head) { h.EventHold = "" }, "event hold"},
		{func(h *plan.Head) { h.StorageClass, h.Expires = inventory.Standard, "" }, "Expires, storage class"},
	} {
		after := full
		tt.change(&after)
		if got := words(lostByWrite(&full, &after)); got != tt.want {
			t.Errorf("lost %q, want %q", got, tt.want)
		}
	}
	if got := lostByWrite(&plan.Head{StorageClass: inventory.Standard}, &plan.Head{StorageClass: inventory.Standard, LockMode: "GOVERNANCE", LockRetainUntil: day, ContentType: "x"}); len(got) != 0 {
		t.Errorf("what was gained counts as lost: %v", got)
	}
}
