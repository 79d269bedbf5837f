package options

import (
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"reseal/internal/cli"
	"reseal/inventory"
)

// localPath is a file or folder, as a flag. It implements pflag.Value. What is in S3
// stays as it is.
type localPath string

// PathVar adds a flag that names a file or a folder, or what is in S3.
func PathVar(f *pflag.FlagSet, p *string, name, usage string) {
	f.Var((*localPath)(p), name, usage)
}

func (p *localPath) String() string { return string(*p) }

func (*localPath) Type() string { return cli.PathType }

func (p *localPath) Set(text string) error {
	if strings.HasPrefix(text, "~") || text == cli.Stdout {
		*p = localPath(text) // as it was typed, for cli.CheckPath to refuse
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
