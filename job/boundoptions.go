package job

import (
	"context"
	"fmt"

	"reseal/checkpoint"
	"reseal/plan"
)

// BoundOptions returns the options that the job is bound to, and those that name its
// report and endpoint. Values that are the default are left out.
func (j *Plan) BoundOptions() Told {
	o := &j.Options
	told := Told{"manifest": {j.Manifest}}
	set := func(name, value string, is bool) {
		if is {
			told[name] = []string{value}
		}
	}
	list := func(name string, values []string) {
		if len(values) > 0 {
			told[name] = values
		}
	}
	set("columns", j.Columns, j.Columns != "")
	set("only-bucket", o.Bucket, o.OnlyBucket)
	set("sse", o.SSE, o.SSE != plan.TargetKMS)
	set("sse-kms-key-id", o.KMSKeyID, o.KMSKeyID != "")
	set("bucket-key-enabled", "false", !o.BucketKey && o.SSE == plan.TargetKMS)
	set("method", string(o.Method), o.Method != plan.MethodCopy)
	set("versions", "all", o.AllVersions)
	set("confirm", fmt.Sprintf("%.4f%%", 100-float64(o.Unconfirmed)/1e4), o.Unconfirmed > 0)
	set("copy-via", o.CopyVia, o.CopyVia != "")
	set("acl", o.ACL, o.ACL != "")
	set("rekey", "true", o.Rekey)
	list("prefix", o.Prefixes)
	list("exclude-prefix", o.Exclude)
	list("include", o.IncludeGlobs)
	list("exclude", o.ExcludeGlobs)
	list("tag", o.Tags)
	list("from-key", o.FromKeys)
	set("older-than", o.OlderThan(), o.OlderThan() != "")
	set("newer-than", o.NewerThan(), o.NewerThan() != "")
	set("min-size", fmt.Sprint(o.MinSize), o.MinSize != 0)
	set("max-size", fmt.Sprint(o.MaxSize), o.MaxSize != 0)
	list("storage-class", o.StorageClasses)
	set("trust-inventory", "true", o.TrustInventory)
	set("inspect-all", "true", o.InspectAll)
	set("multipart-threshold", fmt.Sprint(o.Multipart), o.Multipart != 0 && o.Multipart != plan.SingleCopyLimit)
	set("endpoint-url", j.Endpoint, j.Endpoint != "")
	return told
}

// Unbound returns the options of told that the job is not bound to. Only those can
// change after the job was made.
func (j *Plan) Unbound(told Told) Told {
	out := Told{}
	bound := j.BoundOptions()
	for name, values := range told {
		if _, is := bound[name]; !is {
			out[name] = values
		}
	}
	return out
}

// CurrentOptions returns all options that hold for a job: those it is bound to, and
// the last values of the others.
func CurrentOptions(ctx context.Context, store checkpoint.Reader, made *Plan) (Told, error) {
	options, err := ReadOptions(ctx, store)
	if err != nil {
		return nil, err
	}
	told := options.Now(made.Told)
	for name, values := range made.BoundOptions() {
		told[name] = values
	}
	return told, nil
}

// WithTold sets the options that the job was made with, without those that it is
// bound to, and returns j.
func (j *Plan) WithTold(told Told) *Plan {
	j.Told = j.Unbound(told)
	return j
}
