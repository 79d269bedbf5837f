package selfcheck

import (
	"context"
	"slices"
	"strings"

	"reseal/plan"
)

// attributeNumbers are the numbers of the items about attributes. An attribute
// that comes to be gets the next one that is free below B40.
func attributeNumbers() map[plan.Attribute]string {
	return map[plan.Attribute]string{
		plan.ContentType: "B10", plan.CacheControl: "B11", plan.ContentDisposition: "B12", plan.ContentEncoding: "B13", plan.ContentLanguage: "B14",
		plan.Expires: "B15", plan.UserMetadata: "B16", plan.HiddenMetadata: "B17", plan.Tags: "B18", plan.Class: "B19", plan.Redirect: "B20",
		plan.Retention: "B21", plan.LegalHold: "B22", plan.EventHold: "B23", plan.ACL: "B24", plan.Annotations: "B25",
		plan.BucketKey: "B04", plan.ChecksumAlgorithm: "B26", plan.ChecksumType: "B27", plan.Length: "B28", plan.Body: "B29", plan.NewRetention: "B30",
	}
}

// attributeItems are one for each attribute that a re-encryption has to keep.
func attributeItems() []Item {
	var out []Item
	numbers := attributeNumbers()
	for _, a := range append(plan.Losses(), plan.Length, plan.Body) {
		title, docs, source := "Copies keep: "+string(a), "Kept by CopyObject with the COPY directives, and by an upload that is given it.", copyGuide
		switch a {
		case plan.BucketKey:
			continue // beside the encryption
		case plan.ChecksumAlgorithm, plan.ChecksumType:
			docs, source = "A copy keeps the checksum's algorithm; an upload makes a checksum by the algorithm and of the type that it names.", checksums
		case plan.Class, plan.Redirect, plan.ACL, plan.Retention, plan.LegalHold, plan.EventHold:
			docs = "Not kept by itself; S3 takes it from the headers of the copy or of the upload."
		case plan.Length, plan.Body:
			docs = "The data does not change."
		case plan.NewRetention:
			title, docs, source = "Copies lock nothing that was not locked", "Default retention applies to every new version that names none.", "S3 User Guide, object-lock (read 2026-11-29)"
		}
		out = append(out, Item{Number: numbers[a], Title: title, Docs: docs, Source: source,
			Effect: "fidelity; --accept " + a.Hazard() + " where it does not hold", ask: keeps(a)})
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.Number, b.Number) })
	return out
}

// keeps looks for one attribute in what copies left.
func keeps(a plan.Attribute) func(context.Context, *run) Finding {
	return func(ctx context.Context, r *run) Finding {
		var kept, lost []string
		var denied *experiment
		for _, e := range []*experiment{r.copied(ctx), r.inParts(ctx)} {
			switch {
			case e.lacks != "":
				denied = e
			case e.failed != "" || !has(e.before, a):
			case e.lost(r, a):
				lost = append(lost, e.way)
			default:
				kept = append(kept, e.way)
			}
		}
		switch {
		case len(lost) > 0:
			return differs("lost by " + strings.Join(lost, " and by "))
		case len(kept) == 0 && denied != nil:
			return denied.unable()
		case len(kept) == 0:
			return skipped("no scratch object had it here")
		}
		return holds("kept by " + strings.Join(kept, " and by "))
	}
}

// has tells whether an object has an attribute that it could lose. Size and data it
// always has.
func has(s *plan.Snapshot, a plan.Attribute) bool {
	if s == nil {
		return false
	}
	test, known := presence[a]
	return !known || test(s)
}

// presence tells of each attribute whether an object has it.
var presence = map[plan.Attribute]func(*plan.Snapshot) bool{
	plan.ContentType:        func(s *plan.Snapshot) bool { return s.Head.ContentType != "" },
	plan.CacheControl:       func(s *plan.Snapshot) bool { return s.Head.CacheControl != "" },
	plan.ContentDisposition: func(s *plan.Snapshot) bool { return s.Head.ContentDisposition != "" },
	plan.ContentEncoding:    func(s *plan.Snapshot) bool { return s.Head.ContentEncoding != "" },
	plan.ContentLanguage:    func(s *plan.Snapshot) bool { return s.Head.ContentLanguage != "" },
	plan.Expires:            func(s *plan.Snapshot) bool { return s.Head.Expires != "" },
	plan.UserMetadata:       func(s *plan.Snapshot) bool { return len(s.Head.Metadata) > 0 },
	plan.HiddenMetadata:     func(s *plan.Snapshot) bool { return s.Head.MissingMeta > 0 },
	plan.Tags:               func(s *plan.Snapshot) bool { tags, _ := s.Tags.Get(); return len(tags) > 0 },
	plan.Class:              func(s *plan.Snapshot) bool { return s.Head.StorageClass == scratchClass },
	plan.Redirect:           func(s *plan.Snapshot) bool { return s.Head.Redirect != "" },
	plan.Retention:          func(s *plan.Snapshot) bool { return s.Head.LockMode != "" },
	plan.LegalHold:          func(s *plan.Snapshot) bool { return s.Head.LegalHold != "" },
	plan.EventHold:          func(s *plan.Snapshot) bool { return s.Head.EventHold != "" },
	plan.ACL:                func(s *plan.Snapshot) bool { acl, _ := s.ACL.Get(); return acl != "" },
	plan.Annotations:        func(s *plan.Snapshot) bool { all, _ := s.Annotations.Get(); return len(all) > 0 },
	plan.ChecksumAlgorithm:  func(s *plan.Snapshot) bool { return s.Head.Checksum != "" },
	plan.ChecksumType:       func(s *plan.Snapshot) bool { return s.Head.ChecksumType != "" },
	plan.NewRetention:       func(s *plan.Snapshot) bool { return s.Head.LockMode == "" },
}
