package preflight

import (
	"cmp"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
	"reseal/s3api"
)

// Grant is an Allow statement.
type Grant struct {
	Sid       string
	Effect    string
	Principal map[string]any `json:",omitempty"`
	Action    []string
	Resource  []string
	Condition conditions `json:",omitempty"`
}

// Grants is a policy that allows.
type Grants struct {
	Version   string
	Statement []Grant
}

// Permissions are the policies that a run takes.
type Permissions struct {
	IdentityPolicy     Grants
	KeyPolicyStatement *Grant         `json:",omitempty"` // of the run; nil where no key is written under
	KeyPolicyOthers    *KeyStatements `json:",omitempty"` // of everybody else
}

// factActions are what the preflight reads of the bucket. Without one of them
// a run goes on, says that the fact is unknown, and sends more requests for it.
var factActions = []string{"s3:GetBucketVersioning", "s3:GetLifecycleConfiguration", "s3:GetBucketObjectLockConfiguration",
	"s3:GetBucketOwnershipControls", "s3:GetBucketWebsite", "s3:GetReplicationConfiguration", "s3:GetBucketNotification",
	"s3:GetBucketRequestPayment", "s3:GetEncryptionConfiguration", "s3:GetBucketPolicy"}

// Policies are the smallest for what is needed (Amazon S3 User Guide,
// "using-with-s3-policy-actions"; Amazon S3 API Reference, CopyObject,
// CreateMultipartUpload, UpdateObjectEncryption; AWS KMS Developer Guide,
// "services-s3"; read 2026-11-21).
func (n *Needs) Policies(facts *plan.Facts, caller s3api.Identity) Permissions {
	in := partition.Of(n.key.ARN, facts.Region)
	g := &granting{Needs: n, options: &n.frozen.Options, facts: facts, caller: caller, in: in, bucket: in.Bucket(n.frozen.Options.Bucket)}
	g.out.IdentityPolicy.Version = "2012-10-17"
	g.onBucket()
	g.onObjects()
	g.onReportAndState()
	g.onKeys()
	return g.out
}

// granting is the making of policies.
type granting struct {
	*Needs
	options *plan.Options
	facts   *plan.Facts
	caller  s3api.Identity
	in      partition.Partition
	bucket  string // its ARN
	out     Permissions
}

// allow adds a statement to the identity's policy, if it says anything.
func (g *granting) allow(sid string, resources, actions []string, when conditions) {
	if len(actions) > 0 && len(resources) > 0 {
		p := &g.out.IdentityPolicy
		p.Statement = append(p.Statement, Grant{Sid: sid, Effect: "Allow", Action: actions, Resource: resources, Condition: when})
	}
}

// onBucket allows what is read of account, caller and bucket.
func (g *granting) onBucket() {
	ofBucket := append([]string{"s3:ListBucket"}, factActions...)
	var ofAccount []string
	if g.facts.ACLs != plan.No { // else nothing is public by an ACL
		ofBucket = append(ofBucket, "s3:GetBucketPublicAccessBlock")
		ofAccount = append(ofAccount, "s3:GetAccountPublicAccessBlock")
	}
	if g.options.SSE == plan.TargetKMS { // to see who reads
		ofAccount = append(ofAccount, "s3:ListAccessPoints")
		if g.facts.ACLs != plan.No {
			ofBucket = append(ofBucket, "s3:GetBucketAcl")
		}
	}
	g.allow("Account", []string{"*"}, ofAccount, nil)
	g.allow("Caller", rolesOf(g.caller), []string{"iam:GetRole"}, nil)
	if g.parts { // an upload whose beginning was not answered is looked for
		ofBucket = append(ofBucket, "s3:ListBucketMultipartUploads")
	}
	if g.options.AllVersions && g.facts.Versioning != plan.Unversioned { // an old version that is gone is looked for
		ofBucket = append(ofBucket, "s3:ListBucketVersions")
	}
	if g.table != nil && g.table.Name != "" { // S3 may still fill it
		ofBucket = append(ofBucket, "s3:GetBucketMetadataTableConfiguration")
	}
	g.allow("Bucket", []string{g.bucket}, ofBucket, nil)
}

// onObjects allows what is done with objects, and with those of probes.
func (g *granting) onObjects() {
	objects := g.objectActions(g.options, g.facts)
	g.allow("Objects", objectsOf(g.bucket, g.options.Prefixes), objects, nil)
	if g.Scratch == "" {
		return
	}
	if len(g.options.Prefixes) > 0 {
		objects = nil // of other objects
	}
	g.allow("Scratch", objectsOf(g.bucket, []string{g.Scratch}), g.scratchActions(g.options, g.facts, objects), nil)
}

