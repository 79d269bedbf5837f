package policy

import "testing"

// TestPublic: the examples of the S3 User Guide,
// access-control-block-public-access, "The meaning of public", and what follows
// from its list of condition keys.
func TestPublic(t *testing.T) {
	for _, tt := range []struct {
		name, effect, principal, condition string
		want                               bool
	}{
		{"everybody", "Allow", `"*"`, `{}`, true},
		{"everybody, as AWS", "Allow", `{"AWS":"*"}`, `{}`, true},
		{"one account", "Allow", `{"AWS":"111122223333"}`, `{}`, false},
		{"a service", "Allow", `{"Service":"cloudtrail.amazonaws.com"}`, `{}`, false},
		{"a deny", "Deny", `"*"`, `{}`, false},
		{"a condition on what is sent", "Allow", `"*"`, `{"StringLike":{"s3:x-amz-acl":"private"}}`, true},
		{"one VPC", "Allow", `"*"`, `{"StringEquals":{"aws:SourceVpc":"vpc-91237329"}}`, false},
		{"any VPC", "Allow", `"*"`, `{"StringLike":{"aws:SourceVpc":"vpc-*"}}`, true},
		{"all but one VPC", "Allow", `"*"`, `{"StringNotEquals":{"aws:SourceVpc":"vpc-91237329"}}`, true},
		{"VPC if there is one", "Allow", `"*"`, `{"StringEqualsIfExists":{"aws:SourceVpc":"vpc-91237329"}}`, true},
		{"one address", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"203.0.113.7"}}`, false},
		{"half of all addresses", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":["203.0.113.0/24","0.0.0.0/1"]}}`, true},
		{"a range of /8", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}`, false},
		{"a range of /7", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}}`, true},
		{"no address", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"nowhere"}}`, true},
		{"no range", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"nowhere/8"}}`, true},
		{"IPv6, a range of /31", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"2001:db8::/31"}}`, true},
		{"IPv6, narrow", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"2001:db8::/32"}}`, false},
		{"IPv6, wide", "Allow", `"*"`, `{"IpAddress":{"aws:SourceIp":"2000::/3"}}`, true},
		{"one organisation", "Allow", `"*"`, `{"StringEquals":{"aws:PrincipalOrgID":"o-abc"}}`, false},
		{"access points of one account", "Allow", `"*"`, `{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:*:111122223333:accesspoint/*"}}`, false},
		{"access points of a short ARN", "Allow", `"*"`, `{"StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:*:111122223333"}}`, true},
		{"everybody but an account", "Allow", `"*"`, `{"Null":{"aws:PrincipalAccount":"false"}}`, true},
		{"any access point", "Allow", `"*"`, `{"ArnLike":{"s3:DataAccessPointArn":"arn:aws:s3:*:*:accesspoint/*"}}`, true},
		{"sessions of one role", "Allow", `"*"`, `{"StringLike":{"aws:userid":"AROAEXAMPLEID:*"}}`, false},
		{"a variable", "Allow", `"*"`, `{"StringEquals":{"aws:PrincipalArn":"${aws:username}"}}`, true},
	} {
		text := `{"Version":"2012-10-17","Statement":{"Effect":"` + tt.effect + `","Principal":` + tt.principal + `,"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":` + tt.condition + `}}`
		d, err := Parse(Bucket, []byte(text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if got := d.Public(); got != tt.want {
			t.Errorf("%s: public %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestAnonymous: nobody's account and nobody's service, so that a Deny with a
// plain Bool on aws:PrincipalIsAWSService does not meet anonymous requests, and
// one with BoolIfExists does (IAM User Guide,
// reference_policies_condition-keys, aws:PrincipalIsAWSService).
func TestAnonymous(t *testing.T) {
	allow := `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
	deny := func(condition string) string {
		return allow + `,{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*","Condition":{` + condition + `:{"aws:PrincipalIsAWSService":"false"}}}`
	}
	for _, tt := range []struct {
		name, statements string
		want             Answer
	}{
		{"allowed to everybody", allow, Yes},
		{"allowed to an account", `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`, No},
		{"Bool", deny(`"Bool"`), Yes},
		{"BoolIfExists", deny(`"BoolIfExists"`), No},
		{"by account", `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalAccount":"111122223333"}}}`, No},
	} {
		d, err := Parse(Bucket, []byte(`{"Version":"2012-10-17","Statement":[`+tt.statements+`]}`))
		if err != nil {
			t.Fatal(err)
		}
		c := Combined{Resource: d, Owner: "111122223333"}
		out := c.Decide(&Request{Principal: Principal{Anonymous: true}, Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"})
		if out.Allowed != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, out.Allowed, tt.want)
		}
	}
}

// TestRoleWithPath: a session's ARN lacks the path of its role; where the role
// is known, statements that name it meet the session.
func TestRoleWithPath(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/service-role/loader"
	d, err := Parse(Bucket, []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+role+`"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"ArnEquals":{"aws:PrincipalArn":"`+role+`"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r := Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k"}
	for _, known := range []string{"", role} {
		r.Principal = Principal{ARN: "arn:aws:sts::111122223333:assumed-role/loader/s", Role: known, Account: "111122223333"}
		c := Combined{Resource: d, Owner: "111122223333"}
		if got := c.Decide(&r).Allowed; (got == Yes) != (known != "") {
			t.Errorf("role %q: %v", known, got)
		}
	}
}
