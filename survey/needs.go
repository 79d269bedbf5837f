package survey

import (
	"fmt"
	"strings"

	"reseal/campaign/list"
	"reseal/internal/shell"
)

// notes say what stands in the way of a migration, or makes it dear.
func (r *Row) notes(f *Facts) {
	say := func(when bool, text string) {
		if when {
			r.Notes = append(r.Notes, text)
		}
	}
	say(r.Versioning == "enabled", "Versioned: a copy leaves the old version behind, which is paid for until it expires; an update does not.")
	say(r.Versioning == "suspended", "Versioning is suspended: a copy replaces the null version only; others stay as they are.")
	say(r.ObjectLock == "yes", "Object lock: an update of a locked object is refused.")
	say(r.Retention == "yes", fmt.Sprintf("Every new object gets a retention (%s): a copy locks objects that were not locked.", retention(f)))
	if rep := r.Replication; rep != nil && rep.Rules > 0 {
		switch {
		case rep.WithKMS == 0:
			say(true, "Replicated, and no rule is opted in to SSE-KMS: what is copied is not replicated any more.")
		case rep.WithKMS < rep.Rules:
			say(true, "Replicated, and not all rules are opted in to SSE-KMS.")
		default:
			say(true, "Replicated: copies are sent to the replica, updates are not.")
		}
	}
	say(r.ACLs == "yes", "ACLs are in force: each copy reads and sets the ACL.")
	say(r.Requester == "yes", "The requester pays: run with --requester-pays.")
	if p := r.Policy; p != nil {
		say(p.DeniesSSEKMS == "yes", "The bucket policy denies uploads under SSE-KMS with another key than it names.")
		say(p.DeniesSSES3 == "yes" && p.DeniesPlain == "yes" && p.DeniesSSEKMS != "yes", "The bucket policy takes uploads under SSE-KMS only; older objects may be under SSE-S3 all the same.")
		say(p.DeniesPlain == "yes" && p.DeniesSSES3 != "yes", "The bucket policy wants a header for encryption.")
		say(p.DeniesUpdates == "yes", "The bucket policy denies s3:UpdateObjectEncryption.")
		say(p.Unreadable != "", "The bucket policy could not be understood: "+p.Unreadable)
	}
	if e := r.Encryption; e != nil {
		say(e.Algorithm == "aws:kms" && e.Key == "", "The default key is the AWS managed key aws/s3, whose policy cannot be changed.")
		say(e.Algorithm == "aws:kms" && !e.BucketKey, "The default encryption has no bucket key: every new object takes a KMS request.")
		say(e.Algorithm == "aws:kms:dsse", "The default is DSSE-KMS, which reseal leaves as it is.")
	}
	if e := r.Estimate; e != nil {
		say(e.Archived, "Some objects are archived: an update takes them, a copy has to restore them first.")
		say(e.Rough, "Several storage classes: how many objects each has is not known, so the price is a range.")
	}
	say(r.contradicts(), "CloudWatch has bytes of no object, as unfinished uploads may leave them: nothing is reckoned from that.")
	say(r.Objects != nil && r.Bytes == nil, "CloudWatch has the number of objects and not their bytes.")
	say(r.Objects == nil && f.Stored != nil, "CloudWatch has no figures of it: it is empty, or new, or they are late.")
}

func retention(f *Facts) string {
	s := strings.ToLower(f.Settings.RetentionMode)
	if f.Settings.RetentionDays > 0 {
		s = fmt.Sprintf("%s, %d days", s, f.Settings.RetentionDays)
	}
	if s == "" {
		return "kind unknown"
	}
	return s
}

// destinationPlaceholder stands in commands for the place of reports that a person has to
// name, as list.KeyPlaceholder does for the key.
const destinationPlaceholder = "s3://REPORTS/inventory"

// needs are the next steps, as commands. Those of a bucket that nobody could ask are none.
func (r *Row) needs(best *Inventory, f *Facts) {
	need := func(what, command string) { r.Needs = append(r.Needs, Need{what, command}) }
	for _, u := range r.Unread {
		if u.Denied && u.Action != "" {
			need("allow "+u.Action+", so that it can be said: "+u.Question, "")
		}
	}
	name := shell.Word(r.Bucket)
	setup := "reseal inventory setup --bucket " + name + " --destination " + destinationPlaceholder + r.connection()
	switch r.State {
	case Failed, Unsure:
	case Setup:
		why := "reports of the whole bucket"
		if best != nil {
			why += "; " + best.ID + " has only keys with the prefix " + shell.Visible(best.Prefix)
		} else if len(r.Inventories) > 0 {
			why += "; none of its " + fmt.Sprint(len(r.Inventories)) + " inventories is switched on"
		}
		need(why, setup)
	case NoReport:
		need("the first report, which S3 makes within two days", "reseal inventory ls "+shell.Word(best.Location)+r.connection())
	case Late:
		need("a newer report: the newest is of "+best.Newest.UTC().Format("2006-01-02"), "reseal inventory ls "+shell.Word(best.Location)+r.connection())
	}
	if best != nil && len(best.Missing) > 0 && r.State != Setup {
		command := setup
		what := "reports with the columns " + strings.Join(best.Missing, ", ") + ", or a HeadObject for each object"
		if k := r.coming(); k != nil {
			what, command = "the first report of "+k.ID+", which has all columns, or a HeadObject for each object", "reseal inventory ls "+shell.Word(k.Location)+r.connection()
		}
		need(what, command)
	}
	if e := r.Encryption; e != nil && e.Algorithm != "aws:kms" {
		need("a default encryption under the key, so that nothing new arrives outside it",
			"reseal enforce --bucket "+name+" --sse-kms-key-id "+list.KeyPlaceholder+r.connection())
	}
	if r.State == Ready || r.State == Late {
		need("a plan, which changes nothing", "reseal plan --manifest "+shell.Word(r.Manifest)+" --sse-kms-key-id "+list.KeyPlaceholder+r.connection())
	}
}

// coming is an inventory of the whole bucket with all columns, whose first report is yet to come.
func (r *Row) coming() *Inventory {
	for i := range r.Inventories {
		if k := &r.Inventories[i]; k.Enabled && k.Prefix == "" && k.Location != "" && len(k.Missing) == 0 && k.Newest.IsZero() {
			return k
		}
	}
	return nil
}

// connection is what commands need to reach the bucket as the survey did.
func (r *Row) connection() string {
	out := ""
	if r.Region != "" {
		out = " --region " + shell.Word(r.Region)
	}
	if r.account != nil && r.account.Profile != "" {
		out += " --profile " + shell.Word(r.account.Profile)
	}
	return out
}
