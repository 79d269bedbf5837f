package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Method is how objects are re-encrypted.
type Method string

// The methods.
const (
	MethodCopy   Method = "copy"   // in-place copies: works on every S3
	MethodUpdate Method = "update" // UpdateObjectEncryption: proven endpoints only
	MethodAuto   Method = "auto"   // update where it applies, copy for the rest
)

// The targets of --sse.
const (
	TargetKMS    = "aws:kms"
	TargetAES256 = "AES256"
)

// ViaMultipart is a way to copy: objects of every size in parts, for servers
// that refuse to copy an object onto itself.
const ViaMultipart = "multipart"

// BucketOwnerFullControl is the canned ACL that gives the bucket's owner all of an
// object; where Object Ownership is preferred or enforced it makes the object the
// owner's.
const BucketOwnerFullControl = "bucket-owner-full-control"

// DecisionVersion is raised whenever the same report and options would lead to
// other decisions than in the version before. So no binary finishes a job that was
// begun by one with other decisions.
const DecisionVersion = 1

// SingleCopyLimit is the size up to which one CopyObject is allowed, 5 GiB
// (Amazon S3 API Reference, CopyObject, which writes GB; read 2026-11-21).
const SingleCopyLimit = 5 << 30

// Options are the user's choices that change decisions. They are frozen when a
// job is made: a resume with others is another job.
type Options struct {
	Bucket         string   `json:"bucket"`
	OnlyBucket     bool     `json:"only_bucket,omitempty"` // the user named it: rows of another one are left out
	Method         Method   `json:"method"`
	SSE            string   `json:"sse"`
	KMSKeyID       string   `json:"kms_key_id"` // full ARN on AWS
	BucketKey      bool     `json:"bucket_key_enabled"`
	Rekey          bool     `json:"rekey,omitempty"`
	AllVersions    bool     `json:"all_versions,omitempty"`
	Prefixes       []string `json:"prefixes,omitempty"`
	Exclude        []string `json:"exclude_prefixes,omitempty"`
	MinSize        int64    `json:"min_size,omitempty"` // bytes, inclusive
	MaxSize        int64    `json:"max_size,omitempty"` // bytes, inclusive; 0 = no limit
	StorageClasses []string `json:"storage_classes,omitempty"`
	IncludeGlobs   []string `json:"include,omitempty"` // see MatchesGlob
	ExcludeGlobs   []string `json:"exclude,omitempty"`
	Tags           []string `json:"tags,omitempty"`      // that an object must have, all of them: see CutTag
	FromKeys       []string `json:"from_keys,omitempty"` // KMS keys that an object may be under now: ARNs or ids
	TrustInventory bool     `json:"trust_inventory,omitempty"`
	InspectAll     bool     `json:"inspect_all,omitempty"`         // a HeadObject before every copy, whatever the facts allow
	Multipart      int64    `json:"multipart_threshold,omitempty"` // bytes; 0 = SingleCopyLimit
	CopyVia        string   `json:"copy_via,omitempty"`            // ViaMultipart, or "" for single copies where they are possible

	// MinAge and MaxAge bound the time from an object's last change to the instant of
	// the job, Before and After that change itself. 0 is no bound.
	MinAge time.Duration `json:"min_age_ns,omitempty"`
	MaxAge time.Duration `json:"max_age_ns,omitempty"`
	Before time.Time     `json:"before,omitzero"` // exclusive
	After  time.Time     `json:"after,omitzero"`  // inclusive

	// ACL is the canned ACL that goes with every copy, as policies of buckets that
	// others write to ask for it: BucketOwnerFullControl, or "" for none.
	ACL string `json:"acl,omitempty"`

	// Unconfirmed is the share of updates, in millionths, whose effect is not
	// proven by a HeadObject afterwards: the answer to the update itself says
	// only that it was accepted.
	Unconfirmed int64 `json:"unconfirmed_ppm,omitempty"`
}

// Frozen is what a job is bound to: the report, the options, and the instant
// that ages are counted from.
type Frozen struct {
	Version     int       `json:"decision_version"`
	Manifest    string    `json:"manifest"`          // URI as given
	ManifestMD5 string    `json:"manifest_md5"`      // hex
	Columns     string    `json:"columns,omitempty"` // how the user named those of a query's result, which has no manifest
	Options     Options   `json:"options"`
	Now         time.Time `json:"evaluated_at"` // UTC
}

