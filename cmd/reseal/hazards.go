package main

import (
	"fmt"
	"slices"
	"strings"

	"reseal/inventory"
	"reseal/plan"
)

// hazard is something that a run would do to a bucket which its owner may not
// expect. A run refuses until it is accepted by name.
type hazard struct {
	Name string `json:"name"`
	Why  string `json:"why"`  // what would happen, in this bucket
	Mend string `json:"mend"` // what to do so that it does not, "" where nothing helps

	byProbe bool // a probe on scratch objects settles it
}

// hazardNames are all names that --accept takes.
var hazardNames = append([]string{"acl", "events", "lifecycle", "missing-columns", "replication", "versioned", "weak-conditions"}, lossNames()...)

// lossNames are the names under which the loss of an attribute is accepted.
func lossNames() (names []string) {
	for _, a := range plan.Losses() {
		names = append(names, a.Hazard())
	}
	return names
}

// hazards lists what a run with these options would meet in this bucket. copies
// tells whether it makes any where --method auto would have to.
func hazards(o plan.Options, f plan.Facts, copies plan.Answer, probed *verdict, missing inventory.Columns) []hazard {
	var out []hazard
	add := func(name, mend, why string, args ...any) {
		out = append(out, hazard{Name: name, Why: fmt.Sprintf(why, args...), Mend: mend})
	}
	if o.Method != plan.MethodUpdate && (o.Method != plan.MethodAuto || copies != plan.No) {
		ofCopies(add, f)
		if f.AWS != plan.Yes {
			offAWS(&out, f, probed)
		}
	}
	if n := missing.Names(); len(n) > 0 {
		add("missing-columns", "add the columns to the inventory configuration",
			"the report has no %s: one HeadObject more for each object", strings.Join(n, ", "))
	}
	slices.SortFunc(out, func(a, b hazard) int { return strings.Compare(a.Name, b.Name) })
	return out
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

// offAWS adds what is not known of an endpoint that is not AWS's own until a
// probe has shown it.
func offAWS(out *[]hazard, f plan.Facts, probed *verdict) {
	const mend = "let a run find out on scratch objects of its own: --probe-key-prefix reseal-probe/"
	if f.IgnoresIfMatch != plan.No {
		how := "is not known to honour If-Match on the destination of a copy"
		if probed != nil {
			how = "ignores If-Match on the destination of a copy (shown on a scratch object)"
		}
		*out = append(*out, hazard{Name: "weak-conditions", Mend: mend, byProbe: probed == nil,
			Why: "the endpoint " + how + ": an object that a client writes in the moment of the copy may be lost"})
	}
	if probed == nil {
		*out = append(*out, hazard{Name: plan.Expires.Hazard(), Mend: mend, byProbe: true,
			Why: "the endpoint is not known to keep the Expires header of an object when it is copied (MinIO drops it)"})
		return
	}
	for _, a := range probed.lost {
		*out = append(*out, hazard{Name: a.Hazard(),
			Why: fmt.Sprintf("the endpoint drops the %s of an object when it is copied (shown on a scratch object)", a)})
	}
}

// unaccepted returns the hazards that the user did not accept.
func unaccepted(all []hazard, a accepts) []hazard {
	return slices.DeleteFunc(slices.Clone(all), func(h hazard) bool { return a.has(h.Name) })
}

// check refuses names that no hazard has: a typo would be an acceptance of nothing.
func (a accepts) check() error {
	for _, name := range a {
		if !slices.Contains(hazardNames, name) {
			return usagef("--accept %q: no such hazard; there are %s", name, strings.Join(hazardNames, ", "))
		}
	}
	return nil
}
