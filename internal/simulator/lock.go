package simulator

import "time"

// Object lock follows the S3 User Guide, object-lock and object-lock-managing (read 2026-11-21).
const (
	governance = "GOVERNANCE"
	compliance = "COMPLIANCE"
	holdOn     = "ON"
	holdOff    = "OFF"
)

func validLockMode(mode string) bool { return mode == governance || mode == compliance }

// checkLock refuses lock headers that S3 refuses on a write.
func (c *call) checkLock(b *bucket, l *Lock) *Error {
	if *l == (Lock{}) {
		return nil
	}
	if !b.lock.Enabled {
		return invalidRequest("Bucket is missing Object Lock Configuration")
	}
	if (l.Mode == "") != l.RetainUntil.IsZero() {
		return invalidArgument("x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if l.Mode != "" && !validLockMode(l.Mode) {
		return invalidArgument("Unknown wormMode directive.")
	}
	if l.Mode != "" && !l.RetainUntil.After(c.now) {
		return invalidArgument("The retain until date must be in the future!")
	}
	if l.LegalHold != "" && l.LegalHold != holdOn && l.LegalHold != holdOff {
		return invalidArgument("Legal Hold must be either of 'ON' or 'OFF'")
	}
	if l.EventHold != "" && l.EventHold != holdOn && l.EventHold != holdOff {
		return invalidArgument("Event Hold must be either of 'ON' or 'OFF'")
	}
	return nil
}

// lockFor is the lock of a new version: what the request says, else the bucket's default retention from now.
func (b *bucket) lockFor(l *Lock, now time.Time) Lock {
	out := *l
	if out.Mode == "" && b.lock.Mode != "" {
		out.Mode = b.lock.Mode
		out.RetainUntil = now.AddDate(b.lock.Years, 0, b.lock.Days).Truncate(time.Second)
	}
	return out
}

// protected tells whether the version is under retention or a hold at the instant now.
func (l *Lock) protected(now time.Time) bool {
	return l.LegalHold == holdOn || l.EventHold == holdOn || l.Mode != "" && now.Before(l.RetainUntil)
}

// checkRemoval refuses to delete a protected version. Only governance retention can be bypassed.
func (l *Lock) checkRemoval(now time.Time, bypassGovernance bool) *Error {
	if !l.protected(now) {
		return nil
	}
	if bypassGovernance && l.Mode == governance && l.LegalHold != holdOn && l.EventHold != holdOn {
		return nil
	}
	return fail(403, "AccessDenied", "Access Denied because object protected by object lock.")
}

func noLock() *Error {
	return fail(404, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
}

// lockOf reads the lock of a version in a bucket with object lock.
func (c *call) lockOf(in *ObjectInput) (Lock, *Error) {
	if !c.b.lock.Enabled {
		return Lock{}, invalidRequest("Bucket is missing Object Lock Configuration")
	}
	v, _, err := c.lookup(c.b, in.Key, in.VersionID)
	if err != nil {
		return Lock{}, err
	}
	return v.more().lock, nil
}

// GetObjectRetention returns a lock with Mode and RetainUntil.
func (w *World) GetObjectRetention(now time.Time, in *ObjectInput) (Lock, *Error) {
	return run(w, now, OpGetObjectRetention, &in.Request, in.Key, func(c *call) (Lock, *Error) {
		l, err := c.lockOf(in)
		if err == nil && l.Mode == "" {
			err = noLock()
		}
		return l, err
	})
}

// PutObjectRetention sets retention. Compliance can only be prolonged; shortening governance, or removing it with an
// empty mode, needs bypassGovernance.
func (w *World) PutObjectRetention(now time.Time, in *ObjectInput, mode string, until time.Time, bypassGovernance bool) *Error {
	_, err := run(w, now, OpPutObjectRetention, &in.Request, in.Key, func(c *call) (struct{}, *Error) {
		old, err := c.lockOf(in)
		switch {
		case err != nil:
			return struct{}{}, err
		case mode != "" && !validLockMode(mode), (mode == "") != until.IsZero():
			return struct{}{}, fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		case mode != "" && !until.After(c.now):
			return struct{}{}, invalidArgument("The retain until date must be in the future!")
		}
		weaker := mode != old.Mode && mode != compliance || until.Before(old.RetainUntil)
		if active := old.Mode != "" && c.now.Before(old.RetainUntil); active && weaker &&
			(old.Mode == compliance || !bypassGovernance) {
			return struct{}{}, fail(403, "AccessDenied", "Access Denied because object protected by object lock.")
		}
		return struct{}{}, c.edit(in, func(v *version) *Error {
			r := v.edit()
			r.lock.Mode, r.lock.RetainUntil = mode, until
			return nil
		})
	})
	return err
}

// GetObjectLegalHold returns ON or OFF.
func (w *World) GetObjectLegalHold(now time.Time, in *ObjectInput) (string, *Error) {
	return run(w, now, OpGetObjectLegalHold, &in.Request, in.Key, func(c *call) (string, *Error) {
		l, err := c.lockOf(in)
		if err == nil && l.LegalHold == "" {
			err = noLock()
		}
		return l.LegalHold, err
	})
}

// PutObjectLegalHold sets ON or OFF.
func (w *World) PutObjectLegalHold(now time.Time, in *ObjectInput, status string) *Error {
	_, err := run(w, now, OpPutObjectLegalHold, &in.Request, in.Key, func(c *call) (struct{}, *Error) {
		if status != holdOn && status != holdOff {
			return struct{}{}, fail(400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		if _, err := c.lockOf(in); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, c.edit(in, func(v *version) *Error {
			v.edit().lock.LegalHold = status
			return nil
		})
	})
	return err
}
