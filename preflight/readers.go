package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"reseal/internal/smallfile"
	"reseal/inventory"
	"reseal/policy"
)

// maxReaders bounds the list of readers; a key policy of 32 KB has no room for more.
const maxReaders = 10_000

// ReadersError is a file that is no list of readers.
type ReadersError struct{ err error }

func (e *ReadersError) Error() string { return e.err.Error() }
func (e *ReadersError) Unwrap() error { return e.err }

// ReadReaders reads a list of ARNs, one a line; # begins a comment. A file that is
// no such list, or cannot be read, is a *ReadersError.
func ReadReaders(name string) ([]string, error) {
	text, err := smallfile.Read(name, 4<<20)
	if err != nil {
		return nil, &ReadersError{err}
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		arn, _, _ := strings.Cut(line, "#")
		if arn = strings.TrimSpace(arn); arn == "" {
			continue
		}
		if f := strings.SplitN(arn, ":", 6); len(f) != 6 || f[0] != "arn" || f[2] != "iam" && f[2] != "sts" {
			return nil, &ReadersError{fmt.Errorf("%s: %q is no ARN of a user or role", name, arn)}
		}
		if out = append(out, arn); len(out) > maxReaders {
			return nil, &ReadersError{fmt.Errorf("%s: more than %d", name, maxReaders)}
		}
	}
	return out, nil
}

// Readers tells who of those that are named, and of those that the bucket's
// policy names, could decrypt what is under the key.
func (c *Checker) Readers(ctx context.Context, named []string) {
	text, err := c.Client.BucketPolicy(ctx, c.Options.Bucket)
	if err == nil && text != nil {
		if d, err := policy.Parse(policy.Bucket, text); err == nil {
			named = append(slices.Clone(named), c.namedReaders(d)...)
		}
	}
	slices.Sort(named)
	named = slices.Compact(named)
	if c.key.ARN == "" {
		return // said with the key
	}
	if c.Options.BucketKey {
		c.Say("encryption context", StatusWarning, "with bucket keys the context of each KMS request is "+c.partition().Bucket(c.Options.Bucket)+
			", not the object's ARN: key policies and grants with a condition on object ARNs stop matching", c.atKey("aws kms get-key-policy --key-id KEY --policy-name default"))
	}
	if len(named) == 0 {
		return
	}
	key, err := c.readKeyPolicy(ctx)
	if err != nil {
		c.failed("readers", err)
	}
	for _, arn := range named {
		c.reader(key, arn)
	}
}

// namedReaders are those that a bucket policy lets read.
func (c *Checker) namedReaders(d *policy.Document) []string {
	var out []string
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Deny || !covers(s, "s3:GetObject") {
			continue
		}
		if s.NotPrincipal {
			c.Say("readers", StatusUnknown, s.Name()+" lets everybody read but those that it names: without kms:Decrypt on the key nobody of them will", "reseal preflight --readers FILE")
			continue
		}
		if s.Principals.Anyone {
			c.Say("readers", StatusUnknown, s.Name()+" lets everybody read, or everybody that meets its conditions: without kms:Decrypt on the key nobody of them will", "reseal preflight --readers FILE")
		}
		out = append(out, s.Principals.AWS...)
		for _, service := range s.Principals.Services {
			c.Say("reader "+service, StatusUnknown, s.Name()+" lets a service read, which needs kms:Decrypt on the key from its policy", c.atKey("aws kms get-key-policy --key-id KEY --policy-name default"))
		}
	}
	return out
}

// reader adds the row of one principal.
func (c *Checker) reader(key *policy.Document, arn string) {
	if account := accountOf(arn); account == arn && !policy.Gone(arn) {
		arn = c.partition().Root(account)
	}
	r := c.reads(key, arn)
	if r.status == StatusStop { // of that reader: a run begins once it is accepted
		c.hazard("reader "+arn, readers, r.why, r.mend)
		return
	}
	c.Say("reader "+arn, r.status, r.why, r.mend)
}

// Lifetime tells whether the files of a report may go before a job has read them.
func (c *Checker) Lifetime(ctx context.Context, rep *inventory.Report, uri string) {
	const name = "report files"
	end := FindReportEnd(ctx, c.Client, rep, uri)
	switch {
	case end.Err != nil:
		c.failed(name, end.Err)
		return
	case !end.At.IsZero():
		c.Say(name, StatusWarning, fmt.Sprintf("lifecycle rule %q of %s removes them from %s on: a job of several nights may outlive its report",
			end.Rule, end.Bucket, end.At.Format("2006-01-02")), "reseal run JOB --keep-inventory DIR")
		return
	}
	c.Say(name, StatusOK, "no lifecycle rule removes them", "")
}
