package options

import (
	"fmt"
	"strconv"
	"strings"

	"reseal/cost"
	"reseal/internal/cli"
	"reseal/migrate"
	"reseal/plan"
)

// FailureLimit reads "100" or "1%"; "" and "0" are no limit.
func FailureLimit(text string) (l migrate.FailureLimit, err error) {
	l.Text = text
	if strings.HasSuffix(text, "%") {
		if l.Share, err = cli.ParsePercent(text); err == nil && l.Share == 0 {
			err = fmt.Errorf("%q: a share of nothing stops at the first object; want 1 for that", text)
		}
		return l, err
	}
	if text == "" {
		return l, nil
	}
	if l.Count, err = strconv.ParseInt(text, 10, 64); err != nil || l.Count < 0 {
		return l, fmt.Errorf("%q: want a number of objects, or a share such as 1%%", text)
	}
	return l, nil
}

// MaxCost reads the amount of --max-cost; 0 means no limit.
func MaxCost(text string) (cost.Money, error) {
	if text == "" {
		return 0, nil
	}
	m, err := cost.ParseMoney(text)
	if err != nil {
		return 0, cli.Usagef("--max-cost %q: want an amount in USD such as 250 or 99.50: %w", text, err)
	}
	if m <= 0 {
		return 0, cli.Usagef("--max-cost %q: want an amount in USD above 0", text)
	}
	return m, nil
}

// Remembered reads how many objects are read as a whole before they are re-encrypted, so
// that verify can compare them: "1000" in all, or "1%" as a share of them. One of the two
// is 0.
func Remembered(text string) (objects int, share float64, err error) {
	if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil {
		if n < 0 || n > plan.MaxRemembered {
			return 0, 0, fmt.Errorf("%q: want 0 to %d objects, or a share such as 1%%", text, plan.MaxRemembered)
		}
		return n, 0, nil
	}
	if share, err = cli.ParsePercent(text); err != nil {
		return 0, 0, fmt.Errorf("%q: want a number of objects, or a share of 0%% to 100%%", text)
	}
	return 0, share, nil
}
