package report

import (
	"bytes"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"reseal/canary"
	"reseal/plan"
)

// sampleCanary has a kind of each verdict, and one of everything that a kind can say.
func sampleCanary() *canary.Table {
	proof := func(names ...string) (out []canary.Proof) {
		for i, n := range names {
			out = append(out, canary.Proof{Attribute: n, Objects: int64(i + 1), Keys: []string{"images/1.bin"}})
		}
		return out
	}
	tags := []plan.Difference{{Attribute: plan.Tags, Change: plan.WasLost, Before: "team=film"}}
	return &canary.Table{Kinds: []canary.Kind{
		{Action: "copy", Class: "STANDARD", Verdict: canary.Proven, ToProve: []string{"object", "data", "tags", "Expires"},
			Proven: proof("object", "data", "tags"), Accepted: []string{"Expires"}, Compared: 1234},
		{Action: "copy", Class: "STANDARD_IA", Verdict: canary.NotProven, ToProve: []string{"object", "ACL", "annotations"}, Proven: proof("object"),
			Missing: []string{"ACL"}, NotShown: []string{"annotations"}, Compared: 1, HeldBack: true,
			Reasons: []canary.Reason{{Why: "could not be looked at", Request: "GetObjectAcl", Code: "AccessDenied", HTTPStatus: 403, Objects: 16, Key: attack},
				{Why: "could not be looked at", Request: "GetObject", Code: "timeout", Objects: 1, Key: "k"}}},
		{Action: "copy", Class: "GLACIER_IR", Verdict: canary.InDoubt, ToProve: []string{"object", "tags"}, Proven: proof("object", "tags"), Compared: 7,
			Doubts: []canary.Doubt{{Key: "logs/<b>", Differences: tags}, {Key: "logs/c", Differences: tags}}},
		{Action: "multipart-copy", Class: "STANDARD", Verdict: canary.Lost, ToProve: []string{"object", "tags"}, Proven: proof("object"),
			Missing: []string{"tags"}, Compared: 2, Doubts: []canary.Doubt{{Key: "video/1.mp4", Differences: tags}}},
		{Action: "update", Verdict: canary.NothingToProve},
		{Action: "update", Class: "STANDARD", Verdict: canary.NotProven, ToProve: []string{"object"}, Missing: []string{"object"}},
	}}
}

// A page says of each kind what the text says, in the same words: what had to be
// proven, what was, and what was not and why.
func TestCanaryInHTML(t *testing.T) {
	v := sampleRun()
	v.Canary = sampleCanary()
	var page bytes.Buffer
	if err := WriteRunHTML(&page, v); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(page.String(), canaryTitle+"</h2>")
	table, _, _ = strings.Cut(table, "</table>")
	var rows []string
	for _, m := range regexp.MustCompile(`<tr>(<td.*)</tr>`).FindAllStringSubmatch(table, -1) {
		rows = append(rows, inOneLine(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(m[1], " ")))
	}
	if strings.Contains(table, "nowrap") {
		t.Error("what has to stay in one line is cut off in a narrow window")
	}
	if len(rows) != len(v.Canary.Kinds) {
		t.Fatalf("%d rows, want one of each of the %d kinds:\n%s", len(rows), len(v.Canary.Kinds), table)
	}
	for i := range rows {
		k := &v.Canary.Kinds[i]
		said := inOneLine(CanaryText(&canary.Table{Kinds: v.Canary.Kinds[i : i+1]}))
		name, verdict := KindName(k), KindVerdict(k)
		if want := inOneLine(name + " " + strings.TrimPrefix(said, name+" "+verdict) + " " + verdict); rows[i] != want {
			t.Errorf("the page says\n%s\nand the text\n%s", rows[i], want)
		}
		for _, attribute := range k.ToProve {
			if !slices.ContainsFunc(CanaryLines(k), func(l string) bool { return strings.Contains(l, attribute) }) {
				t.Errorf("%s: nothing says what became of the %s", name, attribute)
			}
		}
	}
	for i, want := range []string{
		"copy, STANDARD kept, by number of objects: object 1, data 2, tags 3 lost, as accepted: Expires proven: 1,234 objects compared",
		`copy, STANDARD_IA kept, by number of objects: object 1 not proven: ACL not compared, as no request shows it: annotations ` +
			`16 objects could not be looked at: GetObjectAcl AccessDenied (403), such as "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{.Job}}\x1b[31m\u202e\xff" `,
		`copy, GLACIER_IR kept, by number of objects: object 1, tags 2 "logs/<b>" differs: tags; no sign of another client ` +
			`"logs/c" differs: tags; no sign of another client in doubt: 2 objects not as before`,
		`multipart-copy, STANDARD kept, by number of objects: object 1 not proven: tags "video/1.mp4" differs: tags; no sign of another client lost: 1 object not as before`,
		"update, class unknown nothing to prove",
		"update, STANDARD not proven: object not proven",
	} {
		if !strings.HasPrefix(rows[i], want) {
			t.Errorf("row %d:\n%s\nwant\n%s", i, rows[i], want)
		}
	}
}

// inOneLine is the text of a page or of a terminal without its line breaks.
func inOneLine(s string) string { return strings.Join(strings.Fields(html.UnescapeString(s)), " ") }
