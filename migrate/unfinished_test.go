package migrate_test

import (
	"testing"

	"reseal/engine"
	"reseal/migrate"
)

func TestUnfinishedInWords(t *testing.T) {
	t.Parallel()
	denied := func(n int) []*engine.DeniedPrefix {
		out := make([]*engine.DeniedPrefix, n)
		for i := range out {
			out[i] = &engine.DeniedPrefix{Prefix: "a/"}
		}
		return out
	}
	for want, err := range map[string]*migrate.UnfinishedError{
		`1 object is left, as access is denied below "a/"`:                       {Left: 1, Denied: denied(1)},
		`2 objects are left, as access is denied below "a/" and 1 more prefix`:   {Left: 2, Denied: denied(2)},
		`2 objects are left, as access is denied below "a/" and 2 more prefixes`: {Left: 2, Denied: denied(3)},
		"1 object is left, and the last pass over the report settled none":       {Left: 1},
	} {
		if got := err.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
