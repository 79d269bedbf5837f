package preflight

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// TestPoliciesByPartition: no ARN of another partition, and the service names of
// this one.
func TestPoliciesByPartition(t *testing.T) {
	for _, tt := range []struct{ region, partition, s3 string }{
		{"eu-west-2", "aws", "s3.eu-west-2.amazonaws.com"},
		{"cn-north-1", "aws-cn", "s3.cn-north-1.amazonaws.com.cn"},
		{"us-gov-west-1", "aws-us-gov", "s3.us-gov-west-1.amazonaws.com"},
		{"eusc-de-east-1", "aws-eusc", "s3.eusc-de-east-1.amazonaws.eu"},
		{"us-isof-south-1", "aws-iso-f", "s3.us-isof-south-1.csp.hci.ic.gov"},
	} {
		for _, key := range []string{"arn:" + tt.partition + ":kms:" + tt.region + ":111122223333:key/k", "1234abcd-12ab-34cd-56ef-1234567890ab"} {
			n := &Needs{copies: true, updates: true, key: s3api.Key{ARN: key}, State: "s3://state/job", reportKey: keyUnknown}
			n.frozen.Manifest = "s3://reports/a/manifest.json"
			n.frozen.Options = plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: key, Method: plan.MethodAuto}
			text, err := json.Marshal(n.Policies(&plan.Facts{Region: tt.region}, s3api.Identity{ARN: "arn:" + tt.partition + ":iam::111122223333:user/u"}))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.Split(string(text), `"arn:`)[1:] {
				if got, _, _ := strings.Cut(part, ":"); got != tt.partition {
					t.Errorf("%s, key %s: an ARN of partition %s: %.60s", tt.region, key, got, part)
				}
			}
			if !strings.Contains(string(text), `"kms:ViaService":"`+tt.s3+`"`) {
				t.Errorf("%s: want kms:ViaService %s in %s", tt.region, tt.s3, text)
			}
		}
	}
}

// TestPrincipalExists: a key's statement names nobody that may not exist.
func TestPrincipalExists(t *testing.T) {
	const session = "arn:aws:sts::111122223333:assumed-role/Night/42"
	for _, tt := range []struct {
		id   s3api.Identity
		want string
	}{
		{s3api.Identity{ARN: simUser}, `{"AWS":"` + simUser + `"}`},
		{s3api.Identity{ARN: session, Role: "arn:aws:iam::111122223333:role/ops/Night"}, `{"AWS":"arn:aws:iam::111122223333:role/ops/Night"}`},
		{s3api.Identity{ARN: session}, `{"AWS":"arn:aws:iam::111122223333:root"},"Condition":{"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::111122223333:role/Night","arn:aws:iam::111122223333:role/*/Night"]}}`},
		{s3api.Identity{}, `{"AWS":"ARN-OF-THE-ROLE"}`},
	} {
		n := &Needs{copies: true, key: s3api.Key{ARN: simKey}}
		n.frozen.Options = plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}
		text, err := json.Marshal(n.Policies(&plan.Facts{Region: simRegion}, tt.id).KeyPolicyStatement)
		if err != nil {
			t.Fatal(err)
		}
		who, when, _ := strings.Cut(tt.want, `,"Condition"`)
		if !strings.Contains(string(text), `"Principal":`+who+`,`) || !strings.Contains(string(text), when) {
			t.Errorf("%+v: %s, want %s", tt.id, text, tt.want)
		}
	}
}

// TestRoleOfTheCaller: the path of a session's role is asked for; who reads, of a key of
// the caller's account alone.
func TestRoleOfTheCaller(t *testing.T) {
	const session = "arn:aws:sts::111122223333:assumed-role/Night/42"
	for _, tt := range []struct {
		id        s3api.Identity
		key       string
		want, not string
	}{
		{s3api.Identity{ARN: session, Account: simAccount, Role: "arn:aws:iam::111122223333:role/ops/Night"}, simKey, `["iam:GetRole"],"Resource":["arn:aws:iam::111122223333:role/ops/Night"]`, ""},
		{s3api.Identity{ARN: session, Account: simAccount}, simKey, `["iam:GetRole"],"Resource":["arn:aws:iam::111122223333:role/Night","arn:aws:iam::111122223333:role/*/Night"]`, ""},
		{s3api.Identity{ARN: simUser, Account: simAccount}, simKey, `"kms:GetKeyPolicy"`, "iam:GetRole"},
		{s3api.Identity{ARN: simUser, Account: simAccount}, "arn:aws:kms:us-east-1:444455556666:key/k", `"kms:DescribeKey"`, "kms:GetKeyPolicy"},
	} {
		n := &Needs{copies: true, key: s3api.Key{ARN: tt.key}}
		n.frozen.Options = plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: tt.key}
		text, err := json.Marshal(n.Policies(&plan.Facts{Region: simRegion, AWS: plan.Yes}, tt.id).IdentityPolicy)
		if err != nil {
			t.Fatal(err)
		}
		if said := string(text); !strings.Contains(said, tt.want) || tt.not != "" && strings.Contains(said, tt.not) {
			t.Errorf("%+v, %s: want %s and not %q in %s", tt.id, tt.key, tt.want, tt.not, said)
		}
	}
}

