package plan

import (
	"strings"

	"reseal/inventory"
)

// OtherSpellings returns the keys that a row may mean whose source S3 did not write:
// where its keys are URL-encoded and were taken as they are, or are not and were decoded.
// Each is "" where it is no other key.
func OtherSpellings(r *inventory.Record) (decoded, plus string) {
	if !r.ByHand {
		return "", ""
	}
	if d, ok := inventory.DecodeKey(r.Key); ok && d != "" {
		decoded = d
	}
	if strings.Contains(r.Key, " ") {
		plus = strings.ReplaceAll(r.Key, " ", "+")
	}
	return decoded, plus
}
