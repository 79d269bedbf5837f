package plan

import "math"

// Quota is one of the request quotas that a run has to stay below.
type Quota uint8

// The quotas, each with its own scope.
const (
	QuotaNone   Quota = iota
	QuotaKMS          // KMS cryptographic requests a second, per account and Region
	QuotaWrites       // S3 PUT, COPY, POST requests a second, per prefix
	QuotaReads        // S3 GET and HEAD requests a second, per prefix
)

// String names the quota as status lines and reports do.
func (q Quota) String() string {
	switch q {
	case QuotaKMS:
		return "kms"
	case QuotaWrites:
		return "s3 writes"
	case QuotaReads:
		return "s3 reads"
	}
	return "none"
}

// Range is a number of requests that is known only within bounds, both inclusive.
type Range struct {
	Min int64 `json:"min"`
	Max int64 `json:"max"`
}

// Exactly is the range of one number.
func Exactly(n int64) Range { return Range{n, n} }

// Add returns the sum of two ranges. It saturates: a row of a report may claim any
// size, and so any number of parts.
func (r Range) Add(o Range) Range { return Range{Sum(r.Min, o.Min), Sum(r.Max, o.Max)} }

// Times returns the range n times over; n is not negative. It saturates, too.
func (r Range) Times(n int64) Range { return Range{times(r.Min, n), times(r.Max, n)} }

