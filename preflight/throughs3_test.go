package preflight

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"reseal/plan"
	"reseal/s3api"
)

// kmsThatRefuses answers like a KMS that refuses every direct use of the key, whose
// policy is text, "" where the caller may not read it.
func kmsThatRefuses(t *testing.T, text string) *s3api.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		switch _, op, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); {
		case op == "GetKeyPolicy" && text != "":
			_ = json.NewEncoder(w).Encode(map[string]string{"Policy": text})
		case op == "DescribeKey":
			fmt.Fprintf(w, `{"KeyMetadata":{"Arn":%q,"KeyId":"k","AWSAccountId":%q,"KeyState":"Enabled","KeySpec":"SYMMETRIC_DEFAULT","KeyUsage":"ENCRYPT_DECRYPT","KeyManager":"CUSTOMER"}}`, simKey, simAccount)
		default:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"AccessDeniedException","Message":"no identity-based policy allows it"}`)
		}
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "testdata/none")
	client, err := s3api.New(t.Context(), s3api.Config{Region: simRegion, EndpointURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestKeyThroughS3: that KMS refuses a direct request is no evidence against one
// through S3, with S3's encryption context.
func TestKeyThroughS3(t *testing.T) {
	statement := func(effect, condition string) string {
		return `{"Version":"2012-10-17","Statement":[{"Sid":"S","Effect":"` + effect + `","Principal":{"AWS":"` + simUser + `"},"Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"*"` + condition + `}]}`
	}
	const via = `,"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`
	for _, tt := range []struct {
		name, policy string
		bucketKey    bool
		want         Status
	}{
		{"through S3 only", statement("Allow", via), true, StatusOK},
		{"through S3 and for the bucket only", statement("Allow", `,"Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com","kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme"}}`), true, StatusOK},
		{"for objects only, with bucket keys", statement("Allow", `,"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/*"}}`), true, StatusUnknown},
		{"for objects only, without", statement("Allow", `,"Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/*"}}`), false, StatusOK},
		{"through another service", statement("Allow", `,"Condition":{"StringEquals":{"kms:ViaService":"ebs.us-east-1.amazonaws.com"}}`), true, StatusUnknown},
		{"somebody else only", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/other"},"Action":"kms:*","Resource":"*"}]}`, true, StatusUnknown},
		{"denied through S3", statement("Deny", via), true, StatusStop},
		{"left to the account", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}`, true, StatusUnknown},
		{"not to be read", "", true, StatusUnknown},
	} {
		c := &Checker{Client: kmsThatRefuses(t, tt.policy), Options: plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey, BucketKey: tt.bucketKey},
			Facts: plan.Facts{Region: simRegion}, caller: s3api.Identity{ARN: simUser, Account: simAccount}}
		key := c.askKey(t.Context())
		c.target(t.Context(), &key)
		row := c.Findings[len(c.Findings)-1]
		if row.Name != "key use" || row.Status != tt.want {
			t.Errorf("%s: %+v, want %s", tt.name, row, tt.want)
		}
	}
}
