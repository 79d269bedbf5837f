package console

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"reseal/plan"
	"reseal/preflight"
	"reseal/selfcheck"
)

// A run shows what is not as it should be, counts the rest, and gets past no stop; what
// no run has to do with is not there.
func TestRunChecks(t *testing.T) {
	rows := []preflight.Finding{
		{Name: "endpoint", Status: preflight.StatusOK, Why: "AWS"}, {Name: "SSE-C", Status: preflight.StatusStop, Why: "blocked"},
		{Name: "key", Status: preflight.StatusHazard, Why: "imported", Mend: "another key"}, {Name: "copy", Status: preflight.StatusStop, Why: "denied"}, {Name: "locks", Status: preflight.StatusStop, Why: "hidden"},
	}
	var out bytes.Buffer
	stop, err := RunChecks(&out, rows)
	if err != nil || stop == nil || stop.Name != "copy" {
		t.Errorf("%v, %v", stop, err)
	}
	said := out.String()
	if !strings.HasPrefix(said, "preflight: 1 ok, 0 warnings, 1 hazard, 2 stops, 0 unknown; reseal preflight shows all\n") || strings.Contains(said, "SSE-C") || strings.Contains(said, "AWS") || !strings.Contains(said, "→ another key") {
		t.Errorf("it said\n%s", said)
	}
	if stop, err := RunChecks(&out, rows[:3]); stop != nil || err != nil {
		t.Errorf("without a stop: %v, %v", stop, err)
	}
}

// The document of a preflight says whether a run would begin, and what it needs.
func TestCheckDocument(t *testing.T) {
	o := &plan.Options{Bucket: "b", KMSKeyID: "k"}
	ok, hidden := preflight.Finding{Status: preflight.StatusOK}, preflight.Finding{Status: preflight.StatusUnknown}
	for _, tt := range []struct {
		rows   []preflight.Finding
		begins string
		needed int
	}{
		{[]preflight.Finding{ok}, "yes", 0},
		{[]preflight.Finding{hidden, hidden, ok}, "unknown", 0},
		{[]preflight.Finding{hidden, hidden, {Status: preflight.StatusStop}}, "no", 0},
		{[]preflight.Finding{ok, {Status: preflight.StatusHazard, Accept: "acl"}}, "no", 1},
	} {
		d := NewCheckDocument(o, tt.rows)
		if d.Bucket != "b" || d.Key != "k" || d.Begins != tt.begins || d.Needed == nil || len(d.Needed) != tt.needed || len(d.Checks) != len(tt.rows) {
			t.Errorf("%+v, want %s", d, tt.begins)
		}
	}
}

// helped is an error that knows what helps against it.
type helped struct{}

func (helped) Error() string { return "broken" }
func (helped) Next() string  { return "mend it" }

// A row that has a remedy keeps it; one with an error gets what helps against that.
func TestWithHints(t *testing.T) {
	rows := []preflight.Finding{{Mend: "do this", Err: helped{}}, {Err: helped{}}, {Why: "none"}}
	WithHints(rows)
	if rows[0].Mend != "do this" || !strings.Contains(rows[1].Mend, "mend it") || rows[2].Mend != "" {
		t.Errorf("%+v", rows)
	}
}

// A prefix that is denied is one finding, with who denies it as far as that is known.
func TestDenials(t *testing.T) {
	var out bytes.Buffer
	Denials(&out, nil, "reseal retry-failed j")
	if out.Len() > 0 {
		t.Errorf("of none it says %q", &out)
	}
	Denials(&out, []Denial{
		{Prefix: "a/", Tried: 3, Answer: "403 AccessDenied", Who: []string{"statement HandsOff denies s3:PutObject"}},
		{Prefix: "b/", Tried: 1, Answer: "403 AccessDenied", Err: errors.New("gone")},
		{Prefix: "c/", Tried: 1, Answer: "403 AccessDenied"},
	}, "reseal retry-failed j")
	for _, want := range []string{
		"denied below \"a/\": 3 objects tried and denied", "\n  statement HandsOff denies s3:PutObject\ndenied below \"b/\": 1 object ",
		"cannot be read, so who denies it is not known: gone\n", "does not deny it: look at the caller's own policies", "\nNothing else waits for that.", "found out: reseal retry-failed j\n",
	} {
		if strings.Count(out.String(), want) != 1 {
			t.Errorf("not once %q in\n%s", want, &out)
		}
	}
}

// A finding of a selfcheck says what was seen only where that is news, within 80 columns.
func TestSelfcheckTexts(t *testing.T) {
	long := strings.Repeat("seven words of what was seen here ", 6)
	findings := []selfcheck.Finding{
		{Number: "B01", Standing: selfcheck.AsDocumented, Title: strings.Repeat("t", 99), Seen: "not shown"},
		{Number: "Q01", Standing: selfcheck.Differs, Title: "copies", Seen: long},
		{Number: "Q02", Standing: selfcheck.NotAsked, Title: "tags", Seen: "s3:GetObjectTagging", Lacks: "s3:GetObjectTagging"},
	}
	var out bytes.Buffer
	for i := range findings {
		SelfcheckFinding(&out, &findings[i])
	}
	SelfcheckSum(&out, findings, "my facts.json")
	said := out.String()
	for line := range strings.Lines(said) {
		if len(line) > 81 && !strings.HasPrefix(line, "Missing") && !strings.HasPrefix(line, "Findings") {
			t.Errorf("%d columns: %s", len(line), line)
		}
	}
	for _, want := range []string{"Q01  DIFFERS        copies\n", "Q02  not asked      tags\n", "\n1 as documented, 1 different, 0 answered, 1 not asked\n", "s3:GetObjectTagging (items not asked for that: 1)", "--facts 'my facts.json'\n"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	if strings.Contains(said, "not shown") {
		t.Errorf("what is as documented is said:\n%s", said)
	}
	out.Reset()
	SelfcheckDemand(&out, "mars-1", selfcheck.Demand(false))
	if !strings.Contains(out.String(), "no price is known in Region mars-1") {
		t.Errorf("%s", &out)
	}
}
