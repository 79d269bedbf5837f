package cost

import (
	"math"
	"math/big"
	"strings"
	"testing"
)

// The short way to a product is the long one.
func TestTimesIsOver(t *testing.T) {
	for _, r := range []Rate{Unknown, 0, 1, 499, 500, 501, 5_000_000, 23_000_000_000, math.MaxInt64 / 3, math.MaxInt64} {
		for _, n := range []int64{math.MinInt64, -1, 0, 1, 2, 3, 999, 1_000_000, 1 << 40, math.MaxInt64} {
			got, known := r.Times(n)
			want, wantKnown := r.over(big.NewInt(n), 1)
			if got != want || known != wantKnown {
				t.Errorf("%d x %d = %d %v, want %d %v", r, n, got, known, want, wantKnown)
			}
		}
	}
}

// Amounts are read to the nano-dollar, up to the largest Money.
func TestParseMoney(t *testing.T) {
	for text, want := range map[string]Money{
		"250": 250 * Dollar, "99.50": 99*Dollar + 50*Cent, "0": 0, "-5": -5 * Dollar, "0.000000001": 1,
		"9223": 9223 * Dollar, "9224": 9224 * Dollar, "10000": 10_000 * Dollar, "1000000": 1_000_000 * Dollar, "1000000.00": 1_000_000 * Dollar,
		"9223372036.854775807": math.MaxInt64,
	} {
		if got, err := ParseMoney(text); err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %d, %v, want %d", text, got, err, want)
		}
	}
	for text, why := range map[string]string{
		"9223372036.854775808": "above $9,223,372,036.85", "100000000000": "above $9,223,372,036.85",
		"5EUR": "decimal number", "": "decimal number", "1e6": "decimal number", "1,000": "decimal number", "+1": "decimal number", "0.0000000001": "decimal number",
		"lots": "decimal number", "99999999999999999999999999999999999999999": "decimal number",
	} {
		if got, err := ParseMoney(text); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("ParseMoney(%q) = %d, %v, want an error with %q", text, got, err, why)
		}
	}
}
