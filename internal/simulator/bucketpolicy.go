package simulator

import (
	"bytes"
	"errors"
	"time"

	"reseal/policy"
)

// checkPolicy refuses a bucket policy that S3 would not take, and one that decisions could not be made by.
func (c *call) checkPolicy(doc []byte) *Error {
	d, err := policy.Parse(policy.Bucket, doc)
	if err == nil {
		err = d.Concerns(c.b.name)
	}
	var malformed *policy.MalformedError
	if errors.As(err, &malformed) {
		return fail(400, "MalformedPolicy", malformed.Error())
	}
	if open := d.Unsupported(); len(open) > 0 {
		return fail(501, "NotImplemented", "A header you provided implies functionality that is not implemented: "+open[0])
	}
	if c.w.stranger(c.req.Principal, d) != "" {
		return fail(400, "MalformedPolicy", "Invalid principal in policy")
	}
	return nil
}

// stranger is a principal of a policy that p puts whom IAM does not know, "" where there is none: S3 and KMS refuse a
// policy with such a one, be it an ARN or the unique id that AWS left in the place of one (IAM User Guide,
// reference_policies_elements_principal; KMS API Reference, PutKeyPolicy; read 2026-11-29).
func (w *World) stranger(p Principal, d *policy.Document) string {
	if w.cfg.Exists == nil || p.ARN == "" { // in process
		return ""
	}
	for i := range d.Statements {
		for _, name := range d.Statements[i].Principals.AWS {
			ours := arnField(name, 4) == w.cfg.Account && arnField(name, 2) == "iam" && arnField(name, 5) != "root"
			if (ours || policy.Gone(name)) && !w.cfg.Exists(name) {
				return name
			}
		}
	}
	return ""
}

// Forget puts the unique id of a user or role that was deleted in the place of its ARN in all policies of buckets and
// keys, as AWS shows it: another one of the same name is not meant by them (IAM User Guide,
// reference_policies_elements_principal, read 2026-11-29).
func (w *World) Forget(arn, id string) {
	from, to := []byte(`"`+arn+`"`), []byte(`"`+id+`"`)
	for _, k := range w.kms.keys {
		k.Policy = bytes.ReplaceAll(k.Policy, from, to)
	}
	for _, b := range w.buckets {
		if doc := b.documents[document{kind: PolicyConfig}]; doc != nil {
			b.documents[document{kind: PolicyConfig}] = bytes.ReplaceAll(doc, from, to)
		}
	}
}

// GetKeyPolicy returns the policy of a key, nil for the default one.
func (w *World) GetKeyPolicy(now time.Time, p Principal, keyID string) (Key, *Error) {
	return w.keyPolicy(now, OpGetKeyPolicy, p, keyID, nil)
}

// PutKeyPolicy replaces the policy of a key. S3 notices when it next calls KMS, not while a bucket key is known. bypass
// is BypassPolicyLockoutSafetyCheck.
func (w *World) PutKeyPolicy(now time.Time, p Principal, keyID string, doc []byte, bypass bool) *Error {
	_, err := w.keyPolicy(now, OpPutKeyPolicy, p, keyID, func(k *Key) *Error {
		if err := w.CheckKeyPolicy(p, k, doc, bypass); err != nil {
			return err
		}
		k.Policy = doc
		return nil
	})
	return err
}

// CheckKeyPolicy refuses a policy that KMS would not take from p for the key: one that is malformed, that names whom
// IAM does not know, or, without bypass, that would not let p change it again (KMS API Reference, PutKeyPolicy and
// CreateKey, read 2026-11-29).
func (w *World) CheckKeyPolicy(p Principal, k *Key, doc []byte, bypass bool) *Error {
	const malformed = "MalformedPolicyDocumentException"
	d, err := policy.Parse(policy.Key, doc)
	if err != nil {
		return fail(400, malformed, err.Error())
	}
	if w.stranger(p, d) != "" {
		return fail(400, malformed, "Policy contains a statement with one or more invalid principals.")
	}
	then := *k
	then.Policy = doc
	if !bypass && w.allowKey(p, "PutKeyPolicy", &then, "", "", nil) != nil {
		return fail(400, malformed, "The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

// keyPolicy finds the key for a request about its policy, which only identities of the key's own account may send
// (KMS API Reference, GetKeyPolicy and PutKeyPolicy: "Cross-account use: No", read 2026-11-29). With what error others
// are refused, the page does not say.
func (w *World) keyPolicy(now time.Time, op Op, p Principal, keyID string, put func(*Key) *Error) (Key, *Error) {
	return kmsCall(w, now, op, p, keyID, func(c *call) (Key, *Error) {
		k, err := w.findKey(w.cfg.Region, c.account(), keyID)
		if err != nil {
			return Key{}, err
		}
		if k.Account() != c.account() {
			return Key{}, fail(400, "AccessDeniedException", "User: "+p.ARN+" is not authorized to perform: kms:"+string(op)+" on this resource because the resource is in another account")
		}
		if err := w.allowKey(p, string(op), k, "", "", nil); err != nil {
			return Key{}, err
		}
		if put != nil {
			if err := put(k); err != nil {
				return Key{}, err
			}
		}
		return *k, nil
	})
}
