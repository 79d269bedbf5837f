package simulator

import "time"

// RestoreObject asks for a readable copy of an archived version for some days; it comes after Config.RestoreDelay.
// already tells that there was one, whose time is now prolonged (S3 answers 200 instead of 202).
func (w *World) RestoreObject(now time.Time, in *ObjectInput, days int) (already bool, err *Error) {
	return run(w, now, OpRestoreObject, &in.Request, in.Key, func(c *call) (bool, *Error) {
		c.status = 202
		v, _, err := c.lookup(c.b, in.Key, in.VersionID)
		if err != nil {
			return false, err
		}
		old := v.more().restore
		restored := !old.ready.IsZero() && !c.now.Before(old.ready) && c.now.Before(old.until)
		switch {
		case days < 1:
			return false, fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		case !restored && !v.archived(c.now):
			e := fail(403, "InvalidObjectState", "Restore is not allowed for the object's current storage class")
			e.StorageClass = string(v.class)
			return false, e
		case !old.ready.IsZero() && c.now.Before(old.ready):
			return false, fail(409, "RestoreAlreadyInProgress", "Object restore is already in progress")
		}
		if restored {
			c.status = 200
		}
		return restored, c.edit(in, func(v *version) *Error {
			r := v.edit()
			if !restored {
				r.restore.ready = c.now.Add(w.cfg.RestoreDelay)
			}
			r.restore.until = whole(c.now.Add(w.cfg.RestoreDelay).AddDate(0, 0, days))
			return nil
		})
	})
}
