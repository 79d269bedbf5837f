package s3api

import (
	"maps"
	"slices"
	"strings"

	"reseal/plan"
)

// lostByWrite names the attributes of before that after has not. Attributes
// that were gained, such as a retention that the bucket gives every new object,
// are not losses.
func lostByWrite(before, after *plan.Head) []string {
	var lost []string
	text := func(name, was, is string) {
		if was != "" && was != is {
			lost = append(lost, name)
		}
	}
	text("Content-Type", before.ContentType, after.ContentType)
	text("Cache-Control", before.CacheControl, after.CacheControl)
	text("Content-Disposition", before.ContentDisposition, after.ContentDisposition)
	text("Content-Encoding", before.ContentEncoding, after.ContentEncoding)
	text("Content-Language", before.ContentLanguage, after.ContentLanguage)
	text("Expires", before.Expires, after.Expires)
	if !maps.Equal(before.Metadata, after.Metadata) {
		lost = append(lost, "user metadata")
	}
	if before.MissingMeta != after.MissingMeta {
		lost = append(lost, "metadata that headers cannot express")
	}
	if before.TagCount > 0 && after.TagCount >= 0 && before.TagCount != after.TagCount {
		lost = append(lost, "tags")
	}
	return append(lost, lostByCopy(before, after)...)
}

// lostByCopy names those attributes that a copy keeps only where they are sent
// along with it.
func lostByCopy(before, after *plan.Head) []string {
	var lost []string
	if before.StorageClass != after.StorageClass {
		lost = append(lost, "storage class")
	}
	if before.Redirect != after.Redirect {
		lost = append(lost, "website redirect")
	}
	if before.LockMode != "" && inForce(before.LockRetainUntil) && (before.LockMode != after.LockMode || before.LockRetainUntil.After(after.LockRetainUntil)) {
		lost = append(lost, "retention")
	}
	if before.LegalHold == "ON" && after.LegalHold != "ON" {
		lost = append(lost, "legal hold")
	}
	if before.EventHold == "ON" && after.EventHold != "ON" {
		lost = append(lost, "event hold")
	}
	return lost
}

// unaccepted returns lost without what the user accepted to lose.
func (r *Rewriter) unaccepted(lost []string) []string {
	return slices.DeleteFunc(lost, func(name string) bool { return slices.Contains(r.config.AcceptLoss, name) })
}

// words joins names for a message.
func words(names []string) string { return strings.Join(names, ", ") }
