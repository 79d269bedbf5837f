package front

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
)

// TestListBuckets: in pages, of a prefix, by the owner's canonical id, and only
// to who may.
func TestListBuckets(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	reader := Identity{AccessKeyID: "READER", SecretKey: "secret", AccountID: longLived.AccountID, ARN: "arn:aws:iam::111122223333:user/reader"}
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Identities: []Identity{longLived, reader}})
	c := r.s3(longLived)
	eu := &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}
	for _, name := range []string{"photos-b", "photos-a", "films"} {
		if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: eu}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil || len(all.Buckets) != 4 || *all.Owner.ID != simulator.CanonicalID(longLived.AccountID) || all.ContinuationToken != nil {
		t.Errorf("all: %+v, %v", all, err)
	}
	var names []string
	pages := s3.NewListBucketsPaginator(c, &s3.ListBucketsInput{Prefix: aws.String("photos-"), MaxBuckets: aws.Int32(1)})
	count := 0
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil || aws.ToString(page.Prefix) != "photos-" || len(page.Buckets) > 1 {
			t.Fatalf("%+v, %v", page, err)
		}
		for _, b := range page.Buckets {
			names = append(names, *b.Name)
		}
		count++
	}
	if !slices.Equal(names, []string{"photos-a", "photos-b"}) || count != 2 {
		t.Errorf("%d pages of %q", count, names)
	}
	if _, err := c.ListBuckets(t.Context(), &s3.ListBucketsInput{ContinuationToken: aws.String("garbage")}); codeOf(err) != "InvalidArgument" {
		t.Errorf("a made-up token: %v", err)
	}
	if _, err := r.s3(reader).ListBuckets(t.Context(), &s3.ListBucketsInput{}); codeOf(err) != "AccessDenied" {
		t.Errorf("without s3:ListAllMyBuckets: %v", err)
	}
}

// TestBucketRegions: each Region takes buckets for itself, and us-east-1 gives
// its owner a bucket again (S3 API Reference, CreateBucket).
func TestBucketRegions(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	create := func(region string) string {
		body := ""
		if region != "" {
			body = "<CreateBucketConfiguration><LocationConstraint>" + region + "</LocationConstraint></CreateBucketConfiguration>"
		}
		status, answer := r.signedAsk(t, "s3", http.MethodPut, "/new-bucket", body)
		if status == 200 {
			return ""
		}
		_, rest, _ := strings.Cut(answer, "<Code>")
		code, _, _ := strings.Cut(rest, "</Code>")
		return code
	}
	for _, tt := range []struct{ region, want string }{
		{"", "IllegalLocationConstraintException"}, {"us-east-2", "IllegalLocationConstraintException"}, {"nowhere", "InvalidLocationConstraint"},
		{"eu-west-1", ""}, {"eu-west-1", "BucketAlreadyOwnedByYou"},
	} {
		if got := create(tt.region); got != tt.want {
			t.Errorf("LocationConstraint %q: %q, want %q", tt.region, got, tt.want)
		}
	}
}

// TestPolicyStatusIsABoolean: clients know one in lower case only.
func TestPolicyStatusIsABoolean(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	r.front.Locked(func(w *simulator.World) {
		own := simulator.Request{Bucket: testBucket}
		if err := w.DeletePublicAccessBlock(signTime, &own); err != nil {
			t.Fatal(err)
		}
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::` + testBucket + `/*"}}`
		if err := w.PutBucketConfig(signTime, &own, simulator.PolicyConfig, "", []byte(doc)); err != nil {
			t.Fatal(err)
		}
	})
	if status, answer := r.signedAsk(t, "s3", http.MethodGet, "/"+testBucket+"?policyStatus", ""); status != 200 || !strings.Contains(answer, "<IsPublic>true</IsPublic>") {
		t.Errorf("%d %s", status, answer)
	}
}
