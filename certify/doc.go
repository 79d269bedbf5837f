// Package certify turns a finished job, its verification and its bucket into a bundle of
// evidence that others can check without this program, or into what stands against it.
//
// A bundle is a folder. The documents of the job are in it as they are, each result
// segment is a file of lines, and what was looked at in the bucket is bucket.json. The
// certificate is made of these alone, so it can be made again from them. SHA256SUMS
// covers every file, and a signature covers SHA256SUMS. The files of a later generation
// have its number before their names: generation-000002-plan.json.
package certify

// The files of a bundle that are no document of the job.
const (
	certificateFile = "certificate.json"
	textFile        = "certificate.txt"
	stateFile       = "state.json"
	bucketFile      = "bucket.json"
	chainFile       = "results.chain"
	sumsFile        = "SHA256SUMS"
	signatureFile   = "SHA256SUMS.sig"
)

// Namespace is that of the signature, as ssh-keygen -n has it.
const Namespace = "reseal-certificate"

// The versions of a bundle. One of several generations was the first one's alone before,
// with a bundle beside it for each of the others; it is spanning now. Nobody looked at the
// state of the key before the third.
const (
	formatOne      = 1
	formatSpanning = 2 // all generations of the job
	formatKeyed    = 3 // and the state of the key
)
