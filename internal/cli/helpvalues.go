package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// placeholder is the word for a flag's value, "" where pflag's own serves.
func (h Help) placeholder(f *pflag.Flag) string {
	for _, p := range h.Placeholders {
		if slices.Contains(p.Flags, f.Name) {
			return p.Word
		}
	}
	switch f.Value.Type() {
	case "string", "stringArray", PathType:
		return "VALUE"
	case "int", "int64":
		return "N"
	case "duration":
		return "TIME"
	}
	return ""
}

// shownValue is a flag's value with another word for it. It implements pflag.Value.
type shownValue struct {
	pflag.Value
	word string
}

func (s shownValue) Type() string { return s.word }

// shownFlag is a flag as help shows it: with a word for its value, and without a
// default that says nothing.
func (h Help) shownFlag(f *pflag.Flag) *pflag.Flag {
	shown := *f
	name, usage := pflag.UnquoteUsage(f)
	word := h.placeholder(f)
	if word == "" {
		word = name
	}
	if word == "" { // a switch takes none
		return f
	}
	if name != f.Value.Type() {
		usage = strings.ReplaceAll(f.Usage, "`", "")
		if name == strings.ToUpper(name) {
			word = name
		}
	}
	shown.Usage, shown.Value = usage, shownValue{f.Value, strings.ToUpper(word)}
	if f.DefValue == "0s" || f.DefValue == "[]" {
		shown.DefValue = ""
	}
	return &shown
}
