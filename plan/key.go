package plan

import (
	"slices"
	"strings"

	"reseal/inventory"
)

// keyOf returns the KMS key that a row says its object is under, "" where it does not
// say: an alias may lead to any key by now.
func keyOf(r *inventory.Record) string {
	if strings.Contains(r.KMSKeyARN, "alias/") {
		return ""
	}
	return r.KMSKeyARN
}

// underByRow tells whether an object of SSE-KMS is under the key, and as the options want
// its bucket key, by the row alone. known is false where the row is not enough to tell.
func (p *Policy) underByRow(r *inventory.Record) (under, known bool) {
	o, key := &p.Options, keyOf(r)
	switch {
	case r.Encryption != inventory.SSEKMS || key == "":
		return false, false
	case !SameKey(key, o.KMSKeyID):
		return false, true
	case p.AnyBucketKey:
		return true, true
	case r.BucketKey != "ENABLED" && r.BucketKey != "DISABLED":
		return false, false
	}
	return (r.BucketKey == "ENABLED") == o.BucketKey, true
}

// mayBeUnderKMS tells whether the object may be under a KMS key for all that the row says.
func mayBeUnderKMS(r *inventory.Record) bool {
	return UnderKMS(r.Encryption) || !knownEncryption(r)
}

// selectsFrom tells whether the row's object may be under one of the keys that objects
// are taken from. Where the row does not say, Unsure does, and a look decides.
func (o *Options) selectsFrom(r *inventory.Record) bool {
	if key := keyOf(r); len(o.FromKeys) > 0 && key != "" {
		return o.takesFrom(key)
	}
	return len(o.FromKeys) == 0 || mayBeUnderKMS(r)
}

// takesFrom tells whether objects under this key are asked for.
func (o *Options) takesFrom(key string) bool {
	return slices.ContainsFunc(o.FromKeys, func(from string) bool { return SameKey(from, key) })
}

// leftByKey tells whether the key that a look shows leaves the object alone: it may have
// got another one since the report.
func (o *Options) leftByKey(h *Head) bool { return len(o.FromKeys) > 0 && !o.takesFrom(h.KMSKeyID) }

// keyIsEnough tells whether the row says under which key its object is, as only few do.
func (p *Policy) keyIsEnough(r *inventory.Record) bool {
	_, known := p.underByRow(r)
	return known
}
