package cli

import (
	"slices"
	"testing"

	"github.com/spf13/pflag"
)

func TestNames(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want []string }{
		{[]string{"--accept", "a,b,c"}, []string{"a", "b", "c"}},
		{[]string{"--accept=a", "--accept", "b, c"}, []string{"a", "b", "c"}},
		{[]string{"--accept", "a,,b"}, []string{"a", "", "b"}},
		{[]string{"--accept", ""}, []string{""}},
		{nil, []string{"default"}},
	} {
		f := pflag.NewFlagSet("test", pflag.ContinueOnError)
		got := []string{"default"}
		NamesVar(f, &got, "accept", "")
		if err := f.Parse(tt.args); err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, %v; want %q", tt.args, got, err, tt.want)
		}
		many := f.Lookup("accept").Value.(pflag.SliceValue)
		if !slices.Equal(many.GetSlice(), tt.want) || many.Replace([]string{"x"}) != nil || many.Append("y") != nil || !slices.Equal(got, []string{"x", "y"}) {
			t.Errorf("%q: as a list %q, then %q", tt.args, many.GetSlice(), got)
		}
	}
}
