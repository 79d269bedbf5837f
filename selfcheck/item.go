package selfcheck

import (
	"context"

	"reseal/plan"
	"reseal/s3api"
)

// Standing is what came of asking one item.
type Standing string

// The standings.
const (
	AsDocumented Standing = "as-documented" // a belief that holds here
	Differs      Standing = "differs"       // a belief that does not hold here
	Answered     Standing = "answered"      // an open question, answered for this account
	NotAsked     Standing = "not-asked"     // Seen says why
)

// Item is one thing that reseal believes of S3 or KMS, or does not know.
type Item struct {
	Number string // stable: B for beliefs, Q for open questions; never used again for another
	Title  string
	Docs   string // what the documents say; of a question, what they leave open
	Source string // page and the day it was read
	Effect string // what of reseal depends on it

	demand plan.Demand // requests at most, what the experiments before it sent aside
	ask    func(context.Context, *run) Finding
}

// Question tells whether the documents leave it open.
func (i *Item) Question() bool { return i.Number[0] == 'Q' }

// Asked tells whether selfcheck can ask it at all.
func (i *Item) Asked() bool { return i.ask != nil }

// Finding is what was seen of one item.
type Finding struct {
	Number   string             `json:"number"`
	Title    string             `json:"title"`
	Standing Standing           `json:"standing"`
	Docs     string             `json:"docs"`
	Seen     string             `json:"seen"`
	Lacks    string             `json:"lacks,omitempty"`   // permission that it was not asked for want of
	Figures  map[string]float64 `json:"figures,omitempty"` // by name with unit, such as "copy_p50_ms"
}

// Items returns all items in their order: beliefs, then questions.
func Items() []Item {
	var all []Item
	for _, part := range [][]Item{encryptionItems(), attributeItems(), conditionItems(), errorItems(), updateItems(), questionItems(), figureItems(), personItems()} {
		all = append(all, part...)
	}
	return all
}

// The pages that items are from. All were read on the day that each names.
const (
	copyObject   = "S3 API Reference, CopyObject (read 2026-11-21)"
	copyGuide    = "S3 User Guide, copy-object (read 2026-11-21)"
	conditional  = "S3 User Guide, conditional-writes (read 2026-11-21)"
	multipartAPI = "S3 API Reference, CreateMultipartUpload and CompleteMultipartUpload (read 2026-11-21)"
	updateAPI    = "S3 API Reference, UpdateObjectEncryption (read 2026-11-21)"
	errorList    = "S3 API Reference, Error responses (read 2026-11-21)"
	checksums    = "S3 User Guide, checking-object-integrity (read 2026-11-21)"
	kmsUse       = "KMS Developer Guide, services-s3, and S3 User Guide, bucket-key (read 2026-11-21)"
	noPage       = "no page says"
)

func holds(seen string) Finding   { return Finding{Standing: AsDocumented, Seen: seen} }
func differs(seen string) Finding { return Finding{Standing: Differs, Seen: seen} }
func answer(seen string) Finding  { return Finding{Standing: Answered, Seen: seen} }
func skipped(why string) Finding  { return Finding{Standing: NotAsked, Seen: why} }

// lacking is the finding of an item whose requests the caller, or the bucket, does
// not let through. Nothing of AWS is shown by that.
func lacking(permission, seen string) Finding {
	return Finding{Standing: NotAsked, Lacks: permission, Seen: seen + ": " + permission + " is missing, or a policy denies it"}
}

// unable is the finding where a request that has to succeed first did not.
func unable(op string, r *s3api.Reply) Finding {
	seen := op + " answered " + why(r)
	if r.Lacks != "" {
		return lacking(r.Lacks, seen)
	}
	return skipped(seen)
}

// refused is the finding where the request that an item is about was answered
// otherwise than the documents say.
func refused(op string, r *s3api.Reply) Finding {
	if r.Lacks != "" {
		return unable(op, r)
	}
	return differs(op + " answered " + why(r))
}

// writes and reads are the demand of a few requests.
func writes(n int64) plan.Demand {
	return plan.Demand{Writes: plan.Exactly(n), KMS: plan.Range{Min: 0, Max: 2 * n}}
}

func reads(n int64) plan.Demand {
	return plan.Demand{Reads: plan.Exactly(n), KMS: plan.Range{Min: 0, Max: n}}
}