// onReportAndState allows to read the report, and to keep a job in a bucket.
func (g *granting) onReportAndState() {
	if at, err := inventory.ParseLocation(g.frozen.Manifest); err == nil && !at.Local() && g.table != nil && s3api.TableStore(at.Bucket) {
		g.onTable()
	} else if err == nil && !at.Local() {
		g.allow("Report", reportFiles(g.in.Bucket(at.Bucket), at.Name, g.report), []string{"s3:GetObject"}, nil)
	}
	if g.State == "" {
		return
	}
	name, prefix, _ := strings.Cut(strings.TrimPrefix(g.State, "s3://"), "/")
	state := g.in.Bucket(name)
	if state != g.bucket {
		g.allow("StateBucket", []string{state}, []string{"s3:ListBucket"}, nil) // else what is not there yet looks forbidden
	}
	g.allow("State", objectsOf(state, []string{strings.Trim(prefix, "/") + "/"}), []string{"s3:GetObject", "s3:PutObject"}, nil)
}

// onTable allows to read a table of S3 Tables. Its files are in a bucket of the service,
// which answers by the permissions on the table (Amazon S3 User Guide,
// s3-tables-setting-up, read 2026-12-01).
func (g *granting) onTable() {
	table, named, err := inventory.ParseTable(g.table.Name)
	actions := []string{"s3tables:GetTableData", "s3tables:GetTableMetadataLocation"}
	anyTable := "arn:" + g.in.ID + ":s3tables:" + g.facts.Region + ":*:bucket/*/table/*" // its id is not in its name
	switch {
	case err != nil || !named:
		g.allow("Table", []string{anyTable}, actions[:1], nil)
	case table.ARN != "":
		g.allow("Table", []string{table.ARN}, []string{"s3tables:GetTable", "s3tables:GetTableData"}, nil)
	case table.BucketARN != "":
		g.allow("Table", []string{table.BucketARN + "/table/*"}, actions, nil)
	default:
		g.allow("Table", []string{strings.Replace(anyTable, "bucket/*", "bucket/"+table.Bucket, 1)}, actions, nil)
	}
}

// onKeys allows to use the keys, and to read their quotas.
func (g *granting) onKeys() {
	key, o := g.key.ARN, g.options
	direct, through := g.keyActions(o)
	via := conditions{"StringEquals": {"kms:ViaService": g.in.S3(g.facts.Region)}}
	account := s3api.KeyOfARN(key).Account
	if g.facts.AWS == plan.Yes && len(direct) > 0 && cmp.Or(g.caller.Account, account) == account {
		direct = append(direct, "kms:GetKeyPolicy") // to see who reads; of no other account's key
	}
	g.allow("Key", []string{key}, direct, nil)
	g.allow("KeyThroughS3", []string{key}, through, via)
	anyKey := "arn:" + g.in.ID + ":kms:" + g.facts.Region + ":*:key/*"
	old := g.fromKMS && (o.Rekey || o.SSE != plan.TargetKMS)
	if old { // the report does not name them
		g.allow("OldKeysThroughS3", []string{anyKey}, []string{"kms:Decrypt"}, via)
	}
	if reportKey := g.reportKey; reportKey != "" && !old && !(plan.SameKey(reportKey, key) && len(through) > 0) {
		if reportKey == keyUnknown {
			reportKey = anyKey
		}
		g.allow("ReportKeyThroughS3", []string{reportKey}, []string{"kms:Decrypt"}, via)
	}
	g.onStateKey(len(through) > 0)
	if o.SSE != plan.TargetKMS {
		return
	}
	g.allow("Quota", []string{"*"}, []string{"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"}, nil)
	if g.Headroom {
		g.allow("Usage", []string{"*"}, []string{"cloudwatch:GetMetricData"}, nil) // which knows no resources
	}
	who, when := principal(g.caller)
	g.out.KeyPolicyStatement = &Grant{Sid: "ResealRun", Effect: "Allow", Principal: map[string]any{"AWS": who},
		Action: append(append([]string{}, direct...), through...), Resource: []string{"*"}, Condition: when}
}

// onStateKey allows S3 to use the key of the bucket that the job is kept in, unless
// it is the target, which is allowed already.
func (g *granting) onStateKey(target bool) {
	key, region := g.stateKey, g.facts.Region
	switch {
	case key == "" || target && plan.SameKey(key, g.key.ARN):
		return
	case key == keyUnknown:
		key = "arn:" + g.in.ID + ":kms:" + region + ":*:key/*"
	default:
		region = s3api.KeyOfARN(key).Region // a key serves the buckets of its own Region
	}
	g.allow("StateKeyThroughS3", []string{key}, []string{"kms:GenerateDataKey", "kms:Decrypt"}, conditions{"StringEquals": {"kms:ViaService": g.in.S3(region)}})
}

