package preflight

import (
	"context"
	"fmt"
	"strings"

	"reseal/partition"
	"reseal/plan"
	"reseal/policy"
)

// reading is what the key's policy says of somebody who reads the bucket.
type reading struct {
	status    Status
	why, mend string
	left      bool // to the policies of an account, which the key's policy lets decide
}

// locked tells whether it is certain, or may be, that the key's policy keeps the
// reader from what is under the key. What is left to an account is the account's.
func (r *reading) locked() bool {
	return r.status == StatusStop || r.status == StatusUnknown && !r.left
}

// reads asks the key's policy, nil where it is not known, about a principal as the
// bucket's policy names one. Every reader needs the key's policy, those of the key's
// own account too: where it does not let the account decide, no policy of the account
// is of any use (AWS KMS Developer Guide, "key-policies" and
// "key-policy-modifying-external-accounts", read 2026-11-29).
func (c *Checker) reads(key *policy.Document, arn string) reading {
	if policy.Gone(arn) {
		return reading{status: StatusWarning, why: "stands for a user or role that was deleted: nobody reads by it", mend: "take " + arn + " out of the bucket's policy: aws s3api put-bucket-policy --bucket BUCKET …"}
	}
	account := accountOf(arn)
	if account == "cloudfront" {
		return reading{status: StatusStop, why: "an origin access identity of CloudFront cannot read SSE-KMS", mend: "give the distribution an origin access control"}
	}
	mend := "add " + arn + " to a statement of the key's policy that allows kms:Decrypt: " + c.atKey("aws kms put-key-policy --key-id KEY --policy-name default --policy file://…")
	if key == nil {
		return reading{status: StatusUnknown, why: "the key's policy could not be read, so whether it allows kms:Decrypt is not known", mend: c.atKey("aws kms get-key-policy --key-id KEY --policy-name default")}
	}
	who := policy.Principal{ARN: arn, Account: account}
	if arn == account {
		who.ARN = partition.OfARN(c.key.ARN).Root(account)
	}
	if strings.Contains(arn, ":role/") {
		who.Role = arn
	}
	v := key.Decide(c.keyRequestOf(who, "kms:Decrypt", c.Options.BucketKey))
	root := who.Root()
	switch {
	case v.Deny == policy.Yes:
		return reading{status: StatusStop, why: v.By.Name() + " of the key's policy denies kms:Decrypt", mend: mend}
	case v.Deny == policy.Maybe || v.Allow == policy.Maybe:
		return reading{status: StatusUnknown, why: "the key's policy hinges on what cannot be told from here", mend: mend}
	case v.Allow == policy.Yes && !root:
		return reading{status: StatusOK, why: "the key's policy allows kms:Decrypt"}
	case v.Allow == policy.Yes || v.Delegate == policy.Yes:
		return reading{status: StatusUnknown, left: true, why: "the key's policy leaves it to the policies of account " + account + ", which only that account can read", mend: c.simulate(arn, account)}
	case v.Delegate == policy.Maybe:
		return reading{status: StatusUnknown, why: "whether the key's policy leaves it to account " + account + " hinges on what cannot be told from here", mend: mend}
	case c.Options.BucketKey && key.Decide(c.keyRequestOf(who, "kms:Decrypt", false)).Allow == policy.Yes:
		return reading{status: StatusStop, why: "the key's policy allows kms:Decrypt only for object ARNs, and with bucket keys the encryption context is the bucket's ARN", mend: mend}
	}
	return reading{status: StatusStop, why: "nothing in the key's policy allows kms:Decrypt: without a KMS grant, which is not looked at, what is under the key cannot be read any more", mend: mend}
}

// simulate is the command that shows whether the policies of a user or role allow it
// to decrypt. IAM simulates for users and roles alone, by the ARNs that it knows them
// by: neither for accounts nor for sessions (IAM API Reference,
// SimulatePrincipalPolicy, read 2026-11-29).
func (c *Checker) simulate(arn, account string) string {
	const ask = "aws iam simulate-principal-policy --action-names kms:Decrypt --resource-arns KEY --policy-source-arn "
	who := policy.Principal{ARN: arn}
	role, isSession := who.RoleName()
	switch {
	case isSession:
		return c.in(account, ask+"$(aws iam get-role --role-name "+role+" --query Role.Arn --output text)")
	case who.Root() || arn == account:
		return "reseal preflight --readers FILE, with the ARNs of the users and roles of account " + account + " that read"
	}
	return c.in(account, ask+arn)
}

// atKey is a command on the key's policy, which only its own account can read and
// change (AWS KMS API Reference, GetKeyPolicy and PutKeyPolicy: "Cross-account use:
// No", read 2026-11-29).
func (c *Checker) atKey(command string) string { return c.in(c.key.Account, command) }

// in says where else a command must be typed than where the caller is.
func (c *Checker) in(account, command string) string {
	if account == "" || c.caller.Account == "" || account == c.caller.Account {
		return command
	}
	return "in account " + account + ": " + command
}

// readKeyPolicy reads the policy of the key. That of the AWS managed key is as
// documented where it cannot be read.
func (c *Checker) readKeyPolicy(ctx context.Context) (*policy.Document, error) {
	text, err := c.Client.KeyPolicy(ctx, c.key.ARN)
	if err != nil && c.Facts.ManagedKey == plan.Yes && c.key.Account != "" {
		text, err = managedPolicy(c.key.Account, c.partition().S3(c.key.Region)), nil
	}
	if err != nil {
		return nil, err
	}
	return policy.Parse(policy.Key, text)
}

// managedPolicy is the policy of aws/s3: everybody of the account may use it through
// S3 (AWS KMS Developer Guide, "key-policy-viewing" and "AWS managed keys", read
// 2026-11-29).
func managedPolicy(account, service string) []byte {
	return fmt.Appendf(nil, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*"],`+
		`"Resource":"*","Condition":{"StringEquals":{"kms:CallerAccount":%q,"kms:ViaService":%q}}}}`, account, service)
}
