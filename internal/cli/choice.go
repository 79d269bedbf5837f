package cli

import (
	"fmt"
	"slices"
	"strings"
)

// ChoiceError says that given, the value of what, is none of words, and which of them
// may have been meant. It is a plain error, for those that are collected.
func ChoiceError(what, given string, words ...string) error {
	near := ""
	if !slices.Contains(words, given) {
		near = Meant(given, words, "")
	}
	return fmt.Errorf("%s %q: want %s%s", what, given, Either(words), near)
}

// Choose demands that given is one of words. The error is one of usage.
func Choose(what, given string, words ...string) error {
	if slices.Contains(words, given) {
		return nil
	}
	return &UsageError{ChoiceError(what, given, words...)}
}

// ChooseFold is Choose for words whose case does not matter.
func ChooseFold(what, given string, words ...string) error {
	if slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, given) }) {
		return nil
	}
	return &UsageError{ChoiceError(what, given, words...)}
}

// Either lists words of which one is wanted: a, b or c.
func Either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
