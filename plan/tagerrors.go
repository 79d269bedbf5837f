package plan

import (
	"fmt"
	"unicode/utf16"
)

// Longest key and value of a tag, in UTF-16 units (Amazon S3 User Guide, object-tagging,
// read 2026-11-21).
const (
	longestTagKey   = 128
	longestTagValue = 256
)

// TagErrors refuses what no object can have: it would select nothing.
func TagErrors(tags []string) (errs []error) {
	values := map[string]string{}
	for _, tag := range tags {
		key, value, valued := CutTag(tag)
		other, twice := values[key]
		switch {
		case key == "":
			errs = append(errs, fmt.Errorf("--tag %q: want KEY=VALUE, or KEY for any value", tag))
		case units(key) > longestTagKey || units(value) > longestTagValue:
			errs = append(errs, fmt.Errorf("--tag %q: no object has such a tag: a key has at most %d characters, a value %d", tag, longestTagKey, longestTagValue))
		case valued && twice && other != value:
			errs = append(errs, fmt.Errorf("--tag %s=%s and --tag %s=%s exclude each other: an object has one value for a key", key, other, key, value))
		}
		if valued {
			values[key] = value
		}
	}
	return errs
}

func units(text string) int { return len(utf16.Encode([]rune(text))) }