// objectActions are those on the objects of the bucket. Requests about current
// objects name no version, apart from the proof of what a copy has become. Tags are read
// of whatever is looked at: a copy takes them along, snapshots have them, --tag selects.
func (n *Needs) objectActions(o *plan.Options, f *plan.Facts) []string {
	var out []string
	add := func(need bool, actions ...string) {
		if need {
			out = append(out, actions...)
		}
	}
	rewrites := n.copies || n.parts
	versions := f.Versioning != plan.Unversioned
	named := n.updates && o.AllVersions && versions // each update names its version, and so does each look at the object
	current := rewrites || n.updates && !named
	add(current, "s3:GetObject", "s3:GetObjectTagging")
	add((rewrites || n.updates) && versions, "s3:GetObjectVersion")
	add(named || n.parts && versions, "s3:GetObjectVersionTagging")
	add(rewrites, "s3:PutObject", "s3:PutObjectTagging")
	add(n.parts && versions, "s3:PutObjectVersionTagging")
	add(current && f.ACLs != plan.No, "s3:GetObjectAcl")
	add(named && f.ACLs != plan.No, "s3:GetObjectVersionAcl")
	add(rewrites && (f.ACLs != plan.No || o.ACL != ""), "s3:PutObjectAcl")
	add(rewrites && f.ObjectLock != plan.No, s3api.SeeRetention, s3api.SeeLegalHold, "s3:PutObjectRetention", "s3:PutObjectLegalHold")
	add(n.updates && !rewrites && f.ObjectLock != plan.No, s3api.SeeRetention, s3api.SeeLegalHold)
	add(rewrites, "s3:GetObjectAnnotation", "s3:PutObjectAnnotation")
	add(f.AWS != plan.No && (rewrites || n.updates), "s3:ListObjectAnnotations")
	add(n.parts, "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts")
	add(n.updates, "s3:UpdateObjectEncryption")
	return out
}

// scratchActions are those of a probe on objects of its own, without those that
// are held anyway.
func (n *Needs) scratchActions(o *plan.Options, f *plan.Facts, held []string) []string {
	all := []string{"s3:PutObject", "s3:PutObjectTagging", "s3:GetObject"}
	add := func(need bool, actions ...string) {
		if need {
			all = append(all, actions...)
		}
	}
	add(f.Versioning != plan.VersioningEnabled, "s3:DeleteObject")
	add(f.Versioning != plan.Unversioned, "s3:DeleteObjectVersion")
	add(true, "s3:GetObjectTagging") // the probe compares all of its scratch object
	add(o.Method != plan.MethodUpdate && o.CopyVia == plan.ViaMultipart && f.Versioning != plan.Unversioned, "s3:GetObjectVersion", "s3:GetObjectVersionTagging")
	add(Updates(o), "s3:UpdateObjectEncryption")
	return slices.DeleteFunc(all, func(a string) bool { return slices.Contains(held, a) })
}

// keyActions are those on the key: the program's own calls, and S3's for it.
// GenerateDataKey is both, for the dry run that checks the key.
func (n *Needs) keyActions(o *plan.Options) (direct, through []string) {
	if o.SSE != plan.TargetKMS {
		return nil, nil
	}
	direct = []string{"kms:DescribeKey", "kms:GenerateDataKey"}
	through = []string{"kms:Decrypt"} // parts, and reading back what was written
	if n.updates {
		through = append(through, "kms:Encrypt", "kms:ReEncrypt*")
	}
	return direct, through
}

// objectsOf are the objects of a bucket below the prefixes, of all without any.
func objectsOf(bucket string, prefixes []string) []string {
	if len(prefixes) == 0 {
		return []string{bucket + "/*"}
	}
	var out []string
	for _, p := range prefixes {
		out = append(out, bucket+"/"+strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(p)+"*")
	}
	return out
}

// reportFiles are the manifest's folder and that of the data files.
func reportFiles(bucket, manifest string, files []string) []string {
	folder := func(key string) string { return bucket + "/" + key[:strings.LastIndex(key, "/")+1] + "*" }
	out := []string{folder(manifest)}
	for _, f := range files {
		if d := folder(f); d != out[len(out)-1] {
			out = append(out, d)
		}
	}
	return out
}

// unknownCaller stands where nobody knows for whom the policies are.
const unknownCaller = "ARN-OF-THE-ROLE"

// rolesOf are the ARNs that the role of a session may have, of which plan and run ask
// for the path; none for everybody else.
func rolesOf(id s3api.Identity) []string {
	who := policy.Principal{ARN: id.ARN}
	name, ok := who.RoleName()
	if !ok {
		return nil
	}
	if id.Role != "" {
		return []string{id.Role}
	}
	f := strings.SplitN(id.ARN, ":", 6)
	roles := "arn:" + f[1] + ":iam::" + f[4] + ":role/"
	return []string{roles + name, roles + "*/" + name}
}

// principal names the caller in a key policy: KMS refuses ARNs of what does not
// exist. A session is named by its role. Where the path of that is not known, the
// account is, with the condition that it is a role of that name: the identity
// policy then has to allow the same, which the one that is printed does.
func principal(id s3api.Identity) (aws string, when conditions) {
	f := strings.SplitN(id.ARN, ":", 6)
	switch {
	case id.ARN == "":
		return unknownCaller, nil
	case id.Role != "":
		return id.Role, nil
	case len(f) < 6 || f[2] != "sts" || !strings.HasPrefix(f[5], "assumed-role/"):
		return id.ARN, nil
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(f[5], "assumed-role/"), "/")
	roles := "arn:" + f[1] + ":iam::" + f[4] + ":role/"
	return partition.OfARN(id.ARN).Root(f[4]), conditions{"ArnLike": {"aws:PrincipalArn": []string{roles + name, roles + "*/" + name}}}
}
