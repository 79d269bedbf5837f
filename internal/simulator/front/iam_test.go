package front

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"reseal/internal/simulator"
	"reseal/internal/simulator/access"
	"reseal/internal/simulator/iam"
)

// callIAM sends one action of the query protocol.
func (r *rig) callIAM(t *testing.T, id Identity, form ...string) (int, string) {
	t.Helper()
	values := url.Values{"Version": {"2010-05-08"}}
	for i := 0; i < len(form); i += 2 {
		values.Set(form[i], form[i+1])
	}
	body := values.Encode()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if err := s3Signer().SignHTTP(t.Context(), credentialsOf(id), req, hashOf(body), "iam", "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	out, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	data, err := io.ReadAll(out.Body)
	if err != nil {
		t.Fatal(err)
	}
	return out.StatusCode, string(data)
}

// TestRoleWithAPath: a session's ARN lacks the path of its role, which only
// GetRole tells; policies go by the role as it is.
func TestRoleWithAPath(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Directory: iam.New(longLived.AccountID, rules)})
	const role = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/Admins"
	must := func(want string, form ...string) {
		t.Helper()
		if status, body := r.callIAM(t, longLived, form...); status != 200 || !strings.Contains(body, want) {
			t.Fatalf("%s: %d %s", form[1], status, body)
		}
	}
	must("<Arn>"+role+"</Arn>", "Action", "CreateRole", "RoleName", "Admins", "Path", "/aws-reserved/sso.amazonaws.com/",
		"AssumeRolePolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole"}}`)
	must("<Arn>arn:aws:iam::111122223333:policy/reader</Arn>", "Action", "CreatePolicy", "PolicyName", "reader",
		"PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:ListBucket","Resource":"*"}}`)
	must("", "Action", "AttachRolePolicy", "RoleName", "Admins", "PolicyArn", "arn:aws:iam::111122223333:policy/reader")
	must("<Path>/aws-reserved/sso.amazonaws.com/</Path>", "Action", "GetRole", "RoleName", "Admins")

	client := func(id Identity) *sts.Client {
		return sts.New(sts.Options{BaseEndpoint: &r.url, HTTPClient: r.client, Region: "eu-west-1",
			Credentials: credentials.NewStaticCredentialsProvider(id.AccessKeyID, id.SecretKey, id.SessionToken)})
	}
	assumed, err := client(longLived).AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("jane@acme")})
	if err != nil {
		t.Fatal(err)
	}
	c := assumed.Credentials
	session := Identity{AccessKeyID: *c.AccessKeyId, SecretKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
	who, err := client(session).GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::111122223333:assumed-role/Admins/jane@acme" || !strings.HasSuffix(*who.UserId, ":jane@acme") {
		t.Errorf("caller %+v, %v", who, err)
	}
	if status, body := r.callIAM(t, session, "Action", "GetRole", "RoleName", "Admins"); status != 403 || !strings.Contains(body, "<Code>AccessDenied</Code>") {
		t.Errorf("GetRole without the permission: %d %s", status, body)
	}
	list := func() string {
		_, err := r.s3(session).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: aws.String(testBucket)})
		return codeOf(err)
	}
	if got := list(); got != "" {
		t.Errorf("list by the role's policy: %s", got)
	}
	r.front.Locked(func(w *simulator.World) {
		b := simulator.Request{Bucket: testBucket}
		doc := `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::` + testBucket + `","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + role + `"}}}}`
		if err := w.PutBucketConfig(time.Now(), &b, simulator.PolicyConfig, "", []byte(doc)); err != nil {
			t.Fatal(err)
		}
	})
	if got := list(); got != "AccessDenied" {
		t.Errorf("list, denied to the role with its path: %q", got)
	}
}

// TestUserSetUp: the steps that make a user who can work.
func TestUserSetUp(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Directory: iam.New(longLived.AccountID, rules)})
	for _, form := range [][]string{
		{"Action", "CreateUser", "UserName", "mover"},
		{"Action", "CreatePolicy", "PolicyName", "p", "PolicyDocument", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}`},
		{"Action", "AttachUserPolicy", "UserName", "mover", "PolicyArn", "arn:aws:iam::111122223333:policy/p"},
	} {
		if status, body := r.callIAM(t, longLived, form...); status != 200 {
			t.Fatalf("%s: %d %s", form[1], status, body)
		}
	}
	status, body := r.callIAM(t, longLived, "Action", "CreateAccessKey", "UserName", "mover")
	between := func(name string) string {
		_, rest, _ := strings.Cut(body, "<"+name+">")
		value, _, _ := strings.Cut(rest, "</")
		return value
	}
	id := Identity{AccessKeyID: between("AccessKeyId"), SecretKey: between("SecretAccessKey")}
	if status != 200 || id.AccessKeyID == "" {
		t.Fatalf("access key: %d %s", status, body)
	}
	put(t, r.s3(id), "k", "hello")
	if status, _ := r.callIAM(t, longLived, "Action", "CreateUser", "UserName", "mover"); status != 409 {
		t.Errorf("the same user again: %d", status)
	}
	if status, _ := r.callIAM(t, longLived, "Action", "GetUser", "UserName", "nobody"); status != 404 {
		t.Errorf("a user who is not there: %d", status)
	}
}

// TestExternalID: a role that wants an external id is assumed with that one alone, and a
// session of another account's role is of that account.
func TestExternalID(t *testing.T) {
	rules := access.New()
	rules.Admin(longLived.ARN)
	directory := iam.New(longLived.AccountID, rules)
	const role = "arn:aws:iam::444455556666:role/ops/audit"
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"3c5f0d"}}}}`
	if err := directory.Elsewhere(role, []byte(trust)); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, simulator.Config{Authorize: rules.Authorize}, Config{Directory: directory})
	client := sts.New(sts.Options{BaseEndpoint: &r.url, HTTPClient: r.client, Region: "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider(longLived.AccessKeyID, longLived.SecretKey, "")})
	for _, tt := range []struct {
		name, code string
		id         *string
	}{
		{"none", "AccessDenied", nil},
		{"another", "AccessDenied", aws.String("3c5f0e")},
		{"too short", "ValidationError", aws.String("3")},
		{"what STS takes none of", "ValidationError", aws.String("3c 5f0d")},
		{"the right one", "", aws.String("3c5f0d")},
	} {
		out, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: aws.String(role), RoleSessionName: aws.String("survey"), ExternalId: tt.id})
		if codeOf(err) != tt.code {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.code)
		}
		if err == nil && *out.AssumedRoleUser.Arn != "arn:aws:sts::444455556666:assumed-role/audit/survey" {
			t.Errorf("%s: %s", tt.name, *out.AssumedRoleUser.Arn)
		}
	}
}
