package front

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"reseal/internal/simulator"
)

// TestRangeHasNoChecksum: the checksum of a whole object would be compared with
// the bytes of the range, and refused by clients that check.
func TestRangeHasNoChecksum(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	put(t, c, "k", "hello", func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32 })
	get := func(rng *string) *s3.GetObjectOutput {
		t.Helper()
		out, err := c.GetObject(t.Context(), &s3.GetObjectInput{Bucket: aws.String(testBucket), Key: aws.String("k"), Range: rng, ChecksumMode: types.ChecksumModeEnabled})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(out.Body); err != nil {
			t.Errorf("read: %v", err)
		}
		return out
	}
	if out := get(aws.String("bytes=1-2")); out.ChecksumCRC32 != nil {
		t.Errorf("checksum of a range: %s", *out.ChecksumCRC32)
	}
	if out := get(nil); out.ChecksumCRC32 == nil {
		t.Error("no checksum of the whole object")
	}
}

// TestMadeUpToken: S3 refuses a continuation token that it did not make.
func TestMadeUpToken(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.s3(longLived)
	put(t, c, "a", "x")
	put(t, c, "b", "x")
	list := func(token *string) (*s3.ListObjectsV2Output, error) {
		return c.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(testBucket), ContinuationToken: token, MaxKeys: aws.Int32(1)})
	}
	first, err := list(nil)
	if err != nil {
		t.Fatal(err)
	}
	second, err := list(first.NextContinuationToken)
	if err != nil || *second.Contents[0].Key != "b" {
		t.Errorf("second page %+v, %v", second, err)
	}
	for _, token := range []string{"garbage", "YWJj", "YWJjZGVmZ2hpamtsbW5v"} {
		if _, err := list(&token); codeOf(err) != "InvalidArgument" {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

// TestCreateKeyWithPolicy: what CreateKey is given comes back.
func TestCreateKeyWithPolicy(t *testing.T) {
	r := newRig(t, simulator.Config{}, Config{})
	c := r.kms(longLived)
	const doc = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}}`
	made, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{Description: aws.String("for photos"), Policy: aws.String(doc)})
	if err != nil || *made.KeyMetadata.Description != "for photos" {
		t.Fatalf("create: %+v, %v", made, err)
	}
	got, err := c.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: made.KeyMetadata.KeyId})
	if err != nil || *got.Policy != doc {
		t.Errorf("policy: %+v, %v", got, err)
	}
	if _, err := c.CreateKey(t.Context(), &kms.CreateKeyInput{Policy: aws.String("{}")}); codeOf(err) != "MalformedPolicyDocumentException" {
		t.Errorf("a malformed policy: %v", err)
	}
}

// TestMetricsInJSON: boto3 asks CloudWatch in JSON, not in CBOR.
func TestMetricsInJSON(t *testing.T) {
	ahead := func() time.Time { return time.Now().Add(5 * time.Minute) } // so that the minute is over
	r := newRig(t, simulator.Config{}, Config{Now: ahead})
	now := ahead()
	r.front.Locked(func(w *simulator.World) { w.UseKMS(time.Now(), longLived.AccountID, 7) })
	ask, err := json.Marshal(map[string]any{"StartTime": now.Add(-10 * time.Minute).Unix(), "EndTime": now.Unix(), "MetricDataQueries": []any{map[string]any{
		"Id": "m", "MetricStat": map[string]any{"Stat": "Sum", "Period": 60, "Metric": map[string]any{"Namespace": "AWS/Usage", "MetricName": "CallCount",
			"Dimensions": []any{map[string]string{"Name": "Service", "Value": "KMS"}, map[string]string{"Name": "Type", "Value": "API"},
				map[string]string{"Name": "Class", "Value": "None"}, map[string]string{"Name": "Resource", "Value": "CryptographicOperationsSymmetric"}}}}}}})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/", strings.NewReader(string(ask)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "GraniteServiceVersion20100801.GetMetricData")
	if err := s3Signer().SignHTTP(t.Context(), credentialsOf(longLived), req, hashOf(string(ask)), "monitoring", "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ MetricDataResults []metricResult }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || len(out.MetricDataResults) != 1 || len(out.MetricDataResults[0].Values) != 1 || out.MetricDataResults[0].Values[0] != 7 {
		t.Errorf("%d %+v", res.StatusCode, out)
	}
}
