package main

import (
	"fmt"
	"strconv"
	"strings"

	"reseal/internal/cli"
	"reseal/migrate"
)

// parseFailureLimit reads "100" or "1%"; "" and "0" are no limit.
func parseFailureLimit(text string) (l migrate.FailureLimit, err error) {
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
