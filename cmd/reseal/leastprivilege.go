package main

import (
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/s3api"
)

// grant is an Allow statement.
type grant struct {
	Sid       string
	Effect    string
	Principal map[string]string `json:",omitempty"`
	Action    []string
	Resource  []string
	Condition conditions `json:",omitempty"`
}

type grants struct {
	Version   string
	Statement []grant
}

// leastPrivilege is what permissions prints.
type leastPrivilege struct {
	IdentityPolicy     grants
	KeyPolicyStatement *grant `json:",omitempty"` // nil where no key is written under
}

// factActions are what the preflight reads of the bucket. Without one of them
// a run goes on, says that the fact is unknown, and sends more requests for it.
var factActions = []string{"s3:GetBucketVersioning", "s3:GetLifecycleConfiguration", "s3:GetBucketObjectLockConfiguration",
	"s3:GetBucketOwnershipControls", "s3:GetBucketWebsite", "s3:GetReplicationConfiguration", "s3:GetBucketNotification",
	"s3:GetBucketRequestPayment", "s3:GetEncryptionConfiguration", "s3:GetBucketPolicy"}

// policies are the smallest for what is needed (Amazon S3 User Guide,
// "using-with-s3-policy-actions"; Amazon S3 API Reference, CopyObject,
// CreateMultipartUpload, UpdateObjectEncryption; AWS KMS Developer Guide,
// "services-s3"; read 2026-11-21).
func (n *needs) policies(g *ground, caller string) leastPrivilege {
	o, facts := &g.frozen.Options, &g.policy.Facts
	partition := partitionOf(n.key.ARN)
	bucket := "arn:" + partition + ":s3:::" + o.Bucket
	out := leastPrivilege{IdentityPolicy: grants{Version: "2012-10-17"}}
	allow := func(sid string, resources, actions []string, when conditions) {
		if len(actions) > 0 {
			out.IdentityPolicy.Statement = append(out.IdentityPolicy.Statement, grant{Sid: sid, Effect: "Allow", Action: actions, Resource: resources, Condition: when})
		}
	}
	allow("Bucket", []string{bucket}, append([]string{"s3:ListBucket"}, factActions...), nil)
	objects := n.objectActions(o, facts)
	allow("Objects", objectsOf(bucket, o.Prefixes), objects, nil)
	if n.scratch != "" {
		if len(o.Prefixes) > 0 {
			objects = nil // of other objects
		}
		allow("Scratch", objectsOf(bucket, []string{n.scratch}), n.scratchActions(o, facts, objects), nil)
	}
	if at, err := inventory.ParseLocation(g.frozen.Manifest); err == nil && !at.Local() {
		report := "arn:" + partition + ":s3:::" + at.Bucket
		allow("Report", reportFiles(report, at.Name, n.report), []string{"s3:GetObject"}, nil)
	}
	if n.state != "" {
		depot, prefix, _ := strings.Cut(strings.TrimPrefix(n.state, "s3://"), "/")
		depot = "arn:" + partition + ":s3:::" + depot
		if depot != bucket {
			allow("StateBucket", []string{depot}, []string{"s3:ListBucket"}, nil) // else what is not there yet looks forbidden
		}
		allow("State", objectsOf(depot, []string{strings.Trim(prefix, "/") + "/"}), []string{"s3:GetObject", "s3:PutObject"}, nil)
	}
	direct, through := n.keyActions(o)
	region := facts.Region
	via := conditions{"StringEquals": {"kms:ViaService": "s3." + region + "." + domainOf(partition)}}
	allow("Key", []string{n.key.ARN}, direct, nil)
	allow("KeyThroughS3", []string{n.key.ARN}, through, via)
	anyKey := "arn:" + partition + ":kms:" + region + ":*:key/*"
	old := n.fromKMS && (o.Rekey || o.SSE != plan.TargetKMS)
	if old { // the report does not name them
		allow("OldKeysThroughS3", []string{anyKey}, []string{"kms:Decrypt"}, via)
	}
	if key := n.reportKey; key != "" && !old && !(plan.SameKey(key, n.key.ARN) && len(through) > 0) {
		if key == keyUnknown {
			key = anyKey
		}
		allow("ReportKeyThroughS3", []string{key}, []string{"kms:Decrypt"}, via)
	}
	if o.SSE == plan.TargetKMS {
		allow("Quota", []string{"*"}, []string{"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"}, nil)
		if n.headroom {
			allow("Usage", []string{"*"}, []string{"cloudwatch:GetMetricData"}, nil) // which knows no resources
		}
		out.KeyPolicyStatement = &grant{Sid: "ResealRun", Effect: "Allow", Principal: map[string]string{"AWS": roleOf(caller)},
			Action: append(append([]string{}, direct...), through...), Resource: []string{"*"}}
	}
	return out
}

// domainOf is the domain of the services of a partition.
func domainOf(partition string) string {
	if partition == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// objectActions are those on the objects of the bucket. Requests about current
// objects name no version, apart from the proof of what a copy has become.
func (n *needs) objectActions(o *plan.Options, f *plan.Facts) []string {
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
	add(rewrites && f.ACLs != plan.No, "s3:PutObjectAcl")
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
func (n *needs) scratchActions(o *plan.Options, f *plan.Facts, held []string) []string {
	all := []string{"s3:PutObject", "s3:PutObjectTagging", "s3:GetObject"}
	add := func(need bool, actions ...string) {
		if need {
			all = append(all, actions...)
		}
	}
	add(f.Versioning != plan.VersioningEnabled, "s3:DeleteObject")
	add(f.Versioning != plan.Unversioned, "s3:DeleteObjectVersion")
	add(o.Method != plan.MethodUpdate, "s3:GetObjectTagging")
	add(o.Method != plan.MethodUpdate && o.CopyVia == plan.ViaMultipart && f.Versioning != plan.Unversioned, "s3:GetObjectVersion", "s3:GetObjectVersionTagging")
	add(updates(o), "s3:UpdateObjectEncryption")
	return slices.DeleteFunc(all, func(a string) bool { return slices.Contains(held, a) })
}

// keyActions are those on the key: the program's own calls, and S3's for it.
// GenerateDataKey is both, for the dry run that checks the key.
func (n *needs) keyActions(o *plan.Options) (direct, through []string) {
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

// roleOf is the role of a session, as a key policy names it; others as they are.
func roleOf(arn string) string {
	f := strings.SplitN(arn, ":", 6)
	if len(f) == 6 && f[2] == "sts" {
		if rest, ok := strings.CutPrefix(f[5], "assumed-role/"); ok {
			role, _, _ := strings.Cut(rest, "/")
			return strings.Join([]string{f[0], f[1], "iam", "", f[4], "role/" + role}, ":")
		}
	}
	return arn
}
