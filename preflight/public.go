package preflight

import (
	"context"
	"fmt"

	"reseal/plan"
	"reseal/report"
	"reseal/s3api"
)

// PublicACL is the hazard of grants to everybody, which Block Public Access refuses.
const PublicACL = "public-acl"

// ACLGrants is whom the ACLs of some objects let in.
type ACLGrants struct {
	Looked   int // how many objects were looked at
	Public   int // of those, how many everybody may read by their ACL
	Accounts int // how many another account may
	Copies   int // of those looked at, how many are to be copied
	Refused  int // how many of these have a grant to everybody, which Block Public Access would refuse
}

// ACLLooks bounds the objects whose ACL is looked at before a run.
const ACLLooks = 20

// LookAtACLs looks at the ACLs of the objects of some tasks, until a look does not work.
func LookAtACLs(ctx context.Context, client *s3api.Client, bucket string, some []plan.Task) (g ACLGrants) {
	if len(some) == 0 {
		return g
	}
	owner, err := client.CanonicalOwner(ctx, bucket)
	if err != nil {
		owner = "" // the object's is taken for it
	}
	for i := range some[:min(len(some), ACLLooks)] {
		to, err := client.ObjectGrants(ctx, bucket, some[i].Record.Key, owner)
		if err != nil {
			return g
		}
		g.Looked++
		g.Public += count(to.Readers)
		g.Accounts += count(to.Accounts)
		if a := some[i].Action; a == plan.Copy || a == plan.MultipartCopy {
			g.Copies++
			g.Refused += count(to.Everybody)
		}
	}
	return g
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Why says what Block Public Access does to copies with such a grant, and of how many
// objects it is known that they have one.
func (g ACLGrants) Why() string {
	many := "how many there are is not known, as no report tells"
	if g.Copies > 0 {
		many = fmt.Sprintf("of %s looked at, %s; how many there are in all no report tells", report.Plural(int64(g.Copies), "object"), haveOne(g.Refused, "one"))
	}
	return "S3 Block Public Access, of the bucket or of the account, refuses a copy that has a grant to everybody: such objects fail and stay as they are; " +
		many + ", and the job's own report counts them by this name"
}

// readByACL says who reads by the ACLs of objects, and cannot read SSE-KMS: everybody,
// where that is not ignored, never; another account only where the key's policy lets it
// (Amazon S3 User Guide, UsingKMSEncryption and access-control-block-public-access,
// read 2026-11-29).
func (g ACLGrants) readByACL(f plan.Facts) []string {
	if f.ACLs == plan.No || f.ACLs == plan.Unknown && g.Public+g.Accounts == 0 {
		return nil
	}
	looked := fmt.Sprintf("of %s looked at, ", report.Plural(int64(g.Looked), "object"))
	accounts := haveOne(g.Accounts, "a grant to another account") + ", which the key's policy has to let"
	switch {
	case f.IgnoresPublicACLs == plan.Yes && g.Accounts == 0:
		return nil
	case f.IgnoresPublicACLs == plan.Yes:
		return []string{looked + accounts}
	case g.Looked == 0:
		return []string{"object ACLs are in force, and whom they let read is not known: anonymous readers cannot read SSE-KMS at all, other accounts only where the key's policy lets them"}
	}
	said := "object ACLs are in force: " + looked + haveOne(g.Public, "a grant to everybody") + ", and anonymous readers cannot read SSE-KMS at all"
	if g.Accounts > 0 {
		said += "; " + accounts
	}
	return []string{said}
}

func haveOne(n int, what string) string {
	switch n {
	case 0:
		return "none has " + what
	case 1:
		return "1 has " + what
	}
	return report.Count(int64(n)) + " have " + what
}

// accessLogs tells whether anything records who reads the bucket, which is what
// tells whom the new key would lock out. CloudTrail is not asked.
func (c *Checker) accessLogs(ctx context.Context) {
	const name = "access logs"
	switch to, err := c.Client.LogsTo(ctx, c.Options.Bucket); {
	case err != nil:
		c.failed(name, err)
	case to != "":
		c.Say(name, StatusOK, "server access logs go to "+to+": they show who reads", "")
	default:
		c.Say(name, StatusUnknown, "no server access logs are kept, so nothing here shows who reads; CloudTrail data events may, and are not looked at",
			"aws cloudtrail list-trails; aws cloudtrail get-event-selectors --trail-name NAME")
	}
}
