package inventory

import (
	"fmt"
	"strings"
	"testing"
)

// Rows of a list are remembered within the memory that there is. Where that ends, the
// list says so.
func TestRepeatsBeyondMemory(t *testing.T) {
	var list strings.Builder
	for i := range 10 {
		fmt.Fprintf(&list, "bbb,key-%d\n", i)
	}
	list.WriteString("bbb,key-0\n")
	for most, want := range map[int]string{
		10: "the list was looked through for rows that are in it twice up to row 10; a larger --memory reaches further",
		4:  "the list was looked through for rows that are in it twice up to row 4; a larger --memory reaches further",
		11: `a row of the list is in it before (row 11, "key-0"): plan and price count it twice`,
	} {
		d := newRepeatedRows(0)
		d.most = most
		d.read(t.Context(), strings.NewReader(list.String()), true)
		if got := fmt.Sprint(d.warnings()); got != "["+want+"]" {
			t.Errorf("%d rows remembered: %s, want %q", most, got, want)
		}
	}
	d := newRepeatedRows(0)
	d.most = 11
	d.read(t.Context(), strings.NewReader(strings.TrimSuffix(list.String(), "bbb,key-0\n")), true)
	if got := d.warnings(); got != nil {
		t.Errorf("a list that was looked through: %v", got)
	}
}
