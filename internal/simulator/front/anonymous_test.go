package front

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"

	"reseal/internal/simulator"
)

// TestAnonymousReader: what a browser gets, before and after a re-encryption.
func TestAnonymousReader(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c, ctx, b := r.s3(longLived), t.Context(), aws.String(testBucket)
	read := func(key string) (int, string) {
		t.Helper()
		out, err := r.client.Get(r.url + "/" + testBucket + "/" + key)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Body.Close()
		body, err := io.ReadAll(out.Body)
		if err != nil {
			t.Fatal(err)
		}
		return out.StatusCode, string(body)
	}
	block, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b})
	if err != nil || !*block.PublicAccessBlockConfiguration.BlockPublicAcls || !*block.PublicAccessBlockConfiguration.RestrictPublicBuckets {
		t.Fatalf("a new bucket's block: %+v, %v", block, err)
	}
	if _, err := c.GetBucketPolicyStatus(ctx, &s3.GetBucketPolicyStatusInput{Bucket: b}); codeOf(err) != "NoSuchBucketPolicy" {
		t.Errorf("policy status without a policy: %v", err)
	}
	_, err = c.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{Bucket: b, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicPolicy: aws.Bool(true)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeletePublicAccessBlock(ctx, &s3.DeletePublicAccessBlockInput{Bucket: b}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: b}); codeOf(err) != "NoSuchPublicAccessBlockConfiguration" {
		t.Errorf("after its deletion: %v", err)
	}
	if _, err := c.PutBucketOwnershipControls(ctx, &s3.PutBucketOwnershipControlsInput{Bucket: b, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipObjectWriter}}}}); err != nil {
		t.Fatal(err)
	}
	put(t, c, "open", "hello", func(in *s3.PutObjectInput) { in.ACL = types.ObjectCannedACLPublicRead })
	put(t, c, "closed", "hello")
	if status, body := read("open"); status != 200 || body != "hello" {
		t.Errorf("a public object: %d %s", status, body)
	}
	if status, body := read("closed"); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code><Message>Access Denied</Message>") {
		t.Errorf("a private object: %d %s", status, body)
	}
	in := resealInput("open", "")
	in.IfMatch, in.CopySourceIfMatch, in.ACL = nil, nil, types.ObjectCannedACLPublicRead
	if _, err := c.CopyObject(ctx, in); err != nil {
		t.Fatal(err)
	}
	const want = "<Code>InvalidArgument</Code><Message>Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.</Message>"
	if status, body := read("open"); status != 400 || !strings.Contains(body, want) {
		t.Errorf("under SSE-KMS: %d %s", status, body)
	}
	put, err := http.NewRequestWithContext(ctx, http.MethodPut, r.url+"/"+testBucket+"/new", strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.client.Do(put)
	if err != nil {
		t.Fatal(err)
	}
	out.Body.Close()
	if out.StatusCode != 403 {
		t.Errorf("an anonymous upload: %d", out.StatusCode)
	}
}

// TestAnotherRegion: an endpoint belongs to one Region, and a signature too.
func TestAnotherRegion(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived, func(o *s3.Options) { o.Region = "us-east-1" })
	if _, err := c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(testBucket)}); codeOf(err) != "AuthorizationHeaderMalformed" {
		t.Errorf("S3: %v", err)
	}
	provider := credentials.NewStaticCredentialsProvider(longLived.AccessKeyID, longLived.SecretKey, "")
	keys := kms.New(kms.Options{BaseEndpoint: &r.url, HTTPClient: r.client, Region: "us-east-1", Credentials: provider})
	if _, err := keys.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: aws.String(testKey)}); codeOf(err) != "InvalidSignatureException" {
		t.Errorf("KMS: %v", err)
	}
}

// TestQuotaList: the quotas by list, and the defaults.
func TestQuotaList(t *testing.T) {
	r := newRig(t, simulator.Config{ServiceQuotaApplied: 40_000}, Config{})
	provider := credentials.NewStaticCredentialsProvider(longLived.AccessKeyID, longLived.SecretKey, "")
	c := servicequotas.New(servicequotas.Options{BaseEndpoint: &r.url, HTTPClient: r.client, Region: "eu-west-1", Credentials: provider})
	applied, err := c.ListServiceQuotas(t.Context(), &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String("kms")})
	if err != nil || len(applied.Quotas) != 1 || *applied.Quotas[0].Value != 40_000 || *applied.Quotas[0].QuotaCode != "L-6E3AF000" {
		t.Errorf("applied: %+v, %v", applied, err)
	}
	byDefault, err := c.ListAWSDefaultServiceQuotas(t.Context(), &servicequotas.ListAWSDefaultServiceQuotasInput{ServiceCode: aws.String("kms")})
	if err != nil || len(byDefault.Quotas) != 1 || *byDefault.Quotas[0].Value != 100_000 {
		t.Errorf("default: %+v, %v", byDefault, err)
	}
	if _, err := c.ListServiceQuotas(t.Context(), &servicequotas.ListServiceQuotasInput{ServiceCode: aws.String("ec9")}); codeOf(err) != "NoSuchResourceException" {
		t.Errorf("an unknown service: %v", err)
	}
}
