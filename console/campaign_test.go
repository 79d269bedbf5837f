package console

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"reseal/campaign"
	"reseal/cost"
)

// The tables of a campaign fit 80 columns, whatever the names and figures, and nothing
// that a document says gets to the terminal raw. Only what can begin is in the plan's sum.
func TestCampaignTables(t *testing.T) {
	large := int64(9_223_372_036_854_775_807)
	few := int64(12)
	figures := campaign.Figures{Objects: large, Bytes: large, KMS: cost.Calls{Max: large}, Priced: true, Price: cost.Span{Max: 987_654_321 * cost.Dollar}}
	s := campaign.NewStatus("camp", []campaign.Row{
		{Bucket: strings.Repeat("long-", 12) + "abc", State: campaign.Interrupted, Left: &large, Done: large, Failed: large, Spent: 987_654_321 * cost.Dollar, Planned: &figures, Why: "a \x1b[31mreason", Next: "reseal run camp/x"},
		{Bucket: "small", State: campaign.New, Left: &few, Todo: &few, Planned: &campaign.Figures{Objects: 12, Bytes: 4096, KMS: cost.Calls{Max: 24}, Price: cost.Span{Max: cost.Cent}}},
		{Bucket: "gone", State: campaign.LeftOut, Left: &large},
		{Bucket: "refused", State: campaign.Refused, Ended: campaign.NewEnding(time.Now(), 5, "x"), Why: strings.Repeat("many words ", 30)},
	})
	for name, write := range map[string]func(*bytes.Buffer) error{
		"plan":   func(b *bytes.Buffer) error { return CampaignPlan(b, s) },
		"status": func(b *bytes.Buffer) error { return Campaign(b, s) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 || strings.Contains(line, "\x1b") {
				t.Errorf("%s: %q", name, line)
			}
		}
		for _, want := range []string{"\nsmall ", "\nnext: reseal run camp/x\n", "\nrefused: refused: many words"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%s lacks %q:\n%s", name, want, &out)
			}
		}
		if name == "plan" && !strings.Contains(out.String(), "> $0.01") {
			t.Errorf("a price that is not whole:\n%s", &out)
		}
	}
	var out bytes.Buffer
	if err := CampaignPlan(&out, s); err != nil || !strings.Contains(out.String(), "\nall ") || !strings.Contains(out.String(), " 1 of 3\n") {
		t.Errorf("%v:\n%s", err, &out)
	}
	if s.Sum.Buckets != 3 || s.Sum.Planned.Objects != large || s.Sum.Planned.Priced {
		t.Errorf("sum %+v", s.Sum)
	}
}
