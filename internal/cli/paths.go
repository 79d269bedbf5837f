package cli

import (
	"strings"
	"unicode"
)

// PathType is the type of flags that name a file or a folder. A job remembers them,
// and may be resumed from another folder: they hold absolute paths.
const PathType = "path"

// Stdout is the name that stands for standard output.
const Stdout = "-"

// CheckPath refuses the name of a file or folder that cannot be meant: one that a shell
// was to expand, one that nobody sees, and one that no command could be pasted with.
// what is the flag or argument that it is from.
func CheckPath(what, path string) error {
	switch {
	case path == "~" || strings.HasPrefix(path, "~/"):
		return Usagef("%s %s: no shell put your home folder in the place of ~; write it out", what, path)
	case path != "" && strings.TrimSpace(path) == "":
		return Usagef("%s %q: a name of blanks alone", what, path)
	case strings.ContainsFunc(path, unicode.IsControl):
		return Usagef("%s %q: a name with control characters; rename it", what, path)
	}
	return nil
}
