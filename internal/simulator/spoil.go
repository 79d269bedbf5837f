package simulator

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Attribute names something of an object, for Knobs.DropOnCopy and Spoil.
type Attribute string

const (
	AttrContentType        Attribute = "content-type"
	AttrCacheControl       Attribute = "cache-control"
	AttrContentDisposition Attribute = "content-disposition"
	AttrContentEncoding    Attribute = "content-encoding"
	AttrContentLanguage    Attribute = "content-language"
	AttrExpires            Attribute = "expires"
	AttrUserMetadata       Attribute = "user-metadata"
	AttrTags               Attribute = "tags"
	AttrStorageClass       Attribute = "storage-class"
	AttrACL                Attribute = "acl"
	AttrWebsiteRedirect    Attribute = "website-redirect"
	AttrLock               Attribute = "lock" // all of the next three
	AttrRetention          Attribute = "retention"
	AttrLegalHold          Attribute = "legal-hold"
	AttrEventHold          Attribute = "event-hold"
	AttrHiddenMetadata     Attribute = "hidden-metadata" // what x-amz-missing-meta counts
	AttrChecksum           Attribute = "checksum"
	AttrChecksumType       Attribute = "checksum-type"
	AttrBody               Attribute = "body" // other data of the same length
	AttrSize               Attribute = "size" // one byte less
	AttrBucketKey          Attribute = "bucket-key"
	AttrAnnotations        Attribute = "annotations"
)

// Spoiling is what becomes of an attribute.
type Spoiling string

const (
	Lose   Spoiling = "lose"   // it is gone
	Alter  Spoiling = "alter"  // it is another
	Append Spoiling = "append" // it is there where none was, or one more of it
	Mangle Spoiling = "mangle" // of tags: a plus sign is read as a space
)

// Way is a way of writing an object.
type Way string

const (
	AnyWay   Way = ""
	ByCopy   Way = "copy"   // CopyObject
	ByParts  Way = "parts"  // CompleteMultipartUpload
	ByUpdate Way = "update" // UpdateObjectEncryption
)

// Spoil is one thing that a server does wrong whenever an object is written. A server that ignores Tagging of
// CreateMultipartUpload, as Ceph's, has {AttrTags, Lose, ByParts, ""}.
type Spoil struct {
	Attribute Attribute
	How       Spoiling
	Way       Way
	Key       string // pattern in which * stands for any run of bytes; "": any
}

// spoil does to a version that was written by way what the knobs say.
func (k *Knobs) spoil(v *version, key string, way Way, now time.Time) {
	if way != ByUpdate {
		for _, a := range k.DropOnCopy {
			how := Lose
			if a == AttrChecksum || a == AttrBody { // there is always some
				how = Alter
			}
			v.spoil(a, how, now)
		}
	}
	for _, s := range k.Spoils {
		if (s.Way == AnyWay || s.Way == way) && (s.Key == "" || glob(s.Key, key)) {
			v.spoil(s.Attribute, s.How, now)
		}
	}
}

// text is what becomes of a header.
func (how Spoiling) text(value *string, other string) {
	switch {
	case how == Lose:
		*value = ""
	case how == Alter && *value != "", how == Append && *value == "":
		*value = other
	}
}

// spoil changes one attribute.
func (v *version) spoil(a Attribute, how Spoiling, now time.Time) {
	meta := *orNoMetadata(v.meta)
	meta.User = maps.Clone(meta.User)
	switch a {
	case AttrContentType:
		how.text(&meta.ContentType, "application/x-other")
	case AttrCacheControl:
		how.text(&meta.CacheControl, "max-age=1")
	case AttrContentDisposition:
		how.text(&meta.ContentDisposition, "attachment")
	case AttrContentEncoding:
		how.text(&meta.ContentEncoding, "aws-chunked")
	case AttrContentLanguage:
		how.text(&meta.ContentLanguage, "xx")
	case AttrExpires:
		how.text(&meta.Expires, "Fri, 01 Jan 2038 00:00:00 GMT")
	case AttrUserMetadata:
		meta.User = spoilPairs(meta.User, how)
	case AttrHiddenMetadata:
		switch {
		case how == Lose:
			meta.Missing = 0
		case how == Append || meta.Missing > 0:
			meta.Missing++
		}
	case AttrTags:
		v.tags = spoilTags(v.tags, how)
	case AttrStorageClass:
		if v.class = Standard; how != Lose {
			v.class = OneZoneIA
		}
	case AttrChecksum, AttrChecksumType:
		v.spoilChecksum(a, how)
	case AttrBody:
		v.body = Bytes(make([]byte, v.size))
	case AttrSize:
		v.size = max(v.size-1, 0)
		v.body = v.body.Slice(0, v.size)
	case AttrBucketKey:
		v.enc.BucketKeyEnabled = how == Append
	default:
		v.edit().spoil(a, how, now)
	}
	v.meta = &meta
}

