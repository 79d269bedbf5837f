package s3api

import (
	"net/url"
	"slices"
	"strings"

	"reseal/plan"
)

// spoiltTags tells whether the tags of an object are what an endpoint made of those
// that it was sent: some are gone, or mangled. What has nothing to do with them was
// set by a client since.
func spoiltTags(sent, is []plan.Tag) bool {
	if len(is) > len(sent) || slices.Equal(sent, is) {
		return false
	}
	return !slices.ContainsFunc(is, func(t plan.Tag) bool {
		return !slices.ContainsFunc(sent, func(s plan.Tag) bool { return mangled(s.Key, t.Key) && mangled(s.Value, t.Value) })
	})
}

// shortest is the length, in bytes, from which a text that begins another is one that
// was cut off.
const shortest = 32

// mangled tells whether is is text as an endpoint may give it back: with other special
// characters, decoded twice or not at all, in other case, or cut off.
func mangled(text, is string) bool {
	if text == is || len(is) >= shortest && strings.HasPrefix(text, is) {
		return true
	}
	for _, decode := range []func(string) string{asIs, decoded} {
		if bare(text) == bare(decode(is)) || bare(decode(text)) == bare(is) {
			return true
		}
	}
	return false
}

func asIs(s string) string { return s }

// decoded is a text without its percent-encoding, where it has one.
func decoded(s string) string {
	if d, err := url.PathUnescape(s); err == nil {
		return d
	}
	return s
}

// bare are the letters and digits of ASCII in a text, which no endpoint was seen to
// mangle but for their case.
func bare(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}
