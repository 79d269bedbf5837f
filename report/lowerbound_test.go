package report

import (
	"testing"
	"time"

	"reseal/cost"
)

// TestLowerBounds: what is only known to be exceeded is not written as a limit.
func TestLowerBounds(t *testing.T) {
	bill := func(m cost.Money, missing ...string) *cost.Bill {
		return &cost.Bill{Lines: make([]cost.Line, len(missing)+1), Missing: missing, Total: cost.Span{Expected: m, Max: m}}
	}
	for _, tt := range []struct {
		bill         *cost.Bill
		total, price string
	}{
		{bill(cost.Cent / 4), "<$0.01", "<$0.01"},
		{bill(cost.Cent/4, "x"), "over $0.00 (1 price unknown)", "over $0.00"},
		{bill(0, "x"), "at least $0.00 (1 price unknown)", "over $0.00"},
		{bill(cost.Dollar, "x", "y"), "at least $1.00 (2 prices unknown)", "over $1.00"},
	} {
		if got := total(tt.bill); got != tt.total {
			t.Errorf("total %q, want %q", got, tt.total)
		}
		if got := priceOf(tt.bill); got != tt.price {
			t.Errorf("price %q, want %q", got, tt.price)
		}
	}
	for _, tt := range []struct {
		d                    cost.Duration
		line, bounds, method string
	}{
		{cost.Duration{Shortest: 2 * time.Second, Longest: 10 * time.Second, Binding: "b"}, "under a minute", "2.0s to 10s", "under a minute"},
		{cost.Duration{Shortest: 2 * time.Second, Longest: 10 * time.Second, Binding: "b", AtLeast: true}, "at least 2.0s (sizes are unknown)", "at least 2.0s", "at least 2.0s"},
		{cost.Duration{Shortest: 2 * time.Hour, Longest: 4 * time.Hour, Binding: "b", AtLeast: true}, "at least 2h 00m (sizes are unknown)", "at least 2h 00m", "at least 2h 00m"},
	} {
		m := cost.Method{Shortest: tt.d.Shortest, Longest: tt.d.Longest, AtLeast: tt.d.AtLeast}
		if line, bounds, method := timeLine(&tt.d), Bounds(&tt.d), methodTime(&m); line != tt.line || bounds != tt.bounds || method != tt.method {
			t.Errorf("%q, %q, %q; want %q, %q, %q", line, bounds, method, tt.line, tt.bounds, tt.method)
		}
	}
}
