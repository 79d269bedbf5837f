package policy

import (
	"strings"
	"testing"
)

// The callers of TestDocuments.
var (
	user     = alice
	root     = Principal{ARN: "arn:aws:iam::111122223333:root", Account: owner}
	stray    = Principal{ARN: "arn:aws:iam::444455556666:user/bob", Account: other}
	anybody  = Principal{Anonymous: true}
	nobodyIs = Principal{} // the caller could not be found out
	night    = Principal{ARN: "arn:aws:sts::111122223333:assumed-role/Night/42", Account: owner}
	pathless = Principal{ARN: night.ARN, Role: "arn:aws:iam::111122223333:role/Night", Account: owner}
	sso      = Principal{ARN: night.ARN, Role: "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/Night", Account: owner}
	china    = Principal{ARN: "arn:aws-cn:sts::111122223333:assumed-role/Night/42", Account: owner}
	delivery = Principal{Service: "logging.s3.amazonaws.com"}
)

// question is a document and what is asked of it.
type question struct {
	source    string // page of AWS that states the rule; what it says is from memory where AWS-documented facts elsewhere in the project do not repeat it
	statement string // WHO stands for "Principal":"*", OBJ for action s3:* on the objects
	who       Principal
	action    string   // default s3:PutObject
	context   []string // key=value; ?key: not known
	want      string   // allow, deny, delegate; "maybe " before it; "" for nothing
}

const (
	notPrincipal = "IAM: reference_policies_elements_notprincipal"
	principalDoc = "IAM: reference_policies_elements_principal"
	operatorsDoc = "IAM: reference_policies_elements_condition_operators"
	keysDoc      = "IAM: reference_policies_condition-keys"
	multiDoc     = "IAM: reference_policies_condition-single-vs-multi-valued-context-keys"
	kmsS3        = "S3: UsingKMSEncryption"
	kmsKeysDoc   = "KMS: conditions-kms"
	s3KeysDoc    = "S3: amazon-s3-policy-keys"
	examplesDoc  = "S3: example-bucket-policies"
	logicDoc     = "IAM: reference_policies_evaluation-logic"
)

