package policy

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestKinds: what may stand in a policy of which kind.
func TestKinds(t *testing.T) {
	const who = `"Principal":"*",`
	tests := []struct {
		name      string
		kind      Kind
		statement string // without Effect
		refused   string // "": it is a policy
	}{
		{"a bucket and its objects", Bucket, who + `"Action":"s3:*","Resource":["arn:aws:s3:::acme","arn:aws:s3:::acme/*"]`, ""},
		{"all actions", Bucket, who + `"Action":"*","Resource":"arn:aws:s3:::acme"`, ""},
		{"everything, of a bucket", Bucket, who + `"Action":"s3:*","Resource":"*"`, "invalid resource"},
		{"five fields", Bucket, who + `"Action":"s3:*","Resource":"arn:aws:s3::acme"`, "invalid resource"},
		{"no ARN", Bucket, who + `"Action":"s3:*","Resource":"urn:aws:s3:::acme"`, "invalid resource"},
		{"an action without a service", Bucket, who + `"Action":"GetObject","Resource":"arn:aws:s3:::acme"`, "invalid action"},
		{"a service without an action", Identity, `"Action":"s3:","Resource":"*"`, "invalid action"},
		{"an action of no service", Identity, `"Action":":GetObject","Resource":"*"`, "invalid action"},
		{"no resources", Identity, `"Action":"s3:*","Resource":[]`, "empty list"},
		{"no element Resource", Identity, `"Action":"s3:*"`, "no Resource"},
		{"no element Action", Identity, `"Resource":"*"`, "no Action"},
		{"both", Identity, `"Action":"s3:*","NotAction":"s3:*","Resource":"*"`, "together"},
		{"any service", Identity, `"Action":["kms:*","s3:*","sts:*"],"Resource":"*"`, ""},
		{"an identity that names a principal", Identity, who + `"Action":"s3:*","Resource":"*"`, "names no Principal"},
		{"an identity that names others", Identity, `"NotPrincipal":"*","Action":"s3:*","Resource":"*"`, "names no Principal"},
		{"a key", Key, who + `"Action":"kms:*","Resource":"*"`, ""},
		{"a key by ARN", Key, who + `"Action":"kms:*","Resource":"arn:aws:kms:*"`, ""},
		{"a key by id", Key, who + `"Action":"kms:*","Resource":"1234"`, "invalid resource"},
		{"a key, and S3", Key, who + `"Action":"s3:*","Resource":"*"`, "invalid action"},
		{"a role", Trust, who + `"Action":"sts:AssumeRole"`, ""},
		{"a role, and S3", Trust, who + `"Action":"s3:*"`, "invalid action"},
		{"a role that names a resource", Trust, who + `"Action":"sts:*","Resource":"*"`, "names no Resource"},
		{"a role that names other resources", Trust, who + `"Action":"sts:*","NotResource":"*"`, "names no Resource"},
		{"a role for nobody", Trust, `"Action":"sts:*"`, "no Principal"},

		{"a principal that is no ARN", Bucket, `"Principal":"alice","Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid principal"},
		{"a service that is none", Bucket, `"Principal":{"Service":"s3"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid service"},
		{"an unknown kind of principal", Bucket, `"Principal":{"Team":"a"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "unknown kind of principal"},
		{"a number for a principal", Bucket, `"Principal":{"AWS":7},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "want a string"},
		{"a list for principals", Bucket, `"Principal":["*"],"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "want an object"},
		{"an account of 11 digits", Bucket, `"Principal":{"AWS":"11112222333"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid principal"},
		{"an account of letters", Bucket, `"Principal":{"AWS":"11112222333x"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid principal"},
		{"an ARN of S3 for a principal", Bucket, `"Principal":{"AWS":"arn:aws:s3::111122223333:user/a"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid principal"},
		{"the id of a user", Bucket, `"Principal":{"AWS":["AIDACKCEVSQ6C2EXAMPLE","AROACKCEVSQ6C2EXAMPLE"]},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, ""},
		{"another user of CloudFront", Bucket, `"Principal":{"AWS":"arn:aws:iam::cloudfront:user/alice"},"Action":"s3:*","Resource":"arn:aws:s3:::acme"`, "invalid principal"},

		{"a condition that is no object", Identity, `"Action":"s3:*","Resource":"*","Condition":"x"`, "want an object"},
		{"an operator on no object", Identity, `"Action":"s3:*","Resource":"*","Condition":{"StringEquals":"x"}`, "want an object"},
		{"NullIfExists", Identity, `"Action":"s3:*","Resource":"*","Condition":{"NullIfExists":{"s3:x":"true"}}`, "invalid operator"},
		{"a key without a service", Identity, `"Action":"s3:*","Resource":"*","Condition":{"Null":{":x":"true"}}`, "invalid condition key"},
		{"a service without a key", Identity, `"Action":"s3:*","Resource":"*","Condition":{"Null":{"s3:":"true"}}`, "invalid condition key"},
		{"Null of neither", Identity, `"Action":"s3:*","Resource":"*","Condition":{"Null":{"s3:x":"maybe"}}`, "want true or false"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.kind, []byte(`{"Id":"x","Version":"2012-10-17","Statement":{"Effect":"Allow",`+tt.statement+`}}`))
		switch {
		case tt.refused == "" && err != nil:
			t.Errorf("%s: %v", tt.name, err)
		case tt.refused != "" && (err == nil || !strings.Contains(err.Error(), tt.refused)):
			t.Errorf("%s: %v, want %q", tt.name, err, tt.refused)
		}
	}
}

// TestSizes: a policy of exactly the limit is taken, and none above it.
func TestSizes(t *testing.T) {
	for kind, limit := range map[Kind]int{Bucket: 20 << 10, Key: 32 << 10} {
		text := `{"Statement":{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::acme"}}`
		text += strings.Repeat(" ", limit-len(text))
		if _, err := Parse(kind, []byte(text)); err != nil {
			t.Errorf("kind %d of %d bytes: %v", kind, len(text), err)
		}
		if _, err := Parse(kind, []byte(text+" ")); err == nil {
			t.Errorf("kind %d of %d bytes: no error", kind, len(text)+1)
		}
	}
}

// TestErrorsNameTheStatement: which statement is wrong is said, counted from 1.
func TestErrorsNameTheStatement(t *testing.T) {
	const good = `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::acme"}`
	_, parse := Parse(Bucket, []byte(`{"Statement":[`+good+`,{}]}`))
	_, merge := Merge([]byte(`{"Statement":[`+good+`,{"Sid":1}]}`), nil, nil)
	elsewhere := must(t, Bucket, `{"Statement":[`+good+`,`+strings.Replace(good, "acme", "other", 1)+`]}`).Concerns("acme")
	for name, err := range map[string]error{"parse": parse, "merge": merge, "concerns": elsewhere} {
		var m *MalformedError
		if !errors.As(err, &m) || m.Statement != 2 || !strings.HasPrefix(err.Error(), "malformed policy: statement 2: ") {
			t.Errorf("%s: %v, want a malformed statement 2", name, err)
		}
	}
	if _, err := Parse(Bucket, []byte(`{}`)); err == nil || err.Error() != "malformed policy: no Statement" {
		t.Errorf("no Statement: %v", err)
	}
	if _, err := Parse(Bucket, []byte(`{"Name":"x"}`)); err == nil || err.Error() != "malformed policy: unknown element Name" {
		t.Errorf("an unknown element: %v", err)
	}
}

// TestConcerns: S3 takes a bucket policy only if all of it is about the bucket.
func TestConcerns(t *testing.T) {
	for resource, own := range map[string]bool{
		"arn:aws:s3:::acme":   true,
		"arn:aws:s3:::acme/*": true,
		"arn:aws:s3:::ac*":    true,
		"arn:aws:s3:::acmee":  false,
		"arn:aws:sqs:::acme":  false,
	} {
		for _, element := range []string{"Resource", "NotResource"} {
			d := must(t, Bucket, `{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","`+element+`":"`+resource+`"}}`)
			if err := d.Concerns("acme"); (err == nil) != own {
				t.Errorf("%s %s: %v, want its own: %t", element, resource, err, own)
			}
		}
	}
}

// TestWho: the statement that decides is named, the first of several that
// weigh the same, and the surest of those that do not.
func TestWho(t *testing.T) {
	deny := func(sid, condition string) string {
		return `{"Sid":"` + sid + `","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::acme/*","Condition":{` + condition + `}}`
	}
	const may, does = `"Null":{"aws:SourceIp":"false"}`, `"Null":{"s3:x":"true"}`
	r := Request{Principal: alice, Action: "s3:GetObject", Resource: object, Unknown: func(key string) bool { return key == "aws:sourceip" }}
	for _, tt := range []struct {
		statements []string
		by         string
		answer     string
	}{
		{[]string{deny("A", does), deny("B", does)}, "statement A", "yes"},
		{[]string{deny("A", may), deny("B", does)}, "statement B", "yes"},
		{[]string{deny("A", may), deny("B", may)}, "statement A", "maybe"},
		{[]string{deny("", does)}, "a statement without Sid", "yes"},
	} {
		v := must(t, Bucket, `{"Version":"2012-10-17","Statement":[`+strings.Join(tt.statements, ",")+`]}`).Decide(&r)
		if v.By == nil || v.By.Name() != tt.by || v.Deny.String() != tt.answer {
			t.Errorf("%v: %v by %v, want %s by %s", tt.statements, v.Deny, v.By, tt.answer, tt.by)
		}
	}
	if No.String() != "no" {
		t.Errorf("No is %q", No)
	}
}

// TestAssumeRole: the trust policy of a role has to allow it, by name or by
// leaving it to the account; what the caller's own policies allow is not enough.
func TestAssumeRole(t *testing.T) {
	trust := func(effect, who string) *Document {
		return must(t, Trust, `{"Statement":{"Effect":"`+effect+`","Principal":{"AWS":"`+who+`"},"Action":"sts:AssumeRole"}}`)
	}
	allowed := must(t, Identity, `{"Statement":{"Effect":"Allow","Action":"sts:*","Resource":"*"}}`)
	stranger := Principal{ARN: "arn:aws:iam::444455556666:user/bob", Account: other}
	for _, tt := range []struct {
		name     string
		who      Principal
		trust    *Document
		identity []*Document
		want     Answer
		where    string
	}{
		{"by name", alice, trust("Allow", alice.ARN), nil, Yes, ""},
		{"left to the account, which allows it", alice, trust("Allow", owner), []*Document{allowed}, Yes, ""},
		{"left to the account, which does not", alice, trust("Allow", owner), nil, No, ""},
		{"somebody else", alice, trust("Allow", stranger.ARN), []*Document{allowed}, No, ""},
		{"denied", alice, trust("Deny", alice.ARN), []*Document{allowed}, No, "trust policy"},
		{"another account, both", stranger, trust("Allow", stranger.ARN), []*Document{allowed}, Yes, ""},
		{"another account, trust only", stranger, trust("Allow", stranger.ARN), nil, No, ""},
	} {
		c := Combined{Identity: tt.identity, Resource: tt.trust, Owner: owner}
		got := c.Decide(&Request{Principal: tt.who, Action: "sts:AssumeRole", Resource: "arn:aws:iam::111122223333:role/Night"})
		if got.Allowed != tt.want || got.Where != tt.where {
			t.Errorf("%s: %v by %q, want %v by %q", tt.name, got.Allowed, got.Where, tt.want, tt.where)
		}
	}
}

func TestUnsupported(t *testing.T) {
	const rest = `"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::acme"}`
	d := must(t, Bucket, `{"Statement":[{"Sid":"A","Principal":"*",`+rest+`,{"Sid":"B","NotPrincipal":{"AWS":"`+owner+`"},`+rest+`]}`)
	if got := d.Unsupported(); !slices.Equal(got, []string{"statement B: NotPrincipal"}) {
		t.Errorf("unsupported: %q", got)
	}
}

// TestMergeRefuses what it could only put in at random or lose.
func TestMergeRefuses(t *testing.T) {
	for _, put := range []string{`{"Effect":"Allow"}`, `{"Sid":""}`, `{"Sid":7}`, `"x"`} {
		if got, err := Merge(nil, []json.RawMessage{[]byte(put)}, nil); err == nil {
			t.Errorf("put %s: %s, want an error", put, got)
		}
	}
	for _, doc := range []string{`{"Statement":[]} x`, `{"Statement":[]`, `{"Statement":[}`, `{"Statement"`, `{"Statement":[{"Sid":"A","Sid":"B"}]}`, ``} {
		if got, err := Merge([]byte(doc), nil, nil); err == nil {
			t.Errorf("merge into %s: %s, want an error", doc, got)
		}
	}
}

// TestSameIsOfPolicies: what is no policy is the same as nothing.
func TestSameIsOfPolicies(t *testing.T) {
	good := []byte(`{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::acme"}}`)
	bad := []byte(`{"Statement":{}}`)
	if !Same(Bucket, good, good) {
		t.Error("a policy differs from itself")
	}
	if Same(Bucket, bad, bad) || Same(Bucket, good, bad) || Same(Bucket, bad, good) || Same(Bucket, nil, good) {
		t.Error("what is no policy is the same as something")
	}
}
