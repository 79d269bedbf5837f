package report

import (
	"strings"
	"testing"
)

// Where a later generation is not as promised, no report says of the first one alone that
// all was found as promised.
func TestWordsOfALaterGeneration(t *testing.T) {
	t.Parallel()
	v := &Verified{Looked: 3, Grade: "fine"}
	if got := v.words(); !strings.HasSuffix(got, " and found all as promised") {
		t.Errorf("%q", got)
	}
	v.LaterOpen = true
	want := "and found all of the first generation as promised; a later one is not, or was not verified as it is now"
	if got := v.words(); !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if b := (&CampaignBucket{Verified: v, Generations: 2}); !strings.HasSuffix(b.verifiedWords(), want) {
		t.Errorf("of a campaign: %q", b.verifiedWords())
	}
}