// Sum is a + b, which are not negative. It saturates: sizes in a report may be any number.
func Sum(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

func times(a, n int64) int64 {
	if n > 0 && a > math.MaxInt64/n {
		return math.MaxInt64
	}
	return a * n
}

// Demand is what one request, one task or a whole run asks of the quotas.
// Gate and estimate are fed from the same Demand, so they cannot disagree: the
// gate takes the upper end, the price prints both.
type Demand struct {
	Writes Range `json:"s3_writes"` // S3 PUT-class requests
	Reads  Range `json:"s3_reads"`  // S3 GET-class requests
	KMS    Range `json:"kms_calls"` // KMS cryptographic requests that S3 makes on the caller's behalf
}

// Add returns the sum of two demands.
func (d Demand) Add(o Demand) Demand {
	return Demand{d.Writes.Add(o.Writes), d.Reads.Add(o.Reads), d.KMS.Add(o.KMS)}
}

// UpTo returns the demand as one that may as well be nothing.
func (d Demand) UpTo() Demand {
	d.Writes.Min, d.Reads.Min, d.KMS.Min = 0, 0, 0
	return d
}

// Times returns the demand n times over.
func (d Demand) Times(n int64) Demand {
	return Demand{d.Writes.Times(n), d.Reads.Times(n), d.KMS.Times(n)}
}

// StepKind is the kind of one request to S3.
type StepKind uint8

// The steps that tasks are made of. Every one is one request.
const (
	StepHead            StepKind = iota // HeadObject before the decision
	StepGetTags                         // GetObjectTagging
	StepGetACL                          // GetObjectAcl
	StepCopy                            // CopyObject
	StepCreate                          // CreateMultipartUpload
	StepPart                            // UploadPartCopy
	StepComplete                        // CompleteMultipartUpload
	StepAbort                           // AbortMultipartUpload
	StepUpdate                          // UpdateObjectEncryption
	StepConfirm                         // HeadObject as proof of effect
	StepPutTags                         // PutObjectTagging
	StepGetBody                         // GetObject, for proofs
	StepListParts                       // ListParts, of an upload that is resumed
	StepListAnnotations                 // ListObjectAnnotations
	StepList                            // ListObjectsV2 or ListObjectVersions
	StepHeadChecksum                    // HeadObject that asks for the checksum, which takes kms:Decrypt
	StepGetRetention                    // GetObjectRetention, where HeadObject may have hidden it
	StepGetLegalHold                    // GetObjectLegalHold, likewise
	StepGetAnnotation                   // GetObjectAnnotation
	StepPutAnnotation                   // PutObjectAnnotation
	StepPutACL                          // PutObjectAcl, of one that was lost
	StepPutRetention                    // PutObjectRetention, likewise
	StepPutLegalHold                    // PutObjectLegalHold, likewise
	StepListUploads                     // ListMultipartUploads, of one key
	NumSteps
)

var stepNames = [NumSteps]string{"HeadObject", "GetObjectTagging", "GetObjectAcl", "CopyObject", "CreateMultipartUpload",
	"UploadPartCopy", "CompleteMultipartUpload", "AbortMultipartUpload", "UpdateObjectEncryption", "HeadObject",
	"PutObjectTagging", "GetObject", "ListParts", "ListObjectAnnotations", "ListObjects", "HeadObject",
	"GetObjectRetention", "GetObjectLegalHold", "GetObjectAnnotation", "PutObjectAnnotation",
	"PutObjectAcl", "PutObjectRetention", "PutObjectLegalHold", "ListMultipartUploads"}

// String returns the name of the S3 operation.
func (k StepKind) String() string { return stepNames[k] }

// Commits tells whether a step of this kind makes the object what it is to be.
func (k StepKind) Commits() bool { return k == StepCopy || k == StepComplete || k == StepUpdate }

// Step is one request that wants to be sent.
type Step struct {
	Kind   StepKind
	Key    string // object key: S3 counts its quotas per prefix
	Demand Demand
	Retry  bool // a request that was sent before and has to be sent again: goes first

	// Finishes says that the request completes work that is committed already,
	// whatever its kind: it is sent even while a run stops.
	Finishes bool
}

// Weights are the numbers of KMS requests that S3 makes for one request of
// ours. What AWS does not state is a range here, and an option of the command.
//
// Source: AWS KMS Developer Guide, services-s3, and Amazon S3 User Guide,
// bucket-key and UsingKMSEncryption, read 2026-11-21.
type Weights struct {
	DataKey  Range // to write under the key: GenerateDataKey on CopyObject, CreateMultipartUpload, PutObject
	Source   Range // to read a source that is under SSE-KMS: Decrypt
	Part     Range // UploadPartCopy: stated is only that kms:Decrypt is needed
	Complete Range // CompleteMultipartUpload: likewise
	Update   Range // UpdateObjectEncryption: not stated at all
}

// DefaultWeights returns the weights for copies with or without an S3 Bucket
// Key. With one, S3 asks KMS for a key once in a while (not published how
// often), so a copy takes 0 or 1 requests.
func DefaultWeights(bucketKey bool) Weights {
	w := Weights{DataKey: Exactly(1), Source: Exactly(1), Part: Range{1, 1}, Complete: Range{1, 1}, Update: Range{1, 2}}
	if bucketKey {
		w.DataKey.Min, w.Source.Min, w.Part.Min, w.Complete.Min, w.Update.Min = 0, 0, 0, 0, 0
	}
	return w
}

// Of returns what one request of kind k asks of the quotas; fromKMS says that
// the object it reads is under SSE-KMS.
func (w Weights) Of(k StepKind, fromKMS bool) Demand {
	var d Demand
	switch k {
	case StepHead, StepConfirm, StepGetTags, StepGetACL, StepListParts, StepListAnnotations, StepList, StepGetRetention, StepGetLegalHold, StepListUploads:
		d.Reads = Exactly(1)
	case StepGetBody, StepHeadChecksum, StepGetAnnotation:
		d.Reads = Exactly(1)
	case StepPutAnnotation: // it is encrypted like its object (Amazon S3 API Reference, PutObjectAnnotation, read 2026-11-21)
		d.Writes, d.KMS = Exactly(1), w.DataKey
	case StepCopy:
		d.Writes, d.KMS = Exactly(1), w.DataKey
	case StepCreate:
		d.Writes, d.KMS = Exactly(1), w.DataKey
	case StepPart:
		d.Writes, d.KMS = Exactly(1), w.Part
	case StepComplete:
		d.Writes, d.KMS = Exactly(1), w.Complete
	case StepUpdate:
		d.Writes, d.KMS = Exactly(1), w.Update
	case StepAbort, StepPutTags, StepPutACL, StepPutRetention, StepPutLegalHold:
		d.Writes = Exactly(1)
	}
	if fromKMS && (k == StepCopy || k == StepPart || k == StepGetBody || k == StepHeadChecksum || k == StepGetAnnotation) {
		d.KMS = d.KMS.Add(w.Source)
	}
	return d
}
