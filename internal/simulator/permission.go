package simulator

import (
	"maps"
	"time"
)

// AccessRequest is one question to Config.Authorize. A request may lead to several: a copy asks for s3:GetObject on the
// source and s3:PutObject on the destination.
type AccessRequest struct {
	Principal   Principal
	Action      string // s3:PutObject, kms:GenerateDataKey, iam:GetRole, …
	Resource    string // ARN, of actions that are on neither buckets nor keys; "" is "*"
	Bucket, Key string // of S3 actions; Key is "" for those on buckets
	Owner       string // account of the bucket or key
	Policy      []byte // the bucket's or key's policy document as stored, nil when there is none
	Plaintext   bool   // aws:SecureTransport is false
	TLSVersion  string // s3:TlsVersion
	Write       *WriteAttributes
	ACL         bool // the ACL of the bucket or the object lets the requester do it

	Grant bool // a KMS grant lets the requester do it

	ExternalID string // of sts:AssumeRole

	CopySource        string // x-amz-copy-source
	MetadataDirective string
	Conditions        WriteConditions
	Now               time.Time

	// WriteKey is the ARN of the key that the write would be under, the bucket's default included; "" where it is under
	// none. A condition on the key id is about this key, not about the header alone, while one on the algorithm is about
	// the header (S3 User Guide, UsingKMSEncryption, read 2026-11-21).
	WriteKey string

	KMSKeyARN  string // of KMS actions
	ViaS3      string // Region whose S3 calls KMS for the principal, "" for the principal's own calls
	KMSContext string // aws:s3:arn of the encryption context: the object's ARN, with a bucket key the bucket's

	// KMSFurtherContext are the other pairs of the encryption context, as the client sent them.
	KMSFurtherContext map[string]string
}

// sent is what a request says beyond its attributes, and policies have conditions on.
type sent struct {
	source, directive string
	conditions        WriteConditions
}

// allow asks whether the requester may do something with a bucket, or with the current version of a key.
func (c *call) allow(action string, b *bucket, key string, wr *WriteAttributes) *Error {
	return c.allowOn(action, b, key, "", wr)
}

// allowOn is allow for a version that the request names. Three may say yes: policies, by Config.Authorize, the ACL of
// the bucket or object, and for the owner nothing at all. What S3 Block Public Access takes away comes first.
func (c *call) allowOn(action string, b *bucket, key, version string, wr *WriteAttributes) *Error {
	if action == "" {
		return nil
	}
	stranger := c.account() != b.owner
	byACL := stranger && c.aclAllows(action, b, key, version)
	if stranger && !byACL && b.publicPolicy && c.w.blocks(b).RestrictPublicBuckets {
		return accessDenied()
	}
	if c.w.cfg.Authorize == nil {
		if c.req.Principal.Anonymous && !byACL {
			return accessDenied()
		}
		return nil
	}
	err := c.w.cfg.Authorize(&AccessRequest{
		Principal: c.req.Principal, Action: action, Bucket: b.name, Key: key, Owner: b.owner,
		Policy:    b.documents[document{kind: PolicyConfig}],
		Plaintext: c.req.Plaintext, TLSVersion: c.req.TLSVersion, Write: wr, WriteKey: c.writeKey(b, wr), ACL: byACL,
		CopySource: c.sent.source, MetadataDirective: c.sent.directive, Conditions: c.sent.conditions, Now: c.now,
	})
	if err != nil || wr == nil {
		return err
	}
	return c.allowAttributes(b, key, wr)
}

// AllowOther asks for an action of a service that the world does not model: IAM, STS. Account is the resource's.
func (w *World) AllowOther(p Principal, action, resource, account string) *Error {
	if w.cfg.Authorize == nil {
		return nil
	}
	return w.cfg.Authorize(&AccessRequest{Principal: p, Action: action, Resource: resource, Owner: account})
}

// AllowAssume asks whether a role of an account may be assumed, to which its trust policy has to agree. externalID is ""
// where the request has none.
func (w *World) AllowAssume(p Principal, role, account string, trust []byte, externalID string) *Error {
	if w.cfg.Authorize == nil {
		return nil
	}
	return w.cfg.Authorize(&AccessRequest{Principal: p, Action: "sts:AssumeRole", Resource: role, Owner: account, Policy: trust, ExternalID: externalID})
}

// allowVersion asks for what a request about the current version takes, or about one that it names.
func (c *call) allowVersion(id string) *Error {
	action := c.op.action()
	if id != "" {
		action = c.op.versionAction()
	}
	return c.allowOn(action, c.b, c.key, id, nil)
}

// allowAttributes asks for what setting tags, a lock or an ACL along with an object takes (S3 User Guide,
// using-with-s3-policy-actions, read 2026-11-21).
func (c *call) allowAttributes(b *bucket, key string, wr *WriteAttributes) *Error {
	for _, need := range []struct {
		set    bool
		action string
	}{
		{len(wr.Tags) > 0, "s3:PutObjectTagging"},
		{wr.Lock.Mode != "", "s3:PutObjectRetention"},
		{wr.Lock.LegalHold != "", "s3:PutObjectLegalHold"},
		{wr.ACL.Canned != "" || len(wr.ACL.Grants) > 0, "s3:PutObjectAcl"},
	} {
		if need.set {
			if err := c.allow(need.action, b, key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// writeKey is the key that a write with these attributes would be under.
func (c *call) writeKey(b *bucket, wr *WriteAttributes) string {
	if wr == nil || wr.Encryption.CustomerAlgorithm != "" {
		return ""
	}
	algorithm, id := wr.Encryption.Algorithm, wr.Encryption.KMSKeyID
	if algorithm == "" {
		def := b.defaultEncryption()
		algorithm, id = def.Algorithm, def.KMSKeyID
	}
	switch {
	case algorithm == algorithmS3:
		return ""
	case id == "":
		return c.w.awsManagedKey(c.account(), b.region).ARN
	}
	if k, err := c.w.findKey(b.region, c.account(), id); err == nil {
		return k.ARN
	}
	return id
}

// allowKey asks Config.Authorize about a KMS action: of the principal itself, or of S3 for it where via is a Region.
func (w *World) allowKey(p Principal, action string, k *Key, via, context string, further map[string]string) *Error {
	if w.cfg.Authorize == nil || k.Manager == "AWS" && via != "" {
		return nil // the policy of aws/s3 lets everybody of the account use it through S3 (KMS Developer Guide, "AWS managed keys")
	}
	pairs := maps.Clone(further)
	if context != "" {
		if pairs == nil {
			pairs = map[string]string{}
		}
		pairs["aws:s3:arn"] = context
	}
	return w.cfg.Authorize(&AccessRequest{
		Grant:     w.granted(p, action, k, pairs),
		Principal: p, Action: "kms:" + action, Owner: k.Account(), Policy: k.Policy, KMSKeyARN: k.ARN, ViaS3: via, KMSContext: context,
		KMSFurtherContext: further,
	})
}
