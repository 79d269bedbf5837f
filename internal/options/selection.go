package options

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/plan"
)

// Selection is what is to be done to which objects: the options that a job is bound to.
type Selection struct {
	Columns        string
	OnlyBucket     string
	KeyID          string
	SSE            string
	BucketKey      bool
	Method         string
	Rekey          bool
	Prefixes       []string
	Exclude        []string
	Include        []string
	ExcludeGlobs   []string
	Tags           []string
	FromKeys       []string
	OlderThan      string
	NewerThan      string
	MinSize        string
	MaxSize        string
	Classes        []string
	TrustInventory bool
	InspectAll     bool
	Multipart      string
	CopyVia        string
	ACL            string
	Versions       string
	Confirm        string
}

// Bind adds the flags of a selection.
func (s *Selection) Bind(f *pflag.FlagSet) {
	f.StringVar(&s.Columns, "columns", "", "--manifest is the result of a query (Athena, Spark, DuckDB), a folder of Parquet, ORC or CSV without a manifest: auto takes its columns by their names, bucket,key,size those of CSV without a header")
	f.StringVar(&s.OnlyBucket, "only-bucket", "", "with --columns, or of a table: only rows of this bucket")
	f.StringVar(&s.KeyID, "sse-kms-key-id", "", "KMS key to re-encrypt under: an ARN, id or alias")
	f.StringVar(&s.SSE, "sse", plan.TargetKMS, "target encryption: aws:kms, or AES256 for the way back")
	f.BoolVar(&s.BucketKey, "bucket-key-enabled", true, "use an S3 Bucket Key, which spares most KMS requests")
	f.StringVar(&s.Method, "method", string(plan.MethodCopy), "how to re-encrypt: copy; update, which changes the encryption in place; or auto, update and copy for what it does not take")
	f.StringVar(&s.Versions, "versions", "current", "which versions: current, or all, which only an update can do")
	f.StringVar(&s.Confirm, "confirm", "all", "share of the updates to prove with a HeadObject: all, or e.g. 10%")
	f.StringVar(&s.CopyVia, "copy-via", "", "multipart: copy objects of every size in parts, for endpoints that refuse a copy onto itself")
	f.StringVar(&s.ACL, "acl", "", "canned ACL of every copy, for buckets whose policy asks for it: bucket-owner-full-control; grants are kept beside it")
	f.BoolVar(&s.Rekey, "rekey", false, "also re-encrypt SSE-KMS objects that are under another key")
	f.BoolVar(&s.TrustInventory, "trust-inventory", false, "send no HeadObject before a copy, although class, lock or ACL may have changed since the report")
	f.BoolVar(&s.InspectAll, "inspect-all", false, "send a HeadObject before every copy, also where the bucket's configuration makes it needless")
	f.StringVar(&s.Multipart, "multipart-threshold", "", "copy objects above this size in parts (default and at most 5GiB)")
	s.bindFilters(f)
}

// bindFilters adds the flags that say which objects are meant.
func (s *Selection) bindFilters(f *pflag.FlagSet) {
	f.StringArrayVar(&s.Prefixes, "prefix", nil, "only keys with this prefix (repeatable)")
	f.StringArrayVar(&s.Exclude, "exclude-prefix", nil, "no keys with this prefix (repeatable)")
	f.StringArrayVar(&s.Include, "include", nil, "only keys like this, e.g. '*.parquet': * stands for any text, ? for one character (repeatable)")
	f.StringArrayVar(&s.ExcludeGlobs, "exclude", nil, "no keys like this (repeatable)")
	f.StringArrayVar(&s.Tags, "tag", nil, "only objects with this tag, KEY=VALUE or KEY for any value: each is looked at and its tags are read first (repeatable: all of them)")
	cli.NamesVar(f, &s.FromKeys, "from-key", "only objects that are under this KMS key now, an ARN or id; needs --rekey or --sse AES256 (repeatable, or several with commas)")
	f.StringVar(&s.OlderThan, "older-than", "", "only objects last changed before this: an age such as 30d or 12h, or a date such as 2026-01-31 (UTC)")
	f.StringVar(&s.NewerThan, "newer-than", "", "only objects last changed since this: an age or a date")
	f.StringVar(&s.MinSize, "min-size", "", "only objects of at least this size, e.g. 128KiB")
	f.StringVar(&s.MaxSize, "max-size", "", "only objects of at most this size")
	cli.NamesVar(f, &s.Classes, "storage-class", "only objects of this storage class (repeatable, or several with commas)")
}

// Decides tells whether an option decides what is done to which objects, so that a job is
// bound to it.
func Decides(option string) bool {
	f := new(pflag.FlagSet)
	new(Selection).Bind(f)
	return f.Lookup(option) != nil
}

