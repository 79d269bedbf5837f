package report

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"reseal/internal/compat"
)

// The columns of the CSV report and the keys of result lines are those that were
// promised.
func TestPromisedNames(t *testing.T) {
	compat.Ordered(t, "../testdata/compat/csv.txt", strings.Split(CSVColumns, ", "))
	l := fullLine()
	l.Key = "\xff" // it is no text, so that it has its bytes, too
	var keys map[string]any
	if err := json.Unmarshal(AppendLine(nil, &l), &keys); err != nil {
		t.Fatal(err)
	}
	compat.Check(t, "../testdata/compat/lines.txt", slices.Collect(maps.Keys(keys)))
}