// Hash identifies the decisions of a job, as 64 hex digits. The instant is part
// of a job but not of the hash, as it is taken over from the job, and the same
// report may lie at another URI when the job is resumed.
func (f Frozen) Hash() string {
	f.Now, f.Manifest = time.Time{}, ""
	data, err := json.Marshal(f)
	if err != nil {
		panic("plan: options that cannot be written as JSON: " + err.Error())
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Differences names the options in which two jobs differ, as "name: old -> new".
func (f Frozen) Differences(o Frozen) []string {
	var out []string
	diff := func(name string, a, b any) {
		if as, bs := fmt.Sprint(a), fmt.Sprint(b); as != bs {
			out = append(out, fmt.Sprintf("%s: %s -> %s", name, as, bs))
		}
	}
	diff("decision version", f.Version, o.Version)
	diff("manifest MD5", f.ManifestMD5, o.ManifestMD5)
	diff("bucket", f.Options.Bucket, o.Options.Bucket)
	diff("--columns", f.Columns, o.Columns)
	diff("--only-bucket", f.Options.OnlyBucket, o.Options.OnlyBucket)
	diff("--method", f.Options.Method, o.Options.Method)
	diff("--sse", f.Options.SSE, o.Options.SSE)
	diff("--sse-kms-key-id", f.Options.KMSKeyID, o.Options.KMSKeyID)
	diff("--bucket-key-enabled", f.Options.BucketKey, o.Options.BucketKey)
	diff("--rekey", f.Options.Rekey, o.Options.Rekey)
	diff("--versions all", f.Options.AllVersions, o.Options.AllVersions)
	diff("--prefix", f.Options.Prefixes, o.Options.Prefixes)
	diff("--exclude-prefix", f.Options.Exclude, o.Options.Exclude)
	diff("--min-size", f.Options.MinSize, o.Options.MinSize)
	diff("--max-size", f.Options.MaxSize, o.Options.MaxSize)
	diff("--storage-class", f.Options.StorageClasses, o.Options.StorageClasses)
	diff("--include", f.Options.IncludeGlobs, o.Options.IncludeGlobs)
	diff("--exclude", f.Options.ExcludeGlobs, o.Options.ExcludeGlobs)
	diff("--tag", f.Options.Tags, o.Options.Tags)
	diff("--from-key", f.Options.FromKeys, o.Options.FromKeys)
	diff("--older-than", f.Options.OlderThan(), o.Options.OlderThan())
	diff("--newer-than", f.Options.NewerThan(), o.Options.NewerThan())
	diff("--trust-inventory", f.Options.TrustInventory, o.Options.TrustInventory)
	diff("--inspect-all", f.Options.InspectAll, o.Options.InspectAll)
	diff("--multipart-threshold", f.Options.Multipart, o.Options.Multipart)
	diff("--copy-via", f.Options.CopyVia, o.Options.CopyVia)
	diff("--acl", f.Options.ACL, o.Options.ACL)
	diff("--confirm, unconfirmed millionths", f.Options.Unconfirmed, o.Options.Unconfirmed)
	return out
}

// ageText is a bound of age as the command line takes it, "" for none.
func ageText(age time.Duration, at time.Time) string {
	switch {
	case age > 0:
		return age.String()
	case !at.IsZero():
		return at.UTC().Format(time.RFC3339)
	}
	return ""
}

// OlderThan and NewerThan are the bounds of age as the command line takes them, "" for
// none.
func (o *Options) OlderThan() string { return ageText(o.MinAge, o.Before) }

// NewerThan is described at OlderThan.
func (o *Options) NewerThan() string { return ageText(o.MaxAge, o.After) }

// Normal returns o with lists sorted and without repeats, so that the order in
// which a user types them does not make another job.
func (o Options) Normal() Options {
	for _, list := range []*[]string{&o.Prefixes, &o.Exclude, &o.IncludeGlobs, &o.ExcludeGlobs, &o.Tags, &o.FromKeys, &o.StorageClasses} {
		s := slices.Clone(*list)
		slices.Sort(s)
		*list = slices.Compact(s)
	}
	if o.Multipart == 0 {
		o.Multipart = SingleCopyLimit
	}
	return o
}
