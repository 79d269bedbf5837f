package console

import (
	"bytes"
	"strings"
	"testing"

	"reseal/verify"
)

// Of objects that nobody compared no work is left, and what is next ends it.
func TestGenerationsNotCompared(t *testing.T) {
	t.Parallel()
	one := func(untold, undone int64) *verify.Verification {
		return &verify.Verification{Job: "job", Tally: verify.Tally{Rows: 5, Uncompared: untold, Verdicts: map[verify.Verdict]int64{verify.Proven: 5, verify.NotDone: undone}}}
	}
	for _, tt := range []struct {
		undone int64
		want   string
	}{
		{0, "Of 2 verified generations, no work is left; 3 objects were found done, and nobody compared what was there before, in generation 1. next: reseal verify job --allow not-compared"},
		{1, "Of 2 verified generations, work is left in generation 1, 2. next: reseal status job"},
	} {
		var out bytes.Buffer
		if err := VerifiedGenerations(&out, "job", []VerifiedGeneration{{1, one(3, 0)}, {2, one(0, tt.undone)}}, true); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(strings.Fields(out.String()), " "); !strings.HasSuffix(got, tt.want) {
			t.Errorf("%s\nwant at its end: %s", got, tt.want)
		}
	}
}
