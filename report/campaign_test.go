package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"reseal/cost"
)

func sampleCampaign() *Campaign {
	at := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	return &Campaign{Campaign: "camp", Created: at, Taken: at.Add(time.Hour), Version: "1.0.0",
		Total: CampaignTotal{Buckets: 2, Finished: 1, Verified: 1, Unknown: 1, CampaignFigures: CampaignFigures{Objects: 12, Done: 9, Bytes: 4096, Failed: 1, LeftAlone: 2, Spent: cost.Dollar}},
		Buckets: []CampaignBucket{
			{Bucket: "media", Job: "camp/media", State: "finished", Finished: true, Known: true, Signable: true, Generations: 2, Clean: at, Key: "KEY",
				CampaignFigures: CampaignFigures{Objects: 12, Done: 9, Bytes: 4096, Failed: 1, LeftAlone: 2, Spent: cost.Dollar}, Planned: &cost.Span{Max: 2 * cost.Dollar},
				NotDone: []NotDone{{2, "archived"}, {1, "failed"}}, Verified: &Verified{At: at, Grade: "fine", Looked: 12}},
			{Bucket: "<b>odd</b>", Job: "camp/odd", State: "error", Failures: true, Why: "its state\x1b[31m cannot be read", Next: "reseal status camp/odd"},
			{Bucket: "old", Job: "camp/old", State: "left out", LeftOut: true},
		}}
}

// All that somebody asks who is to sign is in each form: what was done, what was not and
// why, what is not known, and where the report of each bucket is made from. Nothing of
// what a document says steers a terminal or a browser.
func TestCampaignForms(t *testing.T) {
	v := sampleCampaign()
	var text, page, doc bytes.Buffer
	for _, err := range []error{WriteCampaign(&text, v), WriteCampaignHTML(&page, v), WriteCampaignJSON(&doc, v)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"1 of 2 buckets finished, 1 of them verified", "2 left alone", "of 1 bucket nobody knows", "2 archived, 1 failed", "error     -",
		"camp/media", "clean        as of 2026-12-01 00:00:00 UTC", "reseal status camp/odd", "planned: "} {
		if !strings.Contains(strings.Join(strings.Fields(text.String()), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the text lacks %q:\n%s", want, text.String())
		}
	}
	for _, want := range []string{"1 of 2 finished", "archived", "camp/media", "&lt;b&gt;odd&lt;/b&gt;", "in no sum", "unknown", "reseal status camp/odd"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if all := text.String() + page.String() + doc.String(); strings.Contains(all, "\x1b") || strings.Contains(page.String(), "<b>odd") {
		t.Errorf("what a document says is not made plain")
	}
	var back Campaign
	if err := json.Unmarshal(doc.Bytes(), &back); err != nil || back.Total.Done != 9 || len(back.Buckets) != 3 || back.Buckets[0].NotDone[0].Why != "archived" {
		t.Errorf("JSON: %v, %+v", err, back)
	}
}