// spoil changes one of the attributes that few objects have.
func (r *rare) spoil(a Attribute, how Spoiling, now time.Time) {
	switch a {
	case AttrACL:
		switch other := (Grant{Type: "Group", Grantee: "http://acs.amazonaws.com/groups/global/AuthenticatedUsers", Permission: "READ"}); {
		case how == Lose:
			r.grants = nil
		case how == Append:
			r.grants = append(slices.Clone(r.grants), other)
		case len(r.grants) > 0:
			r.grants = []Grant{other}
		}
	case AttrWebsiteRedirect:
		how.text(&r.redirect, "/other")
	case AttrLock:
		for _, one := range []Attribute{AttrRetention, AttrLegalHold, AttrEventHold} {
			r.spoil(one, how, now)
		}
	case AttrRetention:
		switch {
		case how == Lose:
			r.lock.Mode, r.lock.RetainUntil = "", time.Time{}
		case (how == Append) == (r.lock.Mode == ""):
			r.lock.Mode, r.lock.RetainUntil = "GOVERNANCE", whole(now.Add(90*time.Minute))
		}
	case AttrLegalHold:
		if r.lock.LegalHold = ""; how == Append {
			r.lock.LegalHold = "ON"
		}
	case AttrEventHold:
		switch {
		case how == Lose:
			r.lock.EventHold, r.lock.EventHoldDuration = "", ""
		case (how == Append) == (r.lock.EventHold == ""):
			r.lock.EventHold, r.lock.EventHoldDuration = "ON", "1d"
		}
	case AttrAnnotations:
		switch {
		case how == Lose:
			r.annotations = nil
		case how == Append:
			r.annotations = maps.Clone(r.annotations)
			if r.annotations == nil {
				r.annotations = map[string][]byte{}
			}
			r.annotations["other"] = []byte("other")
		default:
			r.annotations = maps.Clone(r.annotations)
			for name := range r.annotations {
				r.annotations[name] = []byte("another value than there was")
			}
		}
	}
}

// spoilChecksum changes the stored checksum: there is none, or one by another algorithm, or one of parts.
func (v *version) spoilChecksum(a Attribute, how Spoiling) {
	switch {
	case how == Append:
	case how == Lose:
		v.checksum = Checksum{}
	case a == AttrChecksumType:
		v.checksum.Type, v.checksum.Value = "COMPOSITE", ""
	case v.checksum.Algorithm == "SHA1":
		v.checksum = checksumOf(Checksum{Algorithm: "CRC32"}, &v.body)
	default:
		v.checksum = checksumOf(Checksum{Algorithm: "SHA1"}, &v.body)
	}
}

func spoilPairs(m map[string]string, how Spoiling) map[string]string {
	switch {
	case how == Lose:
		return nil
	case how == Append:
		if m == nil {
			m = map[string]string{}
		}
		m["other"] = "other"
	default:
		for k := range m {
			m[k] = "another value than there was"
		}
	}
	return m
}

func spoilTags(tags []Tag, how Spoiling) []Tag {
	switch {
	case how == Lose:
		return nil
	case how == Append:
		return append(slices.Clone(tags), Tag{Key: "other", Value: "other"})
	}
	tags = slices.Clone(tags)
	for i := range tags {
		if how == Mangle {
			tags[i].Value = strings.ReplaceAll(tags[i].Value, "+", " ")
			continue
		}
		tags[i].Value = "another value than there was"
	}
	return tags
}

func orNoMetadata(m *Metadata) *Metadata {
	if m == nil {
		return noMetadata
	}
	return m
}