// questions are documents as they stand in AWS's pages or as accounts have them.
var questions = []question{
	// Roles. A session's ARN lacks the path of its role.
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Night"},OBJ`, night, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Night"},OBJ`, pathless, "", nil, "allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/Night"},OBJ`, sso, "", nil, ""},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/Night"},OBJ`, night, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/Night"},OBJ`, sso, "", nil, "allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/service-role/Day"},OBJ`, night, "", nil, ""},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/Night"},OBJ`, night, "", nil, ""},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:assumed-role/Night/42"},OBJ`, night, "", nil, "allow"},
	{principalDoc, `"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/x/Night"},OBJ`, night, "", nil, "maybe deny"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/Night"]},OBJ`, night, "", nil, "delegate, maybe allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111122223333:role/Night"},OBJ`, china, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws-cn:iam::111122223333:role/Night"},OBJ`, night, "", nil, ""},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/Night"}}`, night, "", nil, "maybe deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/Night"}}`, sso, "", nil, ""},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/*/Night"}}`, pathless, "", nil, "deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/Admin*"}}`, night, "", nil, "maybe deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/Admin"}}`, night, "", nil, "deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`, night, "", nil, ""},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotLike":{"aws:PrincipalArn":"*Night"}}`, night, "", nil, ""},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/ops/Day"}}`, night, "", nil, "deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"Null":{"aws:PrincipalArn":"true"}}`, night, "", nil, ""},
	{keysDoc, `"Effect":"Allow",WHO,OBJ,"Condition":{"StringEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}`, night, "", nil, "maybe allow"},

	// Principals that no ARN shows.
	{principalDoc, `"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},OBJ`, user, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Deny","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},OBJ`, user, "", nil, "maybe deny"},
	{principalDoc, `"Effect":"Allow","Principal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},OBJ`, anybody, "", nil, ""},
	{principalDoc, `"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},OBJ`, night, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Deny","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/P"},OBJ`, night, "", nil, "maybe deny"},
	{principalDoc, `"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},OBJ`, user, "", nil, ""},
	{"CloudFront: private-content-restricting-access-to-s3", `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"},OBJ`, user, "", nil, ""},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},OBJ`, nobodyIs, "", nil, "maybe allow"},
	{principalDoc, `"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:user/alice"},OBJ`, nobodyIs, "", nil, "maybe deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEquals":{"aws:PrincipalAccount":"111122223333"}}`, nobodyIs, "", nil, "maybe deny"},
	{principalDoc, `"Effect":"Allow","Principal":{"AWS":"AIDACKCEVSQ6C2EXAMPLE"},OBJ`, user, "", nil, ""},

	// NotPrincipal.
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::444455556666:user/Bob","arn:aws:iam::444455556666:root"]},OBJ`, user, "", nil, "deny"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:user/alice","arn:aws:iam::111122223333:root"]},OBJ`, user, "", nil, ""},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/alice"},OBJ`, user, "", nil, "maybe deny"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/Night","arn:aws:sts::111122223333:assumed-role/Night/42"]},OBJ`, pathless, "", nil, ""},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/Night","arn:aws:sts::111122223333:assumed-role/Night/42"]},OBJ`, night, "", nil, "maybe deny"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/Night"]},OBJ`, pathless, "", nil, "maybe deny"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:root"},OBJ`, root, "", nil, ""},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},OBJ`, root, "", nil, ""},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"AWS":"444455556666"},OBJ`, root, "", nil, "deny"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},OBJ`, root, "", nil, "maybe deny"},
	{notPrincipal, `"Effect":"Allow","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:user/alice"},OBJ`, anybody, "", nil, "allow"},
	{notPrincipal, `"Effect":"Deny","NotPrincipal":{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"},OBJ`, user, "", nil, "maybe deny"},

	// Services and anonymous requests.
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"Bool":{"aws:SecureTransport":"false","aws:PrincipalIsAWSService":"false"}}`, anybody, "", []string{"aws:SecureTransport=false"}, ""},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"Bool":{"aws:SecureTransport":"false"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`, anybody, "", []string{"aws:SecureTransport=false"}, "deny"},
	{keysDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}`, delivery, "", nil, ""},
	{examplesDoc, `"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},OBJ,"Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"}}`, delivery, "", []string{"aws:SourceAccount=111122223333"}, "allow"},
	{examplesDoc, `"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},OBJ`, user, "", nil, ""},
	{logicDoc, `"Effect":"Allow","Principal":{"AWS":"111122223333"},OBJ`, user, "", nil, "delegate"},
	{logicDoc, `"Effect":"Allow","Principal":{"AWS":"111122223333"},OBJ`, root, "", nil, "allow"},
	{logicDoc, `"Effect":"Allow","Principal":{"AWS":"111122223333"},OBJ`, stray, "", nil, ""},

	// What a request to encrypt shows.
	{kmsS3, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}`, user, "", nil, "deny"},
	{kmsS3, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"},"Null":{"s3:x-amz-server-side-encryption":"false"}}`, user, "", nil, ""},
	{kmsS3, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"},"Null":{"s3:x-amz-server-side-encryption":"false"}}`, user, "", []string{"s3:x-amz-server-side-encryption=AES256"}, "deny"},
	{kmsS3, `"Effect":"Deny",WHO,OBJ,"Condition":{"ArnNotEqualsIfExists":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"` + key + `"}}`, user, "", []string{"s3:x-amz-server-side-encryption-aws-kms-key-id=" + key}, ""},
	{s3KeysDoc, `"Effect":"Deny",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"StringNotEquals":{"s3:x-amz-copy-source":"acme/a"}}`, user, "", []string{"s3:x-amz-copy-source=acme/a"}, ""},
	{s3KeysDoc, `"Effect":"Deny",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"Null":{"s3:x-amz-copy-source":"false"}}`, user, "", []string{"s3:x-amz-copy-source=acme/a"}, "deny"},
	{s3KeysDoc, `"Effect":"Deny",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"StringEquals":{"s3:x-amz-metadata-directive":"REPLACE"}}`, user, "", []string{"s3:x-amz-metadata-directive=COPY"}, ""},
	{s3KeysDoc, `"Effect":"Deny",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"StringNotEquals":{"s3:x-amz-storage-class":["STANDARD_IA","GLACIER_IR"]}}`, user, "", []string{"s3:x-amz-storage-class=STANDARD"}, "deny"},
	{s3KeysDoc, `"Effect":"Allow",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"StringEquals":{"s3:x-amz-acl":"bucket-owner-full-control"}}`, user, "", nil, ""},
	{s3KeysDoc, `"Effect":"Deny",WHO,"Action":"s3:PutObject","Resource":"arn:aws:s3:::acme/*","Condition":{"NumericGreaterThan":{"s3:object-lock-remaining-retention-days":"10"}}`, user, "", []string{"?s3:object-lock-remaining-retention-days"}, "maybe deny"},
	{"S3: security-best-practices", `"Effect":"Deny",WHO,"Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"],"Condition":{"NumericLessThan":{"s3:TlsVersion":"1.2"}}`, user, "", []string{"s3:TlsVersion=1.3"}, ""},

	// Lists of values.
	{multiDoc, `"Effect":"Allow",WHO,OBJ,"Condition":{"ForAllValues:StringEquals":{"s3:RequestObjectTagKeys":["a","b"]}}`, user, "", []string{"s3:RequestObjectTagKeys=a"}, "allow"},
	{multiDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"ForAnyValue:StringEquals":{"aws:CalledVia":"athena.amazonaws.com"}}`, user, "", nil, ""},
	{operatorsDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}`, user, "", []string{"?aws:sourceip"}, "maybe deny"},
	{operatorsDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"NotIpAddress":{"aws:SourceIp":"10.0.0.0/8"},"BoolIfExists":{"aws:ViaAWSService":"false"}}`, user, "", []string{"aws:SourceIp=10.1.2.3"}, ""},
	{operatorsDoc, `"Effect":"Deny",WHO,OBJ,"Condition":{"StringNotEqualsIfExists":{"aws:SourceVpce":"vpce-1"}}`, user, "", []string{"?aws:sourcevpce"}, "maybe deny"},

	// Keys that only S3 may use.
	{kmsKeysDoc, `"Effect":"Allow",WHO,"Action":"kms:GenerateDataKey","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com","kms:CallerAccount":"111122223333"}}`, user, "kms:GenerateDataKey", []string{"kms:ViaService=s3.eu-west-1.amazonaws.com", "kms:CallerAccount=111122223333"}, "allow"},
	{kmsKeysDoc, `"Effect":"Allow",WHO,"Action":"kms:GenerateDataKey","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`, user, "kms:GenerateDataKey", nil, ""},
	{kmsKeysDoc, `"Effect":"Allow",WHO,"Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::acme/*"}}`, user, "kms:Decrypt", []string{"kms:EncryptionContext:aws:s3:arn=arn:aws:s3:::acme"}, ""},
	{kmsKeysDoc, `"Effect":"Deny",WHO,"Action":"kms:*","Resource":"*","Condition":{"StringNotEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}`, user, "kms:Decrypt", nil, "deny"},
	{kmsKeysDoc, `"Effect":"Allow",WHO,"Action":"kms:Decrypt","Resource":"*","Condition":{"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":"aws:s3:arn"}}`, user, "kms:Decrypt", []string{"kms:EncryptionContextKeys=aws:s3:arn"}, "allow"},
}

