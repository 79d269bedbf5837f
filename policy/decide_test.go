package policy

import (
	"errors"
	"strings"
	"testing"
)

const (
	owner  = "111122223333"
	other  = "444455556666"
	bucket = "arn:aws:s3:::acme"
	object = "arn:aws:s3:::acme/ssekms-only/a"
	key    = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
)

var alice = Principal{ARN: "arn:aws:iam::111122223333:user/alice", Account: owner}

func must(t *testing.T, kind Kind, text string) *Document {
	t.Helper()
	d, err := Parse(kind, []byte(text))
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	return d
}

// TestConditions: one Deny statement on s3:PutObject with one condition block,
// and whether it matches.
func TestConditions(t *testing.T) {
	sse, id := "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
	tests := []struct {
		page      string // of AWS
		condition string
		context   map[string]string
		want      Answer
	}{
		{"S3: UsingKMSEncryption", `{"StringNotEquals":{"` + sse + `":"aws:kms"}}`, map[string]string{sse: "aws:kms"}, No},
		{"S3: UsingKMSEncryption", `{"StringNotEquals":{"` + sse + `":"aws:kms"}}`, map[string]string{sse: "AES256"}, Yes},
		{"IAM: condition operators, negated without the key", `{"StringNotEquals":{"` + sse + `":"aws:kms"}}`, nil, Yes},
		{"IAM: IfExists", `{"StringNotEqualsIfExists":{"` + sse + `":"aws:kms"}}`, nil, Yes},
		{"IAM: positive without the key", `{"StringEquals":{"` + sse + `":"AES256"}}`, nil, No},
		{"IAM: IfExists", `{"StringEqualsIfExists":{"` + sse + `":"AES256"}}`, nil, Yes},
		{"IAM: several values of a negated operator are a NOR", `{"StringNotEquals":{"` + sse + `":["aws:kms","AES256"]}}`, map[string]string{sse: "AES256"}, No},
		{"IAM: several keys are an AND", `{"StringNotEquals":{"` + sse + `":"x","` + id + `":"y"}}`, map[string]string{sse: "x"}, No},
		{"S3: UsingKMSEncryption, Null", `{"Null":{"` + id + `":"true"}}`, nil, Yes},
		{"S3: UsingKMSEncryption, Null", `{"Null":{"` + id + `":true}}`, map[string]string{id: key}, No},
		{"IAM: Null false", `{"Null":{"` + id + `":"false"}}`, map[string]string{id: key}, Yes},
		{"S3: UsingKMSEncryption, ARN form", `{"ArnNotEqualsIfExists":{"` + id + `":"` + key + `"}}`, map[string]string{id: key}, No},
		{"S3: UsingKMSEncryption, ARN form", `{"ArnNotEqualsIfExists":{"` + id + `":"` + key + `"}}`, map[string]string{id: strings.Replace(key, "1234", "9999", 1)}, Yes},
		{"IAM: ArnLike goes by fields", `{"ArnLike":{"aws:SourceArn":"arn:aws:s3:*:acme"}}`, map[string]string{"aws:SourceArn": "arn:aws:s3:::acme"}, No},
		{"S3: example-bucket-policies, inventory", `{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::ac*"}}`, map[string]string{"aws:SourceArn": "arn:aws:s3:::acme"}, Yes},
		{"S3: example-bucket-policies, SourceAccount", `{"StringEquals":{"aws:SourceAccount":"` + owner + `"}}`, map[string]string{"aws:SourceAccount": owner}, Yes},
		{"S3: security-best-practices, TLS", `{"Bool":{"aws:SecureTransport":"false"}}`, map[string]string{"aws:SecureTransport": "false"}, Yes},
		{"S3: security-best-practices, TLS", `{"Bool":{"aws:SecureTransport":"false"}}`, map[string]string{"aws:SecureTransport": "true"}, No},
		{"S3: amazon-s3-policy-keys, TlsVersion", `{"NumericLessThan":{"s3:TlsVersion":1.2}}`, map[string]string{"s3:TlsVersion": "1.1"}, Yes},
		{"S3: amazon-s3-policy-keys, TlsVersion", `{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`, map[string]string{"s3:TlsVersion": "1.2"}, No},
		{"S3: amazon-s3-policy-keys, redacted for services", `{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`, nil, No},
		{"IAM: PrincipalIsAWSService", `{"Bool":{"aws:PrincipalIsAWSService":"false"}}`, nil, Yes},
		{"IAM: PrincipalArn", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/al*"}}`, nil, Yes},
		{"S3: amazon-s3-policy-keys, ACL", `{"StringLike":{"s3:x-amz-acl":"public-*"}}`, map[string]string{"s3:x-amz-acl": "public-read"}, Yes},
		{"IAM: StringNotLike", `{"StringNotLike":{"s3:x-amz-acl":"public-*"}}`, map[string]string{"s3:x-amz-acl": "private"}, Yes},
		{"IAM: names of keys have no case", `{"StringEquals":{"S3:X-AMZ-ACL":"private"}}`, map[string]string{"s3:x-amz-acl": "private"}, Yes},
		{"IAM: variables", `{"StringEquals":{"s3:prefix":"${aws:username}"}}`, map[string]string{"s3:prefix": "alice"}, Yes},
		{"IAM: variables have no wildcards", `{"StringLike":{"s3:prefix":"${*}"}}`, map[string]string{"s3:prefix": "alice"}, No},
		{"IAM: ForAllValues without the key", `{"ForAllValues:StringEquals":{"aws:TagKeys":"a"}}`, nil, Yes},
		{"IAM: ForAnyValue without the key", `{"ForAnyValue:StringEquals":{"aws:TagKeys":"a"}}`, nil, No},
		{"unknown keys", `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, map[string]string{"?": "aws:sourceip"}, Maybe},
		{"unknown keys do not outweigh a condition that fails", `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"},"StringEquals":{"s3:x-amz-acl":"x"}}`, map[string]string{"?": "aws:sourceip"}, No},
	}
	for _, tt := range tests {
		d := must(t, Bucket, `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"`+bucket+`/*","Condition":`+tt.condition+`}}`)
		r := Request{Principal: alice, Action: "s3:PutObject", Resource: object, Context: map[string][]string{}}
		for k, v := range tt.context {
			if k == "?" {
				r.Unknown = func(key string) bool { return key == v }
				continue
			}
			r.Context[strings.ToLower(k)] = []string{v}
		}
		if got := d.Decide(&r).Deny; got != tt.want {
			t.Errorf("%s: %s with %v: deny %v, want %v", tt.page, tt.condition, tt.context, got, tt.want)
		}
	}
}

// TestOutcome: who may do what under which policies (IAM User Guide, "Policy
// evaluation logic" and "Cross-account policy evaluation logic").
func TestOutcome(t *testing.T) {
	allow := func(principal, action, resource string) string {
		p := ""
		if principal != "" {
			p = `"Principal":` + principal + `,`
		}
		return `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Allow",` + p + `"Action":"` + action + `","Resource":"` + resource + `"}]}`
	}
	deny := func(text string) string { return strings.Replace(text, "Allow", "Deny", 1) }
	bob := Principal{ARN: "arn:aws:iam::444455556666:user/bob", Account: other}
	session := Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Night/42", Role: "arn:aws:iam::111122223333:role/Night", Account: owner}
	logs := Principal{Service: "logging.s3.amazonaws.com"}
	root := `{"AWS":"arn:aws:iam::111122223333:root"}`
	tests := []struct {
		name     string
		who      Principal
		action   string
		identity string
		resource string
		want     Answer
		where    string
	}{
		{"nothing allows", alice, "s3:GetObject", "", "", No, ""},
		{"identity allows", alice, "s3:GetObject", allow("", "s3:Get*", "*"), "", Yes, ""},
		{"bucket allows by name", alice, "s3:GetObject", "", allow(`{"AWS":"`+alice.ARN+`"}`, "s3:*", bucket+"/*"), Yes, ""},
		{"bucket allows everybody", alice, "s3:GetObject", "", allow(`"*"`, "s3:GetObject", bucket+"/*"), Yes, ""},
		{"bucket allows the account, which is not its users", alice, "s3:GetObject", "", allow(root, "s3:*", bucket+"/*"), No, ""},
		{"Deny over Allow", alice, "s3:GetObject", allow("", "*", "*"), deny(allow(root, "s3:*", bucket+"/*")), No, "bucket policy"},
		{"Deny of the identity", alice, "s3:GetObject", deny(allow("", "*", "*")), allow(`"*"`, "s3:*", bucket+"/*"), No, "identity policy"},
		{"Deny of something else", alice, "s3:GetObject", allow("", "*", "*"), deny(allow(`"*"`, "s3:Put*", bucket+"/*")), Yes, ""},
		{"NotAction", alice, "s3:GetObject", strings.Replace(allow("", "s3:PutObject", "*"), `"Action"`, `"NotAction"`, 1), "", Yes, ""},
		{"another account, bucket only", bob, "s3:GetObject", "", allow(`{"AWS":"444455556666"}`, "s3:*", bucket+"/*"), No, ""},
		{"another account, identity only", bob, "s3:GetObject", allow("", "*", "*"), "", No, ""},
		{"another account, both", bob, "s3:GetObject", allow("", "*", "*"), allow(`{"AWS":"444455556666"}`, "s3:*", bucket+"/*"), Yes, ""},
		{"role session by its role", session, "s3:GetObject", "", allow(`{"AWS":"arn:aws:iam::111122223333:role/Night"}`, "s3:*", bucket+"/*"), Yes, ""},
		{"service", logs, "s3:PutObject", "", allow(`{"Service":"logging.s3.amazonaws.com"}`, "s3:PutObject", bucket+"/*"), Yes, ""},
		{"another service", logs, "s3:PutObject", "", allow(`{"Service":"s3.amazonaws.com"}`, "s3:PutObject", bucket+"/*"), No, ""},
		{"root of the account", Principal{ARN: "arn:aws:iam::111122223333:root", Account: owner}, "s3:PutObject", "", "", Yes, ""},
		{"key policy delegates, identity allows", alice, "kms:Decrypt", allow("", "kms:*", "*"), allow(root, "kms:*", "*"), Yes, ""},
		{"key policy delegates, identity does not", alice, "kms:Decrypt", allow("", "s3:*", "*"), allow(root, "kms:*", "*"), No, ""},
		{"identity alone is not enough for a key", alice, "kms:Decrypt", allow("", "kms:*", "*"), allow(`{"AWS":"arn:aws:iam::111122223333:role/Night"}`, "kms:*", "*"), No, ""},
		{"key policy by name", alice, "kms:Decrypt", "", allow(`{"AWS":"`+alice.ARN+`"}`, "kms:Decrypt", "*"), Yes, ""},
		{"key of another account", bob, "kms:Decrypt", allow("", "kms:*", "*"), allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:*", "*"), Yes, ""},
		{"NotPrincipal is not evaluated", alice, "s3:GetObject", allow("", "*", "*"), strings.Replace(deny(allow(root, "s3:*", bucket+"/*")), `"Principal"`, `"NotPrincipal"`, 1), Maybe, "bucket policy"},
	}
	for _, tt := range tests {
		c := Combined{Owner: owner}
		r := Request{Principal: tt.who, Action: tt.action, Resource: object}
		kind := Bucket
		if strings.HasPrefix(tt.action, "kms:") {
			r.Resource, kind = key, Key
		}
		if tt.identity != "" {
			c.Identity = []*Document{must(t, Identity, tt.identity)}
		}
		if tt.resource != "" {
			c.Resource = must(t, kind, tt.resource)
		}
		if got := c.Decide(&r); got.Allowed != tt.want || got.Where != tt.where {
			t.Errorf("%s: allowed %v by %q, want %v by %q", tt.name, got.Allowed, got.Where, tt.want, tt.where)
		}
	}
}

func TestMalformed(t *testing.T) {
	good := `{"Version":"2012-10-17","Statement":[{"Sid":"A","Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*"}]}`
	must(t, Bucket, good)
	replace := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(good) }
	tests := []struct{ name, text, want string }{
		{"nothing", ``, "JSON"},
		{"no JSON", `{"Version"`, "JSON"},
		{"an array", `[]`, "object"},
		{"version", replace("2012-10-17", "2013-10-17"), "version"},
		{"unknown element", replace(`"Sid"`, `"Side"`), "unknown element"},
		{"the same name twice", replace(`"Sid":"A"`, `"Sid":"A","Sid":"B"`), "stands twice"},
		{"the same Sid twice", replace(`[{`, `[{"Sid":"A","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme/*"},{`), "stands twice"},
		{"no statements", `{"Version":"2012-10-17","Statement":[]}`, "empty"},
		{"no Statement", `{"Version":"2012-10-17"}`, "no Statement"},
		{"effect", replace("Deny", "deny"), "invalid effect"},
		{"no effect", replace(`"Effect":"Deny",`, ``), "no Effect"},
		{"no principal", replace(`"Principal":"*",`, ``), "no Principal"},
		{"empty principal", replace(`"Principal":"*"`, `"Principal":{}`), "no principal"},
		{"principal", replace(`"Principal":"*"`, `"Principal":{"AWS":"alice"}`), "invalid principal"},
		{"both principals", replace(`"Principal":"*"`, `"Principal":"*","NotPrincipal":"*"`), "together"},
		{"action of another service", replace("s3:PutObject", "kms:Decrypt"), "invalid action"},
		{"no actions", replace(`"s3:PutObject"`, `[]`), "empty list"},
		{"number for an action", replace(`"s3:PutObject"`, `7`), "want a string"},
		{"resource", replace("arn:aws:s3:::acme/*", "acme"), "invalid resource"},
		{"operator", replace(`"Sid"`, `"Condition":{"StringIs":{"s3:prefix":"a"}},"Sid"`), "invalid operator"},
		{"condition key", replace(`"Sid"`, `"Condition":{"StringEquals":{"prefix":"a"}},"Sid"`), "invalid condition key"},
		{"no Bool", replace(`"Sid"`, `"Condition":{"Bool":{"aws:SecureTransport":"no"}},"Sid"`), "want true or false"},
		{"null value", replace(`"Sid"`, `"Condition":{"StringEquals":{"s3:prefix":null}},"Sid"`), "want a string"},
		{"too long", replace(`"A"`, `"`+strings.Repeat("a", MaxSize)+`"`), "limit"},
	}
	for _, tt := range tests {
		_, err := Parse(Bucket, []byte(tt.text))
		var malformed *MalformedError
		if !errors.As(err, &malformed) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want a malformed policy for %q", tt.name, err, tt.want)
		}
	}
	if err := must(t, Bucket, good).Concerns("acme"); err != nil {
		t.Errorf("policy of its own bucket: %v", err)
	}
	if err := must(t, Bucket, good).Concerns("other"); err == nil {
		t.Errorf("policy of another bucket: no error")
	}
}

// FuzzParse: whatever is given, reading and asking end without a panic.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":{"AWS":"*"},"NotAction":"s3:*","Resource":"arn:aws:s3:::a/${aws:username}","Condition":{"Null":{"s3:x":true}}}}`))
	f.Add([]byte(`{"Statement":[{"Effect":"Allow","NotPrincipal":"*","Action":"s3:?et*","NotResource":"arn:aws:s3:::${","Condition":{"ForAllValues:ArnLike":{"aws:SourceArn":["arn:*"]}}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range []Kind{Bucket, Identity, Key} {
			d, err := Parse(kind, data)
			if err != nil {
				continue
			}
			_ = d.Concerns("a")
			d.Decide(&Request{Principal: alice, Action: "s3:GetObject", Resource: object, Context: map[string][]string{"s3:x": {"a"}}})
		}
	})
}
