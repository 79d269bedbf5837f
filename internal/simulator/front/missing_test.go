package front

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
	"reseal/internal/simulator/iam"
)

// signedAsk sends a request to one of the services, signed.
func (r *rig) signedAsk(t *testing.T, service, method, path, body string, headers ...string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Content-Sha256", hashOf(body))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	if err := s3Signer().SignHTTP(t.Context(), credentialsOf(longLived), req, hashOf(body), service, "eu-west-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	all := []string{}
	for name := range req.Header {
		all = append(all, name, req.Header.Get(name))
	}
	return r.ask(t, method, path, body, all...)
}

// TestNotImplementedIsSaid: what AWS has and the simulator has not is refused
// with 501 and its name, in each protocol.
func TestNotImplementedIsSaid(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Directory: iam.New(longLived.AccountID, rules)})
	put(t, r.s3(longLived), "k", "hello")
	const role = "RoleArn=arn:aws:iam::111122223333:role/r&RoleSessionName=night"
	kms := func(operation, body string) []string {
		return []string{"kms", "POST", "/", body, "X-Amz-Target", "TrentService." + operation}
	}
	form := func(service, body string) []string {
		return []string{service, "POST", "/", body, "Content-Type", "application/x-www-form-urlencoded"}
	}
	for _, tt := range []struct {
		names string // what the answer has to name
		call  []string
	}{
		{"RetireGrant", kms("RetireGrant", "{}")},
		{"Tags", kms("CreateKey", `{"Tags":[{"TagKey":"a","TagValue":"b"}]}`)},
		{"Origin", kms("CreateKey", `{"Origin":"EXTERNAL"}`)},
		{"CustomKeyStoreId", kms("CreateKey", `{"CustomKeyStoreId":"cks-1"}`)},
		{"Recipient", kms("GenerateDataKey", `{"KeyId":"`+testKey+`","KeySpec":"AES_256","Recipient":{}}`)},
		{"not symmetric", kms("Encrypt", `{"KeyId":"`+testKey+`","Plaintext":"aGVsbG8=","EncryptionAlgorithm":"RSAES_OAEP_SHA_256"}`)},
		{"ListServices", []string{"servicequotas", "POST", "/", "{}", "X-Amz-Target", "ServiceQuotasV20190624.ListServices"}},
		{"PutMetricData", []string{"monitoring", "POST", "/service/GraniteServiceVersion20100801/operation/PutMetricData", "", "Smithy-Protocol", "rpc-v2-cbor"}},
		{"PutMetricData", []string{"monitoring", "POST", "/", "{}", "X-Amz-Target", "GraniteServiceVersion20100801.PutMetricData"}},
		{"PutMetricData", form("monitoring", "Action=PutMetricData&Version=2010-08-01")},
		{"CreateGroup", form("iam", "Action=CreateGroup&Version=2010-05-08")},
		{"Tags", form("iam", "Action=CreateUser&UserName=u&Tags.member.1.Key=a&Tags.member.1.Value=b")},
		{"PermissionsBoundary", form("iam", "Action=CreateRole&RoleName=r&PermissionsBoundary=arn:aws:iam::aws:policy/x")},
		{"GetSessionToken", form("sts", "Action=GetSessionToken&Version=2011-06-15")},
		{"Policy", form("sts", "Action=AssumeRole&Policy=%7B%7D&"+role)},
		{"PolicyArns", form("sts", "Action=AssumeRole&PolicyArns.member.1.arn=x&"+role)},
		{"form", []string{"s3", "POST", "/" + testBucket, "x"}},
		{"select", []string{"s3", "POST", "/" + testBucket + "/k?select&select-type=2", "x"}},
		{"torrent", []string{"s3", "GET", "/" + testBucket + "/k?torrent", ""}},
		{"accelerate", []string{"s3", "GET", "/" + testBucket + "?accelerate", ""}},
		{"MfaDelete", []string{"s3", "PUT", "/" + testBucket + "?versioning",
			"<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>"}},
		{"Tags", []string{"s3", "PUT", "/other-bucket", "<CreateBucketConfiguration><LocationConstraint>eu-west-1</LocationConstraint>" +
			"<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags></CreateBucketConfiguration>"}},
		{"Bucket", []string{"s3", "PUT", "/other-bucket", "<CreateBucketConfiguration><Bucket><Type>Directory</Type></Bucket></CreateBucketConfiguration>"}},
	} {
		c := tt.call
		status, answer := r.signedAsk(t, c[0], c[1], c[2], c[3], c[4:]...)
		if status != http.StatusNotImplemented || !strings.Contains(answer, "NotImplemented") || !strings.Contains(answer, tt.names) {
			t.Errorf("%v: %d %s, want 501 and %q", c, status, answer, tt.names)
		}
	}
}
