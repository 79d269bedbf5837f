package survey

import "reseal/campaign/list"

// Campaign turns the survey into the list that a campaign begins with: a bucket an entry,
// with the key still to be named. A bucket without a report is left out until it has one.
// unfit are buckets whose names or Regions cannot stand in such a list.
func (s *Survey) Campaign() (out *list.List, unfit []string) {
	out = new(list.List)
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
		out.Buckets = append(out.Buckets, b)
	}
	return out, unfit
}

// include tells whether a campaign can begin with a bucket, and why.
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
	switch {
	case r.Objects != nil && *r.Objects == 0:
		return false, "empty"
	case r.Policy != nil && r.Policy.DeniesSSEKMS == "yes":
		return false, "the bucket policy denies SSE-KMS with another key than it names"
	case r.Retention == "yes":
		reason += "; a copy would lock objects"
	case r.Versioning == "enabled":
		reason += "; versioned"
	}
	return yes, reason
}
