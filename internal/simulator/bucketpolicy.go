package simulator

import (
	"errors"
	"time"

	"reseal/policy"
)

// checkPolicy refuses a bucket policy that S3 would not take, and one that decisions could not be made by.
func checkPolicy(bucket string, doc []byte) *Error {
	d, err := policy.Parse(policy.Bucket, doc)
	if err == nil {
		err = d.Concerns(bucket)
	}
	var malformed *policy.MalformedError
	if errors.As(err, &malformed) {
		return fail(400, "MalformedPolicy", malformed.Error())
	}
	if open := d.Unsupported(); len(open) > 0 {
		return fail(501, "NotImplemented", "A header you provided implies functionality that is not implemented: "+open[0])
	}
	return nil
}

// GetKeyPolicy returns the policy of a key, nil for the default one.
func (w *World) GetKeyPolicy(now time.Time, p Principal, keyID string) (Key, *Error) {
	return w.keyPolicy(now, OpGetKeyPolicy, p, keyID, nil)
}

// PutKeyPolicy replaces the policy of a key. S3 notices when it next calls KMS, not while a bucket key is known.
func (w *World) PutKeyPolicy(now time.Time, p Principal, keyID string, doc []byte) *Error {
	_, err := w.keyPolicy(now, OpPutKeyPolicy, p, keyID, doc)
	return err
}

func (w *World) keyPolicy(now time.Time, op Op, p Principal, keyID string, doc []byte) (Key, *Error) {
	return kmsCall(w, now, op, p, keyID, func(c *call) (Key, *Error) {
		k, err := w.findKey(w.cfg.Region, c.account(), keyID)
		if err != nil {
			return Key{}, err
		}
		if err := w.allowKey(p, string(op), k, "", ""); err != nil {
			return Key{}, err
		}
		if doc != nil {
			if _, err := policy.Parse(policy.Key, doc); err != nil {
				return Key{}, fail(400, "MalformedPolicyDocumentException", err.Error())
			}
			k.Policy = doc
		}
		return *k, nil
	})
}
