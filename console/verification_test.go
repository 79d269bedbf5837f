package console

import (
	"strings"
	"testing"

	"reseal/verify"
)

// A command that is printed names the very object, at the place where it is.
func TestHeadFirst(t *testing.T) {
	v := &verify.Verification{Bucket: "photos", Endpoint: "http://127.0.0.1:9000", Differences: []verify.Difference{{Key: "it's 1", VersionID: "v+1"}}}
	want := `aws s3api head-object --bucket photos --endpoint-url http://127.0.0.1:9000 --key 'it'\''s 1' --version-id v+1`
	if got := headFirst(v); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// The sample is of all objects that it was drawn from, those with a snapshot included.
func TestSampleIsOfAllThatItWasDrawnFrom(t *testing.T) {
	bound := 0.015
	v := &verify.Verification{Tally: verify.Tally{Looked: 1098, Sampled: 199, Unsampled: 902}, Bound: &bound}
	if got, want := provesText(v), "The sample is 199 of 2,000 objects. 0 of them not as promised: with 95 % confidence at most 1.5 % of all are."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// What verify prints last is whether all is as promised, and what is next; where it is
// not, no such sentence stands there.
func TestVerifyEndsWithItsVerdict(t *testing.T) {
	const next = "\nnext: reseal report ./job --out report.html\n"
	bound := 0.03
	proven := func(n int64) map[verify.Verdict]int64 { return map[verify.Verdict]int64{verify.Proven: n} }
	for name, tt := range map[string]struct {
		v    verify.Verification
		ends string
	}{
		"all": {verify.Verification{Tally: verify.Tally{Rows: 3000, Looked: 3000, Sampled: 3000, Verdicts: proven(3000)}}, "All 3,000 rows are as promised." + next},
		"nothing": {verify.Verification{Tally: verify.Tally{Rows: 3, Looked: 3, Sampled: 3, Verdicts: map[verify.Verdict]int64{verify.Gone: 1, verify.LeftAlone: 2}}},
			"Each row is as promised, and no row was seen under the key: this job is no proof of any encryption. See above what the rows were left alone for, and whether the report names the right objects." + next},
		"one":     {verify.Verification{Tally: verify.Tally{Rows: 1, Looked: 1, Sampled: 1, Verdicts: proven(1)}}, "The one row is as promised." + next},
		"none":    {verify.Verification{}, next},
		"allowed": {verify.Verification{Allowed: []verify.Verdict{verify.NotDone}, Tally: verify.Tally{Rows: 2, Verdicts: map[verify.Verdict]int64{verify.Proven: 1, verify.NotDone: 1}}}, "Apart from what --allow takes, all rows are as promised." + next},
		"sample": {verify.Verification{Bound: &bound, Tally: verify.Tally{Rows: 3000, Looked: 100, Sampled: 100, Unsampled: 2900, Verdicts: proven(100)}},
			"The sample is 100 of 3,000 objects. 0 of them not as promised: with 95 % confidence at most 3.0 % of all are.\n" + next},
		"wrong":       {verify.Verification{Tally: verify.Tally{Rows: 2, Verdicts: map[verify.Verdict]int64{verify.Proven: 1, verify.LostAttribute: 1}}}, ""},
		"open":        {verify.Verification{Tally: verify.Tally{Rows: 2, Verdicts: map[verify.Verdict]int64{verify.Proven: 1, verify.NotDone: 1}}}, ""},
		"never begun": {verify.Verification{NeverBegan: true, Tally: verify.Tally{Rows: 1, Verdicts: map[verify.Verdict]int64{verify.LeftAlone: 1}}}, ""},
	} {
		tt.v.Job = "./job"
		var b strings.Builder
		if err := Verification(&b, &tt.v); err != nil {
			t.Fatal(err)
		}
		got := b.String()
		if tt.ends != "" && !strings.HasSuffix(got, tt.ends) || tt.ends == "" && (strings.Contains(got, "next:") || strings.Contains(got, "as promised.\n")) {
			t.Errorf("%s: %q, want the end %q", name, got, tt.ends)
		}
	}
}

// A sample that took nothing proves nothing.
func TestSampleOfNothing(t *testing.T) {
	v := &verify.Verification{Tally: verify.Tally{Looked: 20, Sampled: 0, Unsampled: 280}}
	if got := provesText(v); !strings.Contains(got, "nothing is proven") {
		t.Errorf("%q, want that nothing is proven", got)
	}
}