// Chooses tells whether an option decides which objects are meant, or that they are to be
// under no key. Of those that decide, the others say how.
func Chooses(option string) bool {
	f := new(pflag.FlagSet)
	new(Selection).bindFilters(f)
	return f.Lookup(option) != nil || slices.Contains([]string{"sse", "columns", "only-bucket"}, option)
}

// Read turns the flags into the options that a job is bound to. The bucket is that of the
// report at manifest, which must be named; the key id has yet to be resolved.
func (s *Selection) Read(manifest string) (plan.Options, error) {
	o := plan.Options{
		Method: plan.Method(s.Method), SSE: s.SSE, KMSKeyID: s.KeyID, BucketKey: s.BucketKey, Rekey: s.Rekey,
		Prefixes: s.Prefixes, Exclude: s.Exclude, IncludeGlobs: s.Include, ExcludeGlobs: s.ExcludeGlobs, Tags: s.Tags, FromKeys: s.FromKeys,
		StorageClasses: s.Classes, TrustInventory: s.TrustInventory, InspectAll: s.InspectAll,
		OnlyBucket: s.OnlyBucket != "", CopyVia: s.CopyVia, ACL: s.ACL, AllVersions: s.Versions == "all",
	}
	errs := slices.Concat(s.sizeErrors(&o), s.emptyErrors(), s.ageErrors(&o), plan.TagErrors(s.Tags), fromKeyErrors(&o), s.resultErrors(manifest), s.methodErrors(&o), classErrors(s.Classes))
	if err := s.targetError(&o, manifest); err != nil {
		errs = append(errs, err)
	} else if err := s.boundError(&o, len(errs) > 0); err != nil {
		errs = append(errs, err)
	}
	if o.SSE == plan.TargetAES256 {
		o.BucketKey = false
	}
	if len(errs) > 0 {
		return o, &cli.UsageError{Err: errors.Join(errs...)}
	}
	return o.Normal(), nil
}

// sizeErrors reads the sizes, and says which are none.
func (s *Selection) sizeErrors(o *plan.Options) (errs []error) {
	for _, size := range []struct {
		flag, text string
		to         *int64
	}{{"min-size", s.MinSize, &o.MinSize}, {"max-size", s.MaxSize, &o.MaxSize}, {"multipart-threshold", s.Multipart, &o.Multipart}} {
		if size.text == "" {
			continue
		}
		var err error
		if *size.to, err = cli.ParseSize(size.text); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", size.flag, err))
		}
	}
	return errs
}

// emptyErrors refuses prefixes and patterns that are empty.
func (s *Selection) emptyErrors() (errs []error) {
	for _, list := range []struct {
		flag   string
		values []string
	}{{"prefix", s.Prefixes}, {"exclude-prefix", s.Exclude}, {"include", s.Include}, {"exclude", s.ExcludeGlobs}} {
		if slices.Contains(list.values, "") {
			errs = append(errs, fmt.Errorf("--%s %q: an empty one would match every key or none", list.flag, ""))
		}
	}
	return errs
}

// targetError says what is wrong with the report and the target.
func (s *Selection) targetError(o *plan.Options, manifest string) error {
	switch {
	case manifest == "":
		return errors.New("--manifest is needed: the manifest.json of an inventory report")
	case o.SSE != plan.TargetKMS && o.SSE != plan.TargetAES256:
		return cli.ChoiceError("--sse", o.SSE, plan.TargetKMS, plan.TargetAES256)
	case o.SSE == plan.TargetKMS && o.KMSKeyID == "":
		return errors.New("--sse-kms-key-id is needed: without it S3 would take the AWS managed key aws/s3")
	case o.SSE == plan.TargetAES256 && o.KMSKeyID != "":
		return errors.New("--sse AES256 has no key: leave --sse-kms-key-id out")
	}
	return nil
}

// boundError says which options do not go together or leave nothing. others tells whether
// something else is wrong already.
func (s *Selection) boundError(o *plan.Options, others bool) error {
	switch {
	case o.TrustInventory && o.InspectAll:
		return errors.New("--trust-inventory and --inspect-all exclude each other")
	case o.Multipart > plan.SingleCopyLimit:
		return errors.New("--multipart-threshold: S3 copies at most 5GiB in one request")
	case o.Multipart != 0 && o.Multipart < plan.MinPartSize:
		return errors.New("--multipart-threshold: at least 5MiB")
	case s.MaxSize != "" && o.MaxSize == 0 && !others:
		return fmt.Errorf("--max-size %s would select empty objects alone: 1B is the least", s.MaxSize)
	case o.MaxSize > 0 && o.MinSize > o.MaxSize:
		return errors.New("--min-size is above --max-size: nothing would be selected")
	}
	return nil
}
