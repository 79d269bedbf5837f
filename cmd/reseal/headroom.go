package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"reseal/control"
	"reseal/internal/cli"
)

// parseHeadroom reads "500" or "10%"; "" is none.
func parseHeadroom(text string) (h *control.Headroom, err error) {
	if text == "" {
		return nil, nil
	}
	h = new(control.Headroom)
	if strings.HasSuffix(text, "%") {
		if h.Share, err = cli.ParsePercent(text); err == nil && h.Share >= 1 {
			err = fmt.Errorf("%q leaves nothing", text)
		}
		return h, err
	}
	h.RPS, err = strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(h.RPS >= 0) || math.IsInf(h.RPS, 0) {
		return nil, fmt.Errorf("%q: want requests a second, or a share such as 10%%", text)
	}
	return h, nil
}
