package inventory

import (
	"bytes"
	"strings"
)

// Not S3 but a query, a script or a person wrote the values of results and lists. They
// have no value in many spellings, and values that S3 has not. Whatever does not say what
// S3 would say is unknown, so that a look at the object decides.

// stated returns what somebody else than S3 wrote for a column, nothing where that says
// nothing. A bucket and a key can be called anything.
func stated(col Column, b []byte) []byte {
	switch {
	case col == ColBucket, col == ColKey:
		return b
	case col == ColVersionID && string(b) == nullVersion: // what S3 calls that version
		return b
	case isNull(b):
		return nil
	}
	if known, loosely := valuesOf(col); known != "" && !hasWord(known, b, loosely) {
		return nil
	}
	return b
}

// nullVersion is what S3 calls the version of an object from when its bucket kept none.
const nullVersion = "null"

// nulls are spellings of no value: those of SQL, Hive, Python, pandas and R, with a space
// before and after each.
const nulls = ` \n null none nil nan nat na n/a #n/a <na> <null> (null) undefined __hive_default_partition__ `

// isNull tells whether b is how some program writes that there is no value.
func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) == 0 || len(b) <= len(noPartition) && hasWord(nulls, b, true)
}

// valuesOf are all values that a column of S3 can have, each between spaces, "" where they
// are not known. loosely: whatever their case.
func valuesOf(col Column) (known string, loosely bool) {
	switch col {
	case ColStorageClass:
		return knownClasses, false
	case ColEncryption:
		return " SSE-S3 SSE-KMS DSSE-KMS SSE-C NOT-SSE ", false
	case ColLockMode:
		return " GOVERNANCE COMPLIANCE ", true
	case ColLegalHold, ColEventHold:
		return " ON OFF ", true
	case ColBucketKey:
		return " ENABLED DISABLED TRUE FALSE ", true
	}
	return "", false
}

// knownClasses are the storage classes that this version knows.
const knownClasses = " " + string(Standard+" "+ReducedRedundancy+" "+StandardIA+" "+OneZoneIA+" "+IntelligentTiering+" "+GlacierIR+" "+Glacier+" "+DeepArchive) + " "

// hasWord tells whether a word is among words, which have spaces around them.
func hasWord(words string, word []byte, loosely bool) bool {
	for w := range strings.FieldsSeq(words) {
		if len(w) == len(word) && (w == string(word) || loosely && strings.EqualFold(w, string(word))) {
			return true
		}
	}
	return false
}

// statedText is stated for the values that at gives of each row.
func statedText(col Column, at func(int) []byte) func(int) []byte {
	return func(i int) []byte { return stated(col, at(i)) }
}

// DecodeKey returns the key that a URL-encoded one stands for. ok is false where that is
// no other key, or cannot be told.
func DecodeKey(key string) (decoded string, ok bool) {
	b, err := appendKey(nil, []byte(key))
	return string(b), err == nil && string(b) != key
}
