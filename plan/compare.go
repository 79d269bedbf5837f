package plan

import (
	"fmt"
	"time"

	"reseal/inventory"
)

// Verdict is what a look at an object after the run shows.
type Verdict string

// The verdicts. Proven, ChangedSince and LeftAlone are no differences.
const (
	Proven       Verdict = "proven"        // under the wanted key, size and class as in the report
	ChangedSince Verdict = "changed-since" // another client wrote it after the run
	NotUnderKMS  Verdict = "not-encrypted" // not under the wanted kind of encryption
	WrongKey     Verdict = "wrong-key"     // under another key
	SizeDiffers  Verdict = "size-differs"  // not the size of the report
	ClassDiffers Verdict = "class-differs" // not the storage class of the report
	LeftAlone    Verdict = "left-alone"    // a run would leave it alone as it is now, for instance archived
)

// BodyProof is what is known of an object's data after the run.
type BodyProof string

// The proofs. The ETag of an object under SSE-KMS proves nothing.
const (
	BodyProven   BodyProof = "body-proven"   // the same checksum, or the same MD5, as before
	BodyUnproven BodyProof = "body-unproven" // nothing of before to compare it with, or not readable
)

// Difference tells whether v is something that the run promised not to leave behind.
func (v Verdict) Difference() bool {
	switch v {
	case Proven, ChangedSince, LeftAlone:
		return false
	}
	return true
}

// Compare says whether the object is now, as h shows it, what the job was to make of
// it. If not, the phrase says in which way. written is when the job was last written
// to: the job did not write what is younger.
func (p *Policy) Compare(t *Task, h *Head, written time.Time) (Verdict, string) {
	o := &p.Options
	r := &t.Record
	// A newer version that was there before the job began is none of its work;
	// one that came later is its copy of what the row names, as far as can be told.
	if isAbout(r) && nameOf(h.VersionID) != r.VersionID && !p.madeSince(h) {
		return LeftAlone, string(Noncurrent)
	}
	v, why := Proven, ""
	switch {
	case o.SSE == TargetAES256 && h.Encryption != inventory.SSES3,
		o.SSE == TargetKMS && h.Encryption != inventory.SSEKMS:
		v, why = NotUnderKMS, fmt.Sprintf("encryption is %s, not %s", orNone(string(h.Encryption)), o.SSE)
	case o.SSE == TargetKMS && !SameKey(h.KMSKeyID, o.KMSKeyID):
		v, why = WrongKey, fmt.Sprintf("under %s, not %s", h.KMSKeyID, o.KMSKeyID)
	case r.Size >= 0 && h.Size != r.Size:
		v, why = SizeDiffers, fmt.Sprintf("%d bytes, not %d", h.Size, r.Size)
	case r.StorageClass != "" && h.StorageClass != r.StorageClass && p.Facts.Transitions == No:
		v, why = ClassDiffers, fmt.Sprintf("storage class is %s, not %s", h.StorageClass, r.StorageClass)
	}
	if v == NotUnderKMS {
		if again := p.DecideHead(*t, h); again.Action == Skip && again.Reason != Noncurrent {
			return LeftAlone, string(again.Reason)
		}
	}
	if v.Difference() && !h.LastModified.IsZero() && h.LastModified.After(written) {
		return ChangedSince, "written after the run; now " + why
	}
	return v, why
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// MD5Of returns the MD5 of an object's data, in hex, where its ETag in the report is
// that, and "" elsewhere. It is that of an object that was written as a whole, under
// SSE-S3 or no encryption (Amazon S3 API Reference, Object, read 2026-11-21).
func MD5Of(r *inventory.Record) string {
	if r.Encryption != inventory.SSES3 && r.Encryption != inventory.NotSSE || len(r.ETag) != 32 || r.IsMultipart {
		return ""
	}
	for _, c := range []byte(r.ETag) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return ""
		}
	}
	return r.ETag
}
