package plan

import (
	"fmt"
	"time"

	"reseal/inventory"
)

// Verdict is what a look at an object after the run shows.
type Verdict string

// The verdicts. Proven, ChangedSince, VanishedSince and LeftAlone are no differences.
const (
	Proven         Verdict = "proven"          // under the wanted key, size and class as in the report
	ChangedSince   Verdict = "changed-since"   // another client wrote it after the run
	VanishedSince  Verdict = "gone"            // another client deleted it
	NotUnderKMS    Verdict = "not-encrypted"   // not under the wanted kind of encryption
	WrongKey       Verdict = "wrong-key"       // under another key
	NoBucketKey    Verdict = "no-bucket-key"   // the bucket-key flag is not the wanted one
	SizeDiffers    Verdict = "size-differs"    // not the size of the report
	ClassDiffers   Verdict = "class-differs"   // not the storage class of the report
	LeftAlone      Verdict = "left-alone"      // a run would leave it alone as it is now, for instance archived
	VerdictUnknown Verdict = "could-not-check" // the look itself did not work
)

// Difference tells whether v is something that the run promised not to leave behind.
func (v Verdict) Difference() bool {
	switch v {
	case Proven, ChangedSince, VanishedSince, LeftAlone:
		return false
	}
	return true
}

// Compare says whether h, the state an object is in now, is what the run of the
// job was to leave behind, and if not, in which way, as a phrase. written is
// when the job was last written to: what is younger was not its doing.
func (p *Policy) Compare(t *Task, h *Head, written time.Time) (Verdict, string) {
	o := &p.Options
	r := &t.Record
	v, why := Proven, ""
	switch {
	case o.SSE == TargetAES256 && h.Encryption != inventory.SSES3,
		o.SSE == TargetKMS && h.Encryption != inventory.SSEKMS:
		v, why = NotUnderKMS, fmt.Sprintf("encryption is %s, not %s", orNone(string(h.Encryption)), o.SSE)
	case o.SSE == TargetKMS && !SameKey(h.KMSKeyID, o.KMSKeyID):
		v, why = WrongKey, fmt.Sprintf("under %s, not %s", h.KMSKeyID, o.KMSKeyID)
	case p.Facts.AWS == Yes && o.SSE == TargetKMS && h.BucketKey != o.BucketKey: // other servers do not keep the flag
		v, why = NoBucketKey, fmt.Sprintf("bucket key is %t, not %t", h.BucketKey, o.BucketKey)
	case r.Size >= 0 && h.Size != r.Size:
		v, why = SizeDiffers, fmt.Sprintf("%d bytes, not %d", h.Size, r.Size)
	case r.StorageClass != "" && h.StorageClass != r.StorageClass && p.Facts.Transitions == No:
		v, why = ClassDiffers, fmt.Sprintf("storage class is %s, not %s", h.StorageClass, r.StorageClass)
	}
	if v == NotUnderKMS {
		if again := p.DecideHead(*t, h); again.Action == Skip {
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
