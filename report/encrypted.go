package report

import (
	"strings"

	"reseal/cost"
	"reseal/plan"
)

// EncryptedKeys are the keys of objects that a run left alone as already-encrypted,
// as far as it looked at them: where a report does not say how objects are encrypted,
// HeadObject does, and names the key.
type EncryptedKeys struct {
	Wanted int64 `json:"the_key"`         // the job's own
	AWS    int64 `json:"aws_managed_key"` // aws/s3
	Other  int64 `json:"another_key"`     // another customer managed key; where nobody could ask for aws/s3, that too
	AnyAWS bool  `json:"another_may_be_aws_managed,omitempty"`
}

// looked is how many objects were looked at.
func (k EncryptedKeys) looked() int64 { return k.Wanted + k.AWS + k.Other }

// text names the keys with how many objects each has.
func (k EncryptedKeys) text() string {
	var parts []string
	add := func(n int64, what string) {
		if n > 0 {
			parts = append(parts, Count(n)+" under "+what)
		}
	}
	other := "another customer key"
	if k.AnyAWS {
		other = "another key (aws/s3 could not be told apart)"
	}
	add(k.Wanted, "the key")
	add(k.Other, other)
	add(k.AWS, "the AWS managed key aws/s3")
	return strings.Join(parts, ", ")
}

// AboutEncrypted says what is known of n objects that are left alone as
// already-encrypted, "" where it is all that there is to know: with --rekey each was
// looked at, and SSE-S3 has no key.
func AboutEncrypted(n int64, keys EncryptedKeys, o *plan.Options) string {
	if n == 0 || o.Rekey || o.SSE != plan.TargetKMS {
		return ""
	}
	var all []string
	looked := min(keys.looked(), n)
	if looked > 0 {
		all = append(all, Plural(looked, "object")+" looked at: "+keys.text())
	}
	if rest := n - looked; rest > 0 {
		verb := "are"
		if rest == 1 {
			verb = "is"
		}
		all = append(all, Plural(rest, "object")+" "+verb+" under some KMS key, which one was not looked at; --rekey looks")
	} else if keys.Wanted < n {
		all = append(all, "--rekey takes those that are not under the key")
	}
	return strings.Join(all, "; ")
}

// aboutRekey is that with the price of --rekey beside it, "" for none.
func aboutRekey(t *cost.Tally, e *cost.Estimate, o *plan.Options) string {
	var n int64
	for _, r := range t.Reasons() {
		if r.Name == string(plan.AlreadyEncrypted) {
			n = r.Objects
		}
	}
	text := AboutEncrypted(n, EncryptedKeys{}, o) // nobody looked before the run
	if r := e.Rekey; text != "" && r != nil {
		text += ": " + priceOf(&r.Looks) + " for the looks, " + Money(r.Most.Total.Max) + " at most if all of them are re-encrypted"
	}
	return text
}

// encryptedIn is how many objects a run left alone as already-encrypted.
func encryptedIn(s *Summary) (n int64) {
	for _, g := range s.Groups() {
		if g.Reason == string(plan.AlreadyEncrypted) && g.Status == "skipped" {
			n += g.Objects
		}
	}
	return n
}
