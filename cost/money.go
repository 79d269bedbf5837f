package cost

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"
	"strings"
)

// Money is an amount of US dollars in billionths (nano-dollars). It saturates
// at about 9.2 billion dollars instead of wrapping round.
type Money int64

// Parts of a dollar.
const (
	Cent   Money = 10_000_000
	Dollar Money = 1_000_000_000
)

const maxMoney = Money(math.MaxInt64)

// errTooLarge says that a number is one, but more than there is room for.
var errTooLarge = errors.New("too large")

// Add returns the sum, at most the largest Money.
func (m Money) Add(o Money) Money {
	sum := m + o
	switch {
	case o > 0 && sum < m:
		return maxMoney
	case o < 0 && sum > m:
		return -maxMoney
	}
	return sum
}

// Cents returns the amount in whole cents, rounded half away from zero.
func (m Money) Cents() int64 {
	if m < 0 {
		return -(-m).Cents()
	}
	c := int64(m / Cent)
	if m%Cent >= Cent/2 {
		c++
	}
	return c
}

// String returns the amount in dollars and cents, as in "$1,234.56". Amounts
// that round to no cent, but are not nothing, are "<$0.01".
func (m Money) String() string {
	if m < 0 {
		return "-" + (-m).String()
	}
	c := m.Cents()
	if c == 0 && m > 0 {
		return "<$0.01"
	}
	return fmt.Sprintf("$%s.%02d", thousands(c/100), c%100)
}

// ParseMoney reads an amount in dollars such as "250" or "99.50". It refuses more
// than nine decimal places, what a Money cannot hold, and anything that is not a
// plain decimal number.
func ParseMoney(dollars string) (Money, error) {
	n, err := parseDecimal(dollars, 9)
	if errors.Is(err, errTooLarge) {
		err = fmt.Errorf("above %s, the largest amount that can be counted", maxMoney)
	}
	return Money(n), err
}

func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Decimal returns the amount in dollars as a number for programs, with all nine places
// that count.
func (m Money) Decimal() string { return decimal(int64(m), 9) }

// MarshalJSON writes what Decimal returns.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.Decimal()), nil }

// UnmarshalJSON reads what MarshalJSON writes, and refuses what it could not hold exactly.
func (m *Money) UnmarshalJSON(data []byte) error {
	n, err := parseDecimal(string(data), 9)
	if err != nil {
		return fmt.Errorf("amount of money %q: %w", data, err)
	}
	*m = Money(n)
	return nil
}

// Rate is the price of one unit in trillionths of a US dollar (pico-dollars),
// fine enough for every price that AWS lists. A unit is one request, one
// GB-month or one GB; a GB on an AWS bill is 2^30 bytes (Amazon S3 User Guide,
// aws-usage-report-understand, read 2026-11-21).
type Rate int64

// Unknown is the rate of what no price is known for. It is not zero.
const Unknown Rate = -1

// ParseRate reads a price in dollars for per units, such as "0.0053" for 1000
// requests. It refuses negative prices, more digits than a Rate can hold, and
// anything that is not a plain decimal number.
func ParseRate(dollars string, per int64) (Rate, error) {
	n, err := parseDecimal(dollars, 15)
	if err != nil {
		return Unknown, err
	}
	if n < 0 {
		return Unknown, errors.New("a price cannot be negative")
	}
	if n%(per*1000) != 0 {
		return Unknown, errors.New("more digits than a price can have")
	}
	return Rate(n / (per * 1000)), nil
}

// Dollars returns the price of per units as a decimal number, or "unknown".
func (r Rate) Dollars(per int64) string {
	if r < 0 {
		return "unknown"
	}
	n := new(big.Int).Mul(big.NewInt(int64(r)), big.NewInt(per))
	if !n.IsInt64() {
		return n.String() + "e-12"
	}
	return decimal(n.Int64(), 12)
}

// Times returns the price of n units; known is false where the rate is unknown
// and n is not zero.
func (r Rate) Times(n int64) (amount Money, known bool) {
	// One request at a price that anybody has ever seen fits into 64 bits.
	if n > 0 && r >= 0 {
		if hi, pico := bits.Mul64(uint64(n), uint64(r)); hi == 0 && pico <= math.MaxInt64-500 {
			return Money((pico + 500) / 1000), true // half up, as over
		}
	}
	return r.over(big.NewInt(n), 1)
}

// over returns rate x quantity / divisor, rounded half up to a nano-dollar.
func (r Rate) over(quantity *big.Int, divisor int64) (Money, bool) {
	if quantity.Sign() == 0 {
		return 0, true
	}
	if r < 0 {
		return 0, false
	}
	n := new(big.Int).Mul(quantity, big.NewInt(int64(r)))
	d := new(big.Int).Mul(big.NewInt(divisor), big.NewInt(1000)) // pico to nano
	n.Add(n, new(big.Int).Rsh(d, 1))
	n.Div(n, d)
	if !n.IsInt64() {
		return maxMoney, true
	}
	return Money(n.Int64()), true
}

// decimal writes n / 10^places without an exponent and without trailing zeros.
func decimal(n int64, places int) string {
	sign := ""
	u := uint64(n)
	if n < 0 {
		sign, u = "-", -u
	}
	s := strconv.FormatUint(u, 10)
	for len(s) <= places {
		s = "0" + s
	}
	whole, frac := s[:len(s)-places], strings.TrimRight(s[len(s)-places:], "0")
	if frac == "" {
		return sign + whole
	}
	return sign + whole + "." + frac
}

// parseDecimal reads a plain decimal number (no exponent, no sign but a leading
// minus) as a multiple of 10^-places. It fails rather than round.
func parseDecimal(s string, places int) (int64, error) {
	body, negative := strings.CutPrefix(s, "-")
	whole, frac, _ := strings.Cut(body, ".")
	frac = strings.TrimRight(frac, "0")
	if whole == "" || len(whole)+len(frac) > 40 || len(frac) > places {
		return 0, errors.New("not a decimal number of a size that counts")
	}
	digits := whole + frac + strings.Repeat("0", places-len(frac))
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, errors.New("not a plain decimal number")
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return 0, errTooLarge
	}
	if negative {
		n = -n
	}
	return n, nil
}
