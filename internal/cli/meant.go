package cli

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Meant asks, after a name that does not exist, for the one that may have been meant:
// ", did you mean --kms-rps?". It is "" where none is near. before goes before a name.
func Meant(name string, known []string, before string) string {
	var near []string
	for _, k := range known {
		// Of a name of two letters both would be another name.
		if distance := levenshtein.ComputeDistance(name, k); distance <= max(min(2, len(k)-1), len(k)/4) || len(name) >= 4 && (strings.HasPrefix(k, name) || strings.HasSuffix(k, name)) {
			near = append(near, k)
		}
	}
	slices.SortFunc(near, func(a, b string) int {
		return cmp.Compare(levenshtein.ComputeDistance(name, a), levenshtein.ComputeDistance(name, b))
	})
	if len(near) == 0 {
		return ""
	}
	return "; did you mean " + before + strings.Join(near[:min(len(near), 2)], " or "+before) + "?"
}

// meantFlag asks for the flag that may have been meant where err is about one that
// does not exist.
func meantFlag(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) || unknown.GetSpecifiedShortnames() != "" {
		return ""
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	return Meant(unknown.GetSpecifiedName(), known, "--")
}
