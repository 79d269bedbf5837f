package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"reseal/internal/minio"
	"reseal/internal/simulator/simaws"
	"reseal/policy"
)

// TestMinIOEnforce: a server that nobody here wrote takes the settings, and its
// own evaluation of the statements does what they are for. It does not apply
// bucket policies to its root user, so they are given to a session of that user.
func TestMinIOEnforce(t *testing.T) {
	server := minio.Start(t)
	b := newMinioBucket(t, server, "closed")
	setEnvironment(t, append(simaws.CleanEnvironment(nil), "AWS_ACCESS_KEY_ID="+minio.AccessKey, "AWS_SECRET_ACCESS_KEY="+minio.SecretKey,
		"AWS_REGION=us-east-1", "AWS_ENDPOINT_URL="+server.URL))
	var out, messages bytes.Buffer
	p := process{stdin: strings.NewReader(""), stdout: &out, stderr: &messages}
	if code := p.run(t.Context(), []string{"enforce", "--bucket", b.name, "--sse-kms-key-id", minio.Key, "--require-header", "--except-services=false", "--bucket-key-enabled=false", "--apply", "--yes"}); code != 0 {
		t.Fatalf("enforce: exit %d\n%s%s", code, out.String(), messages.String())
	}
	e, err := b.s3.GetBucketEncryption(t.Context(), &s3.GetBucketEncryptionInput{Bucket: &b.name})
	if err != nil || e.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != types.ServerSideEncryptionAwsKms {
		t.Errorf("default encryption %+v, %v; want aws:kms", e, err)
	}
	got, err := b.s3.GetBucketPolicy(t.Context(), &s3.GetBucketPolicyInput{Bucket: &b.name})
	if err != nil {
		t.Fatalf("read policy: %v", err)
	}
	session := sessionOf(t, server.URL, *got.Policy)
	for _, tt := range []struct {
		name   string
		sse    types.ServerSideEncryption
		denied bool
	}{{"none", "", true}, {"aes256", types.ServerSideEncryptionAes256, true}, {"kms", types.ServerSideEncryptionAwsKms, false}} {
		in := &s3.PutObjectInput{Bucket: &b.name, Key: &tt.name, Body: strings.NewReader("x"), ServerSideEncryption: tt.sse}
		if tt.sse == types.ServerSideEncryptionAwsKms {
			in.SSEKMSKeyId = aws.String(minio.Key)
		}
		_, err := session.PutObject(t.Context(), in)
		if denied := err != nil && strings.Contains(err.Error(), "AccessDenied"); denied != tt.denied || err != nil && !denied {
			t.Errorf("put with %q: %v; want denied %v", tt.sse, err, tt.denied)
		}
	}
}

// sessionOf returns a client of a session that may do everything but what a
// bucket policy denies.
func sessionOf(t *testing.T, url, bucketPolicy string) *s3.Client {
	t.Helper()
	var doc struct {
		Version   string
		Statement []map[string]any
	}
	if err := json.Unmarshal([]byte(bucketPolicy), &doc); err != nil {
		t.Fatal(err)
	}
	for _, s := range doc.Statement {
		delete(s, "Principal")
	}
	doc.Statement = append(doc.Statement, map[string]any{"Effect": "Allow", "Action": []string{"s3:*"}, "Resource": []string{"arn:aws:s3:::*"}})
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	creds := sessionUnder(t, url, string(text))
	return s3.New(s3.Options{BaseEndpoint: &url, Region: "us-east-1", UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })})
}

// sessionUnder begins a session of the root user under an identity policy.
func sessionUnder(t *testing.T, url, text string) aws.Credentials {
	t.Helper()
	if _, err := policy.Parse(policy.Identity, []byte(text)); err != nil {
		t.Fatal(err)
	}
	root := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: minio.AccessKey, SecretAccessKey: minio.SecretKey}, nil
	})
	c := sts.New(sts.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: root})
	out, err := c.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/any"), RoleSessionName: aws.String("session"), Policy: &text})
	if err != nil {
		t.Fatalf("begin session: %v", err)
	}
	return aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
}
