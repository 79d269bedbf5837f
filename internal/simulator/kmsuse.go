package simulator

import (
	"maps"
	"slices"
	"time"
)

// KeyUse is one direct cryptographic request: OpGenerateDataKey, OpDataKeyAlone, OpEncrypt or OpDecrypt.
type KeyUse struct {
	Principal Principal
	Op        Op
	KeyID     string            // as the client named the key; of OpDecrypt it may be ""
	Wrapped   string            // OpDecrypt: ARN of the key that the ciphertext is under
	Context   map[string]string // the encryption context
	DryRun    bool
}

// UseKey returns the ARN of the key that the request is to be done with. With DryRun it answers DryRunOperationException
// (412) where it would have succeeded (KMS Developer Guide, testing-permissions). Both count against the quota.
func (w *World) UseKey(now time.Time, in *KeyUse) (arn string, err *Error) {
	return kmsCall(w, now, in.Op, in.Principal, in.KeyID, func(c *call) (string, *Error) {
		k, err := c.keyToUse(in)
		if err == nil {
			err = k.usable(in.Principal, c.account(), string(in.Op))
		}
		if err != nil {
			return "", err
		}
		if err := w.allowKey(in.Principal, string(in.Op), k, "", in.Context["aws:s3:arn"], in.Context); err != nil {
			return "", err
		}
		if !w.takeKMS(c.now, c.account(), k, string(in.Op)) {
			e := fail(400, "ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.")
			e.cause = throttleKMS
			return "", e
		}
		if in.DryRun {
			return "", fail(412, "DryRunOperationException", "The request would have succeeded, but the DryRun parameter is set.")
		}
		return k.ARN, nil
	})
}

// keyToUse finds the key. Decrypt knows it from the ciphertext, and refuses another one that is named (KMS API
// Reference, Decrypt; from memory, the page was not read again).
func (c *call) keyToUse(in *KeyUse) (*Key, *Error) {
	id := in.KeyID
	if id == "" {
		id = in.Wrapped
	}
	k, err := c.w.findKey(c.w.cfg.Region, c.account(), id)
	if err == nil && in.Wrapped != "" && k.ARN != in.Wrapped {
		return nil, fail(400, "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	return k, err
}

// KeyPage is one page of ListKeys. Next is "" on the last one.
type KeyPage struct {
	Keys []Key
	Next string
}

// ListKeys lists the keys of the requester's account by ARN.
func (w *World) ListKeys(now time.Time, p Principal, marker string, limit int) (KeyPage, *Error) {
	return kmsCall(w, now, OpListKeys, p, "", func(c *call) (KeyPage, *Error) {
		var out KeyPage
		if err := w.AllowOther(p, "kms:ListKeys", "*", c.account()); err != nil {
			return out, err
		}
		after, ok := "", true
		if marker != "" {
			after, ok = w.readToken(marker)
		}
		if !ok {
			return out, fail(400, "InvalidMarkerException", "The marker is not valid.")
		}
		for _, arn := range slices.Sorted(maps.Keys(w.kms.keys)) {
			k := w.kms.keys[arn]
			if arn <= after || k.Account() != c.account() || k.Region() != w.cfg.Region {
				continue
			}
			if len(out.Keys) == limit {
				out.Next = w.token(out.Keys[limit-1].ARN)
				break
			}
			out.Keys = append(out.Keys, *k)
		}
		return out, nil
	})
}
