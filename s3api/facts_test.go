package s3api

import (
	"errors"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/plan"
)

func TestFactsOfABareBucket(t *testing.T) {
	s := simulate(t, simulator.Config{})
	got := facts(t, s.aws, bucket)
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.Unversioned, MFADelete: plan.No, Transitions: plan.No, Expirations: plan.No,
		ObjectLock: plan.No, Retention: plan.No, ACLs: plan.No, Website: plan.No, Replication: plan.No, Events: plan.No, Requester: plan.No,
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
	s.Locked(func(w *simulator.World) { w.SetMFADelete(bucket, true) })
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.VersioningEnabled, MFADelete: plan.Yes, Transitions: plan.Yes, Expirations: plan.Yes,
		ObjectLock: plan.Yes, Retention: plan.No, ACLs: plan.Yes, BlocksPublicACLs: plan.Yes, IgnoresPublicACLs: plan.Yes, Website: plan.Yes, Replication: plan.Yes, Events: plan.Yes, Requester: plan.Yes,
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
	want := plan.Facts{Bucket: bucket, Region: "eu-west-1", Versioning: plan.Unversioned, MFADelete: plan.No, Website: plan.No, AWS: plan.Yes, IgnoresIfMatch: plan.No}
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
	if len(names) != 8 {
		t.Errorf("unknown: %v, want 8 operations", names)
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
