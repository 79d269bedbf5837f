package simulator

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of the S3 User Guide (UsingMetadata, qfacts; read 2026-11-21).
const (
	maxKeyLength    = 1024           // bytes of UTF-8
	maxUserMetadata = 2 << 10        // bytes, names and values together
	maxWholeObject  = 5 << 30        // bytes, of a PutObject, a part or a copy source; AWS writes 5 GB
	maxObject       = 53687091200000 // 48.8 TiB, the S3 limit since December 2025: 10,000 parts of 5 GiB
	maxRedirect     = 2 << 10
)

var storageClasses = []StorageClass{Standard, ReducedRedundancy, StandardIA, OneZoneIA, IntelligentTiering, GlacierIR, Glacier, DeepArchive}

// storageClass reads x-amz-storage-class.
func storageClass(sent StorageClass) (StorageClass, *Error) {
	if sent == "" {
		return Standard, nil
	}
	if !slices.Contains(storageClasses, sent) {
		return "", fail(400, "InvalidStorageClass", "The storage class you specified is not valid")
	}
	return sent, nil
}

func checkKey(key string) *Error {
	if key == "" || !utf8.ValidString(key) {
		return fail(400, "InvalidURI", "Couldn't parse the specified URI.")
	}
	return nil
}

func checkMetadata(m *Metadata) *Error {
	if m == nil {
		return nil
	}
	size := 0
	for k, v := range m.User {
		size += len(k) + len(v)
	}
	if size > maxUserMetadata {
		e := fail(400, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
		e.Size, e.MaxSize = int64(size), maxUserMetadata
		return e
	}
	return nil
}

func checkRedirect(location string) *Error {
	switch {
	case location == "":
		return nil
	case len(location) > maxRedirect:
		return fail(400, "InvalidRedirectLocation", "The length of website redirect location cannot exceed 2,048 characters.")
	case strings.HasPrefix(location, "/"), strings.HasPrefix(location, "http://"), strings.HasPrefix(location, "https://"):
		return nil
	}
	return fail(400, "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
}

// checkAttributes refuses attributes that S3 refuses. Metadata and tags count only where the request sets them.
func (c *call) checkAttributes(b *bucket, a *WriteAttributes, metadata, tags bool) *Error {
	if err := checkKey(c.key); err != nil {
		return err
	}
	if metadata {
		if err := checkMetadata(a.Metadata); err != nil {
			return err
		}
	}
	if tags {
		if err := checkTags(a.Tags); err != nil {
			return err
		}
	}
	if _, err := storageClass(a.StorageClass); err != nil {
		return err
	}
	if err := checkRedirect(a.WebsiteRedirect); err != nil {
		return err
	}
	if err := checkChecksum(a.Checksum); err != nil {
		return err
	}
	if err := c.checkLock(b, &a.Lock); err != nil {
		return err
	}
	return c.checkACL(b, &a.ACL)
}

// dress gives a new version the attributes of its request that are not part of the content: class, ACL, owner, lock
// (the bucket's default retention where the request has none) and redirect.
func (c *call) dress(v *version, b *bucket, a *WriteAttributes, now time.Time) {
	v.class, _ = storageClass(a.StorageClass) // was checked
	grants, owner := c.grants(b, &a.ACL)
	lock := b.lockFor(&a.Lock, now)
	if len(grants) == 0 && owner == "" && a.WebsiteRedirect == "" && lock == (Lock{}) {
		return
	}
	r := v.edit()
	r.grants, r.owner, r.redirect, r.lock = grants, owner, a.WebsiteRedirect, lock
}
