package main

import (
	"fmt"
	"slices"
	"strings"
)

// choiceError says that given, the value of what, is none of words, and which of them
// may have been meant. It is a plain error, for those that are collected.
func choiceError(what, given string, words ...string) error {
	near := ""
	if !slices.Contains(words, given) {
		near = meant(given, words, "")
	}
	return fmt.Errorf("%s %q: want %s%s", what, given, either(words), near)
}

// choose demands that given is one of words. The error is one of usage.
func choose(what, given string, words ...string) error {
	if slices.Contains(words, given) {
		return nil
	}
	return &usageError{choiceError(what, given, words...)}
}

// chooseFold is choose for words whose case does not matter.
func chooseFold(what, given string, words ...string) error {
	if slices.ContainsFunc(words, func(w string) bool { return strings.EqualFold(w, given) }) {
		return nil
	}
	return &usageError{choiceError(what, given, words...)}
}

// either lists words of which one is wanted: a, b or c.
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
