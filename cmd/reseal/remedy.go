package main

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// remedy is what to do about an error.
type remedy struct {
	say  string // clauses, separated by "; "; a flag in it is one of the command that failed
	next string // a command that can be pasted as it stands, "" where there is none
}

// String is both on one line.
func (r remedy) String() string {
	if r.say != "" && r.next != "" {
		return r.say + ": " + r.next
	}
	return r.say + r.next
}

var flagNamed = regexp.MustCompile(`--([a-z][a-z-]*[a-z])`)

// within leaves out what cannot be done with cmd: clauses that name a flag which it has
// not.
func (r remedy) within(cmd *cobra.Command) remedy {
	clauses := strings.Split(r.say, "; ")
	clauses = slices.DeleteFunc(clauses, func(clause string) bool {
		return slices.ContainsFunc(flagNamed.FindAllStringSubmatch(clause, -1), func(m []string) bool { return cmd.Flag(m[1]) == nil })
	})
	return remedy{strings.Join(clauses, "; "), r.next}
}
