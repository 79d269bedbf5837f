package preflight

import (
	"fmt"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// Hazard is something that a run would do to a bucket which its owner may not
// expect. A run refuses until it is accepted by name.
type Hazard struct {
	Name string `json:"name"`
	Why  string `json:"why"`  // what would happen, in this bucket
	Mend string `json:"mend"` // what to do so that it does not, "" where nothing helps

	Or string `json:"-"` // another name that accepts it

	ByProbe bool `json:"-"` // a probe on scratch objects settles it
}

// HazardNames are all names that hazards have.
func HazardNames() []string {
	return append([]string{"acl", ManagedKey, "events", incompleteTable, "lifecycle", missingColumns, PublicACL, readers, "replication", unprovenEndpoint, "versioned", "weak-conditions"}, lossNames()...)
}

// ManagedKey is the hazard of a run to the AWS managed key aws/s3.
const ManagedKey = "aws-managed-key"

// managedKeyWhy is what comes of that (AWS KMS Developer Guide, "AWS managed keys",
// and Amazon S3 User Guide, UsingKMSEncryption, read 2026-11-21).
const managedKeyWhy = "the target is the AWS managed key aws/s3: its policy cannot be changed, so no other account can read the objects, " +
	"and access to them cannot be limited or withdrawn by the key; it can be neither disabled nor deleted. It saves the $1 a month of a key of your own"

// Managed tells whether k, found by id, is the AWS managed key of S3. Where KMS was
// not asked, only the alias says so.
func Managed(id string, k *s3api.Key) plan.Answer {
	switch alias := "alias/aws/s3"; {
	case id == alias || strings.HasPrefix(id, "arn:") && strings.HasSuffix(id, ":"+alias), k != nil && k.Manager == "AWS":
		return plan.Yes
	case k != nil && k.Manager != "":
		return plan.No
	}
	return plan.Unknown
}

// lossNames are the names under which the loss of an attribute is accepted.
func lossNames() (names []string) {
	for _, a := range plan.Losses() {
		names = append(names, a.Hazard())
	}
	return names
}

// Hazards lists what a run with these options would meet in this bucket. copies
// tells whether it makes any where --method auto would have to; probed is nil where no scratch objects were tried.
func Hazards(o plan.Options, f plan.Facts, copies plan.Answer, probed *Verdict, missing inventory.Columns) []Hazard {
	var out []Hazard
	add := func(name, mend, why string, args ...any) {
		out = append(out, Hazard{Name: name, Why: fmt.Sprintf(why, args...), Mend: mend})
	}
	if o.Method != plan.MethodUpdate && (o.Method != plan.MethodAuto || copies != plan.No) {
		ofCopies(add, f)
		if f.ACLs == plan.Yes && f.BlocksPublicACLs == plan.Yes {
			out = append(out, Hazard{Name: PublicACL, Or: plan.ACL.Hazard(), Why: ACLGrants{}.Why(),
				Mend: "--accept " + plan.ACL.Hazard() + " copies them without those grants, which give nobody anything while IgnorePublicAcls is on; --method update keeps them"})
		}
		if f.AWS != plan.Yes {
			offAWS(&out, o, f, probed)
		}
	}
	if n := missing.Names(); len(n) > 0 {
		add(missingColumns, addColumns,
			"the report has no %s: one HeadObject more for each object", strings.Join(n, ", "))
	}
	if o.SSE == plan.TargetKMS && f.ManagedKey == plan.Yes {
		add(ManagedKey, "name a key of your own: aws kms create-key, and its ARN as --sse-kms-key-id", managedKeyWhy)
	}
	return byName(out)
}

// missingColumns is the name of the hazard of a report that does not say enough.
const (
	missingColumns = "missing-columns"
	addColumns     = "add the columns to the inventory configuration"
)

// tierHazard adds to all what comes of a report without the access tier, where n
// objects to copy may be in an archive tier. Where other columns are missing too, it is
// a part of that hazard.
func tierHazard(all []Hazard, n int64, has inventory.Columns) []Hazard {
	if n == 0 || has.Has(inventory.ColTier) {
		return all
	}
	why := fmt.Sprintf("the report has no %s: which of %s in %s are archived, and so left alone, only a HeadObject each tells",
		inventory.ColTier, report.Plural(n, "object"), inventory.IntelligentTiering)
	for i := range all {
		if all[i].Name == missingColumns {
			all[i].Why += "; " + why
			return all
		}
	}
	return append(all, Hazard{Name: missingColumns, Why: why, Mend: addColumns})
}

// byName sorts hazards, in place.
func byName(all []Hazard) []Hazard {
	slices.SortFunc(all, func(a, b Hazard) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// ofCopies adds what comes of objects being written anew. An update in place
// has none of it: it makes no version, keeps age, owner and ACL, and sets off
// neither events nor replication.
func ofCopies(add func(name, mend, why string, args ...any), f plan.Facts) {
	switch f.Versioning {
	case plan.VersioningEnabled, plan.VersioningSuspended:
		add("versioned", "add a lifecycle rule with NoncurrentVersionExpiration for the time after the run",
			"versioning is %s: every copy leaves the old version behind, not under the key, and its storage is paid for until it expires", f.Versioning)
	case plan.VersioningUnknown:
		add("versioned", "grant s3:GetBucketVersioning",
			"whether the bucket is versioned could not be read; if it is, every copy leaves the old version behind")
	}
	if f.Retention == plan.Yes {
		add(plan.NewRetention.Hazard(), "--method update, which makes no new version and locks nothing; or take the default retention out of the bucket's object lock configuration for the time of the run",
			"%s", LocksWhy(f, "the plan's notes say how much, and what it costs"))
	}
	if f.Replication == plan.Yes {
		add("replication", "check SourceSelectionCriteria.SseKmsEncryptedObjects and ReplicaKmsKeyID of the rules",
			"every copy is a new object to the replication rules; objects under SSE-KMS are replicated only by rules that opt in")
	}
	if f.Events == plan.Yes {
		add("events", "pause the consumers, or filter s3:ObjectCreated:Copy in them",
			"every copy sends an s3:ObjectCreated:Copy event to the bucket's notification targets")
	}
	if f.Transitions == plan.Yes || f.Expirations == plan.Yes {
		add("lifecycle", "", "a copy is a new object: its age starts over, and so do the days of the lifecycle rules")
	}
	if f.ACLs == plan.Yes {
		add("acl", "set Object Ownership to BucketOwnerEnforced if ACLs are not used",
			"object ACLs are in force: grants are read and sent again with each copy, and the account that runs the copy becomes the owner of the object")
	}
}

// MFADelete says what MFA delete does to scratch objects (Amazon S3 User Guide,
// MultiFactorAuthenticationDelete, read 2026-11-29).
const MFADelete = "MFA delete is on: a version can be deleted only by the owner's root user with an MFA device, so the scratch versions of a probe or of selfcheck " +
	"would stay, and be paid for; re-encryption deletes nothing and is not concerned"

// LocksWhy is why a default retention is a hazard, with what it locks.
func LocksWhy(f plan.Facts, locks string) string {
	term := "a retention"
	if f.RetentionMode != "" {
		term = "a retention of " + plan.Days(f.RetentionDays) + " in mode " + f.RetentionMode
	}
	return "the bucket gives every new object " + term + ": a copy locks what was not locked; " + locks
}

// probeMend is what settles a hazard that a probe is about.
const probeMend = "let a run find out on scratch objects of its own: --probe-key-prefix reseal-probe/"

// unprovenEndpoint is the name of a hazard: nobody has seen what the endpoint keeps.
const unprovenEndpoint = "unproven-endpoint"

// UnprovenParts is the hazard of a run that copies in parts and compares nothing
// first, on an endpoint that is not AWS's own. parts tells whether the plan has such
// copies; a probe proves them where all are made in parts, as then it makes one, too.
func UnprovenParts(o plan.Options, f plan.Facts, parts plan.Answer, probed *Verdict) []Hazard {
	all := o.CopyVia == plan.ViaMultipart
	if f.AWS == plan.Yes || o.Method == plan.MethodUpdate || parts == plan.No || all && probed != nil {
		return nil
	}
	mend := "leave out --no-canary, so that some objects of each kind are compared first"
	if all {
		mend = probeMend
	}
	return []Hazard{{Name: unprovenEndpoint, Mend: mend, ByProbe: all,
		Why: "copies in parts bring nothing along by themselves, and without a canary nobody sees what this endpoint loses of tags, metadata or checksums"}}
}

// offAWS adds what is not known of an endpoint that is not AWS's own until a
// probe has shown it.
func offAWS(out *[]Hazard, o plan.Options, f plan.Facts, probed *Verdict) {
	if f.IgnoresIfMatch != plan.No {
		how := "is not known to honour If-Match on the destination of a copy"
		mend := probeMend
		if probed != nil { // it is settled: nothing is left to find out
			how, mend = "ignores If-Match on the destination of a copy (shown on a scratch object)", ""
		}
		*out = append(*out, Hazard{Name: "weak-conditions", Mend: mend, ByProbe: probed == nil,
			Why: "the endpoint " + how + ": an object that a client writes in the moment of the copy may be lost"})
	}
	if probed == nil {
		if o.CopyVia != plan.ViaMultipart { // parts send the header again
			*out = append(*out, Hazard{Name: plan.Expires.Hazard(), Mend: probeMend, ByProbe: true,
				Why: "the endpoint is not known to keep the Expires header of an object when it is copied (MinIO drops it)"})
		}
		return
	}
	for _, a := range probed.Lost {
		mend := ""
		if a == plan.BucketKey && o.BucketKey {
			mend = "ask for none: --bucket-key-enabled=false"
		}
		*out = append(*out, Hazard{Name: a.Hazard(), Mend: mend,
			Why: fmt.Sprintf("the endpoint drops the %s of an object when it is copied (shown on a scratch object)", a)})
	}
}

// Unaccepted returns the hazards whose names were not accepted.
func Unaccepted(all []Hazard, accepted []string) []Hazard {
	return slices.DeleteFunc(slices.Clone(all), func(h Hazard) bool { return h.accepted(accepted) })
}

func (h *Hazard) accepted(names []string) bool {
	return slices.Contains(names, h.Name) || h.Or != "" && slices.Contains(names, h.Or)
}
