package report

import (
	"math"
	"testing"
	"time"

	"reseal/cost"
)

func TestNumbers(t *testing.T) {
	check := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %q, want %q", what, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", -1000: "-1,000", -100: "-100", 1234567: "1,234,567", math.MinInt64: "-9,223,372,036,854,775,808"} {
		check("Count", Count(n), want)
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1,023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 102400: "100 KiB", 1<<20 - 1: "1.0 MiB", 5 << 30: "5.0 GiB", 1 << 50: "1.0 PiB", math.MaxInt64: "8.0 EiB"} {
		check("Bytes", Bytes(n), want)
	}
	for v, want := range map[float64]string{0: "0/s", 0.254: "0.25/s", 3500: "3,500/s", 14.93: "14.9/s", 9.999: "10.0/s", 99.96: "100/s", math.Inf(1): "-", -1: "-", math.NaN(): "-"} {
		check("Rate", Rate(v), want)
	}
	for d, want := range map[time.Duration]string{
		0: "0s", time.Microsecond: "1ms", 45 * time.Millisecond: "45ms", 1500 * time.Millisecond: "1.5s", 9999 * time.Millisecond: "10s", 45 * time.Second: "45s",
		59999 * time.Millisecond: "1m 00s", 119 * time.Second: "1m 59s", time.Hour - time.Millisecond: "1h 00m", 192 * time.Minute: "3h 12m",
		24*time.Hour - time.Second: "1d 0h", 52 * time.Hour: "2d 4h", math.MaxInt64: "over 100 years", -time.Minute: "-1m 00s", math.MinInt64: "-over 100 years",
	} {
		check("Duration", Duration(d), want)
	}
	check("Between", Between(time.Hour, 2*time.Hour), "1h 00m to 2h 00m")
	check("Between the same", Between(time.Hour, time.Hour+time.Second), "1h 00m")
	check("Percent of nothing", Percent(0, 0), "0 %")
	check("Percent of almost none", Percent(1, 1_000_000), "0.1 %")
	check("Percent of almost all", Percent(999_999, 1_000_000), "99.9 %")
	check("Percent of all", Percent(5, 5), "100 %")
	check("Plural", Plural(1, "object")+" "+Plural(2000, "row"), "1 object 2,000 rows")
	check("visible", visible("a\x1b[31m\u202e\xff\\é", 100), `a\x1b[31m\u202e\xff\\é`)
	check("visible, cut", visible("aaaa", 2), "aa...")
}

func TestAbove(t *testing.T) {
	for _, tt := range []struct {
		spent, planned, cutOff cost.Money
		repeats                int64
		want                   string
	}{
		{3 * cost.Cent, 3 * cost.Cent, cost.Cent, 5, ""},
		{3*cost.Cent + 1, 3 * cost.Cent, cost.Cent, 5, ""}, // reads the same
		{5 * cost.Cent, 3 * cost.Cent, 0, 0, "requests sent again count each time"},
		{5 * cost.Cent, 3 * cost.Cent, 2 * cost.Cent, 312, "at most $0.02 of it is set aside for what a run may have sent when it was cut off, and is not given back; " +
			"312 repeats took a look more than planned; requests sent again count each time"},
	} {
		if got := Above(tt.spent, tt.planned, tt.cutOff, tt.repeats); got != tt.want {
			t.Errorf("Above(%v, %v, %v, %d) = %q, want %q", tt.spent, tt.planned, tt.cutOff, tt.repeats, got, tt.want)
		}
	}
	if AtMost(0) != "at most $0.00" || AtMost(1) != "less than $0.01" || AtMost(cost.Cent) != "at most $0.01" {
		t.Error(AtMost(0), AtMost(1), AtMost(cost.Cent))
	}
}

// What is not known of the whole is not said.
func TestOutOf(t *testing.T) {
	whole := int64(8000)
	if got, alone := OutOf(5, &whole), OutOf(5, nil); got != "5 of 8,000" || alone != "5" {
		t.Errorf("%q, %q", got, alone)
	}
	if none, one, two := CutOffRuns(0), CutOffRuns(1), CutOffRuns(2); none != "" || one != "a run was cut off: what it sent last is not counted" || two != "2 runs were cut off: what they sent last is not counted" {
		t.Errorf("%q, %q, %q", none, one, two)
	}
}