// TestPoliciesOfTags: what selects by tags may read them, of each version that it is
// about.
func TestPoliciesOfTags(t *testing.T) {
	for name, tt := range map[string]struct {
		needs    Needs
		versions bool // --versions all
		want     []string
	}{
		"copies":               {Needs{copies: true}, false, []string{"s3:GetObjectTagging"}},
		"copies in parts":      {Needs{parts: true}, false, []string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}},
		"updates":              {Needs{updates: true}, false, []string{"s3:GetObjectTagging"}},
		"updates of versions":  {Needs{updates: true}, true, []string{"s3:GetObjectVersionTagging"}},
		"versions, and copies": {Needs{updates: true, copies: true}, true, []string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"}},
	} {
		o := plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey, AllVersions: tt.versions, Tags: []string{"team"}}
		has := tt.needs.objectActions(&o, &plan.Facts{AWS: plan.Yes, Versioning: plan.VersioningEnabled})
		for _, action := range []string{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"} {
			if got, want := slices.Contains(has, action), slices.Contains(tt.want, action); got != want {
				t.Errorf("%s: %s %v, want %v", name, action, got, want)
			}
		}
	}
}

// A table of S3 Tables is read by permissions on the table; one in a bucket of one's own
// as a report is.
func TestPoliciesOfTables(t *testing.T) {
	const arn = "arn:aws:s3tables:eu-west-2:111122223333:bucket/aws-s3"
	for _, tt := range []struct {
		manifest, name string
		want           Grant
	}{
		{"s3://0f1e--table-s3/metadata/1.metadata.json", "s3tables://aws-s3/b_media/inventory",
			Grant{Sid: "Table", Action: []string{"s3tables:GetTableData", "s3tables:GetTableMetadataLocation"}, Resource: []string{"arn:aws:s3tables:eu-west-2:*:bucket/aws-s3/table/*"}}},
		{"s3://0f1e--table-s3/metadata/1.metadata.json", "s3tables://" + arn + "/b_media/inventory",
			Grant{Sid: "Table", Action: []string{"s3tables:GetTableData", "s3tables:GetTableMetadataLocation"}, Resource: []string{arn + "/table/*"}}},
		{"s3://0f1e--table-s3/metadata/1.metadata.json", arn + "/table/id",
			Grant{Sid: "Table", Action: []string{"s3tables:GetTable", "s3tables:GetTableData"}, Resource: []string{arn + "/table/id"}}},
		{"s3://0f1e--table-s3/metadata/1.metadata.json", "",
			Grant{Sid: "Table", Action: []string{"s3tables:GetTableData"}, Resource: []string{"arn:aws:s3tables:eu-west-2:*:bucket/*/table/*"}}},
		{"s3://lake/t/metadata/1.metadata.json", "",
			Grant{Sid: "Report", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::lake/t/metadata/*", "arn:aws:s3:::lake/t/data/*"}}},
	} {
		n := &Needs{copies: true, key: s3api.Key{ARN: simKey}, report: []string{"t/data/1", "t/data/2"}, table: &inventory.Table{Name: tt.name}}
		n.frozen.Manifest = tt.manifest
		n.frozen.Options = plan.Options{Bucket: "acme", SSE: plan.TargetKMS, KMSKeyID: simKey}
		var got []Grant
		asks := false
		for _, g := range n.Policies(&plan.Facts{Region: "eu-west-2"}, s3api.Identity{}).IdentityPolicy.Statement {
			asks = asks || g.Sid == "Bucket" && slices.Contains(g.Action, "s3:GetBucketMetadataTableConfiguration")
			if g.Sid == "Table" || g.Sid == "Report" {
				g.Effect = ""
				got = append(got, g)
			}
		}
		if !reflect.DeepEqual(got, []Grant{tt.want}) {
			t.Errorf("%s, %s: %+v, want %+v", tt.manifest, tt.name, got, tt.want)
		}
		if asks != (tt.name != "") { // whether the table is filled is asked of a table that is named
			t.Errorf("%s, %s: the bucket's metadata configuration may be read: %v", tt.manifest, tt.name, asks)
		}
	}
}
