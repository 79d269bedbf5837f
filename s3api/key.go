package s3api

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"reseal/plan"
)

// Key is what KMS says of a key.
type Key struct {
	ARN     string // full key ARN, also where an alias was asked for
	ID      string
	Account string
	Region  string
	State   string // Enabled, Disabled, PendingDeletion, …
	Spec    string // SYMMETRIC_DEFAULT where S3 can use it
	Usage   string // ENCRYPT_DECRYPT where S3 can use it
	Manager string // AWS or CUSTOMER

	// Store is the id of the custom key store that holds the key, "" for KMS's
	// own. Such a store has a quota of its own, far below the account's.
	Store string
}

// Key resolves an id, ARN, alias or alias ARN and checks that S3 can encrypt
// with it in the client's Region, the bucket's. Errors are *SetupError; of kind
// KeyUnchecked where the endpoint has no KMS API to ask.
func (c *Client) Key(ctx context.Context, id string) (Key, error) {
	const op = "DescribeKey"
	if err := c.elsewhere(c.kms.Options().BaseEndpoint, "KMS"); err != nil {
		return Key{}, &SetupError{Kind: KeyUnchecked, Op: op, Subject: id, Err: err}
	}
	if region := arnRegion(id); region != "" && region != c.Region() && c.endpoint.AWS != plan.No {
		return Key{}, c.otherRegion(op, id, region)
	}
	out, err := c.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
	if err != nil {
		return Key{}, c.keyError(op, id, err)
	}
	m := out.KeyMetadata
	if m == nil || m.Arn == nil {
		return Key{}, &SetupError{Kind: KeyUnchecked, Op: op, Subject: id, Err: errors.New("the answer says nothing of the key")}
	}
	k := Key{ARN: *m.Arn, ID: value(m.KeyId), Account: value(m.AWSAccountId), Region: arnRegion(*m.Arn),
		State: string(m.KeyState), Spec: string(m.KeySpec), Usage: string(m.KeyUsage), Manager: string(m.KeyManager), Store: value(m.CustomKeyStoreId)}
	return k, c.usable(op, id, k)
}

// usable tells why S3 could not encrypt with k, nil where it could.
func (c *Client) usable(op, id string, k Key) error {
	bad := func(kind SetupKind, format string, args ...any) error {
		return &SetupError{Kind: kind, Op: op, Subject: id, Err: fmt.Errorf(format, args...)}
	}
	switch {
	case k.Region != "" && k.Region != c.Region():
		return c.otherRegion(op, id, k.Region)
	case k.Spec != "" && k.Spec != string(types.KeySpecSymmetricDefault), k.Usage != "" && k.Usage != string(types.KeyUsageTypeEncryptDecrypt):
		return bad(KeyUsage, "%s; S3 encrypts with symmetric keys only", k.purpose())
	case k.Spec == "" || k.Usage == "":
		return bad(KeyUnchecked, "the answer does not say what the key is for")
	}
	switch types.KeyState(k.State) {
	case types.KeyStateEnabled:
		return nil
	case types.KeyStateDisabled:
		return bad(KeyDisabled, "the key is disabled")
	case types.KeyStatePendingDeletion, types.KeyStatePendingReplicaDeletion:
		return bad(KeyDeleted, "the key is waiting to be deleted; what is encrypted under it would be lost with it")
	}
	return bad(KeyUnavailable, "the key is in state %s", k.State)
}

// purpose says what a key is for, as far as that is known.
func (k *Key) purpose() string {
	switch {
	case k.Usage == "":
		return "a key of spec " + k.Spec
	case k.Spec == "":
		return "a key for " + k.Usage
	}
	return "a key of spec " + k.Spec + ", for " + k.Usage
}

// KeyOfARN is what the ARN of a key says of it, where KMS could not be asked.
func KeyOfARN(arn string) Key {
	f := strings.SplitN(arn, ":", 6)
	if len(f) < 6 {
		return Key{ARN: arn}
	}
	return Key{ARN: arn, ID: strings.TrimPrefix(f[5], "key/"), Account: f[4], Region: f[3]}
}

// CheckKey proves that the caller may have data keys made under the key, which
// is what S3 does on the caller's behalf, by a dry run that makes none.
func (c *Client) CheckKey(ctx context.Context, k Key) error {
	const op = "GenerateDataKey"
	_, err := c.kms.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: &k.ARN, KeySpec: types.DataKeySpecAes256, DryRun: aws.Bool(true),
	})
	var would *types.DryRunOperationException // "would have worked"
	if err == nil || errors.As(err, &would) {
		return nil
	}
	return c.keyError(op, k.ARN, err)
}

// keyError says what an error of KMS means for the key.
func (c *Client) keyError(op, id string, err error) error {
	out := setupError(op, id, err).(*SetupError)
	out.Region = ""
	switch out.Code {
	case "NotFoundException", "InvalidArnException":
		if region := arnRegion(id); region != "" && region != c.Region() {
			return c.otherRegion(op, id, region) // "Invalid arn REGION": KMS looks in its own alone
		}
		out.Kind = KeyUnknown
	case "DisabledException":
		out.Kind = KeyDisabled
	case "KMSInvalidStateException":
		out.Kind = KeyUnavailable
	case "InvalidKeyUsageException":
		out.Kind = KeyUsage
	case "AccessDeniedException":
		out.Kind = AccessDenied
	default:
		// Another S3 server takes the call for a request to S3, and answers
		// what it would to that.
		var api smithy.APIError
		answered := answerOf(err).status != 0
		if c.endpoint.AWS == plan.No && answered && !(errors.As(err, &api) && strings.HasSuffix(api.ErrorCode(), "Exception")) {
			out.Kind = KeyUnchecked
			out.Err = fmt.Errorf("no KMS API at %s: %w", c.endpoint.URL, err)
		}
	}
	return out
}

// otherRegion is the error for a key that is not where the bucket is.
func (c *Client) otherRegion(op, id, region string) error {
	return &SetupError{Kind: KeyRegion, Op: op, Subject: id, Region: c.Region(),
		Err: fmt.Errorf("the key is in %s, and S3 encrypts only with keys of the bucket's Region, %s", region, c.Region())}
}

// arnRegion returns the Region that a full ARN names, "" where id is none.
func arnRegion(id string) string {
	if parts := strings.SplitN(id, ":", 6); len(parts) == 6 && parts[0] == "arn" {
		return parts[3]
	}
	return ""
}

// ManagedKeyAlias is the alias of the key that S3 takes where none is named.
const ManagedKeyAlias = "alias/aws/s3"
