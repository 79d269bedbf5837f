package front

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reseal/internal/simulator"
)

// TestAWSCommandLine drives the front with Amazon's own command line, which
// knows nothing of this project.
func TestAWSCommandLine(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: the aws command line takes some 20 s; run: go test -run TestAWSCommandLine ./internal/simulator/front")
	}
	path, err := exec.LookPath("aws")
	if err != nil {
		t.Skip("SKIPPED: no aws command here, so its compatibility is NOT tested; install the AWS CLI and run: go test -run TestAWSCommandLine ./internal/simulator/front")
	}
	r := newRig(t, simulator.Config{}, Config{})
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	ca := file("ca.pem", string(r.cert.PEM))
	config := file("config", "[default]\nregion = eu-west-1\nretries = 1\ns3 =\n  addressing_style = path\n")
	aws := func(args ...string) (map[string]any, string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), path, append([]string{"--endpoint-url", r.url, "--output", "json"}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+longLived.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+longLived.SecretKey, "AWS_SESSION_TOKEN=",
			"AWS_CA_BUNDLE="+ca, "AWS_CONFIG_FILE="+config, "AWS_SHARED_CREDENTIALS_FILE=/dev/null", "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_PROFILE=default")
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		if err := cmd.Run(); err != nil {
			return nil, stderr.String() + err.Error()
		}
		var out map[string]any
		if stdout.Len() > 0 {
			if err := json.Unmarshal(stdout.Bytes(), &out); err != nil {
				t.Fatalf("aws %s: %v in %s", args, err, stdout.String())
			}
		}
		return out, ""
	}
	must := func(args ...string) map[string]any {
		t.Helper()
		out, failure := aws(args...)
		if failure != "" {
			t.Fatalf("aws %s: %s", strings.Join(args, " "), failure)
		}
		return out
	}
	refused := func(want string, args ...string) {
		t.Helper()
		if _, failure := aws(args...); !strings.Contains(failure, want) {
			t.Errorf("aws %s: %q, want %q", strings.Join(args, " "), failure, want)
		}
	}
	same := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}

	const bucket, key = "cli-bucket", "odd/ key+100%/../ü"
	must("s3api", "create-bucket", "--bucket", bucket, "--create-bucket-configuration", "LocationConstraint=eu-west-1")
	refused("BucketAlreadyOwnedByYou", "s3api", "create-bucket", "--bucket", bucket, "--create-bucket-configuration", "LocationConstraint=eu-west-1")
	must("s3api", "put-bucket-versioning", "--bucket", bucket, "--versioning-configuration", "Status=Enabled")
	must("s3api", "put-bucket-encryption", "--bucket", bucket, "--server-side-encryption-configuration",
		`{"Rules":[{"ApplyServerSideEncryptionByDefault":{"SSEAlgorithm":"AES256"},"BucketKeyEnabled":true}]}`)
	rule := must("s3api", "get-bucket-encryption", "--bucket", bucket)["ServerSideEncryptionConfiguration"].(map[string]any)["Rules"].([]any)[0].(map[string]any)
	same("bucket key", rule["BucketKeyEnabled"], true)
	must("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::cli-bucket/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)

	written := must("s3api", "put-object", "--bucket", bucket, "--key", key, "--body", file("body", "hello"), "--content-type", "text/plain",
		"--metadata", "color=blue", "--tagging", "a=b&c=d")
	same("ETag of the put", written["ETag"], `"5d41402abc4b2a76b9719d911017c592"`)
	described := must("s3api", "head-object", "--bucket", bucket, "--key", key)
	same("encryption", described["ServerSideEncryption"], "AES256")
	same("metadata", described["Metadata"].(map[string]any)["color"], "blue")
	same("content type", described["ContentType"], "text/plain")

	same("length of the get", must("s3api", "get-object", "--bucket", bucket, "--key", key, filepath.Join(dir, "got"))["ContentLength"], 5.0)
	if got, err := os.ReadFile(filepath.Join(dir, "got")); err != nil || string(got) != "hello" {
		t.Errorf("got object %q, %v", got, err)
	}
	source := bucket + "/" + key // the command line encodes it
	copied := must("s3api", "copy-object", "--bucket", bucket, "--key", key, "--copy-source", source, "--server-side-encryption", "aws:kms",
		"--ssekms-key-id", testKey, "--bucket-key-enabled", "--copy-source-if-match", written["ETag"].(string))
	same("key of the copy", copied["SSEKMSKeyId"], testKey)
	same("source version", copied["CopySourceVersionId"], written["VersionId"])
	refused("PreconditionFailed", "s3api", "copy-object", "--bucket", bucket, "--key", key, "--copy-source", source, "--server-side-encryption", "aws:kms",
		"--ssekms-key-id", testKey, "--copy-source-if-match", written["ETag"].(string))

	same("tags", len(must("s3api", "get-object-tagging", "--bucket", bucket, "--key", key)["TagSet"].([]any)), 2)
	must("s3api", "put-object-tagging", "--bucket", bucket, "--key", key, "--tagging", `{"TagSet":[{"Key":"x y","Value":"<&>"}]}`)
	tags := must("s3api", "get-object-tagging", "--bucket", bucket, "--key", key)["TagSet"].([]any)
	same("new tag", tags[0].(map[string]any)["Value"], "<&>")

	listed := must("s3api", "list-objects-v2", "--bucket", bucket)["Contents"].([]any)
	same("listed key", listed[0].(map[string]any)["Key"], key)
	same("versions", len(must("s3api", "list-object-versions", "--bucket", bucket)["Versions"].([]any)), 2)
	same("delete marker", must("s3api", "delete-object", "--bucket", bucket, "--key", key)["DeleteMarker"], true)
	refused("404", "s3api", "head-object", "--bucket", bucket, "--key", key)
	must("s3api", "delete-object", "--bucket", bucket, "--key", key, "--version-id", copied["VersionId"].(string))

	same("key state", must("kms", "describe-key", "--key-id", testKey)["KeyMetadata"].(map[string]any)["KeyState"], "Enabled")
	same("account", must("sts", "get-caller-identity")["Account"], longLived.AccountID)
	same("quota", must("service-quotas", "get-service-quota", "--service-code", "kms", "--quota-code", "L-6E3AF000")["Quota"].(map[string]any)["Value"], 100000.0)
}
