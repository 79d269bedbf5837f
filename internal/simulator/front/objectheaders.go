package front

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"reseal/internal/simulator"
)

// defaultContentType is what S3 gives an object that was stored without one.
const defaultContentType = "binary/octet-stream"

// objectHeaders sets the headers with which GetObject and HeadObject describe
// an object.
func (x *exchange) objectHeaders(o *simulator.ObjectInfo) {
	m := o.Metadata
	x.set("Content-Type", orElse(m.ContentType, defaultContentType))
	x.setIf("Cache-Control", m.CacheControl)
	x.setIf("Content-Disposition", m.ContentDisposition)
	x.setIf("Content-Encoding", m.ContentEncoding)
	x.setIf("Content-Language", m.ContentLanguage)
	x.setIf("Expires", m.Expires)
	for name, value := range m.User {
		x.set("x-amz-meta-"+name, encodeWord(value))
	}
	if m.Missing > 0 {
		x.set("x-amz-missing-meta", strconv.Itoa(m.Missing))
	}
	x.set("accept-ranges", "bytes")
	x.set("ETag", quote(o.ETag))
	x.set("Last-Modified", httpTime(o.LastModified))
	x.setIf("x-amz-version-id", o.VersionID)
	if o.StorageClass != simulator.Standard {
		x.set("x-amz-storage-class", string(o.StorageClass))
	}
	x.setIf("x-amz-archive-status", o.AccessTier)
	x.encryptionHeaders(o.Encryption)
	x.lockHeaders(o.Lock)
	x.setIf("x-amz-website-redirect-location", o.WebsiteRedirect)
	x.setIf("x-amz-replication-status", o.Replication)
	if n := len(o.Tags); n > 0 {
		x.set("x-amz-tagging-count", strconv.Itoa(n))
	}
	switch {
	case o.RestoreOngoing:
		x.set("x-amz-restore", `ongoing-request="true"`)
	case !o.RestoredUntil.IsZero():
		x.set("x-amz-restore", `ongoing-request="false", expiry-date="`+httpTime(o.RestoredUntil)+`"`)
	}
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

// encryptionHeaders tells how an object is encrypted. S3 does not send the
// encryption context back.
func (x *exchange) encryptionHeaders(e simulator.Encryption) {
	x.setIf("x-amz-server-side-encryption", e.Algorithm())
	x.setIf("x-amz-server-side-encryption-aws-kms-key-id", e.KMSKeyARN)
	if e.BucketKeyEnabled {
		x.set("x-amz-server-side-encryption-bucket-key-enabled", "true")
	}
	if e.Type == simulator.SSEC {
		x.set("x-amz-server-side-encryption-customer-algorithm", "AES256")
		x.setIf("x-amz-server-side-encryption-customer-key-MD5", e.CustomerKeyMD5)
	}
}

func (x *exchange) lockHeaders(l simulator.Lock) {
	x.setIf("x-amz-object-lock-mode", l.Mode)
	if !l.RetainUntil.IsZero() {
		x.set("x-amz-object-lock-retain-until-date", l.RetainUntil.UTC().Format(xmlTime))
	}
	x.setIf("x-amz-object-lock-legal-hold", l.LegalHold)
	x.setIf("x-amz-object-lock-event-hold", l.EventHold)
	if days, ok := strings.CutSuffix(l.EventHoldDuration, "d"); ok {
		x.set("x-amz-object-lock-event-hold-duration-days", days)
	} else if years, ok := strings.CutSuffix(l.EventHoldDuration, "y"); ok {
		x.set("x-amz-object-lock-event-hold-duration-years", years)
	}
}

// checksumHeaders gives a checksum as headers; S3 does so on writes always, on
// reads only when asked.
func (x *exchange) checksumHeaders(c simulator.Checksum) {
	if c.Algorithm == "" || c.Value == "" {
		return
	}
	x.set(checksumPrefix+strings.ToLower(c.Algorithm), c.Value)
	x.setIf("x-amz-checksum-type", c.Type)
}

// checksumElements gives a checksum as elements of a document.
func checksumElements(d *xmlDoc, c simulator.Checksum) {
	if c.Algorithm == "" || c.Value == "" {
		return
	}
	d.text("Checksum"+c.Algorithm, c.Value)
	d.optional("ChecksumType", c.Type)
}