// TestDocuments asks each document its question.
func TestDocuments(t *testing.T) {
	if len(questions) < 60 {
		t.Errorf("%d documents, want 60 at least", len(questions))
	}
	fill := strings.NewReplacer("WHO", `"Principal":"*"`, "OBJ", `"Action":"s3:*","Resource":"arn:aws:s3:::acme/*"`)
	for _, q := range questions {
		kind, resource := Bucket, object
		if strings.HasPrefix(q.action, "kms:") {
			kind, resource = Key, key
		}
		r := Request{Principal: q.who, Action: q.action, Resource: resource, Context: map[string][]string{}}
		if r.Action == "" {
			r.Action = "s3:PutObject"
		}
		for _, c := range q.context {
			if name, ok := strings.CutPrefix(c, "?"); ok {
				r.Unknown = func(key string) bool { return key == name }
				continue
			}
			name, value, _ := strings.Cut(c, "=")
			r.Context[strings.ToLower(name)] = []string{value}
		}
		v := must(t, kind, `{"Version":"2012-10-17","Statement":{`+fill.Replace(q.statement)+`}}`).Decide(&r)

		if got := v.text(); got != q.want {
			t.Errorf("%s\n\tstatement %s\n\tasked by %+v with %q: %q, want %q", q.source, q.statement, q.who, q.context, got, q.want)
		}
	}
}

// text is a verdict in the words of the table.
func (v Verdict) text() string {
	var out []string
	for _, one := range []struct {
		a    Answer
		name string
	}{{v.Deny, "deny"}, {v.Delegate, "delegate"}, {v.Allow, "allow"}} {
		switch one.a {
		case Yes:
			out = append(out, one.name)
		case Maybe:
			out = append(out, "maybe "+one.name)
		}
	}
	return strings.Join(out, ", ")
}
