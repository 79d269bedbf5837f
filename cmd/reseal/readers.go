package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"reseal/policy"
)

// maxReaders bounds the list of readers; a key policy of 32 KB has no room for more.
const maxReaders = 10_000

// readReaders reads a list of ARNs, one a line; # begins a comment.
func readReaders(name string) ([]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read readers: %w", err)
	}
	defer file.Close()
	var out []string
	lines := bufio.NewScanner(io.LimitReader(file, 4<<20))
	for lines.Scan() {
		arn, _, _ := strings.Cut(lines.Text(), "#")
		if arn = strings.TrimSpace(arn); arn == "" {
			continue
		}
		if f := strings.SplitN(arn, ":", 6); len(f) != 6 || f[0] != "arn" || f[2] != "iam" && f[2] != "sts" {
			return nil, usagef("--readers %s: %q is no ARN of a user or role", name, arn)
		}
		if out = append(out, arn); len(out) > maxReaders {
			return nil, usagef("--readers %s: more than %d", name, maxReaders)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read readers of %s: %w", name, err)
	}
	return out, nil
}

// readers tells who of those that are named, and of those that the bucket's
// policy names, could decrypt what is under the key.
func (c *preflight) readers(ctx context.Context, named []string) {
	text, err := c.client.BucketPolicy(ctx, c.options.Bucket)
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
	if c.options.BucketKey {
		c.say("encryption context", standHazard, "with bucket keys the context of each KMS request is arn:"+partitionOf(c.key.ARN)+":s3:::"+c.options.Bucket+
			", not the object's ARN: key policies and grants with a condition on object ARNs stop matching", "aws kms get-key-policy --key-id KEY --policy-name default")
	}
	if len(named) == 0 {
		return
	}
	keyText, err := c.client.KeyPolicy(ctx, c.key.ARN)
	if err != nil {
		c.failed("readers", err)
		return
	}
	key, err := policy.Parse(policy.Key, keyText)
	if err != nil {
		c.failed("readers", err)
		return
	}
	for _, arn := range named {
		c.reader(key, arn)
	}
}

// namedReaders are those that a bucket policy lets read.
func (c *preflight) namedReaders(d *policy.Document) []string {
	var out []string
	for i := range d.Statements {
		s := &d.Statements[i]
		if s.Deny || !covers(s, "s3:GetObject") {
			continue
		}
		if s.Principals.Anyone {
			c.say("readers", standUnknown, s.Name()+" lets everybody read, or everybody that meets its conditions: without kms:Decrypt on the key nobody of them will", "reseal preflight --readers FILE")
		}
		out = append(out, s.Principals.AWS...)
		for _, service := range s.Principals.Services {
			c.say("reader "+service, standUnknown, s.Name()+" lets a service read, which needs kms:Decrypt on the key from its policy", "aws kms get-key-policy --key-id KEY --policy-name default")
		}
	}
	return out
}

// reader asks the key's policy about one principal.
func (c *preflight) reader(key *policy.Document, arn string) {
	account := arn
	if f := strings.SplitN(arn, ":", 6); len(f) == 6 {
		account = f[4]
	} else {
		arn = "arn:" + partitionOf(c.key.ARN) + ":iam::" + account + ":root"
	}
	name := "reader " + arn
	partition := partitionOf(c.key.ARN)
	bucket := "arn:" + partition + ":s3:::" + c.options.Bucket
	ask := func(context string) policy.Verdict {
		return key.Decide(&policy.Request{
			Principal: policy.Principal{ARN: arn, Account: account}, Action: "kms:Decrypt", Resource: c.key.ARN,
			Context: map[string][]string{"kms:viaservice": {"s3." + c.key.Region + "." + domainOf(partition)}, "kms:calleraccount": {account},
				"kms:encryptioncontext:aws:s3:arn": {context}, "kms:encryptioncontextkeys": {"aws:s3:arn"}},
			Unknown: func(k string) bool { return !strings.HasPrefix(k, "kms:encryptioncontext:") },
		})
	}
	context := bucket + "/any-object-of-the-bucket"
	if c.options.BucketKey {
		context = bucket
	}
	v := ask(context)
	mend := "add " + arn + " to a statement of the key's policy that allows kms:Decrypt: aws kms put-key-policy --key-id KEY --policy-name default …"
	root := strings.HasSuffix(arn, ":root")
	switch {
	case v.Deny == policy.Yes:
		c.say(name, standStop, v.By.Name()+" of the key's policy denies kms:Decrypt", mend)
	case v.Deny == policy.Maybe || v.Allow == policy.Maybe:
		c.say(name, standUnknown, "the key's policy hinges on what cannot be told from here", mend)
	case v.Allow == policy.Yes && !root:
		c.say(name, standOK, "the key's policy allows kms:Decrypt", "")
	case v.Allow == policy.Yes || v.Delegate != policy.No:
		c.say(name, standUnknown, "the key's policy leaves it to the policies of account "+account+", which only that account can read",
			"aws iam simulate-principal-policy --policy-source-arn "+arn+" --action-names kms:Decrypt --resource-arns KEY")
	case c.options.BucketKey && ask(bucket+"/any-object-of-the-bucket").Allow == policy.Yes:
		c.say(name, standStop, "the key's policy allows kms:Decrypt only for object ARNs, and with bucket keys the encryption context is the bucket's ARN", mend)
	default:
		c.say(name, standStop, "nothing in the key's policy allows kms:Decrypt: what is under the key cannot be read any more", mend)
	}
}

// lifetime tells whether the files of a report may go before a job has read them.
func (c *preflight) lifetime(ctx context.Context, o *opened) {
	const name = "report files"
	end := findReportEnd(ctx, c.client, o)
	switch {
	case end.err != nil:
		c.failed(name, end.err)
		return
	case !end.at.IsZero():
		c.say(name, standHazard, fmt.Sprintf("lifecycle rule %q of %s removes them from %s on: a job of several nights may outlive its report",
			end.rule, end.bucket, end.at.Format("2006-01-02")), "reseal run … --keep-inventory DIR")
		return
	}
	c.say(name, standOK, "no lifecycle rule removes them", "")
}
