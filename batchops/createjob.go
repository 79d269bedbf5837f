package batchops

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"path/filepath"

	"reseal/internal/outfile"
	"reseal/partition"
	"reseal/plan"
)

// object is a JSON object.
type object = map[string]any

// writeRequest writes the input of CreateJob for a manifest. What only the user knows
// stands there in capitals.
func (e *export) writeRequest(name string, f *manifestFile) error {
	in := partition.Of(e.policy.Options.KMSKeyID, e.policy.Facts.Region)
	fields := []string{"Bucket", "Key"}
	if e.versions {
		fields = append(fields, "VersionId")
	}
	sum := hex.EncodeToString(f.sum.Sum(nil))
	request := object{
		"AccountId": "ACCOUNT", "ConfirmationRequired": true, "Priority": 10, "RoleArn": "arn:" + in.ID + ":iam::ACCOUNT:role/ROLE",
		"ClientRequestToken": "reseal-" + sum, "Description": "reseal, " + name,
		"Operation": operation(e.policy, name, in),
		"Manifest": object{
			"Spec":     object{"Format": "S3BatchOperations_CSV_20180820", "Fields": fields},
			"Location": object{"ObjectArn": in.Bucket("MANIFEST-BUCKET") + "/manifest-" + name + ".csv", "ETag": sum},
		},
		"Report": object{"Bucket": in.Bucket("REPORT-BUCKET"), "Prefix": "reseal", "Format": "Report_CSV_20180820", "Enabled": true, "ReportScope": "AllTasks"},
	}
	out, err := outfile.Create(filepath.Join(e.dir, "create-job-"+name+".json"))
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return errors.Join(enc.Encode(request), out.Close())
}

// operation is what the job does to each object: an update in place, or a copy into
// the storage class.
func operation(p *plan.Policy, class string, in partition.Partition) object {
	o := p.Options
	if class == allClasses {
		return object{"S3UpdateObjectEncryption": object{"ObjectEncryption": object{"SSEKMS": object{"KMSKeyArn": o.KMSKeyID, "BucketKeyEnabled": o.BucketKey}}}}
	}
	dup := object{"TargetResource": in.Bucket(o.Bucket), "MetadataDirective": "COPY", "StorageClass": class}
	if o.SSE == plan.TargetKMS {
		dup["SSEAwsKmsKeyId"], dup["BucketKeyEnabled"] = o.KMSKeyID, o.BucketKey
		dup["NewObjectMetadata"] = object{"SSEAlgorithm": "KMS"}
	} else {
		dup["NewObjectMetadata"] = object{"SSEAlgorithm": "AES256"}
	}
	return object{"S3PutObjectCopy": dup}
}
