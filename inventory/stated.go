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
	case isNull(b), !written(col, b):
		return nil
	}
	return b
}

// nullVersion is what S3 calls the version of an object from when its bucket kept none.
const nullVersion = "null"

// isNull tells whether b is how some program writes that there is no value: SQL, Hive,
// Python, pandas or R, in any case.
func isNull(b []byte) bool {
	b = bytes.TrimSpace(b)
	if len(b) > len(noPartition) {
		return false
	}
	var lower [len(noPartition)]byte
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	switch string(lower[:len(b)]) {
	case "", `\n`, "null", "none", "nil", "nan", "nat", "na", "n/a", "#n/a", "<na>", "<null>", "(null)", "undefined", "__hive_default_partition__":
		return true
	}
	return false
}

// written tells whether S3 writes the value into a column. Of columns whose values are not
// all known, it may write any.
func written(col Column, b []byte) bool {
	switch col {
	case ColStorageClass:
		return StorageClass(b).Known()
	case ColEncryption:
		switch Encryption(b) {
		case SSES3, SSEKMS, DSSEKMS, SSEC, NotSSE:
			return true
		}
		return false
	case ColLockMode:
		return isWord(b, "GOVERNANCE") || isWord(b, "COMPLIANCE")
	case ColLegalHold, ColEventHold:
		return isWord(b, "ON") || isWord(b, "OFF")
	case ColBucketKey:
		return isWord(b, "ENABLED") || isWord(b, "DISABLED") || isWord(b, "TRUE") || isWord(b, "FALSE")
	}
	return true
}

// isWord tells whether b is a word, whatever its case.
func isWord(b []byte, word string) bool {
	return len(b) == len(word) && strings.EqualFold(string(b), word)
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
