package simulator

import (
	"slices"
	"testing"
	"time"
)

// Each attribute is lost, altered and added by the way of writing that a knob names, and by no other.
func TestSpoils(t *testing.T) {
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	full := func() *version {
		v := &version{size: 5, body: Bytes([]byte("hello")), class: StandardIA, enc: Encryption{Type: SSEKMS, BucketKeyEnabled: true},
			meta: &Metadata{ContentType: "a/b", CacheControl: "c", ContentDisposition: "d", ContentEncoding: "e", ContentLanguage: "l", Expires: "x",
				User: map[string]string{"k": "v"}, Missing: 1},
			tags: []Tag{{Key: "k", Value: "v"}}, checksum: Checksum{"CRC32", "FULL_OBJECT", "AAAAAA=="}}
		r := v.edit()
		r.grants, r.redirect = []Grant{{Type: "Group", Grantee: "g", Permission: "READ"}}, "/r"
		r.lock = Lock{Mode: "COMPLIANCE", RetainUntil: now.Add(time.Hour), LegalHold: "ON", EventHold: "ON", EventHoldDuration: "3d"}
		r.annotations = map[string][]byte{"note": []byte("x")}
		return v
	}
	digest := func(v *version) string {
		var o ObjectInfo
		v.info("k", true, "owner", now, &o)
		h := hasher("SHA256")
		o.hash(h)
		for _, name := range slices.Sorted(slices.Values([]string{"note", "other"})) {
			writeStrings(h, string(v.more().annotations[name]))
		}
		writeNumber(h, int64(v.body.identity(1)))
		return string(h.Sum(nil))
	}
	all := []Attribute{AttrContentType, AttrCacheControl, AttrContentDisposition, AttrContentEncoding, AttrContentLanguage, AttrExpires, AttrUserMetadata,
		AttrTags, AttrStorageClass, AttrACL, AttrWebsiteRedirect, AttrRetention, AttrLegalHold, AttrEventHold, AttrHiddenMetadata, AttrChecksum, AttrChecksumType,
		AttrBody, AttrSize, AttrBucketKey, AttrAnnotations}
	for _, a := range all {
		for _, how := range []Spoiling{Lose, Alter, Append} {
			from := full()
			if how == Append { // to an object that has none of it
				from = &version{size: 5, body: Bytes([]byte("hello")), class: Standard, checksum: Checksum{"CRC32", "FULL_OBJECT", "AAAAAA=="}}
			}
			is := *from
			k := Knobs{Spoils: []Spoil{{Attribute: a, How: how, Way: ByParts, Key: "k/*"}}}
			k.spoil(&is, "k/1", ByCopy, now)
			k.spoil(&is, "other", ByParts, now)
			if digest(&is) != digest(from) {
				t.Errorf("%s %s by parts of k/*: spoiled elsewhere, too", how, a)
			}
			k.spoil(&is, "k/1", ByParts, now)
			harmless := how == Append && (a == AttrChecksum || a == AttrChecksumType)
			if (digest(&is) == digest(from)) != harmless {
				t.Errorf("%s %s: spoiled %t", how, a, !harmless)
			}
		}
	}
}
