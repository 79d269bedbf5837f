package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// ParseAge reads an age, in days, weeks or as a duration, or a date. "" is neither.
func ParseAge(text string) (age time.Duration, at time.Time, err error) {
	const day = 24 * time.Hour
	if text == "" {
		return 0, at, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err = time.Parse(layout, text); err == nil {
			return 0, at.UTC(), nil
		}
	}
	for unit, of := range map[string]time.Duration{"d": day, "w": 7 * day} {
		if number, is := strings.CutSuffix(text, unit); is {
			if n, err := strconv.ParseInt(number, 10, 16); err == nil && n > 0 {
				return time.Duration(n) * of, at, nil
			}
		}
	}
	if age, err = time.ParseDuration(text); err != nil || age <= 0 {
		return 0, at, fmt.Errorf("%q: want an age such as 12h, 30d or 8w, or a date such as 2026-01-31", text)
	}
	return age, at, nil
}

// ParsePercent reads "50%" as 0.5. Without its sign a number is refused: nobody knows
// whether 1 means all or a hundredth.
func ParsePercent(s string) (float64, error) {
	num, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if !percent {
		return 0, fmt.Errorf("%q: want a share with its sign, such as 25%%", s)
	}
	v /= 100
	if err != nil || math.IsNaN(v) || v < 0 || v > 1 {
		return 0, fmt.Errorf("%q: want 0%% to 100%%", s)
	}
	return v, nil
}

// sizeUnits are the units that sizes may be given in. Those of AWS's pages and
// bills that are written KB or GB mean powers of 1,024, and so they do here.
var sizeUnits = map[string]int64{
	"": 1, "B": 1,
	"K": 1 << 10, "KB": 1 << 10, "KIB": 1 << 10,
	"M": 1 << 20, "MB": 1 << 20, "MIB": 1 << 20,
	"G": 1 << 30, "GB": 1 << 30, "GIB": 1 << 30,
	"T": 1 << 40, "TB": 1 << 40, "TIB": 1 << 40,
}

// ParseSize reads a number of bytes such as 5GiB.
func ParseSize(s string) (int64, error) {
	text := strings.ToUpper(strings.TrimSpace(s))
	num := strings.TrimRight(text, "BKMGTI")
	unit, ok := sizeUnits[strings.TrimSpace(text[len(num):])]
	v, err := strconv.ParseFloat(strings.TrimSpace(num), 64)
	if !ok || err != nil || math.IsNaN(v) || v < 0 || v*float64(unit) > math.MaxInt64/2 {
		return 0, fmt.Errorf("%q is not a size; want e.g. 128KiB or 5GiB", s)
	}
	return int64(v * float64(unit)), nil
}

// Rate is a number of requests a second, above 0, as a flag; 0 and written "" where
// none is given. It implements pflag.Value.
type Rate float64

func (r *Rate) String() string {
	if *r == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*r), 'g', -1, 64)
}

func (*Rate) Type() string { return "rate" }

func (r *Rate) Set(text string) error {
	if text == "" { // takes a remembered one away
		*r = 0
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || !(n > 0) || math.IsInf(n, 0) {
		return errors.New("want a rate above 0")
	}
	*r = Rate(n)
	return nil
}
