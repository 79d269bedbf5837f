package cli

import (
	"slices"

	"github.com/spf13/pflag"
)

// removable is the value of a flag that a job remembers: nothing takes away what is
// remembered, and the default holds. It implements pflag.Value.
type removable struct {
	pflag.Value
	usual   string // its default
	removed bool
}

func (r *removable) String() string {
	if r.removed || r.Value == nil { // nil where pflag makes one to compare with
		return ""
	}
	return r.Value.String()
}

func (r *removable) Set(text string) error {
	r.removed = text == ""
	if r.removed && r.usual != "" {
		text = r.usual
	}
	return r.Value.Set(text)
}

// Removable lets each flag that takes one value, and that is among those that which
// tells, be taken away by an empty one: its default holds then.
func Removable(flags *pflag.FlagSet, which func(option string) bool) {
	flags.VisitAll(func(f *pflag.Flag) {
		if _, many := f.Value.(pflag.SliceValue); !many && which(f.Name) {
			f.Value = &removable{Value: f.Value, usual: f.DefValue}
		}
	})
}

// Removed are the flags, with their dashes, that were taken away by an empty value.
func Removed(flags *pflag.FlagSet) (names []string) {
	flags.VisitAll(func(f *pflag.Flag) {
		if r, ok := f.Value.(*removable); ok && r.removed && f.Changed {
			names = append(names, "--"+f.Name)
		}
	})
	return names
}

// ValuesOf are the values of a flag: one, or those of a list.
func ValuesOf(f *pflag.Flag) []string {
	if many, ok := f.Value.(pflag.SliceValue); ok {
		return slices.Clone(many.GetSlice())
	}
	return []string{f.Value.String()}
}
