package main

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"reseal/inventory"
)

// pathType is the type of flags that name a file or a folder. A job remembers them,
// and may be resumed from another folder: they hold absolute paths.
const pathType = "path"

// localPath is a file or folder, as a flag. It implements pflag.Value. What is in S3
// stays as it is.
type localPath string

// pathVar adds a flag that names a file or a folder, or what is in S3.
func pathVar(f *pflag.FlagSet, p *string, name, usage string) {
	f.Var((*localPath)(p), name, usage)
}

func (p *localPath) String() string { return string(*p) }

func (*localPath) Type() string { return pathType }

func (p *localPath) Set(text string) error {
	if strings.HasPrefix(text, "~") || text == stdoutName {
		*p = localPath(text) // as it was typed, for checkPaths to refuse
		return nil
	}
	at, err := inventory.ParseLocation(text)
	switch {
	case err != nil: // its reader says what is wrong with it
		*p = localPath(text)
		return nil
	case !at.Local(): // without the signature of a URL
		*p = localPath(at.String())
		return nil
	}
	abs, err := filepath.Abs(at.Name)
	if err != nil {
		return err
	}
	if at.Folder() && !strings.HasSuffix(abs, string(filepath.Separator)) {
		abs += string(filepath.Separator)
	}
	*p = localPath(abs)
	return nil
}

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

// remembers lets each flag that a job remembers, and that takes one value, be taken
// away by an empty one.
func remembers(cmd *cobra.Command) {
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if _, many := f.Value.(pflag.SliceValue); !many && !slices.Contains(forgotten, f.Name) {
			f.Value = &removable{Value: f.Value, usual: f.DefValue}
		}
	})
}
