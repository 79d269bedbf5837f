package preflight

import (
	"fmt"
	"slices"
	"testing"

	"reseal/inventory"
	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// offline is a client of an endpoint that nobody asks.
func offline(t *testing.T) *s3api.Client {
	t.Helper()
	for name, value := range map[string]string{"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "testdata/none"} {
		t.Setenv(name, value)
	}
	client, err := s3api.New(t.Context(), s3api.Config{Region: simRegion, EndpointURL: "https://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestDenialsByRequest: a policy is asked about the request that a run sends, with
// all of its headers. What depends on the object, and is not known, is unknown.
func TestDenialsByRequest(t *testing.T) {
	client := offline(t)
	facts := plan.Facts{AWS: plan.Yes, Region: simRegion, Versioning: plan.Unversioned, Transitions: plan.No, ObjectLock: plan.No, ACLs: plan.No, Website: plan.No, IgnoresIfMatch: plan.No}
	task := func(action plan.Action, class inventory.StorageClass) plan.Task {
		return plan.Task{Action: action, Record: inventory.Record{Key: "k", ETag: "e", Size: 1, StorageClass: class, IsLatest: true}}
	}
	two := []plan.Task{task(plan.Copy, "STANDARD_IA"), task(plan.Copy, "GLACIER_IR")}
	for _, tt := range []struct {
		condition string
		change    func(*Checker)
		want      []string
	}{
		{`"StringNotEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}`, func(c *Checker) { c.Options.ACL = plan.BucketOwnerFullControl }, nil},
		{`"Null":{"s3:x-amz-copy-source":"false"}`, nil, []string{"stop statement S denies s3:PutObject"}},
		{`"StringNotLike":{"s3:x-amz-copy-source":"acme/*"}`, nil, nil},
		{`"StringNotEquals":{"s3:x-amz-metadata-directive":"COPY"}`, nil, nil},
		{`"StringEquals":{"s3:x-amz-metadata-directive":"COPY"}`, nil, []string{"stop statement S denies s3:PutObject"}},
		{`"Null":{"s3:if-match":"true"}`, nil, nil},
		{`"Null":{"s3:if-match":"true"}`, func(c *Checker) { c.Facts.IgnoresIfMatch = plan.Yes }, []string{"stop statement S denies s3:PutObject"}},
		{`"StringEquals":{"s3:x-amz-content-sha256":"UNSIGNED-PAYLOAD"}`, nil, nil},
		{`"StringNotEquals":{"s3:signatureversion":"AWS4-HMAC-SHA256"}`, nil, nil},
		{`"StringNotEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}`, nil, []string{"stop statement S denies s3:PutObject"}},
		{`"Null":{"s3:x-amz-grant-read":"false"}`, nil, nil},
		{`"Null":{"s3:x-amz-grant-read":"false"}`, func(c *Checker) { c.Facts.ACLs = plan.Yes },
			[]string{"unknown statement S may deny s3:PutObject: it hinges on s3:x-amz-grant-read, which cannot be told from here"}},
		{`"StringNotEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}`, nil,
			[]string{"unknown statement S may deny s3:PutObject: it hinges on s3:x-amz-storage-class, which cannot be told from here"}},
		{`"StringNotEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}`, func(c *Checker) { c.Tasks = two[:1] }, nil},
		{`"StringNotEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}`, func(c *Checker) { c.Tasks = two[1:] }, []string{"stop statement S denies s3:PutObject"}},
		{`"StringNotEquals":{"s3:x-amz-storage-class":"STANDARD_IA"}`, func(c *Checker) { c.Tasks = two },
			[]string{"warning statement S denies s3:PutObject on objects to copy in GLACIER_IR"}},
		{`"Null":{"s3:object-lock-mode":"false"}`, nil, nil},
		{`"Null":{"s3:object-lock-mode":"false"}`, func(c *Checker) { c.Facts.ObjectLock = plan.Yes },
			[]string{"unknown statement S may deny s3:PutObject: it hinges on s3:object-lock-mode, which cannot be told from here"}},
		{`"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}`, nil, nil},
		{`"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}`, func(c *Checker) { c.Tasks = []plan.Task{task(plan.MultipartCopy, "STANDARD")} }, nil},
		{`"Null":{"s3:x-amz-metadata-directive":"true"}`, func(c *Checker) { c.Tasks = []plan.Task{task(plan.MultipartCopy, "STANDARD")} }, []string{"stop statement S denies s3:PutObject"}},
		{`"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + otherKey + `"}`, nil, []string{"stop statement S denies s3:PutObject"}},
		{`"StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + otherKey + `"}`, func(c *Checker) { c.Options.KMSKeyID = "" },
			[]string{"unknown statement S may deny s3:PutObject: it hinges on s3:x-amz-server-side-encryption-aws-kms-key-id, which cannot be told from here"}},
	} {
		c := &Checker{Client: client, Options: plan.Options{Bucket: "acme", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simKey, BucketKey: true}, Facts: facts,
			caller: s3api.Identity{ARN: simUser, Account: simAccount}}
		if tt.change != nil {
			tt.change(c)
		}
		d, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{`+tt.condition+`}}}`))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range c.denials(d) {
			got = append(got, fmt.Sprint(f.Status, " ", f.Why))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s:\n got %q\nwant %q", tt.condition, got, tt.want)
		}
	}
}

// TestDenialsOutside: a Deny with NotResource is about what it does not name. Nothing
// that the run does not touch stops it.
func TestDenialsOutside(t *testing.T) {
	client := offline(t)
	tasks := func(keys ...string) (out []plan.Task) {
		for _, key := range keys {
			out = append(out, plan.Task{Action: plan.Copy, Record: inventory.Record{Key: key, ETag: "e", Size: 1, StorageClass: "STANDARD", IsLatest: true}})
		}
		return out
	}
	const photos, bucket = "arn:aws:s3:::acme/photos/*", "arn:aws:s3:::acme"
	const warned = "warning statement S denies s3:PutObject on objects outside " + photos
	for _, tt := range []struct {
		but      string
		tasks    []plan.Task
		prefixes []string
		want     []string
	}{
		{photos, tasks("photos/1", "photos/2"), []string{"photos/"}, nil},
		{photos, tasks("photos/1"), nil, []string{warned}},
		{photos, tasks("photos/1", "films/1"), nil, []string{warned}},
		{photos, tasks("films/1"), []string{"films/"}, []string{"stop statement S denies s3:PutObject"}},
		{photos, nil, nil, []string{warned}},
		{photos, nil, []string{"photos/2026/"}, nil},
		{photos, nil, []string{"films/"}, []string{warned}},
		{bucket, nil, nil, []string{"stop statement S denies s3:PutObject"}},
		{bucket + "/*", nil, nil, nil},
	} {
		c := &Checker{Client: client, caller: s3api.Identity{ARN: simUser, Account: simAccount}, Tasks: tt.tasks,
			Options: plan.Options{Bucket: "acme", Method: plan.MethodCopy, SSE: plan.TargetKMS, KMSKeyID: simKey, BucketKey: true, Prefixes: tt.prefixes},
			Facts:   plan.Facts{AWS: plan.Yes, Region: simRegion, Versioning: plan.Unversioned, ACLs: plan.No, ObjectLock: plan.No}}
		d, err := policy.Parse(policy.Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Sid":"S","Effect":"Deny","Principal":"*","Action":"s3:PutObject","NotResource":"`+tt.but+`"}}`))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range c.denials(d) {
			got = append(got, fmt.Sprint(f.Status, " ", f.Why))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("but %s, prefixes %q, %d tasks:\n got %q\nwant %q", tt.but, tt.prefixes, len(tt.tasks), got, tt.want)
		}
	}
}

// TestPublicACLHazard: where grants to everybody would be sent and refused.
func TestPublicACLHazard(t *testing.T) {
	for _, tt := range []struct {
		acls, blocks plan.Answer
		method       plan.Method
		accepted     []string
		want         bool
	}{
		{plan.Yes, plan.Yes, plan.MethodCopy, nil, true},
		{plan.Yes, plan.Yes, plan.MethodAuto, []string{"acl"}, true},
		{plan.Yes, plan.Yes, plan.MethodCopy, []string{"drops-acl"}, false},
		{plan.Yes, plan.Yes, plan.MethodCopy, []string{"public-acl"}, false},
		{plan.Yes, plan.No, plan.MethodCopy, nil, false},
		{plan.Yes, plan.Unknown, plan.MethodCopy, nil, false},
		{plan.No, plan.Yes, plan.MethodCopy, nil, false},
		{plan.Yes, plan.Yes, plan.MethodUpdate, nil, false},
	} {
		all := Hazards(plan.Options{Method: tt.method}, plan.Facts{AWS: plan.Yes, ACLs: tt.acls, BlocksPublicACLs: tt.blocks}, plan.Unknown, nil, 0)
		got := slices.ContainsFunc(Unaccepted(all, tt.accepted), func(h Hazard) bool { return h.Name == "public-acl" })
		if got != tt.want {
			t.Errorf("ACLs %s, blocked %s, %s, accepted %q: %v", tt.acls, tt.blocks, tt.method, tt.accepted, got)
		}
	}
}
