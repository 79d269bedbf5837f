package notify

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"reseal/control"
	"reseal/internal/compat"
)

// The document of an event with all of its fields is what docs/notify.md shows: its
// readers rely on names and meanings.
func TestDocument(t *testing.T) {
	code := 4
	e := &Event{
		Schema: Schema, ID: "9f86d081884c7d65-7", Kind: Stopped, Time: time.Date(2026, 11, 30, 2, 14, 5, 0, time.UTC),
		Text: "filled in below", Job: "./job", Bucket: "acme-media", Share: "2/4", Program: "reseal 1.0.0", Host: "batch-1", PID: 4711,
		Reason: "2 % of the objects failed", ExitCode: &code, Limit: control.LimitKMSThrottle, Minutes: 12.5,
		Progress: &Progress{Done: 812345, Failed: 16247, Skipped: 1202, Deferred: 3, Bytes: 91625968981}, Missed: 2,
	}
	e.Text = e.sentence()
	line, err := e.document()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, line, "", "  "); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("../docs/notify.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, _ := strings.Cut(string(doc), "```json\n")
	shown, _, _ = strings.Cut(shown, "```")
	if shown != got.String() {
		t.Errorf("docs/notify.md shows\n%s\nthe document is\n%s", shown, &got)
	}
	promised := compat.Keys(e)
	for _, k := range Kinds() {
		promised = append(promised, "event "+string(k))
		if !strings.Contains(string(doc), "| `"+string(k)+"` |") {
			t.Errorf("docs/notify.md has no row for %s", k)
		}
	}
	for _, v := range e.environment() {
		name, _, _ := strings.Cut(v, "=")
		promised = append(promised, name)
	}
	compat.Check(t, "../testdata/compat/notify.txt", promised)
	for _, v := range append(e.environment(), withheld...) {
		name, _, _ := strings.Cut(v, "=")
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/notify.md does not name %s", name)
		}
	}
}
