package simulator

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// Limits of object tags (S3 User Guide, object-tagging, read 2026-11-21). Lengths are in UTF-16 units.
const (
	maxTags     = 10
	maxTagKey   = 128
	maxTagValue = 256
)

// ParseTagging reads an x-amz-tagging header: a URL query.
func ParseTagging(header string) ([]Tag, *Error) {
	var tags []Tag
	for pair := range strings.SplitSeq(header, "&") {
		if pair == "" {
			continue
		}
		k, v, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(k)
		value, err2 := url.QueryUnescape(v)
		if err != nil || err2 != nil {
			return nil, invalidArgument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		tags = append(tags, Tag{key, value})
	}
	return tags, nil
}

// checkTags refuses tag sets that S3 refuses.
func checkTags(tags []Tag) *Error {
	if len(tags) > maxTags {
		return fail(400, "BadRequest", "Object tags cannot be greater than 10")
	}
	for i, t := range tags {
		switch {
		case t.Key == "" || utf16Len(t.Key) > maxTagKey:
			return fail(400, "InvalidTag", "The TagKey you have provided is invalid")
		case utf16Len(t.Value) > maxTagValue:
			return fail(400, "InvalidTag", "The TagValue you have provided is invalid")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return fail(400, "InvalidTag", "System tags cannot be added/updated by requester")
		case slices.ContainsFunc(tags[:i], func(o Tag) bool { return o.Key == t.Key }):
			return fail(400, "InvalidTag", "Cannot provide multiple Tags with the same key")
		}
	}
	return nil
}

func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}

// TaggingOutput answers GetObjectTagging and PutObjectTagging.
type TaggingOutput struct {
	VersionID string
	Tags      []Tag
}

// GetObjectTagging returns the tags of a version.
func (w *World) GetObjectTagging(now time.Time, in *ObjectInput) (*TaggingOutput, *Error) {
	return run(w, now, OpGetObjectTagging, &in.Request, in.Key, func(c *call) (*TaggingOutput, *Error) {
		if err := c.allowVersion(in.VersionID); err != nil {
			return nil, err
		}
		v, _, err := c.lookup(c.b, in.Key, in.VersionID)
		if err != nil {
			return nil, err
		}
		return &TaggingOutput{VersionID: c.b.visibleID(v), Tags: v.tags}, nil
	})
}

// PutObjectTagging replaces the tags of a version, which stays the same version with the same LastModified.
func (w *World) PutObjectTagging(now time.Time, in *ObjectInput, tags []Tag) (*TaggingOutput, *Error) {
	return w.retag(now, OpPutObjectTagging, in, slices.Clone(tags))
}

// DeleteObjectTagging removes all tags of a version.
func (w *World) DeleteObjectTagging(now time.Time, in *ObjectInput) (*TaggingOutput, *Error) {
	return w.retag(now, OpDeleteObjectTagging, in, nil)
}

func (w *World) retag(now time.Time, op Op, in *ObjectInput, tags []Tag) (*TaggingOutput, *Error) {
	return run(w, now, op, &in.Request, in.Key, func(c *call) (*TaggingOutput, *Error) {
		if err := c.allowVersion(in.VersionID); err != nil {
			return nil, err
		}
		if err := checkTags(tags); err != nil {
			return nil, err
		}
		if op == OpDeleteObjectTagging {
			c.status = 204
		}
		out := &TaggingOutput{Tags: tags}
		return out, c.edit(in, func(v *version) *Error {
			v.tags = tags
			out.VersionID = c.b.visibleID(v)
			return nil
		})
	})
}
