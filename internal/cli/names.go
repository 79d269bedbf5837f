package cli

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// NamesVar adds a flag that takes names of a list, each of which has no comma in it:
// several in one value, with commas between, and several times.
func NamesVar(f *pflag.FlagSet, p *[]string, name, usage string) {
	f.Var(&names{list: p}, name, usage)
}

// names is the value of such a flag. It implements pflag.Value and pflag.SliceValue.
type names struct {
	list *[]string
	set  bool
}

// Set takes names on top of those that were set before. An empty one stays one, which
// whoever reads the list refuses.
func (n *names) Set(text string) error {
	if !n.set {
		*n.list, n.set = nil, true
	}
	for name := range strings.SplitSeq(text, ",") {
		*n.list = append(*n.list, strings.TrimSpace(name))
	}
	return nil
}

func (n *names) Type() string { return "stringArray" }

func (n *names) String() string {
	if n.list == nil {
		return "[]"
	}
	return "[" + strings.Join(*n.list, ",") + "]"
}

// Append implements pflag.SliceValue.
func (n *names) Append(name string) error {
	*n.list = append(*n.list, name)
	return nil
}

// Replace implements pflag.SliceValue.
func (n *names) Replace(all []string) error {
	*n.list = slices.Clone(all)
	return nil
}

// GetSlice implements pflag.SliceValue.
func (n *names) GetSlice() []string { return *n.list }
