package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestOutcomesSumToTheRows: each row of the report is in one line of the table of
// outcomes, one that was put off too.
func TestOutcomesSumToTheRows(t *testing.T) {
	t.Parallel()
	rows := int64(2000)
	for _, tt := range []struct {
		name                     string
		done, failed, deferred   int64
		rows                     *int64
		wantRows, wantLeft, rest int64
	}{
		{"put off", 1875, 10, 115, &rows, 2000, 0, 115},
		{"put off and not come to", 1500, 10, 115, &rows, 2000, 375, 490},
		{"all done", 2000, 0, 0, &rows, 2000, 0, 0},
		{"not counted yet", 1875, 10, 115, nil, 2000, 0, 115},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			v := &Run{State: "unfinished", Summary: new(Summary), Totals: Totals{Done: tt.done, Failed: tt.failed, Deferred: tt.deferred}}
			v.Totals.Of(tt.rows, tt.done+tt.failed)
			var sum int64
			for _, r := range outcomeRows(&v.Totals) {
				sum += r.n
			}
			if sum != tt.wantRows || v.Totals.Rows != tt.wantRows || v.Totals.Left != tt.wantLeft {
				t.Errorf("the outcomes sum to %d of %d rows, and %d are left; want %d and %d", sum, v.Totals.Rows, v.Totals.Left, tt.wantRows, tt.wantLeft)
			}
			var text bytes.Buffer
			if err := WriteRun(&text, v); err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprintf("%d rows not done yet", tt.rest)
			if strings.Contains(text.String(), "not done yet") != (tt.rest > 0) || tt.rest > 0 && !strings.Contains(text.String(), want) {
				t.Errorf("the text does not say %q:\n%s", want, &text)
			}
		})
	}
}
