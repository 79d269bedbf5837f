package simulator

import (
	"regexp"
	"time"
)

// updateKeyARN is the form of key that UpdateObjectEncryption takes: no bare id, no alias (S3 API Reference,
// UpdateObjectEncryption, read 2026-11-21).
var updateKeyARN = regexp.MustCompile(`^arn:aws[a-zA-Z0-9-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-zA-Z0-9-]+$`)

// UpdateObjectEncryption puts an SSE-S3 or SSE-KMS version under a KMS key where it is: content, ETag, LastModified,
// version id and everything else stay (S3 User Guide, update-sse-encryption, read 2026-11-21).
func (w *World) UpdateObjectEncryption(now time.Time, in *UpdateObjectEncryptionInput) (requestCharged bool, err *Error) {
	return run(w, now, OpUpdateObjectEncryption, &in.Request, in.Key, func(c *call) (bool, *Error) {
		switch w.knobs.Update {
		case UpdateAsPut:
			_, err := c.put(&PutObjectInput{Request: in.Request, Key: in.Key, Body: Bytes(in.RawBody)})
			return false, err
		case UpdateNotImplemented:
			return false, fail(501, "NotImplemented", "A header you provided implies functionality that is not implemented")
		}
		return c.charged(), c.update(in)
	})
}

func (c *call) update(in *UpdateObjectEncryptionInput) *Error {
	switch {
	case c.req.Unsigned:
		return invalidRequest("UpdateObjectEncryption requires AWS Signature Version 4.")
	case in.Target != SSEKMS:
		return invalidRequest("The requested encryption type is not valid for UpdateObjectEncryption.")
	case len(in.KMSKeyARN) > 2048 || !updateKeyARN.MatchString(in.KMSKeyARN):
		return invalidRequest("The KMS key must be specified by its full Amazon Resource Name.")
	}
	v, _, err := c.lookup(c.b, in.Key, in.VersionID)
	if err != nil {
		if err.Code == "NoSuchVersion" || err.Code == "MethodNotAllowed" {
			e := noSuchKey() // the only 404 the operation documents
			e.DeleteMarker, e.VersionID = err.DeleteMarker, in.VersionID
			err = e
		}
		return err
	}
	if v.enc.Type != SSES3 && v.enc.Type != SSEKMS {
		return invalidRequest("UpdateObjectEncryption is not supported for objects with encryption type " + string(v.enc.Type) + ".")
	}
	if arnField(in.KMSKeyARN, 4) != c.b.owner {
		return fail(403, "AccessDenied", "The KMS key must belong to the account of the bucket owner.")
	}
	if v.more().lock.protected(c.now) {
		return fail(403, "AccessDenied", "Access Denied because object protected by object lock.")
	}
	if err := c.secure(); err != nil {
		return err
	}
	to := Encryption{Type: SSEKMS, KMSKeyARN: in.KMSKeyARN, BucketKeyEnabled: in.BucketKeyEnabled}
	if err := c.rewrap(&v.enc, &to); err != nil {
		return err
	}
	if len(c.w.knobs.Spoils) == 0 && c.b.objects.updateCompact(in.Key, v, to) {
		return nil
	}
	e := c.b.objects.own(in.Key)
	defer c.b.objects.release(e)
	stored := find(e.versions, v.id)
	stored.enc = to
	c.w.knobs.spoil(stored, in.Key, ByUpdate, c.now)
	e.rewrites++
	return nil
}

// rewrap makes the KMS calls of an update. AWS publishes no count: by the permissions the operation needs it is one call
// to wrap, and one more to unwrap what is under a KMS key already.
func (c *call) rewrap(from, to *Encryption) *Error {
	if n := c.w.cfg.UpdateKMS; n > 0 {
		for range n {
			if err := c.wrap(c.b, to); err != nil {
				return err
			}
		}
		return nil
	}
	if err := c.unwrap(c.b, c.key, from, ""); err != nil {
		return err
	}
	return c.wrap(c.b, to)
}
