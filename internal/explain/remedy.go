package explain

import (
	"regexp"
	"slices"
	"strings"
)

// Remedy is what to do about an error.
type Remedy struct {
	Say  string // clauses, separated by "; "; a flag in it is one of the command that failed
	Next string // a command that can be pasted as it stands, "" where there is none
}

// String is both on one line.
func (r Remedy) String() string {
	if r.Say != "" && r.Next != "" {
		return r.Say + ": " + r.Next
	}
	return r.Say + r.Next
}

var flagNamed = regexp.MustCompile(`--([a-z][a-z-]*[a-z])`)

// Within leaves out what cannot be done with a command: clauses that name a flag which
// it has not.
func (r Remedy) Within(has func(flag string) bool) Remedy {
	clauses := strings.Split(r.Say, "; ")
	clauses = slices.DeleteFunc(clauses, func(clause string) bool {
		return slices.ContainsFunc(Flags(clause), func(flag string) bool { return !has(flag) })
	})
	return Remedy{strings.Join(clauses, "; "), r.Next}
}

// Flags are the names of the flags in a text.
func Flags(text string) (names []string) {
	for _, m := range flagNamed.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	return names
}
