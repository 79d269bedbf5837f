package survey

import (
	"strings"

	"reseal/campaign/list"
	"reseal/partition"
	"reseal/plan"
)

// Campaign turns the survey into the list that a campaign begins with: a bucket an entry,
// with the key still to be named. A bucket without a report is left out until it has one.
// One that several accounts were asked about stands there once, for the one that answered.
// unfit are buckets whose names or Regions cannot stand in such a list.
func (s *Survey) Campaign() (out *list.List, unfit []string) {
	out = new(list.List)
	type place struct{ partition, name string }
	at := map[place]int{}
	failed := map[place]bool{}
	for i := range s.Rows {
		r := &s.Rows[i]
		b := list.Bucket{Name: r.Bucket, Region: r.Region, Account: r.Account, Key: list.KeyPlaceholder, Manifest: r.Manifest}
		if r.account != nil {
			b.Role, b.ExternalID, b.Profile = r.account.Role, r.account.ExternalID, r.account.Profile
		}
		b.Include, b.Reason = r.include()
		if err := (&list.List{Buckets: []list.Bucket{b}}).Check(); err != nil {
			unfit = append(unfit, r.Bucket)
			continue
		}
		here := place{partition.Of(b.Role, b.Region).ID, b.Name}
		if j, twice := at[here]; twice {
			if failed[here] && r.State != Failed {
				out.Buckets[j], failed[here] = b, false
			}
			continue
		}
		at[here], failed[here] = len(out.Buckets), r.State == Failed
		out.Buckets = append(out.Buckets, b)
	}
	return out, unfit
}

// include tells whether a campaign can begin with a bucket, and why. What nobody knows of
// its policy may deny what a migration does, so such a bucket is left out; what else is not
// known is said.
func (r *Row) include() (yes bool, reason string) {
	switch r.State {
	case Ready:
		yes, reason = true, "ready: a report is there"
	case Late:
		yes, reason = true, "the newest report is old"
	case NoReport:
		reason = "no report yet"
	case Setup:
		reason = "no inventory of the whole bucket"
	case Unsure:
		reason = "nobody could tell whether there is an inventory"
	default:
		return false, "could not be asked"
	}
	if r.empty() {
		return false, "empty"
	}
	if against := r.Policy.against(); against != "" {
		return false, against
	}
	remarks := r.remarks()
	if gaps := r.gaps(); len(gaps) > 0 {
		remarks = append(remarks, "not known: "+strings.Join(gaps, ", "))
	}
	return yes, strings.Join(append([]string{reason}, remarks...), "; ")
}

// against is why a bucket with this policy is in no campaign, "" for no reason.
func (s *PolicySays) against() string {
	const hinges = ": it hinges on what is not known here"
	switch {
	case s == nil:
		return "the bucket policy could not be read"
	case s.Unreadable != "":
		return "the bucket policy could not be understood: " + s.Unreadable
	case s.DeniesSSEKMS == "yes":
		return "the bucket policy denies SSE-KMS with another key than it names"
	case s.reads == "yes":
		return "the bucket policy denies reading"
	case s.DeniesSSEKMS != "no":
		return "the bucket policy may deny SSE-KMS" + hinges
	case s.reads != "no":
		return "the bucket policy may deny reading" + hinges
	}
	return ""
}

// remarks are what is known of a bucket and makes a migration dear or risky.
func (r *Row) remarks() (out []string) {
	for _, c := range []struct {
		holds bool
		text  string
	}{
		{r.Versioning == plan.VersioningEnabled.String(), "versioned"}, {r.Versioning == plan.VersioningSuspended.String(), "versioning suspended"},
		{r.ObjectLock == "yes", "object lock"}, {r.Retention == "yes", "a copy would lock objects"},
		{r.Replication != nil && r.Replication.Rules > 0, "replicated"},
		{r.Policy.DeniesUpdates == "yes", "the bucket policy denies updates"}, {r.Policy.DeniesUpdates == "unknown", "the bucket policy may deny updates"},
	} {
		if c.holds {
			out = append(out, c.text)
		}
	}
	return out
}

// gaps are what nobody could read of a bucket.
func (r *Row) gaps() (out []string) {
	unknown := plan.Unknown.String()
	for _, c := range []struct {
		open bool
		what string
	}{
		{r.Versioning == plan.VersioningUnknown.String(), "versioning"}, {r.ObjectLock == unknown, "object lock"}, {r.Retention == unknown, "default retention"},
		{r.Replication == nil, "replication"}, {r.ACLs == unknown, "ACLs"}, {r.Requester == unknown, "requester pays"}, {r.Encryption == nil, "default encryption"},
		{r.Objects == nil || r.Bytes == nil || *r.Objects == 0, "size"},
	} {
		if c.open {
			out = append(out, c.what)
		}
	}
	return out
}
