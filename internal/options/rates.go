package options

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"reseal/control"
	"reseal/internal/cli"
	"reseal/preflight"
)

// Rates are the rates that a run may have. They may differ from one night to the next.
type Rates struct {
	KMSRPS   float64
	KMSShare string
	S3RPS    float64
	Headroom string
}

// Bind adds the flags of the rates.
func (r *Rates) Bind(f *pflag.FlagSet) {
	f.Var((*cli.Rate)(&r.KMSRPS), "kms-rps", "cap on KMS requests a second (default: --kms-share of the quota)")
	f.StringVar(&r.KMSShare, "kms-share", "50%", "share of the account's KMS request quota to use at most")
	f.Float64Var(&r.S3RPS, "s3-rps", 3500, "S3 write requests a second to start from (and reads in proportion)")
	f.StringVar(&r.Headroom, "kms-headroom", "", "leave this much of the KMS quota free beside what the whole account uses (by CloudWatch): requests a second, or a share such as 10%")
}

// Read turns the flags into rates.
func (r *Rates) Read() (out preflight.Rates, err error) {
	share, err := cli.ParsePercent(r.KMSShare)
	switch {
	case err != nil:
		return out, cli.Usagef("--kms-share: %w", err)
	case share <= 0:
		return out, cli.Usagef("--kms-share %s: a share of nothing never ends", r.KMSShare)
	case r.KMSRPS < 0 || math.IsNaN(r.KMSRPS) || math.IsInf(r.KMSRPS, 0):
		return out, cli.Usagef("--kms-rps %v: want a rate above 0", r.KMSRPS)
	case !(r.S3RPS > 0) || math.IsInf(r.S3RPS, 0):
		return out, cli.Usagef("--s3-rps %v: want a rate above 0", r.S3RPS)
	}
	headroom, err := parseHeadroom(r.Headroom)
	if err != nil {
		return out, cli.Usagef("--kms-headroom %w", err)
	}
	return preflight.Rates{KMS: r.KMSRPS, KMSShare: share, S3Writes: r.S3RPS, Headroom: headroom, HeadroomText: r.Headroom}, nil
}

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
